"""How access evidence is printed: in words that nobody can take for an identification."""

from __future__ import annotations

import tracemark

from .entries import word
from .terminal import say, say_facts, say_wrapped


def say_access(access: tracemark.Access) -> None:
    """Print who had access to the records, apart from the verdict."""
    say("access (circumstantial: it identifies nobody and changes no verdict)")
    part = f", drawn from {access.of:,}" if access.of > access.records else ""
    say_wrapped(
        f"Of {access.records:,} records{part} the ledger shows {access.recognised:,} in somebody's "
        "hands.",
        indent="  ",
    )
    if not access.recognised:
        return
    if masked := access.by["masked"]:
        say_wrapped(
            f"{masked:,} of them by a masked phone number alone, which many people share.",
            indent="  ",
        )
    say_wrapped(_who(access), indent="  ")
    say_wrapped(_sets(access), indent="  ")
    for holder in access.holders:
        say()
        _say_holder(holder, access)


def _who(access: tracemark.Access) -> str:
    return (
        f"Recipients with access to at least one of them: {access.recipients:,}, to all: "
        f"{access.complete:,}. Whoever has access to everything fits every list."
    )


def _sets(access: tracemark.Access) -> str:
    """What the smallest explaining sets say, and who is named or not."""
    gaps = f", allowing for {access.allowed:,} gaps in the records of access" * bool(access.allowed)
    if not access.exact:
        least = f"between {access.least:,} and {access.smallest:,}"
        who = "those who alone had some record are listed" if access.holders else "none is listed"
        return f"To explain the list takes {least} recipients together{gaps}; {who}."
    if access.smallest > 1:
        sets = f"{access.smallest} recipients together, in {access.alternatives:,} ways{gaps}"
        how = f"No single access explains the list. It takes {sets}."
    elif access.alternatives > 1:
        how = (
            f"The access of {access.alternatives:,} recipients, each alone, explains the list"
            f"{gaps}: by access they cannot be told apart."
        )
    else:
        how = f"The access of one recipient alone explains the list{gaps}."
    if not access.holders:
        return f"{how} More than ten take part, so none is listed: add more records."
    return f"{how} Listed is who had access, not who leaked:"


def _say_holder(holder: tracemark.Holder, access: tracemark.Access) -> None:
    name = f"  {holder.name}" if holder.name else ""
    say(f"    {holder.recipient}{name}", theirs=True)
    held = f"to {holder.held:,} of {access.recognised:,}"
    guilt = "over 0.99" if holder.guilt > 0.99 else f"{holder.guilt:.2f}"
    facts: list[tuple[str, object]] = [
        ("kind", holder.kind),
        ("had access", f"{held}; nobody else to {holder.exclusive:,} of them"),
        ("in all", f"{holder.all_told:,} entries of access in the whole ledger"),
        (
            "model",
            f"{guilt} (Papadimitriou and Garcia-Molina 2011); everyone who had most of a "
            "long list comes near to 1, so it ranks and singles out nobody",
        ),
    ]
    facts += [
        (
            "shown by",
            f"entry {one['entry']}, {word('copy', str(one['what']))}, {one['when']}: "
            f"{one['records']} records",
        )
        for one in holder.events
    ]
    say_facts(facts, indent="      ")

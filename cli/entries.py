"""How an entry of the ledger is shown to a person."""

from __future__ import annotations

import json
from collections.abc import Mapping

import tracemark

from .terminal import say, say_facts
from .words import together, told


def say_entry(entry: tracemark.Entry) -> None:
    """Print an entry: its number, time and kind, and below them what it holds."""
    say_proven(entry.seq, entry.time, entry.kind, entry.body)


def say_proven(seq: int, time: str, kind: str, body: Mapping[str, object]) -> None:
    """Print the parts of an entry as `say_entry` does."""
    said = word("entry", kind)
    called = kind if said == kind else f"{said}  {kind}"  # which --kind takes
    say(f"{seq:>6}  {time[:19]}  {called}", theirs=True)
    held = {name: value for name, value in body.items() if value is not None}
    facts = [(word("field", name), _value(name, value)) for name, value in held.items()]
    say_facts(facts, indent="    ", theirs=True)


def word(group: str, name: str) -> str:
    """A word of the ledger in the language that is spoken: one word may mean different things."""
    sorted_in = f"{group} {name}"
    said = told(sorted_in)
    return told(name) if said == sorted_in else said


def _value(field: str, value: object) -> str:
    if field == "fingerprints" and isinstance(value, dict):
        kinds = (f"{word('print', kind)} {one['count']:,}" for kind, one in value.items())
        return together([*kinds]) or told("none")
    if field in ("what", "status"):
        return word("copy", str(value))
    return brief(value)


def brief(value: object) -> str:
    """A value as a person reads it; texts of a list stand apart."""
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        return " ".join(value) or told("none")
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False) if value else told("none")
    return f"{value:,}" if isinstance(value, int) else str(value)

"""``tracemark ledger checkpoint``, ``prove``, ``check-proof``: show the ledger to others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import tracemark

from .entries import say_proven, word
from .options import VAULT, AsJson, VaultPath
from .pipes import PIPE, must_spare, name_of, reading, writing
from .terminal import say, say_facts, say_json, say_wrapped

_LONGEST = 1 << 24  # bytes of a checkpoint or a proof: a proof of a billion entries has 3,000

_Out = Annotated[Path, typer.Option("--output", "-o", metavar="OUT", help="File, or - for stdout.")]


def checkpoint(output: _Out = PIPE, vault: VaultPath = VAULT) -> None:
    """Write a signed checkpoint of the ledger; deposit it with somebody else.

    It says how many entries there are and their common digest, and nothing of what they say.
    Later, `ledger verify --checkpoint` shows that nothing was changed or taken out since.

    Example:  tracemark ledger checkpoint -o checkpoint-2026-11.txt
    """
    with tracemark.Vault.open(vault) as opened:
        _write(opened.checkpoint(), output)


def prove(
    seq: Annotated[
        int | None, typer.Argument(metavar="[SEQ]", help="Number of the entry to show.")
    ] = None,
    under: Annotated[
        Path | None,
        typer.Option("--checkpoint", metavar="FILE", help="Prove the entry under this one."),
    ] = None,
    since: Annotated[
        Path | None,
        typer.Option(
            "--since", metavar="FILE", help="Prove that since this checkpoint entries were added."
        ),
    ] = None,
    output: _Out = PIPE,
    vault: VaultPath = VAULT,
) -> None:
    """Write a proof of one entry, which shows no other, or of what was added since a checkpoint.

    Example:  tracemark ledger prove 1042 --checkpoint deposited.txt -o proof.json
    """
    if (seq is None) == (since is None):
        raise typer.BadParameter("give either the number of an entry or --since", param_hint="SEQ")
    must_spare([output], filter(None, (since, under)))
    rests_on = since or under
    note = text_of(rests_on) if rests_on else None
    with tracemark.Vault.open(vault) as opened:
        if seq is not None:
            proof = opened.prove_entry(seq, note)
        else:
            proof = opened.prove_growth(note or "")
        _write(proof, output)


def check_proof(
    proof: Annotated[Path, typer.Argument(metavar="FILE", help="What `ledger prove` wrote.")],
    public_key: Annotated[
        list[str] | None,
        typer.Option(
            "--public-key",
            metavar="HEX",
            help="As the vault's owner published it; one for each epoch.",
        ),
    ] = None,
    under: Annotated[
        Path | None,
        typer.Option("--checkpoint", metavar="FILE", help="The checkpoint it must rest on."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a proof. Needs no vault and no key. Status 3 if it does not hold.

    Example:  tracemark ledger check-proof proof.json --checkpoint deposited.txt
    """
    found = tracemark.check_proof(
        text_of(proof),
        public_keys=public_key or [],
        checkpoint=text_of(under) if under else None,
        name=name_of(proof),
    )
    if as_json:
        say_json(_facts(found) | {"compared": bool(public_key)})
        return
    say("the proof holds")
    shown = {**_facts(found), "what": word("proof", found.what), "entry": None}
    facts = [(name.replace("_", " "), value) for name, value in shown.items() if value is not None]
    say_facts(facts)
    if found.entry:
        say_proven(**found.entry)
    if not public_key:
        say_wrapped(
            "The public key comes from the file itself: compare it with the one that the vault's"
            " owner published (--public-key)."
        )


def text_of(path: Path) -> str:
    """The text of a checkpoint or a proof."""
    with reading(path) as file:
        content = file.read(_LONGEST)
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise tracemark.UnreadableSample(
            f"{name_of(path)} is not text", hint="give a file that tracemark ledger wrote"
        ) from None


def _write(text: str, output: Path) -> None:
    with writing(output) as sink:
        sink.write(text.encode())


def _facts(found: tracemark.Proven) -> dict[str, Any]:
    return {
        "what": found.what,
        "vault": found.checkpoint.vault,
        "entries": found.checkpoint.size,
        "since": found.earlier.size if found.earlier else None,
        "entry": found.entry,
        "public_key": found.public_key,
    }

"""``tracemark ledger``: what was issued, and whether the record holds."""

from __future__ import annotations

import dataclasses
import sys
from collections import deque
from pathlib import Path
from typing import Annotated, Any

import typer

import tracemark

from . import proofs
from .entries import brief, say_entry
from .options import VAULT, AsJson, VaultPath
from .terminal import TROUBLE, progress, say, say_facts, say_json, say_json_line

app = typer.Typer(help="Show the ledger, and check that it is whole.")


app.command()(proofs.checkpoint)
app.command()(proofs.prove)
app.command("check-proof")(proofs.check_proof)


@app.command()
def verify(
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(
            "--checkpoint",
            metavar="FILE",
            help="One deposited earlier: the ledger must still begin with what it saw.",
        ),
    ] = None,
    vault: VaultPath = VAULT,
    as_json: AsJson = False,
) -> None:
    """Check every entry: nothing edited, removed, reordered or cut off. Status 3 if it fails.

    Only a checkpoint that was kept elsewhere tells a ledger put back to an older state.

    Example:  tracemark ledger verify --checkpoint deposited.txt
    """
    notes = [proofs.text_of(path) for path in checkpoint or []]
    with tracemark.Vault.open(vault) as opened, progress("checking") as report:
        found = opened.verify_ledger(lambda part: report("", part))
        seen = [opened.verify_checkpoint(note).size for note in notes if found.holds]
    if as_json:
        say_json({"whole": found.holds, **_facts(found), "checkpoints": seen})
    else:
        say("the ledger is whole" if found.holds else "THE LEDGER DOES NOT HOLD")
        for size in seen:
            say(f"it still begins with the {size:,} entries that the checkpoint saw")
        facts = {**_facts(found), "head": str(found.head)}.items()
        say_facts((name.replace("_", " "), brief(it)) for name, it in facts if name != "faults")
        for fault in found.faults:
            say(f"  fault: {fault}")
    if not found.holds:
        raise typer.Exit(TROUBLE)


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(metavar="OUT", help="File that is not there yet.")],
    vault: VaultPath = VAULT,
    as_json: AsJson = False,
) -> None:
    """Copy the ledger while it is in use, and check the copy. Keys are not copied.

    Example:  tracemark ledger backup /backup/ledger-2026-11.sqlite
    """
    with tracemark.Vault.open(vault) as opened:
        head = opened.backup_ledger(target)
    if as_json:
        say_json({"backup": str(target), "entries": head.seq, "head": str(head)})
    else:
        say(f"copied {head.seq:,} entries; the copy is whole")
        say(f"  head  {head}")


def _facts(found: tracemark.Verification) -> dict[str, Any]:
    head = {"seq": found.head.seq, "hash": found.head.hash.hex()}
    return {**dataclasses.asdict(found), "head": head}


@app.command()
def show(
    kind: Annotated[
        str | None,
        typer.Option("--kind", metavar="KIND", help="Only issue, batch, close, case, epoch, …"),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="ID", help="Only what was issued to a recipient.")
    ] = None,
    last: Annotated[
        int, typer.Option("--last", min=1, metavar="N", help="Only the newest N.")
    ] = 20,
    vault: VaultPath = VAULT,
    as_json: AsJson = False,
) -> None:
    """Show entries, oldest first.

    With --json one object a line.

    Example:  tracemark ledger show --kind issue --to acct:1042
    """
    with tracemark.Vault.open(vault) as opened:
        entries = opened.ledger_entries(kind)
        mine = (one for one in entries if not to or one.body.get("recipient") == to)
        newest = deque(mine, min(last, sys.maxsize))
    for entry in newest:
        if as_json:
            say_json_line({**dataclasses.asdict(entry), "hash": entry.hash.hex()})
        else:
            say_entry(entry)


@app.command()
def migrate(
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="postgresql://user@host/database, empty.")
    ],
    vault: VaultPath = VAULT,
    as_json: AsJson = False,
) -> None:
    """Move the ledger from the vault's folder to PostgreSQL; every entry keeps its hash.

    The copy is verified before it is taken. The old file stays as ledger.sqlite.moved and refuses
    all writes; the vault's folder then names the database. Passwords are not kept: use ~/.pgpass.

    Example:  tracemark ledger migrate postgresql://tracemark@db.example/tracemark
    """
    with tracemark.Vault.open(vault) as opened, progress("checking") as report:
        opened.move_ledger(address, lambda part: report("", part))
        place = opened.place
        [head] = deque(opened.ledger_entries(), 1)
    if as_json:
        say_json({"ledger": place, "head": {"seq": head.seq, "hash": head.hash.hex()}})
        return
    say(f"the ledger is now in {place}")
    say_facts([("entries", f"{head.seq:,}"), ("head", head.hash.hex())])


@app.command()
def upgrade(vault: VaultPath = VAULT, as_json: AsJson = False) -> None:
    """Bring a ledger in PostgreSQL to this release's layout of tables; every entry keeps its hash.

    Nobody can write meanwhile. It is verified before it is taken. Earlier releases cannot open it
    afterwards.

    Example:  tracemark ledger upgrade --vault postgresql://tracemark@db.example/tracemark
    """
    with tracemark.Vault.open(vault) as opened, progress("checking") as report:
        done = opened.upgrade_ledger(lambda part: report("", part))
    if as_json:
        say_json({"upgraded": done})
    else:
        say("the ledger has this release's layout" if done else "nothing to do")

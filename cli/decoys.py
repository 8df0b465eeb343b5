"""``tracemark decoys``: rows of identities that the user owns."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Annotated

import typer

import tracemark

from .options import VAULT, AsJson, VaultPath
from .pipes import csv_lines, name_of, reading
from .recipient import decoded
from .terminal import say, say_json

app = typer.Typer(help="Keep rows of identities that you own, to be mixed into exports.")


@app.command()
def add(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV in UTF-8 or GB18030, or - for stdin.")
    ],
    vault: VaultPath = VAULT,
    as_json: AsJson = False,
) -> None:
    """Add decoys from a CSV file with the columns of your exports.

    Use identities that you own: parcels and calls will go there. Never invent people. Each needs
    a whole phone or waybill number; columns that say nothing about a person may be left out. The
    same identity again changes nothing. Then mark with --decoys 0.01: a decoy found in a leak
    speaks for those who were given it.

    Example:  tracemark decoys add ours.csv
    """
    with reading(file) as source:
        rows = _rows(decoded(source.read(), name_of(file)), name_of(file))
    if not rows:
        raise tracemark.UsageError(
            f"no decoy in {name_of(file)}", hint="one a line; the first line names the columns"
        )
    with tracemark.Vault.open(vault) as opened:
        added = opened.add_decoys(rows)
        held = len(opened.decoys)
    if as_json:
        say_json({"added": added, "decoys": held})
    else:
        say(f"{added:,} added, {held:,} decoys in all")


def _rows(text: str, name: str) -> list[dict[str, str]]:
    lines = csv_lines(io.StringIO(text, newline=""))
    try:
        header, *rows = [[cell.strip() for cell in line] for line in lines if line] or [[]]
    except csv.Error as error:
        raise tracemark.UnreadableSample(
            f"{name} is not CSV after line {lines.line_num}: {error}", hint="check its quotes"
        ) from None
    for row in rows:
        if len(row) != len(header):
            raise tracemark.UnreadableSample(
                f"{name} has a row of {len(row)} cells under {len(header)} column names",
                hint="the first line names the columns",
            )
    return [dict(zip(header, row, strict=True)) for row in rows]

"""``tracemark clean``: canonical text, without marks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import tracemark

from .options import AsJson, Output
from .pipes import PIPE, Watched, must_be_like, must_spare, name_of, reading, writing
from .terminal import progress, say, say_json


def clean(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A table or text, or - for stdin.")],
    output: Output,
    decoys_of: Annotated[
        str | None,
        typer.Option(
            "--without-decoys-of",
            metavar="DIR",
            help="Leave out the rows that are decoys of this vault.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring a table or text into canonical form, without marks.

    Whatever a mark could have changed is normalised, so that all copies of the same data come out
    the same and can be searched and compared. No vault is needed, but to leave out its decoys.

    Example:  tracemark clean copy.csv -o plain.csv
    """
    must_spare([output], [source])
    without = None
    if decoys_of is not None:
        with tracemark.Vault.open(decoys_of) as opened:
            without = opened.decoys
    with reading(source) as file, progress("cleaning") as report, writing(output) as sink:
        must_be_like(output, source)
        changed = tracemark.clean_table(
            Watched(file, report), sink, name=name_of(source), without=without
        )
    if output == PIPE:
        return
    if as_json:
        say_json({"output": str(output), "changed": changed})
    else:
        say(f"{output}: {changed:,} cells changed")

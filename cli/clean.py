"""``tracemark clean``: canonical text, without marks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import tracemark

from .options import Output
from .pipes import Watched, name_of, reading, writing
from .terminal import progress


def clean(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A table or text, or - for stdin.")],
    output: Output,
) -> None:
    """Bring a table or text into canonical form, without marks.

    Whatever a mark could have changed is normalised, so that all copies of the same data come out
    the same and can be searched and compared. No vault is needed.

    Example:  tracemark clean copy.csv -o plain.csv
    """
    with reading(source) as file, progress("cleaning") as report, writing(output) as sink:
        tracemark.clean_table(Watched(file, report), sink, name=name_of(source))

"""``tracemark preview``: a label before and after marking, so that a person can judge it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image, ImageChops, ImageDraw

import tracemark

from .options import VAULT, AsJson, VaultPath
from .pipes import PIPE, as_file, name_of, writing
from .terminal import say, say_json, say_wrapped

_GAP = 24
_RED = (200, 0, 0)


def preview(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="Picture of a label, or - for stdin.")
    ],
    to: Annotated[str, typer.Option("--to", metavar="ID", help="Recipient to mark it for.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT.png", help="Picture to write, or -.")
    ],
    profile: Annotated[
        str, typer.Option("--profile", metavar="NAME", help="discreet, default or robust.")
    ] = "default",
    vault: VaultPath = VAULT,
    as_json: AsJson = False,
) -> None:
    """Show a label before and after marking, side by side, and what changed in red.

    The marked label stands in the ledger like any other that is issued: the picture shows it.

    Example:  tracemark preview waybill.png --to station:YW-012 -o preview.png
    """
    with as_file(source) as held, held.open("rb") as file, tracemark.Vault.open(vault) as opened:
        if b"%PDF-" in file.read(1024):
            raise tracemark.UsageError(
                f"{name_of(source)} is a PDF, and one picture is shown",
                hint="save a page as a picture, or look at what tracemark mark label makes of it",
            )
        file.seek(0)
        marked = io.BytesIO()
        opened.mark_label_file(file, marked, to, profile=profile, name=name_of(source))
        before, after = (Image.open(one).convert("RGB") for one in (file, marked))
    dark = [picture.convert("L").point(lambda v: 255 * (v < 128)) for picture in (before, after)]
    difference = ImageChops.difference(*dark)
    changed, paper = difference.histogram()[255], dark[0].histogram()[0]
    with writing(output) as sink:
        _side_by_side(before, after, difference).save(sink, "PNG", optimize=True)
    part = changed / paper if paper else 0.0
    if output == PIPE:
        return
    if as_json:
        say_json(
            {"output": str(output), "changed": changed, "white": paper, "part": round(part, 6)}
        )
    else:
        say(f"{output}: before, after, and what changed")
        say_wrapped(
            f"{changed:,} dots changed, {part:.2%} of the white ones. If that is too visible: "
            "--profile discreet."
        )


def _side_by_side(before: Image.Image, after: Image.Image, changed: Image.Image) -> Image.Image:
    """The label, the marked label, and the pale label with each changed dot in red."""
    width, height = before.size
    sheet = Image.new("RGB", (3 * width + 4 * _GAP, height + 2 * _GAP), "lightgrey")
    pale = Image.blend(before, Image.new("RGB", before.size, "white"), 0.7)
    pale.paste(_RED, mask=changed)
    frame = ImageDraw.Draw(sheet)
    for place, picture in enumerate((before, after, pale)):
        left = _GAP + place * (width + _GAP)
        sheet.paste(picture, (left, _GAP))
        frame.rectangle((left - 1, _GAP - 1, left + width, _GAP + height), outline="grey")
    return sheet

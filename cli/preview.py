"""``tracemark preview``: a label before and after marking, so that a person can judge it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image, ImageChops, ImageDraw

import tracemark

from .options import VAULT, AsJson, VaultPath
from .pipes import PIPE, as_file, must_spare, must_suit, name_of, writing
from .terminal import say, say_json, say_wrapped

_GAP = 24
_RED = (200, 0, 0)
_DOT = 64  # levels: smaller changes are tones
_STRONGER = 16


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

    Where tones changed they are shown many times stronger. The marked label stands in the ledger
    like any other that is issued: the picture shows it, and where its marks lie, so keep it here.

    Example:  tracemark preview waybill.png --to station:YW-012 -o preview.png
    """
    must_spare([output], [source])
    must_suit(output, ".png")
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
    found = _compared(before, after)
    changed, paper, levels = found.changed, found.white, found.levels
    with writing(output) as sink:
        _side_by_side(before, after, found).save(sink, "PNG", optimize=True)
    part = changed / paper if paper else 0.0
    if output == PIPE:
        return
    if as_json:
        say_json(
            {
                "output": str(output),
                "changed": changed,
                "white": paper,
                "part": round(part, 6),
                "levels": levels,
            }
        )
        return
    say(f"{output}: before, after, and what changed")
    if changed or not levels:
        say_wrapped(f"{changed:,} dots changed, {part:.2%} of the white ones.")
    if levels:
        say_wrapped(
            f"Tones changed by at most {levels} of 255 levels; the difference is shown "
            f"{_STRONGER} times stronger."
        )
    say_wrapped("If that is too visible: --profile discreet.")


@dataclass(frozen=True)
class _Change:
    """What marking changed.

    Attributes
    ----------
    dots : PIL.Image.Image
        White where a dot of ink came or went.
    tones : PIL.Image.Image
        The other changes, many times stronger, about middle grey.
    changed, white : int
        Dots changed, and white ones before.
    levels : int
        By how much tones changed, at most; 0 where the label carries none.
    """

    dots: Image.Image
    tones: Image.Image
    changed: int
    white: int
    levels: int


def _compared(before: Image.Image, after: Image.Image) -> _Change:
    grey = [picture.convert("L") for picture in (before, after)]
    dark = [picture.point(lambda v: 255 * (v < 128)) for picture in grey]
    steps = ImageChops.difference(*grey)
    large = steps.point(lambda v: 255 * (v >= _DOT))
    dots = ImageChops.multiply(ImageChops.difference(*dark), large)
    counts = steps.histogram()
    small = sum(counts[1:_DOT])  # tones lie over all of a picture, dots and their edges do not
    toned = small > steps.width * steps.height / 4
    levels = max((level for level in range(1, _DOT) if counts[level]), default=0) if toned else 0
    brighter, darker = (ImageChops.subtract(grey[one], grey[1 - one]) for one in (1, 0))
    stronger = [one.point(lambda v: min(127, v * _STRONGER)) for one in (brighter, darker)]
    middle = Image.new("L", grey[0].size, 128)
    tones = ImageChops.subtract(ImageChops.add(middle, stronger[0]), stronger[1])
    return _Change(dots, tones, dots.histogram()[255], dark[0].histogram()[0], levels)


def _side_by_side(before: Image.Image, after: Image.Image, change: _Change) -> Image.Image:
    """The label, the marked label, and the pale label, or its tones, with changed dots in red."""
    width, height = before.size
    sheet = Image.new("RGB", (3 * width + 4 * _GAP, height + 2 * _GAP), "lightgrey")
    pale = Image.blend(before, Image.new("RGB", before.size, "white"), 0.7)
    if change.levels:
        pale = change.tones.convert("RGB")
    pale.paste(_RED, mask=change.dots)
    frame = ImageDraw.Draw(sheet)
    for place, picture in enumerate((before, after, pale)):
        left = _GAP + place * (width + _GAP)
        sheet.paste(picture, (left, _GAP))
        frame.rectangle((left - 1, _GAP - 1, left + width, _GAP + height), outline="grey")
    return sheet

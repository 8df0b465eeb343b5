"""A ZPL II stream: the words of its fields, and its labels drawn as far as it says. SPEC 11.9."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from tracemark.errors import UnreadableSample, UsageError
from tracemark.loaders import layout
from tracemark.loaders.limits import Limits
from tracemark.printing import zpl
from tracemark.printing.streams import MOST_BYTES

_RIM = 40  # dots of paper around what is drawn
_FAR = 32_000.0
_DPI = 203.0  # of most printers; for places that are not in dots


def rows(path: Path, limits: Limits) -> Iterator[list[str] | None]:
    """Lines of all labels, each as the cells that it may consist of."""
    for label in _labels(path, limits):
        pieces = []
        for word in label.words:
            area, lines = word.area, word.text.split("\n")
            height = (min(area.bottom, _FAR) - area.top) / len(lines)
            for number, line in enumerate(lines):
                top = area.top + number * height
                piece = layout.Piece(area.left, top, area.right, top + height, line.strip())
                pieces += [piece] if piece.text else []
        yield from layout.rows(pieces)


def labels(path: Path, limits: Limits) -> Iterator[list[str] | None]:
    """Draw each label: its number, its picture beside the file, its codes; see `pages`."""
    for number, label in enumerate(_labels(path, limits), start=1):
        if number > limits.labels:
            yield [str(number), ""]
            return
        try:
            drawing = zpl.drawn(label, path.name)
        except (UnreadableSample, UsageError):
            continue  # its words were read
        height, width = drawing.ink.shape
        picture = Image.new("1", (width + 2 * _RIM, height + 2 * _RIM), 1)
        picture.paste(Image.fromarray(~drawing.ink), (_RIM, _RIM))
        name = f"{number}.png"
        picture.save(path.with_name(name), compress_level=1)
        yield [str(number), name, *label.codes()]


def _labels(path: Path, limits: Limits) -> list[zpl.Format]:
    with path.open("rb") as file:
        return zpl.labels(file.read(MOST_BYTES + 1), name="the ZPL", most=limits.pages, dpi=_DPI)

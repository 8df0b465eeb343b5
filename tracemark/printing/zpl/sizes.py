"""How much room text and codes can take at most, in dots, whatever the font. SPEC 11.13.

These are bounds to keep off, not places to draw: a printer's fonts are its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Size = tuple[float, float]  # along the writing and across it

_BITMAP = {  # letter: height and width of the matrix
    **dict.fromkeys("A", (9, 5)),
    **dict.fromkeys("BH", (21, 13)),
    **dict.fromkeys("CD", (18, 10)),
    **dict.fromkeys("E", (28, 15)),
    **dict.fromkeys("F", (26, 13)),
    **dict.fromkeys("G", (60, 40)),
}
_LETTERS = {  # of the type's width, where it is not that of Han
    **dict.fromkeys("WMmw@%&\u2014", 0.95),
    **dict.fromkeys("ABCDEFGHIJKLNOPQRSTUVXYZ", 0.75),
}
_LATIN, _OTHER = 0.62, 1.1
_MATRIX = 1.5  # of the type's width: a letter of a bitmap font with its gap, magnified by halves
_ABOVE, _BELOW = 1.1, 0.45  # of the type's height, from the baseline
_LINEAR = {  # modules of one character; of start, stop and check together
    b"BC": (11, 46),
    b"B3": (16, 48),
    b"B2": (9, 30),
    b"BI": (14, 30),
    b"BJ": (14, 30),
    b"BA": (9, 46),
    b"BK": (14, 40),
    b"BE": (7, 40),
    b"B8": (7, 60),
    b"BU": (7, 60),
    b"B9": (7, 60),
    b"BM": (14, 40),
    b"BP": (14, 40),
    b"BL": (14, 60),
    b"BZ": (10, 20),
}
PRINTED = 60  # dots for the line of text at a code
_QUIET = 10  # modules beside a code
_MAXICODE = 1.2  # inches


@dataclass(frozen=True, slots=True)
class Type:
    """A font as a field chose it: its letter, height and width in dots, 0 for the default."""

    font: str = "A"
    height: float = 9
    width: float = 5

    def filled(self) -> Type:
        """With both sides known."""
        tall, wide = _BITMAP.get(self.font, (15, 12))
        if self.height and self.width:
            return self
        if self.height or self.width:
            side = self.height or self.width
            return Type(self.font, self.height or 2 * side, self.width or side)
        return Type(self.font, tall, wide)


@dataclass(frozen=True, slots=True)
class Block:
    """A text block: its width, and how many lines it may have, with the space between them."""

    width: float
    lines: float
    space: float


def of_text(text: str, type_: Type, block: Block | None) -> tuple[float, float, float]:
    """Most that a text takes: its length, and how far it rises and falls from its baseline."""
    full = type_.filled()
    height, width = full.height, full.width
    if full.font in _BITMAP:
        height, width = _MATRIX * height, _MATRIX * width
        length = len(text) * width
    else:
        length = sum(_share(letter) for letter in text) * width
    if block is None:
        return length, _ABOVE * height, _BELOW * height
    more = (block.lines - 1) * (height + max(block.space, 0))
    return (
        max(block.width, length if block.lines == 1 else 0),
        _ABOVE * height + more,
        (_BELOW * height + more),
    )


def _share(letter: str) -> float:
    return _LETTERS.get(letter, _LATIN if letter < "\x80" else 0.8 if letter < "\u0250" else _OTHER)


def of_code(
    name: bytes, parts: list[float | None], letters: float, module: float, bars: float
) -> Size | None:
    """Most that a code takes without its quiet zone, or None if it cannot be told.

    Parameters
    ----------
    name : bytes
        Of the command.
    parts : list of float or None
        Its parameters that are numbers, orientation being the first.
    letters : float
        Bytes of data; a pair of digits that Code 128 shows as one counts once.
    module, bars : float
        Dots, from ``^BY``: of the narrowest bar, and the height of bars.
    """

    def part(number: int, otherwise: float) -> float:
        value = parts[number] if number < len(parts) else None
        return otherwise if value is None else value

    if name in _LINEAR:
        each, ends = _LINEAR[name]
        tall = max((value for value in parts[1:3] if value is not None), default=bars)
        return (each * (letters + 1) + ends) * module, tall
    if name == b"BQ":
        side = (21 + math.sqrt(30 * letters)) * part(2, 10)
        return side, side + 12
    if name == b"BX":
        modules = max(12 + math.sqrt(16 * letters), part(3, 0) + 2, part(4, 0) + 2, 48)
        return modules * part(1, 10), modules * part(1, 10)
    if name in (b"BO", b"B0"):
        side = (19 + math.sqrt(24 * letters)) * part(1, 10)
        return side, side
    if name == b"BD":
        return 203 * _MAXICODE * 1.5, 203 * _MAXICODE * 1.5
    if name == b"B7" and part(3, 0):
        columns = part(3, 0)
        rows = part(4, 0) or min(90, (letters + 64 + 2 ** part(2, 5)) / columns + 3)
        return (17 * columns + 69) * module, rows * max(part(1, 10), 1)
    return None


def quiet(module: float) -> float:
    """Dots that stay clear beside a code."""
    return _QUIET * module

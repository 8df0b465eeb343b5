"""What can be drawn on a label, and the label it is drawn on. SPEC 11.13.

Lines, boxes and graphics are known dot for dot. Of text and codes it is known where they can be;
of what is stored in the printer nothing but where it begins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from tracemark.masks import Mask
from tracemark.printing.zpl.commands import Prefixes

_NUMBER = re.compile(r"(?=(?:[A-Z]*[0-9]){6})[0-9A-Z]{8,40}", re.IGNORECASE)
_POSTAL = re.compile(r"42[01][0-9A-Z]{5,12}", re.IGNORECASE)  # GS1: where to, not what
FAR = 32_000.0  # dots: what a coordinate can say


@dataclass(frozen=True, slots=True)
class Box:
    """Lines of ink, or of paper, around a rectangle; `over` where they invert what lies below."""

    left: int
    top: int
    width: int
    height: int
    thick: int
    white: bool
    over: bool
    corner: int = 0  # dots at each corner that are rounded


@dataclass(frozen=True, slots=True)
class Graphic:
    """Dots of ink laid over what is there, or inverting it."""

    left: int
    top: int
    dots: Mask
    over: bool


@dataclass(frozen=True, slots=True)
class Area:
    """Where ink may be that is not known dot for dot.

    Attributes
    ----------
    left, top, right, bottom : float
    code : bool
        Whether it is a barcode's.
    over : bool
        Whether it inverts what lies below.
    """

    left: float
    top: float
    right: float
    bottom: float
    code: bool = False
    over: bool = False


Item = Box | Graphic | Area


@dataclass(frozen=True, slots=True)
class Word:
    """The data of one field, as a reader of the label sees it, and where."""

    area: Area
    text: str


class Odd(NamedTuple):
    """Why a label cannot be drawn dot for dot, and what would help."""

    why: str
    hint: str


@dataclass(slots=True)
class Format:
    """One label of a stream, `^XA` to `^XZ`.

    Attributes
    ----------
    start, end : int
        Its bytes in the stream.
    items : list of Box, Graphic or Area
        What is drawn, in order.
    words : list of Word
    width, length : int
        Of the label in dots, 0 where the stream does not say.
    last : int
        The byte behind its last field, 0 if it has none: further fields can be put there.
    home : (x, y)
        What is added to the coordinates of further fields.
    right : bool
        Whether further fields are set by their right edge unless they say otherwise.
    prefixes : Prefixes
        Those of further fields.
    units : bytes
        What ``^MU`` said, if places are in dots no more; further fields are placed in dots.
    odd : Odd or None
        Why it cannot be drawn.
    """

    start: int
    end: int = 0
    items: list[Item] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    width: int = 0
    length: int = 0
    last: int = 0
    home: tuple[int, int] = (0, 0)
    right: bool = False
    prefixes: Prefixes = field(default_factory=Prefixes)
    units: bytes = b""
    odd: Odd | None = None

    def codes(self) -> list[str]:
        """What its barcodes and 2-D codes say, each text once."""
        return list(dict.fromkeys(word.text for word in self.words if word.area.code))

    def numbers(self) -> list[str]:
        """Those of its codes that are a number of 8 letters and digits or more, 6 of them digits.

        Spaces and brackets in it do not count, as in the GS1 form ``(00) 3 4012345 …``; a GS1
        postal code (420, 421) is none.
        """
        whole = (re.sub(r"[\s()]", "", text) for text in self.codes())
        return list(
            dict.fromkeys(
                text for text in whole if _NUMBER.fullmatch(text) and not _POSTAL.fullmatch(text)
            )
        )

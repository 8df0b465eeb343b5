"""What of a sample can be shown beside the case: rows or a picture, and where the mark was read.

Exhibits live in memory and in the report. They hold what leaked, so the case file leaves them out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Weight = Literal["strong", "weak", "contradicting", "erased", "read", "silent"]
"""How a place speaks about the accused: ``strong`` and ``weak`` agree with a copy released to one
of them, ``contradicting`` shows what no copy of theirs does, ``erased`` cannot be told any more.
``read`` where nobody is accused: no codeword is held against it. ``silent``: holds no slot."""

Part = tuple[str, Weight]
"""A piece of a cell's text: a slot and how it speaks, or what stands between slots, ``silent``.
The text of a slot may be empty: there a form is shown by leaving something out."""

WEIGHTS: tuple[Weight, ...] = ("strong", "weak", "contradicting", "erased", "read", "silent")


@dataclass(frozen=True, slots=True)
class ShownCell:
    """One cell of a row.

    Attributes
    ----------
    text : str
        As it leaked, perhaps cut.
    weight : str
    accused : int
        Whose copy it agrees with best, an index into `Case.accusations`; -1 for nobody's.
    read, agreeing : int
        Slots read in it, and how many of them show what that copy shows.
    bits : float
        Weight of the cell's evidence, in bits.
    parts : tuple of (str, str)
        The text in pieces, so that its slots can be told apart; empty where it holds none.
    """

    text: str
    weight: Weight = "silent"
    accused: int = -1
    read: int = 0
    agreeing: int = 0
    bits: float = 0.0
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownRows:
    """Some rows of a sample of text.

    Attributes
    ----------
    sample : int
        Index into `Case.samples`.
    headers : tuple of str
        Empty where there are none.
    rows : tuple of (int, tuple of ShownCell)
        With each row's number in the sample, from 1.
    looked : int
        How many rows, from the first one, were looked through for rows to show.
    """

    sample: int
    headers: tuple[str, ...]
    rows: tuple[tuple[int, tuple[ShownCell, ...]], ...]
    looked: int


@dataclass(frozen=True, slots=True)
class ShownPlace:
    """One slot in a picture: its place in pixels of the shown picture, and what it says."""

    x: float
    y: float
    weight: Weight
    accused: int = -1


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """A sample that is a picture, made small.

    Attributes
    ----------
    sample : int
        Index into `Case.samples`.
    jpeg : bytes
    width, height : int
        Of the JPEG.
    size : (int, int)
        Width and height of the sample.
    places : tuple of ShownPlace
        Empty where no label was found.
    outline : tuple of (float, float)
        Corners of the part that was read, in pixels of the JPEG.
    """

    sample: int
    jpeg: bytes
    width: int
    height: int
    size: tuple[int, int]
    places: tuple[ShownPlace, ...] = ()
    outline: tuple[tuple[float, float], ...] = ()


Exhibit = ShownRows | ShownPicture

"""Make exhibits: hold what was read against the copies of those who are accused, place by place.

It comes after the verdict and changes nothing in it. Only codewords of the accused are looked at.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from PIL import Image

from tracemark.case import Case
from tracemark.codeword import Codebook
from tracemark.exhibit import Exhibit, ShownPicture, ShownPlace, Weight
from tracemark.loaders import Sample
from tracemark.model import Reading
from tracemark.showing_text import Words, rows_of
from tracemark.text.reader import CellReader

MOST = 40  # samples of one case that are shown
LARGEST = 300_000  # bytes of a JPEG
STRONG_CHIP = 0.5
ERASED_CHIP = 0.1
_SIDES = (1400, 1100, 850, 600, 400, 200)  # pixels along the longer side, until it is small enough


class Seen(Protocol):
    """What was read in a picture under one key; see `tracemark.label.LabelReading`."""

    @property
    def readings(self) -> list[Reading]:
        """Of each carrier."""
        ...

    @property
    def pilot(self) -> float:
        """Deviations."""
        ...


@dataclass(frozen=True, slots=True)
class Small:
    """A picture made small, to be shown.

    Attributes
    ----------
    jpeg : bytes
        At most `LARGEST`, without what a camera wrote into it.
    width, height : int
        Of the JPEG.
    size : (int, int)
        Of the picture.
    """

    jpeg: bytes
    width: int
    height: int
    size: tuple[int, int]


def small(picture: Image.Image) -> Small:
    """An upright picture made small."""
    size = picture.size
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", size, "white"), picture)
    picture = picture.convert("RGB").reduce(max(1, max(size) // _SIDES[0]))
    for side in _SIDES:
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=80, optimize=True)
        if out.tell() <= LARGEST:
            break
    return Small(out.getvalue(), *picture.size, size)


def _picture(
    shown: Small, number: int, seen: Sequence[Seen], epochs: Sequence[Words]
) -> ShownPicture:
    """A picture, its slots held against the accused's codewords.

    Parameters
    ----------
    shown : Small
    number : int
        Its number in the case, from 1.
    seen : sequence of Seen
        What was read under each epoch's key; empty where that is not at hand.
    epochs : sequence of Words
        As many.
    """
    found = ShownPicture(number - 1, shown.jpeg, shown.width, shown.height, shown.size)
    if not seen:
        return found
    scale = shown.width / shown.size[0]
    best = max(range(len(seen)), key=lambda k: seen[k].pilot)
    corners = getattr(seen[best], "outline", None)
    outline = [] if corners is None else [(float(x) * scale, float(y) * scale) for x, y in corners]
    places = _places(seen[best], epochs[best], scale)
    return replace(found, places=places, outline=tuple(outline))


def _places(read: Seen, words: Words, scale: float) -> tuple[ShownPlace, ...]:
    at = getattr(read, "places", None)
    chips = np.concatenate([np.empty(0), *(one.chips for one in read.readings)])
    positions = np.concatenate([np.empty(0, np.int64), *(one.positions for one in read.readings)])
    if at is None or not len(chips) or len(at) != len(chips):
        return ()
    _, accused, _ = words.weigh(read.readings)
    shown = chips > 0
    wrong = np.zeros(len(chips), bool) if accused < 0 else words.bits[accused][positions] != shown
    return tuple(
        ShownPlace(float(x) * scale, float(y) * scale, _of_chip(chip, off, accused), accused)
        for (x, y), chip, off in zip(at, chips, wrong, strict=True)
    )


def _of_chip(chip: float, wrong: bool, accused: int) -> Weight:
    if abs(chip) < ERASED_CHIP:
        return "erased"
    if accused < 0:
        return "read"
    return "contradicting" if wrong else "strong" if abs(chip) >= STRONG_CHIP else "weak"


def attach(
    case: Case,
    samples: Sequence[tuple[Sample | None, Small | None, Sequence[Seen]]],
    reader: Callable[[], CellReader],
    books: Sequence[Codebook],
    *,
    skip: str,
) -> Case:
    """The case with its exhibits.

    Parameters
    ----------
    case : Case
    samples : sequence of (Sample or None, Small or None, sequence of Seen)
        The case's, in order, as far as they can be read again; of a picture, how it is shown and
        what was read under each key.
    reader : callable
        Gives the reader of the cells, with nothing taken up.
    books : sequence of Codebook
        One for each key of the reader.
    skip : str
        The carrier whose slots show no codeword.
    """
    accused = [one.recipient for one in case.accusations]
    epochs = [Words.of(book, accused) for book in books]
    found: list[Exhibit | None] = []
    for number, ((given, shown, read), one) in enumerate(
        zip(samples, case.samples, strict=True), 1
    ):
        if len(found) == MOST:
            break
        if shown is not None and one.kind == "picture":
            marked = one.status == "marked"  # else what was laid on it lies there by chance
            found.append(_picture(shown, number, read if marked else (), epochs))
        elif given is not None and one.kind != "picture" and one.status != "unreadable":
            found.append(rows_of(given, number, reader(), epochs, skip))
    return replace(case, exhibits=tuple(one for one in found if one is not None))

"""Make exhibits: hold what was read against the copies of those who are accused, place by place.

It comes after the verdict and changes nothing in it. Only codewords of the accused are looked at.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracemark.case import Case
from tracemark.codeword import Codebook
from tracemark.errors import UnreadableSample
from tracemark.exhibit import Exhibit, ShownCell, ShownPicture, ShownPlace, ShownRows, Weight
from tracemark.loaders import LoadedSample, Sample
from tracemark.model import Reading
from tracemark.text.fold import strip_symbols
from tracemark.text.parse import is_code
from tracemark.text.reader import CellReader, CellReadings

MOST = 40  # samples of one case that are shown
SHOWN = 30  # rows of one sample that are shown
FEW = 8  # where nobody is accused: enough to see what was read
LOOKED = 2000  # rows that are looked through for them
LONGEST = 160  # characters of a cell that are shown
WIDEST = 24  # cells of a row that are shown
LARGEST = 300_000  # bytes of a JPEG
STRONG_CELL = 10.0  # bits
STRONG_CHIP = 0.5
ERASED_CHIP = 0.1
_STRETCH = 20  # rows that are read together when looking for rows to show
_NOISE = 0.02  # chance that a slot of a leaked copy shows the wrong form
_SIDES = (1400, 1100, 850, 600, 400, 200)  # pixels along the longer side, until it is small enough


_Line = tuple[int, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Words:
    """The codewords of the accused under one epoch's key.

    Attributes
    ----------
    bits : (accused, L) uint8
    biases : (L,) float64
    """

    bits: NDArray[np.uint8]
    biases: NDArray[np.float64]

    @classmethod
    def of(cls, book: Codebook, accused: Sequence[str]) -> Words:
        """The codewords of some recipients."""
        words = [book.codeword(recipient) for recipient in accused]
        shape = (len(accused), book.profile.length)
        return cls(np.array(words, np.uint8).reshape(shape), book.biases)

    def weigh(self, readings: Sequence[Reading]) -> tuple[float, int, int]:
        """Hold readings against each word: bits, slots read, slots agreeing, of the best one.

        Returns
        -------
        bits : float
            Log2 of how much likelier the readings are if the copy was that recipient's.
        index : int
            Of the best word; -1 if there are no words or nothing was read.
        agreeing : int
        """
        positions = np.concatenate([np.empty(0, np.int64), *(r.positions for r in readings)])
        chips = np.concatenate([np.empty(0), *(r.chips for r in readings)])
        if not len(self.bits) or not len(chips):
            return 0.0, -1, 0
        shown = chips > 0
        agree = self.bits[:, positions] == shown
        chance = np.where(shown, self.biases[positions], 1 - self.biases[positions])
        likely = np.where(agree, 1 - _NOISE + _NOISE * chance, _NOISE * chance)
        bits = np.log2(likely / chance).sum(axis=1)
        best = int(bits.argmax())
        return float(bits[best]), best, int(agree[best].sum())


def rows_of(
    sample: Sample, number: int, reader: CellReader, epochs: Sequence[Words], skip: str
) -> ShownRows | None:
    """Some rows of a sample, cell by cell: those in which most can be read come first.

    Parameters
    ----------
    sample : Sample
        Read again from its beginning; one that can be read only once gives None.
    number : int
        Its number in the case, from 1.
    reader : CellReader
        With nothing taken up.
    epochs : sequence of Words
        One for each key of the reader.
    skip : str
        The carrier that shows no codeword.
    """
    if isinstance(sample, Iterator):
        return None
    loaded = LoadedSample(sample, number)
    headers: tuple[str, ...] = ()
    lines: list[_Line] = []
    try:
        for place, (names, values) in enumerate(islice(loaded.rows(), LOOKED), start=1):
            headers = headers or tuple(name or "" for name in names[:WIDEST])
            if not any(headers) and names:
                headers = tuple(values[:WIDEST])  # the row that names the columns
            elif tuple(values[:WIDEST]) != headers:
                lines.append((place, values[:WIDEST]))
    except UnreadableSample:
        return None
    rows = []
    most = SHOWN if len(epochs[0].bits) else FEW
    for place, values in _likely(lines, 2 * most, reader, epochs, skip):
        cells = tuple(_cell(text, reader, epochs, skip) for text in values)
        rows.append((place, _guessed(cells) if loaded.kind == "text" else cells))
    best = sorted(rows, key=lambda row: -sum(abs(cell.bits) + cell.read for cell in row[1]))
    return ShownRows(
        number - 1, headers, tuple(sorted(best[:most], key=lambda row: row[0])), len(lines)
    )


def _likely(
    lines: list[_Line], wanted: int, reader: CellReader, epochs: Sequence[Words], skip: str
) -> list[_Line]:
    """About so many rows, of the stretches that speak clearest: these are read in one go."""
    stretches = [lines[at : at + _STRETCH] for at in range(0, len(lines), _STRETCH)]
    weights = []
    for stretch in stretches:
        for text in chain.from_iterable(values for _, values in stretch):
            reader.read(text)
        found = [_votes(epoch, skip) for epoch in reader.take()]
        weights.append(
            max(
                max(words.weigh(readings)[0], 0) + sum(map(len, readings)) / 1000
                for words, readings in zip(epochs, found, strict=True)
            )
        )
    order = sorted(range(len(stretches)), key=lambda k: -weights[k])
    return [line for k in order[: -(-wanted // _STRETCH)] for line in stretches[k]]


def _votes(read: CellReadings, skip: str) -> list[Reading]:
    return [one.reading for one in read.layers if one.reading.carrier != skip]


def _cell(text: str, reader: CellReader, epochs: Sequence[Words], skip: str) -> ShownCell:
    """Read one cell under every key; the key under which it says most counts."""
    bare = strip_symbols(text)  # a report must not carry the mark on
    shown = bare if len(bare) <= LONGEST else bare[:LONGEST] + "…"
    if is_code(text):
        return ShownCell(shown)
    reader.read(text)
    found = [_votes(epoch, skip) for epoch in reader.take()]
    best = ShownCell(shown)
    for words, readings in zip(epochs, found, strict=True):
        read = sum(map(len, readings))
        bits, accused, agreeing = words.weigh(readings)
        if read and (not best.read or bits > best.bits):
            best = ShownCell(shown, _of_cell(bits, accused), accused, read, agreeing, bits)
    return best


def _guessed(guesses: tuple[ShownCell, ...]) -> tuple[ShownCell, ...]:
    """Of the cells that a pasted line may consist of, the one that speaks; else the line."""
    best = max(guesses, key=lambda cell: (cell.bits, cell.read), default=None)
    if best is None or (best.read and best.weight != "contradicting"):
        return guesses if best is None else (best,)
    return (ShownCell(max((cell.text for cell in guesses), key=len)),)


def _of_cell(bits: float, accused: int) -> Weight:
    if accused < 0:
        return "read"
    return "contradicting" if bits < 0 else "strong" if bits >= STRONG_CELL else "weak"


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


def picture_of(
    sample: Sample, number: int, seen: Sequence[Seen], epochs: Sequence[Words]
) -> ShownPicture | None:
    """A picture made small, its slots held against the accused's codewords.

    Parameters
    ----------
    sample : Sample
        Opened again.
    number : int
        Its number in the case, from 1.
    seen : sequence of Seen
        What was read under each epoch's key; empty where that is not at hand.
    epochs : sequence of Words
        As many.
    """
    from PIL import ImageOps  # late, as is all that only pictures need

    try:
        upright = ImageOps.exif_transpose(LoadedSample(sample, number).picture())
    except UnreadableSample:
        return None
    jpeg, width, height = _jpeg(upright)
    shown = ShownPicture(number - 1, jpeg, width, height, upright.size)
    if not seen:
        return shown
    scale = width / upright.width
    best = max(range(len(seen)), key=lambda k: seen[k].pilot)
    corners = getattr(seen[best], "outline", None)
    outline = [] if corners is None else [(float(x) * scale, float(y) * scale) for x, y in corners]
    places = _places(seen[best], epochs[best], scale)
    return replace(shown, places=places, outline=tuple(outline))


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


def _jpeg(picture: Image.Image) -> tuple[bytes, int, int]:
    """A JPEG of at most `LARGEST` bytes without what a camera wrote into it; width, height."""
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    small = picture.convert("RGB")
    for side in _SIDES:
        small.thumbnail((side, side), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        small.save(out, "JPEG", quality=80, optimize=True)
        if out.tell() <= LARGEST:
            break
    return out.getvalue(), small.width, small.height


def attach(
    case: Case,
    samples: Sequence[tuple[Sample | None, Sequence[Seen]]],
    reader: CellReader,
    books: Sequence[Codebook],
    *,
    skip: str,
) -> Case:
    """The case with its exhibits.

    Parameters
    ----------
    case : Case
    samples : sequence of (Sample or None, sequence of Seen)
        The case's, in order; and of a picture, what was read under each key.
    reader : CellReader
        With nothing taken up.
    books : sequence of Codebook
        One for each key of the reader.
    skip : str
        The carrier whose slots show no codeword.
    """
    accused = [one.recipient for one in case.accusations]
    epochs = [Words.of(book, accused) for book in books]
    found: list[Exhibit | None] = []
    for number, ((sample, read), one) in enumerate(zip(samples, case.samples, strict=True), 1):
        if len(found) == MOST:
            break
        if sample is None:
            continue
        if one.kind == "picture":
            found.append(picture_of(sample, number, read, epochs))
        elif one.status != "unreadable":
            found.append(rows_of(sample, number, reader, epochs, skip))
    return replace(case, exhibits=tuple(one for one in found if one is not None))

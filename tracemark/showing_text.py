"""Rows of a sample as an exhibit: where in each cell a slot was read, and how it speaks.

It comes after the verdict, as all of `tracemark.showing`: only codewords of the accused are held
against what was read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from tracemark.codeword import Codebook
from tracemark.errors import UnreadableSample
from tracemark.exhibit import Part, ShownCell, ShownRows, Weight
from tracemark.loaders import LoadedSample, Sample
from tracemark.model import Reading
from tracemark.text.fold import strip_symbols
from tracemark.text.parse import is_code
from tracemark.text.places import Place, places
from tracemark.text.reader import CellReader, CellReadings

SHOWN = 30  # rows of one sample that are shown
FEW = 8  # where nobody is accused: enough to see what was read
LOOKED = 2000  # rows that are looked through for them
LONGEST = 160  # characters of a cell that are shown
WIDEST = 24  # cells of a row that are shown
STRONG_CELL = 10.0  # bits
STRONG_SLOT = 0.9  # bits; less is what most recipients' copies show there
_STRETCH = 20  # rows that are read together when looking for rows to show
_NOISE = 0.02  # chance that a slot of a leaked copy shows the wrong form

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

    def of_slot(self, place: Place, accused: int) -> Weight:
        """How one place of a cell speaks about one of the words; -1 for none of them."""
        if not len(place.chips):
            return "erased"
        if accused < 0:
            return "read"
        shown = place.chips > 0
        if (self.bits[accused][place.positions] != shown).any():
            return "contradicting"
        biases = self.biases[place.positions]
        bits = -np.log2(np.where(shown, biases, 1 - biases)).sum()
        return "strong" if bits >= STRONG_SLOT else "weak"


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
    best = ShownCell(shown)
    for words, taken in zip(epochs, reader.take(), strict=True):
        readings = _votes(taken, skip)
        read = sum(map(len, readings))
        bits, accused, agreeing = words.weigh(readings)
        if read and (not best.read or bits > best.bits):
            held = [(one, words.of_slot(one, accused)) for one in places(text, taken, skip=skip)]
            parts = _parts(shown, held, erased=_may_lack(held, bits, accused))
            best = ShownCell(shown, _of_cell(bits, accused), accused, read, agreeing, bits, parts)
    return best


def _may_lack(held: Sequence[tuple[Place, Weight]], bits: float, accused: int) -> bool:
    """Whether slots that cannot be read are shown as such: in a cell that was marked."""
    return bits > 0 if accused >= 0 else any(weight == "read" for _, weight in held)


def _parts(text: str, held: Sequence[tuple[Place, Weight]], *, erased: bool) -> tuple[Part, ...]:
    """A cell's text in pieces. What lies beyond its end is left out."""
    parts: list[Part] = []
    done = 0
    for place, weight in held:
        if place.end > len(text) or (weight == "erased" and not erased):
            continue
        if place.start > done:
            parts.append((text[done : place.start], "silent"))
        parts.append((text[place.start : place.end], weight))
        done = place.end
    if parts and done < len(text):
        parts.append((text[done:], "silent"))
    return tuple(parts)


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

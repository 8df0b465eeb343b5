"""Which rows came from whose copy, once somebody is accused. SPEC 6.11.

It is no test and changes no accusation: among the accused, a row is laid to the one whose codeword
explains its slots, or to nobody.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.case import RowsOf
from tracemark.codeword import Codebook
from tracemark.model import Reading

SURE = 0.95  # how probable an attribution must be
MOST = 1000  # row numbers listed of one sample for one recipient
_NOISE = 0.1  # part of a copy's slots that are coins

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RowReading:
    """A reading, and the number of the row in which each of its slots stood.

    Attributes
    ----------
    reading : Reading
        Of n slots.
    rows : (n,) int64
    """

    reading: Reading
    rows: NDArray[np.int64]


def rows_of(
    sample: int,
    epochs: Sequence[tuple[Codebook, Sequence[RowReading]]],
    accused: Sequence[str],
) -> list[RowsOf | None]:
    """Lay the rows of one sample to the accused.

    Every row may come from a copy of each accused, from somebody else's, or from none that was
    marked; the accused have half of the prior between them.

    Parameters
    ----------
    sample : int
        Its index in the case.
    epochs : sequence of (Codebook, readings)
    accused : sequence of str

    Returns
    -------
    list of RowsOf or None
        One for each accused; None where no row is laid to them.
    """
    held = [one.rows for _, readings in epochs for one in readings]
    numbers = np.unique(np.concatenate([np.empty(0, np.int64), *held]))
    if not len(numbers) or not accused:
        return [None] * len(accused)
    # ln-chance of each row's slots: the accused, a stranger's copy, no copy
    logs = np.zeros((len(numbers), len(accused) + 2))
    for book, readings in epochs:
        words = np.stack([book.codeword(recipient) for recipient in accused])
        for one in readings:
            _add(logs, np.searchsorted(numbers, one.rows), one.reading, words, book.biases)
    logs[:, :-2] += math.log(0.5 / len(accused))
    logs[:, -2:] += math.log(0.25)
    return [_listed(sample, numbers, logs, who) for who in range(len(accused))]


def _add(
    logs: _Floats,
    places: NDArray[np.int64],
    reading: Reading,
    words: NDArray[np.uint8],
    biases: _Floats,
) -> None:
    """Add the ln-chances of a reading's slots to those of their rows."""
    clear = reading.chips != 0
    places, positions = places[clear], reading.positions[clear]
    ones = reading.chips[clear] > 0
    for who, word in enumerate(words):
        agreeing = (word[positions] == 1) == ones
        chance = np.where(agreeing, math.log(1 - _NOISE / 2), math.log(_NOISE / 2))
        logs[:, who] += np.bincount(places, chance, len(logs))
    of_stranger = np.log(np.where(ones, biases[positions], 1 - biases[positions]))
    logs[:, -2] += np.bincount(places, of_stranger, len(logs))
    logs[:, -1] += np.bincount(places, minlength=len(logs)) * math.log(0.5)


def _listed(sample: int, numbers: NDArray[np.int64], logs: _Floats, who: int) -> RowsOf | None:
    """The rows that are laid to one of the accused."""
    odds = logs[:, who] - np.logaddexp.reduce(np.delete(logs, who, axis=1), axis=1)
    laid = np.flatnonzero(odds >= math.log(SURE / (1 - SURE)))
    if not len(laid):
        return None
    first = laid[:MOST]
    bits = odds[first] / math.log(2)
    return RowsOf(sample, len(laid), tuple(numbers[first].tolist()), tuple(bits.tolist()))

"""Does a label that offers few edges carry a mark of ours? Asked of its free dots. SPEC 10.10.

In the file that was marked every free dot is exact, and alone in the white. Its place within its
cell gives the phase of the lattice, and the cells that show one are held against the keyed map.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tracemark.label.lattice import FREE_X, FREE_Y, PERIOD, Geometry, lattice_of

Mask = NDArray[np.bool_]
Index = NDArray[np.int64]

_MAY = 0.25  # of all cells: both slots on
_FEW = 12
_TURNS = 4


def carries_dots(black: Mask, keys: Sequence[bytes], geometry: Geometry, refused: float) -> bool:
    """Whether free dots under one of these keys stand on a label.

    Parameters
    ----------
    black : (H, W) bool
        As it would be marked: one pixel for each dot of the printer.
    keys : sequence of bytes
        The label carrier's subkeys of all epochs.
    geometry : Geometry
    refused : float
        The chance that may be taken of saying so of a label without our mark.
    """
    views = [(black, False), (black.T, True)] if geometry.tall != 2 else [(black, False)]
    for view, turned in views:
        rows, columns = _specks(view, geometry)
        if len(rows) < _FEW:
            continue
        cells = _cells(rows, columns, geometry)
        count = int(np.count_nonzero(cells))
        tried = geometry.pitch**2 * _TURNS * len(views) * PERIOD**2 * len(keys)
        if count and any(
            _tail(count, _agreeing(cells.T if turned else cells, key)) * tried <= refused
            for key in keys
        ):
            return True
    return False


def _specks(black: Mask, geometry: Geometry) -> tuple[Index, Index]:
    """Upper left dots of specks of a free dot's shape with half a cell of white around them."""
    reach, wide, tall = geometry.pitch // 2, 2, geometry.tall
    height, width = black.shape
    if height < 2 * reach + tall or width < 2 * reach + wide:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    sums = np.zeros((height + 1, width + 1), np.int32)
    np.cumsum(np.cumsum(black, 0, dtype=np.int32), 1, out=sums[1:, 1:])
    rows, columns = np.nonzero(black)
    inside = (rows >= reach) & (columns >= reach)
    inside &= (rows + tall + reach <= height) & (columns + wide + reach <= width)
    rows, columns = rows[inside], columns[inside]

    def ink(edge: int) -> NDArray[np.int32]:
        upper, lower = rows - edge, rows + tall + edge
        left, right = columns - edge, columns + wide + edge
        inner = sums[lower, right] - sums[upper, right] - sums[lower, left] + sums[upper, left]
        return np.asarray(inner)

    alone = (ink(0) == wide * tall) & (ink(reach) == wide * tall)
    return rows[alone], columns[alone]


def _cells(rows: Index, columns: Index, geometry: Geometry) -> Mask:
    """Cells of a period that show a speck at a free dot's places, at the likeliest phase."""
    pitch = geometry.pitch
    across, down = (
        int(np.argmax(_comb(along, places, pitch)))
        for along, places in ((columns, geometry.across), (rows, geometry.down))
    )
    fits = np.isin((columns - across) % pitch, geometry.across)
    fits &= np.isin((rows - down) % pitch, geometry.down)
    cells = np.zeros((PERIOD, PERIOD), bool)
    cells[(rows[fits] - down) // pitch % PERIOD, (columns[fits] - across) // pitch % PERIOD] = True
    return cells


def _comb(along: Index, places: tuple[int, int], pitch: int) -> Index:
    counts = np.bincount(along % pitch, minlength=pitch)
    return np.asarray(np.sum([np.roll(counts, -place) for place in places], axis=0))


def _agreeing(cells: Mask, key: bytes) -> int:
    """How many of the cells may carry a free dot, at the best cell and quarter turn."""
    on = lattice_of(key).on
    may = (on[FREE_X] & on[FREE_Y]).astype(np.float32)
    laid = np.fft.rfft2(cells.astype(np.float32)).conj()
    best = 0.0
    for turn in range(_TURNS):
        best = max(best, float(np.fft.irfft2(laid * np.fft.rfft2(np.rot90(may, turn))).max()))
    return round(best)


def _tail(count: int, agreeing: int) -> float:
    """At least P(so many of `count` cells may carry one), each with a chance of `_MAY`."""
    share = agreeing / count
    if share <= _MAY:
        return 1.0
    rest = (1 - share) * math.log((1 - share) / (1 - _MAY)) if share < 1 else 0.0
    return math.exp(-count * (share * math.log(share / _MAY) + rest))

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
    shapes = {(2, geometry.tall): 0, (geometry.tall, 2): 1}  # lying, and turned by a quarter
    for (wide, tall), turned in shapes.items():
        rows, columns = _specks(black, wide, tall, geometry.pitch // 2)
        if len(rows) < _FEW:
            continue
        cells = _cells(columns, rows, geometry).T if turned else _cells(rows, columns, geometry)
        count = int(np.count_nonzero(cells))
        tried = geometry.pitch**2 * _TURNS * len(shapes) * PERIOD**2 * len(keys)
        if count and any(_tail(count, _agreeing(cells, key)) * tried <= refused for key in keys):
            return True
    return False


def _specks(black: Mask, wide: int, tall: int, reach: int) -> tuple[Index, Index]:
    """Upper left dots of specks of a shape with white around them for so many dots."""
    height, width = black.shape
    rows, columns = _corners(black, wide, tall)
    inside = (rows >= reach) & (columns >= reach)
    inside &= (rows + tall + reach <= height) & (columns + wide + reach <= width)
    rows, columns = rows[inside], columns[inside]
    if not len(rows):
        return rows, columns
    windows = np.lib.stride_tricks.sliding_window_view(black, (tall + 2 * reach, wide + 2 * reach))
    alone = windows[rows - reach, columns - reach].sum((1, 2)) == wide * tall
    return rows[alone], columns[alone]


def _corners(black: Mask, wide: int, tall: int) -> tuple[Index, Index]:
    """Upper left dots of such specks with white at their four sides; eight dots in one byte."""
    page = np.pad(np.packbits(black, axis=1), ((1, 3), (1, 1)))
    lines = len(black)

    def seen(down: int, right: int) -> NDArray[np.uint8]:
        part = page[1 + down : 1 + down + lines]
        if right == 0:
            return part
        moved = np.zeros_like(part)
        if right < 0:
            moved[:, 1:] = part[:, :-1] << (8 + right)
            return np.asarray((part >> -right) | moved, np.uint8)
        moved[:, :-1] = part[:, 1:] >> (8 - right)
        return np.asarray((part << right) | moved, np.uint8)

    found = seen(0, 0) & ~seen(-1, 0) & ~seen(tall, 0) & ~seen(0, -1) & ~seen(0, wide)
    for down in range(tall):
        for right in range(wide):
            if down or right:
                found &= seen(down, right)
    rows, at = np.nonzero(found)
    bits = np.unpackbits(found[rows, at][:, None], axis=1)
    which, bit = np.nonzero(bits)
    return rows[which], 8 * (at[which] - 1) + bit


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

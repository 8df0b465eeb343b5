"""Where a label can carry free dots: cells of the lattice amid clear white. SPEC 10.6."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracemark.label.lattice import PERIOD, Geometry
from tracemark.label.packed import Index, Packed, beside, octets, runs
from tracemark.masks import Mask


@dataclass(frozen=True, slots=True)
class Rooms:
    """Cells that can carry a free dot, one row for each.

    Attributes
    ----------
    rows, columns : (n,) int64
        The cell on the lattice.
    tops, lefts : (n,) int64
        Dot of the label at which the cell begins.
    """

    rows: Index
    columns: Index
    tops: Index
    lefts: Index

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, chosen: Index | Mask) -> Rooms:
        """The chosen rows."""
        return Rooms(self.rows[chosen], self.columns[chosen], self.tops[chosen], self.lefts[chosen])


def find_rooms(
    tinted: Packed, keep_out: Mask, square: int, origin: tuple[int, int], geometry: Geometry
) -> Rooms:
    """Find every cell that is white and a third of a cell around it as well.

    Parameters are those of `sites.find_sites`; `tinted` is all that is not white paper.
    """
    pitch, third = geometry.pitch, geometry.pitch // 3
    before_x, before_y = origin[0] % pitch, origin[1] % pitch
    height, width = tinted.height, tinted.width
    down, right = -(-(height + before_y) // pitch), -(-(width + before_x) // pitch)
    page = np.zeros((down * pitch, tinted.words.shape[1]), "<u8")
    page[before_y : before_y + height] = tinted.words
    lines = np.bitwise_or.reduce(page.reshape(3 * down, third, -1), axis=1)
    lines = runs(beside(lines, -before_x), third, np.bitwise_or)
    laid = np.unpackbits(octets(lines), axis=1, bitorder="little", count=right * pitch)
    inked = np.zeros((3 * down + 2, 3 * right + 2), np.uint8)
    inked[1:-1, 1:-1] = laid[:, ::third]
    # a third before, the cell's three, a third after
    busy = np.bitwise_or.reduce([inked[part : part + 3 * down : 3] for part in range(5)])
    busy = np.bitwise_or.reduce([busy[:, part : part + 3 * right : 3] for part in range(5)])
    rows, columns = np.nonzero(busy == 0)
    tops, lefts = rows * pitch - before_y, columns * pitch - before_x
    last_y, last_x = tops + pitch - 1, lefts + pitch - 1
    clear = (tops >= 0) & (lefts >= 0) & (last_y < height) & (last_x < width)
    for row in (np.maximum(tops, 0), np.minimum(last_y, height - 1)):
        for column in (np.maximum(lefts, 0), np.minimum(last_x, width - 1)):
            clear &= ~keep_out[row // square, column // square]
    return Rooms(
        (rows + origin[1] // pitch) % PERIOD, (columns + origin[0] // pitch) % PERIOD, tops, lefts
    ).take(clear)

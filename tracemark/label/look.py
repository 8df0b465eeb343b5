"""A pose judged and made better: settle, read every slot, look closer. SPEC 10.8."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracemark.label.bumps import Bumps, find_bumps
from tracemark.label.chips import CELL, Cells, extent, gather, pilot, rectify
from tracemark.label.darkness import Field, resized
from tracemark.label.fit import settle
from tracemark.label.lattice import PERIOD, Lattice
from tracemark.label.lens import Flat, Lens, Matrix
from tracemark.label.specks import find_specks
from tracemark.label.view import View

_PROMISING = 3.0  # deviations of the pilot from which a pose is worth a closer look
_CLOSER = 2  # times that a pose is looked at again
_NEAR = 16  # pixels a cell, in that look
_FEWEST = 12  # nubs that can hold a pose


@dataclass(frozen=True, slots=True)
class Look:
    """A picture seen through one pose.

    Attributes
    ----------
    dark : (H, W) float32
        The picture at one scale.
    lens : Lens
        From its pixels to lattice cells.
    scale : float
        Pixels of `dark` to a pixel of the picture.
    box : (left, top, right, bottom)
        The cells that were read.
    flat : float32
        The box, resampled to `chips.CELL` pixels a cell.
    cells : Cells
    strength : float
        The pilot, in standard deviations.
    """

    dark: Field
    lens: Lens
    scale: float
    box: tuple[int, int, int, int]
    flat: Field
    cells: Cells
    strength: float

    def pixels(self, cells: NDArray[np.float64]) -> NDArray[np.float32]:
        """Where lattice places (column, row) stand in the picture: (n, 2) to (n, 2)."""
        found = (self.lens.inverse(cells) + 0.5) / self.scale - 0.5
        return np.asarray(found, np.float32)

    def places(self, slots: NDArray[np.uint64]) -> NDArray[np.float32]:
        """Where slots stand in the picture: (n,) identities to (n, 2) x and y, mid-cell."""
        index = (slots & np.uint64(PERIOD * PERIOD - 1)).astype(np.int64)
        left, top = self.box[:2]
        columns = left + (index % PERIOD - left) % PERIOD
        rows = top + (index // PERIOD - top) % PERIOD
        return self.pixels(np.stack([columns, rows], 1).astype(np.float64) + 0.5)

    def outline(self) -> NDArray[np.float32]:
        """Corners of the area in which edges were read, in the picture: (4, 2) x and y."""
        seen = self.cells.weights.sum(0) > 0
        rows, columns = np.nonzero(seen.any(1))[0], np.nonzero(seen.any(0))[0]
        left, top, right, bottom = self.box
        if len(rows):
            top, bottom = self.box[1] + int(rows[0]), self.box[1] + int(rows[-1]) + 1
            left, right = self.box[0] + int(columns[0]), self.box[0] + int(columns[-1]) + 1
        ends = [(left, top), (right, top), (right, bottom), (left, bottom)]
        return self.pixels(np.array(ends, np.float64))


def look(view: View, matrix: Matrix, lattice: Lattice) -> Look | None:
    """Settle a pose, read its slots, and look closer where that promises something.

    Parameters
    ----------
    view : View
    matrix : (3, 3) float64
        From upright pixels to lattice cells, right to about a quarter of a cell somewhere.
    lattice : Lattice

    Returns
    -------
    Look or None
        None where too few nubs agree.
    """
    found = _settled(view.dark, view.lens, view.scale, matrix, view.bumps, lattice)
    for _ in range(_CLOSER):
        if found is None or found.strength < _PROMISING:
            break
        again = _closer(found, lattice)
        if again is None or again.strength <= found.strength:
            break
        found = again
    return found


def _closer(found: Look, lattice: Lattice) -> Look | None:
    """Find the bumps again in the flattened picture: straight edges show them best."""
    height, width = found.flat.shape
    size = (width * _NEAR // CELL, height * _NEAR // CELL)
    small = resized(found.flat, size, Image.Resampling.BOX)
    bumps = find_bumps(small).joined(find_specks(small))
    left, top = found.box[:2]
    half = 0.5 / _NEAR
    matrix = np.array([[1 / _NEAR, 0, left + half], [0, 1 / _NEAR, top + half], [0, 0, 1]])
    to_flat = Flat(np.asarray(np.linalg.inv(matrix)))
    return _settled(found.dark, found.lens.then(to_flat), found.scale, matrix, bumps, lattice)


def _settled(
    dark: Field, lens: Lens, scale: float, matrix: Matrix, bumps: Bumps, lattice: Lattice
) -> Look | None:
    if len(bumps) < _FEWEST:
        return None
    last, points, nubs = settle(matrix, bumps, lattice)
    if np.count_nonzero(nubs) < _FEWEST:
        return None
    box = extent(points[nubs], bumps.weights[nubs])
    whole = Lens((*lens.steps, *last.steps))
    flat = rectify(dark, whole, box)
    cells = gather(flat, box[0], box[1])
    return Look(dark, whole, scale, box, flat, cells, pilot(cells, lattice))

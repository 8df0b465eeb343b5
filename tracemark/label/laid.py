"""Finding the lattice where marks are few: slots laid on the keyed map. SPEC 10.8.

Combs say where cells begin. Every slot is read there, and how clearly it shows a mark, or an edge
without one, is laid on the map at every shift and quarter turn. Bumps tell only where marks may
be; slots tell where none is as well, so that fewer marks are enough to find them by.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tracemark.label.chips import Cells, gather, joined, rectify, shown
from tracemark.label.combs import Comb
from tracemark.label.lattice import FREE_X, FREE_Y, LEVEL, PERIOD, SIDES, Lattice
from tracemark.label.lens import Flat, Matrix, apply
from tracemark.label.pose import Pose, turned
from tracemark.label.view import View

_WIDEST = 96  # cells that are read, either way
_NARROWEST = 5
_LARGEST = 500_000  # pixels; what shows more of a label has bumps enough
_FAINTEST = 3.5  # strength of a comb that is tried beside another
_ALONE = 5.0  # strength of a comb that is tried by itself
_RATIO = 1.04  # of the two axes' periods, at most, in a picture without perspective
_STEEP = 1.4  # and in one with it
_PARTS = (0.0, 1 / 3, 2 / 3)  # of a cell at which cells may begin along an axis without a comb
_SPREAD = (0.5, 0.5, 0.5, 0.5, 0.25)  # share of the map's slots that may carry a mark: sides, dots

Field = NDArray[np.float32]


def laid(view: View, lattice: Lattice, most: int) -> tuple[list[Pose], float]:
    """The poses at which the slots of a view fit the keyed map best; and how many were tried.

    Parameters
    ----------
    view : View
    lattice : Lattice
        Only its keyed map is used.
    most : int
        Poses to return, the best first.
    """
    found: list[Pose] = []
    tried = 0.0
    if view.dark.size > _LARGEST:
        return found, tried
    for matrix, kinds in _grids(view):
        cells = _cells(view, matrix)
        if cells is not None:
            found += _fits(cells, kinds, lattice, matrix)
            tried += 4 * PERIOD * PERIOD
    return sorted(found, key=lambda pose: -pose.strength)[:most], tried


_ALL = np.ones(SIDES + 1, bool)
_NO_DOTS = np.arange(SIDES + 1) < SIDES
_BOTH_AXES, _ALONG_X, _ALONG_Y = _ALL, _NO_DOTS & LEVEL[: SIDES + 1], _NO_DOTS & ~LEVEL[: SIDES + 1]


def _grids(view: View) -> Iterator[tuple[Matrix, NDArray[np.bool_]]]:
    """From upright pixels to cells as combs have them, and the kinds of slot that they place."""
    widest = _STEEP if view.converging else _RATIO
    along, down = ([comb for comb in axis[:2] if comb.strength > _FAINTEST] for axis in view.combs)
    for x in along:
        for y in down:
            if 1 / widest < x.period / y.period < widest:
                yield _grid(x, y), _BOTH_AXES
    for part in _PARTS:
        for comb in (comb for comb in along[:1] if comb.strength > _ALONE):
            yield _grid(comb, Comb(0.0, comb.period, part * comb.period)), _ALONG_X
        for comb in (comb for comb in down[:1] if comb.strength > _ALONE):
            yield _grid(Comb(0.0, comb.period, part * comb.period), comb), _ALONG_Y


def _grid(x: Comb, y: Comb) -> Matrix:
    across, down = 1 / x.period, 1 / y.period
    return np.array([[across, 0, -x.start * across], [0, down, -y.start * down], [0, 0, 1]])


def _cells(view: View, matrix: Matrix) -> Cells | None:
    """The slots about the bumps, read where a grid has them."""
    points = apply(matrix, view.bumps.points)
    middle = np.median(points, axis=0)
    low = np.maximum(np.percentile(points, 1, axis=0) - 2, middle - _WIDEST / 2)
    high = np.minimum(np.percentile(points, 99, axis=0) + 2, middle + _WIDEST / 2)
    left, top = (int(value) for value in np.floor(low))
    right, bottom = (int(value) for value in np.ceil(high))
    if min(right - left, bottom - top) < _NARROWEST:
        return None
    box = (left, top, right, bottom)
    return gather(rectify(view.dark, view.lens.then(Flat(matrix)), box), left, top)


def _fits(
    cells: Cells, kinds: NDArray[np.bool_], lattice: Lattice, matrix: Matrix
) -> Iterator[Pose]:
    """The best shift of each quarter turn."""
    rows = (cells.top + np.arange(cells.weights.shape[1])) % PERIOD
    columns = (cells.left + np.arange(cells.weights.shape[2])) % PERIOD
    torus = np.zeros((SIDES + 1, PERIOD, PERIOD), np.float32)
    torus[:, rows[:, None], columns[None, :]] = shown(cells) * kinds[:, None, None]
    seen = np.fft.rfft2(torus).conj()
    power = (torus**2).sum((1, 2))
    for turn, spectra in enumerate(_spectra(lattice)):
        nubs, dots = (
            np.fft.irfft2((seen[part] * spectra[part]).sum(0)) / np.sqrt(power[part].sum() + 1e-9)
            for part in (slice(SIDES), slice(SIDES, None))
        )
        fit = joined(nubs, dots)
        down, right = divmod(int(np.argmax(fit)), PERIOD)
        moved = np.array([[1.0, 0, right], [0, 1, down], [0, 0, 1]]) @ matrix
        for _ in range(turn):
            moved = np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]]) @ moved
        yield Pose(float(nubs[down, right]), float(dots[down, right]), moved)


@lru_cache(maxsize=8)
def _spectra(lattice: Lattice) -> list[NDArray[np.complex64]]:
    """Spectra of the keyed map at every quarter turn, of unit spread; dots want both slots."""
    spectra = []
    maps = lattice.on.astype(np.float32)
    for _ in range(4):
        both = (maps[FREE_X] * maps[FREE_Y])[None]
        flat = np.concatenate([maps[:SIDES], both])
        share = np.array(_SPREAD, np.float32)[:, None, None]
        spectra.append(
            np.fft.rfft2((flat - share) / np.sqrt(share * (1 - share))).astype(np.complex64)
        )
        maps = turned(maps)
    return spectra

"""A pose judged and made better: settle, read every slot, look closer. SPEC 10.8."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracemark.darkness import Field, resized
from tracemark.label.bumps import Bumps, find_bumps
from tracemark.label.chips import CELL, Cells, extent, gather, legs, pilot, rectify
from tracemark.label.fit import Settled, settle, stretched
from tracemark.label.lattice import PERIOD, Lattice
from tracemark.label.lens import Flat, Lens
from tracemark.label.levels import Fine
from tracemark.label.pose import Pose
from tracemark.label.rules import redrawn
from tracemark.label.specks import find_specks
from tracemark.label.view import View

LOCKED = 6.5  # deviations of the pilot under which a pose is not believed
_PROMISING = 3.0  # deviations of the pilot from which a pose is worth a closer look
_CLOSER = 2  # times that a pose is looked at again
_PLENTY = 25.0  # deviations of the pilot from which a closer look would add little
_WEAK = 12.0  # deviations of the pilot below which a pose may hold in one part of the label alone
_STRETCHES = (-0.03, -0.015, 0.015, 0.03)  # of its rows: fewer marks hold them than columns
_NEAR = 16  # pixels a cell, in that look
_SEEN = 0.15  # weight from which a slot shows an edge
_PLAIN = 0.8  # difference beyond which a mark is no plainer
_PART = 0.3  # of the usual fit of a row or column
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
    at : float
        Scale at which the pose was found.
    """

    dark: Field
    lens: Lens
    scale: float
    box: tuple[int, int, int, int]
    flat: Field
    cells: Cells
    strength: float
    at: float = 1.0

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

    @property
    def ends(self) -> NDArray[np.float64]:
        """Corners of the area in which edges were read, in cells: (4, 2), clockwise."""
        seen = self.cells.weights.sum(0) > 0
        rows, columns = np.nonzero(seen.any(1))[0], np.nonzero(seen.any(0))[0]
        left, top, right, bottom = self.box
        if len(rows):
            top, bottom = self.box[1] + int(rows[0]), self.box[1] + int(rows[-1]) + 1
            left, right = self.box[0] + int(columns[0]), self.box[0] + int(columns[-1]) + 1
        return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float64)

    def outline(self) -> NDArray[np.float32]:
        """The same corners in the picture: (4, 2) x and y."""
        return self.pixels(self.ends)

    @property
    def finest(self) -> float:
        """Pixels of the picture to a cell, in the middle of the box."""
        left, top, right, bottom = self.box
        middle = np.array([(left + right) / 2, (top + bottom) / 2])
        ends = self.pixels(middle + np.array([[0.0, 0], [1, 0], [0, 1]]))
        return float(np.linalg.norm(ends[1:] - ends[0], axis=1).max())

    def own(self, lattice: Lattice) -> Look:
        """Only the rows and columns in which marks fit the map: what lies beside is another's."""
        rows = (self.cells.top + np.arange(self.cells.weights.shape[1])) % PERIOD
        columns = (self.cells.left + np.arange(self.cells.weights.shape[2])) % PERIOD
        on = lattice.on[:, rows[:, None], columns[None, :]]
        seen = self.cells.weights > _SEEN
        value = np.minimum(np.abs(self.cells.contrast), _PLAIN)
        count = np.maximum(seen.sum((1, 2), keepdims=True), 1)
        value = np.where(seen, value - (value * seen).sum((1, 2), keepdims=True) / count, 0)
        fit = (value * (on - (on & seen).sum((1, 2), keepdims=True) / count)).sum(0)
        across = _run(fit.sum(0))
        down = _run(fit[:, across].sum(1))
        left, top = self.box[0] + across.start, self.box[1] + down.start
        right, bottom = self.box[0] + across.stop, self.box[1] + down.stop
        contrast, weights = self.cells.contrast, self.cells.weights
        cells = Cells(top, left, contrast[:, down, across], weights[:, down, across])
        flat = self.flat[down.start * CELL : down.stop * CELL]
        flat = flat[:, across.start * CELL : across.stop * CELL]
        return replace(self, box=(left, top, right, bottom), flat=flat, cells=cells)


def _run(fit: NDArray[np.float64]) -> slice:
    """The stretch with the largest sum, where a line must reach a part of the usual fit."""
    lines = np.count_nonzero(fit)
    gain = np.r_[0.0, np.cumsum(fit - _PART * fit.sum() / max(lines, 1))]
    lowest = np.minimum.accumulate(gain)
    stop = int(np.argmax(gain[1:] - lowest[:-1])) + 1
    return slice(int(np.argmin(gain[:stop])), stop)


def look(
    view: View, poses: Sequence[Pose], lattice: Lattice, finer: Callable[[float], Fine | None]
) -> Look | None:
    """Settle poses, read the slots of that which nubs fit best, and look closer if it promises.

    Parameters
    ----------
    view : View
    poses : sequence of Pose
        Each right to about a quarter of a cell somewhere, if it is right at all.
    lattice : Lattice
    finer : callable
        From the view's scale to the picture for the closer looks; None if it is no finer.

    Returns
    -------
    Look or None
        None where too few nubs agree.
    """
    settled = [_settled(pose, view.bumps, lattice) for pose in poses]
    best = max(settled, key=lambda one: one.strength, default=None)
    found = _seen(view.dark, view.lens, view.scale, best, lattice)
    if found is None or found.strength < _PROMISING:
        return found
    found = replace(found, at=view.scale)
    if found.strength >= _PLENTY:
        return found
    fine = finer(view.scale)
    found = found if fine is None else _in(fine, found)
    for _ in range(_CLOSER):
        again = _closer(found, lattice)
        if again is None or again.strength <= found.strength:
            break
        found = replace(again, at=view.scale)
    if LOCKED <= found.strength < _WEAK:
        again = _closer(found, lattice, _STRETCHES)
        if again is not None and again.strength > found.strength:
            found = replace(again, at=view.scale)
    return found


def _in(fine: Fine, found: Look) -> Look:
    """The same look, to be gone on with in a finer picture."""
    ratio = found.scale / fine.scale
    # the middle of a pixel is at a whole number
    shift = ratio / 2 - 0.5
    matrix = np.array([[ratio, 0, shift], [0, ratio, shift], [0, 0, 1]])
    lens = Lens((Flat(matrix), *found.lens.steps))
    return replace(found, dark=fine.dark, scale=fine.scale, lens=lens)


def _settled(pose: Pose, bumps: Bumps, lattice: Lattice) -> Settled:
    return settle(pose.matrix, bumps.weighed(pose.nubs, pose.dots), lattice)


def _closer(found: Look, lattice: Lattice, stretches: Sequence[float] = ()) -> Look | None:
    """Find the bumps again in the flattened picture: straight edges show them best.

    Of several stretches of the rows that is kept which the nubs fit best.
    """
    height, width = found.flat.shape
    size = (width * _NEAR // CELL, height * _NEAR // CELL)
    small = resized(found.flat, size, Image.Resampling.BOX)
    bumps = find_bumps(small).joined(find_specks(small, _NEAR / found.finest))
    left, top = found.box[:2]
    half = 0.5 / _NEAR
    matrix = np.array([[1 / _NEAR, 0, left + half], [0, 1 / _NEAR, top + half], [0, 0, 1]])
    to_flat = Flat(np.asarray(np.linalg.inv(matrix)))
    bumps = bumps.weighed(*legs(found.cells, lattice))
    if not len(bumps):
        return None
    starts = stretched(matrix, bumps, lattice, stretches) if stretches else [matrix]
    settled = [settle(start, bumps, lattice) for start in starts]
    best = max(settled, key=lambda one: one.strength)
    return _seen(found.dark, found.lens.then(to_flat), found.scale, best, lattice)


def _seen(
    dark: Field,
    lens: Lens,
    scale: float,
    settled: Settled | None,
    lattice: Lattice,
) -> Look | None:
    """Read the slots about the nubs of a settled pose."""
    if settled is None or np.count_nonzero(settled.nubs) < _FEWEST:
        return None
    box = extent(settled.cells[settled.nubs], settled.bumps.weights[settled.nubs])
    whole = Lens((*lens.steps, *settled.lens.steps))
    flat = redrawn(rectify(dark, whole, box), CELL / 12, CELL // 6)
    cells = gather(flat, box[0], box[1])
    return Look(dark, whole, scale, box, flat, cells, pilot(cells, lattice))

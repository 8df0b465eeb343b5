"""From a settled pose to chips: first place against second, in every cell. SPEC 10.8."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracemark.darkness import Field
from tracemark.label.lattice import FREE_X, FREE_Y, KINDS, PERIOD, SIDES, Lattice
from tracemark.label.lens import Lens
from tracemark.model import Reading

CELL = 24  # pixels a cell in the rectified picture
_WIDEST = 80  # cells from the middle of the nubs to the label's end, at most
_PATCH = 5  # cells over which the map is taken for bilinear
_DOT = CELL // 12
_NUB = 2 * _DOT
_FIRST, _SECOND = CELL // 3 - _DOT, 2 * CELL // 3 - _DOT
_CONTRAST = 0.25  # darkness step under which an edge counts for nothing
_FAINT = 0.15  # edge, summed over the lines of a slot, under which there is none
_PLAIN = 0.8  # difference beyond which a mark is no plainer to the pilot
_RIM = 0.45  # darkness of a cell's rim at which it is no room
_AT_ONCE = 32  # lines of the rectified picture that are sorted into columns together
_TWO = 0.3  # at 6.5 deviations, the tail of two legs is that of a leg so much longer


@dataclass(frozen=True, slots=True)
class Cells:
    """What stands on the edges in each slot of a rectangle of cells.

    Attributes
    ----------
    top, left : int
        Lattice row and column of the rectangle's first cell.
    contrast : (6, rows, columns) float32
        Mark at the first place less mark at the second; for nubs summed over the slot's edges.
    weights : (6, rows, columns) float32
        How much edge there is; for free dots, how clear the white around them is.
    """

    top: int
    left: int
    contrast: NDArray[np.float32]
    weights: NDArray[np.float32]


def rectify(dark: Field, lens: Lens, box: tuple[int, int, int, int]) -> Field:
    """Resample a picture so that each cell is CELL by CELL pixels.

    Parameters
    ----------
    dark : (H, W) float32
    lens : Lens
        From pixels of `dark`, centres at whole numbers, to lattice cells (column, row).
    box : (left, top, right, bottom)
        Cells.
    """
    left, top, right, bottom = box
    columns = np.unique(np.r_[np.arange(left, right, _PATCH), right])
    rows = np.unique(np.r_[np.arange(top, bottom, _PATCH), bottom])
    grid = np.stack(np.meshgrid(columns, rows), 2).reshape(-1, 2).astype(np.float64)
    # Pillow's coordinates have pixel centres at halves
    corners = (lens.inverse(grid) + 0.5).reshape(len(rows), len(columns), 2)
    mesh = []
    for i in range(len(rows) - 1):
        for j in range(len(columns) - 1):
            ends = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
            quad = tuple(float(value) for end in ends for value in corners[end])
            place = (columns[j], rows[i], columns[j + 1], rows[i + 1])
            offset = (left, top, left, top)
            tile = tuple(int(a - b) * CELL for a, b in zip(place, offset, strict=True))
            mesh.append((tile, quad))
    size = ((right - left) * CELL, (bottom - top) * CELL)
    picture = Image.fromarray(dark).transform(
        size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR, fillcolor=0
    )
    return np.asarray(picture)


def gather(rectified: Field, left: int, top: int) -> Cells:
    """Compare the two places of every slot of a rectified picture."""
    rows, columns = rectified.shape[0] // CELL, rectified.shape[1] // CELL
    contrast = np.zeros((KINDS, rows, columns), np.float32)
    weights = np.zeros_like(contrast)
    views = (rectified, rectified[::-1], rectified.T, rectified[:, ::-1].T)
    for side, view in enumerate(views):
        value, weight = _compare(view)
        if side in (1, 3):
            value, weight = value[::-1], weight[::-1]
        for out, lines in ((contrast, value), (weights, weight)):
            summed = lines.reshape(-1, CELL, lines.shape[1]).sum(1)
            out[side] = summed if side < 2 else summed.T
    contrast[FREE_X], contrast[FREE_Y], weights[SIDES:] = _free(rectified, rows, columns)
    return Cells(top, left, contrast, weights)


def _free(rectified: Field, rows: int, columns: int) -> tuple[Field, Field, Field]:
    """Free dots of every cell: left less right, upper less lower, and how clear the white is."""
    lines = rectified[: rows * CELL, : columns * CELL].reshape(rows, CELL, columns, CELL)

    def mean(top: int, left: int) -> Field:
        return np.asarray(lines[:, top : top + 5, :, left : left + 5].mean((1, 3)))

    upper, lower = CELL // 3 - 3, 2 * CELL // 3 - 2
    first, second = CELL // 3 - 2, 2 * CELL // 3 - 3
    a, b = mean(upper, first), mean(upper, second)
    c, d = mean(lower, first), mean(lower, second)
    # the cell's rim, four pixels wide, wants to be white
    blocks = lines.reshape(rows, 6, 4, columns, 6, 4).mean((2, 5))
    border = np.ones((6, 1, 6), np.float32)
    border[1:-1, :, 1:-1] = 0
    rim = (blocks * border).max((1, 3))
    room = np.clip(_RIM - rim, 0, 2 * _FAINT)
    x = np.maximum(a, c) - np.maximum(b, d)
    y = np.maximum(a, b) - np.maximum(c, d)
    return x, y, room


def _compare(view: Field) -> tuple[Field, Field]:
    """For each line and cell: first place less second, and the weight of the edge below it."""
    lines = view.shape[0]
    columns = _columns(view)

    def mean(start: int, count: int) -> Field:
        return np.asarray(sum(columns[start : start + count]) / np.float32(count))

    before, after = mean(_FIRST - _DOT, _DOT), mean(_SECOND + _NUB, _DOT)
    between = mean(CELL // 2 - 1, 2)
    # a nub adds ink: a dip is the picture's own
    first = np.maximum(mean(_FIRST, _NUB) - 0.5 * (before + between), 0)
    second = np.maximum(mean(_SECOND, _NUB) - 0.5 * (between + after), 0)
    inner = columns[_FIRST - _DOT : _SECOND + _NUB + _DOT : 2]
    darkest, palest = np.maximum.reduce(inner), np.minimum.reduce(inner)

    def shifted(field: Field, down: int) -> Field:
        """The field `down` lines further on; what lies beyond the picture is white."""
        out = np.zeros_like(field)
        if down > 0:
            out[: lines - down] = field[down:]
        else:
            out[-down:] = field[: lines + down]
        return out

    below = np.maximum(shifted(palest, _DOT), shifted(palest, 2 * _DOT))
    below = np.maximum(below, shifted(palest, _DOT + 1))
    above = np.maximum(shifted(darkest, -2 * _DOT), shifted(darkest, -3 * _DOT))
    step = below - above
    weight = np.clip(step - np.float32(_CONTRAST), 0, 0.5)
    value = np.clip((first - second) / np.maximum(step, np.float32(0.3)), -1, 1) * weight
    return value, weight


def _columns(view: Field) -> Field:
    """Pixel columns by their place in the cell: (CELL, lines, cells)."""
    lines, width = view.shape
    columns = np.empty((CELL, lines, width // CELL), np.float32)
    for start in range(0, lines, _AT_ONCE):  # what is copied stays in the cache meanwhile
        some = view[start : start + _AT_ONCE]
        columns[:, start : start + _AT_ONCE] = some.reshape(len(some), -1, CELL).transpose(2, 0, 1)
    return columns


def pilot(cells: Cells, lattice: Lattice) -> float:
    """How clearly slots that may carry a mark differ from slots that may not, in deviations.

    Each carrier is asked by itself, for one may be washed out where the other is not; the two are
    added as the legs of a triangle, less what the triangle's tail exceeds a single one's.
    """
    nubs, dots = legs(cells, lattice)
    return float(joined(np.float64(nubs), np.float64(dots)))


def legs(cells: Cells, lattice: Lattice) -> tuple[float, float]:
    """The pilots of nubs and of free dots, in deviations."""
    return _nubs(cells, lattice).pilot(), _dots(cells, lattice).pilot()


Deviations = NDArray[np.floating] | np.float64


def joined(nubs: Deviations, dots: Deviations) -> NDArray[np.float64]:
    """The two carriers' pilots as one, element by element."""
    nubs, dots = np.maximum(nubs, 0), np.maximum(dots, 0)
    return np.asarray(np.maximum(np.maximum(nubs, dots), np.hypot(nubs, dots) - _TWO), np.float64)


def shown(cells: Cells) -> Field:
    """How clearly each slot shows a mark, less what is usual of its carrier; 0 where none could be.

    Returns
    -------
    (5, rows, columns) float32
        The four sides, then free dots, each of which is as clear as the fainter of its places.
    """
    strength = np.abs(cells.contrast)
    value = np.concatenate([strength[:SIDES], strength[SIDES:].min(0)[None]])
    seen = cells.weights[: SIDES + 1] > _FAINT
    value = np.minimum(value, _PLAIN)
    for part in (slice(SIDES), slice(SIDES, None)):
        value[part] -= value[part][seen[part]].mean() if seen[part].any() else 0
    return np.asarray(np.where(seen, value, 0), np.float32)


def chips(cells: Cells, lattice: Lattice) -> Reading:
    """One chip for each slot that may carry a nub and shows an edge. SPEC 10.8.

    A chip counts by how much more often so strong a difference is met in slots that may carry a
    mark than in slots that may not: the picture itself says what its noise is.
    """
    return _nubs(cells, lattice).reading(cells, lattice)


def dots(cells: Cells, lattice: Lattice) -> Reading:
    """Two chips for each cell that may carry a free dot and is white around. SPEC 10.8.

    They count as those of nubs do, by the noise of their own kind.
    """
    return _dots(cells, lattice).reading(cells, lattice)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is seen of one carrier.

    Attributes
    ----------
    name : str
    slots : tuple of (n,) int64
        Kind, row and column in the rectangle of the slots that show an edge or a room.
    strength : (n,) float32
    on : (n,) bool
        May a mark stand there?
    share : float
        Of all slots of the lattice that may carry one.
    """

    name: str
    slots: tuple[NDArray[np.int64], ...]
    strength: NDArray[np.float32]
    on: NDArray[np.bool_]
    share: float

    def pilot(self) -> float:
        once = self.slots[0] != FREE_Y  # a dot is one thing, whatever its two chips
        on = self.on[once]
        if len(on) < 8:
            return 0.0
        value = np.minimum(self.strength[once], _PLAIN)
        value -= value.mean()
        spread = self.share * (1 - self.share) * (value**2).sum()
        return float((value * (on - self.share)).sum() / np.sqrt(spread + 1e-9))

    def reading(self, cells: Cells, lattice: Lattice) -> Reading:
        trust = _trust(self.strength[self.on], self.strength[~self.on], self.share)
        chosen = tuple(axis[self.on] for axis in self.slots)
        shown = -np.sign(cells.contrast[chosen]) * trust  # the second place shows a 1
        kinds, rows, columns = chosen
        slots = (kinds, (rows + cells.top) % PERIOD, (columns + cells.left) % PERIOD)
        unmasked = (shown * np.where(lattice.masks[slots], -1.0, 1.0)).astype(np.float64)
        return Reading(self.name, lattice.identities(*slots), lattice.positions[slots], unmasked)


def _nubs(cells: Cells, lattice: Lattice) -> _Seen:
    seen = cells.weights[:SIDES] > _FAINT
    on = _here(cells, lattice.on)[:SIDES]
    strength = np.abs(cells.contrast[:SIDES])
    return _Seen("nubs", np.nonzero(seen), strength[seen], on[seen], 0.5)


def _dots(cells: Cells, lattice: Lattice) -> _Seen:
    seen = cells.weights[SIDES:] > _FAINT
    # a dot stands where both of its slots are on, and is as clear as the fainter of its places
    on = np.broadcast_to(_here(cells, lattice.on)[SIDES:].all(0), seen.shape)
    strength = np.broadcast_to(np.abs(cells.contrast[SIDES:]).min(0), seen.shape)
    kinds, rows, columns = np.nonzero(seen)
    return _Seen("dots", (kinds + SIDES, rows, columns), strength[seen], on[seen], 0.25)


def _trust(on: NDArray[np.float32], off: NDArray[np.float32], share: float) -> NDArray[np.float64]:
    """For each slot of `on`, the share of its like that exceeds chance, in [0, 1]."""
    both = np.concatenate([on, off])
    if not len(both):
        return np.zeros(0)
    kind = np.concatenate([np.ones(len(on)), np.full(len(off), -share / (1 - share))])
    order = np.argsort(-both, kind="stable")
    window = min(len(both), max(20, len(both) // 12))
    kernel = np.ones(window)
    excess = np.convolve(kind[order], kernel, "same")
    held = np.convolve((kind[order] > 0).astype(np.float64), kernel, "same")
    trust = np.clip(excess / np.maximum(held, 1), 0, 1)
    trust = np.minimum.accumulate(trust)  # weaker is never more trusted
    placed = np.empty(len(both))
    placed[order] = trust
    return placed[: len(on)]


def _here(cells: Cells, field: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A field of the lattice over the rectangle of the cells."""
    rows = (cells.top + np.arange(cells.weights.shape[1])) % PERIOD
    columns = (cells.left + np.arange(cells.weights.shape[2])) % PERIOD
    return field[:, rows[:, None], columns[None, :]]


def extent(cells: NDArray[np.float64], weights: NDArray[np.float64]) -> tuple[int, int, int, int]:
    """Rectangle of cells about the clear nubs, with room around it: left, top, right, bottom."""
    clear = weights > 0.25
    if np.count_nonzero(clear) >= 12:
        cells = cells[clear]
    middle = np.median(cells, axis=0)
    low = np.maximum(np.percentile(cells, 1, axis=0), middle - _WIDEST) - 4
    high = np.minimum(np.percentile(cells, 99, axis=0), middle + _WIDEST) + 4
    left, top = np.floor(low).astype(int)
    right, bottom = np.ceil(high).astype(int)
    return int(left), int(top), int(right), int(bottom)

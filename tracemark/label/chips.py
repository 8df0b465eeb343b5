"""From a settled pose to chips: first place against second, in every cell. SPEC 10.8."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracemark.label.darkness import Field
from tracemark.label.lattice import PERIOD, SIDES, Lattice
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
_PLAIN = 0.8  # difference beyond which a nub is no plainer to the pilot


@dataclass(frozen=True, slots=True)
class Cells:
    """What stands on the edges in each slot of a rectangle of cells.

    Attributes
    ----------
    top, left : int
        Lattice row and column of the rectangle's first cell.
    contrast : (4, rows, columns) float32
        Nub at the first place less nub at the second, summed over the slot's edges.
    weights : (4, rows, columns) float32
        How much edge there is.
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
    contrast = np.zeros((SIDES, rows, columns), np.float32)
    weights = np.zeros_like(contrast)
    views = (rectified, rectified[::-1], rectified.T, rectified[:, ::-1].T)
    for side, view in enumerate(views):
        value, weight = _compare(view)
        if side in (1, 3):
            value, weight = value[::-1], weight[::-1]
        for out, lines in ((contrast, value), (weights, weight)):
            summed = lines.reshape(-1, CELL, lines.shape[1]).sum(1)
            out[side] = summed if side < 2 else summed.T
    return Cells(top, left, contrast, weights)


def _compare(view: Field) -> tuple[Field, Field]:
    """For each line and cell: first place less second, and the weight of the edge below it."""
    lines = view.shape[0]
    columns = [np.ascontiguousarray(view[:, place::CELL]) for place in range(CELL)]

    def mean(start: int, count: int) -> Field:
        return np.asarray(sum(columns[start : start + count]) / np.float32(count))

    before, after = mean(_FIRST - 2 * _DOT, _DOT), mean(_SECOND + _NUB + _DOT, _DOT)
    between = mean(CELL // 2 - 1, 2)
    # a nub adds ink: a dip is the picture's own
    first = np.maximum(mean(_FIRST, _NUB) - 0.5 * (before + between), 0)
    second = np.maximum(mean(_SECOND, _NUB) - 0.5 * (between + after), 0)
    inner = columns[_FIRST - _NUB : _SECOND + 2 * _NUB : 2]
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


def pilot(cells: Cells, lattice: Lattice) -> float:
    """How clearly slots that may carry a nub differ from slots that may not, in deviations."""
    strength, seen = _strength(cells)
    if np.count_nonzero(seen) < 8:
        return 0.0
    on = np.where(_here(cells, lattice.on), 0.5, -0.5)[seen]
    value = np.minimum(strength[seen], _PLAIN)
    value -= value.mean()
    return float((value * on).sum() / np.sqrt((value**2).sum() / 4 + 1e-9))


def chips(cells: Cells, lattice: Lattice) -> Reading:
    """One chip for each slot that may carry a nub and shows an edge. SPEC 10.8.

    A chip counts by how much more often so strong a difference is met in slots that may carry a
    nub than in slots that may not: the picture itself says what its noise is.
    """
    strength, seen = _strength(cells)
    on = _here(cells, lattice.on)
    trust = _trust(strength[seen & on], strength[seen & ~on])
    chosen = np.nonzero(seen & on)
    shown = -np.sign(cells.contrast[chosen]) * trust  # the second place shows a 1
    sides, rows, columns = chosen
    slots = (sides, (rows + cells.top) % PERIOD, (columns + cells.left) % PERIOD)
    unmasked = (shown * np.where(lattice.masks[slots], -1.0, 1.0)).astype(np.float64)
    return Reading("nubs", lattice.identities(*slots), lattice.positions[slots], unmasked)


def _strength(cells: Cells) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """How strong each slot's difference is, and which slots show an edge at all."""
    return np.abs(cells.contrast), cells.weights > _FAINT


def _trust(on: NDArray[np.float32], off: NDArray[np.float32]) -> NDArray[np.float64]:
    """For each slot of `on`, the share of its like that exceeds chance, in [0, 1]."""
    both = np.concatenate([on, off])
    kind = np.concatenate([np.ones(len(on)), -np.ones(len(off))])
    order = np.argsort(-both, kind="stable")
    window = min(len(both), max(20, len(both) // 12))
    kernel = np.ones(window)
    excess = np.convolve(kind[order], kernel, "same")
    held = np.convolve((kind[order] > 0).astype(np.float64), kernel, "same")
    share = np.clip(excess / np.maximum(held, 1), 0, 1)
    share = np.minimum.accumulate(share)  # weaker is never more trusted
    placed = np.empty(len(both))
    placed[order] = share
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

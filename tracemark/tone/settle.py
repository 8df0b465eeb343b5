"""From a place that fits to the pose of the whole picture: blocks of cells find their own shifts.

Sync cells alone are looked at. Blocks near the place found are trusted first; each round reaches
further out, so that slight errors of size, turn and perspective are taken up as it goes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from tracemark.tone.lattice import PERIOD, Lattice
from tracemark.tone.pattern import slopes
from tracemark.tone.steps import Field, Steps
from tracemark.tone.view import Points, Pose, laid, through

SCALE = 4  # pixels a cell
_BLOCK = 16  # cells
_REACH = 6  # pixels that a block may be off, either way
_SURE = 3.6  # deviations from which a block's shift is believed
_MOST = 192  # cells looked at, either way
_HEART = 64  # cells by which a place that is no chance agrees by itself
_CHANCE = 5.5  # deviations to which chance has brought it; marked pictures were at 7 and more
_STAGES = (48, _HEART, 96, 128, _MOST, _MOST)  # and on the way there

Box = tuple[int, int, int, int]


def extent(pose: Pose, size: tuple[int, int], most: int = _MOST) -> Box:
    """The rectangle of cells, whole blocks, in which a picture of (width, height) lies."""
    width, height = size
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
    back: Pose = np.asarray(np.linalg.inv(pose), np.float64)
    cells = through(back, corners)
    middle = through(back, np.array([(width / 2, height / 2)]))[0]
    low = np.maximum(cells.min(0), middle - most / 2)
    high = np.minimum(cells.max(0), middle + most / 2)
    left, top = (np.floor(low / _BLOCK) * _BLOCK).astype(int)
    right, bottom = (np.ceil(high / _BLOCK) * _BLOCK).astype(int)
    return int(left), int(top), int(max(right, left + _BLOCK)), int(max(bottom, top + _BLOCK))


def settle(steps: Sequence[Steps], lattice: Lattice, pose: Pose, size: tuple[int, int]) -> Pose:
    """Refine a pose until the sync cells fit best, from the picture's middle outwards."""
    for most in _STAGES:
        clear = fit(steps, lattice, pose, size, most)
        found = _shifts(steps, lattice, pose, size, most)
        for model in (_similar, _affine, _perspective):
            tried = None if found is None else model(*found)
            if tried is None:
                continue
            fits = fit(steps, lattice, tried, size, most)
            if fits > 1.01 * clear:
                pose, clear = tried, fits
        if most == _HEART and clear < _CHANCE:
            break
    return pose


def fit(
    steps: Sequence[Steps],
    lattice: Lattice,
    pose: Pose,
    size: tuple[int, int],
    most: int = _MOST,
    lay: Callable[[Sequence[Steps], Pose, Box, int], tuple[Field, Field]] = laid,
) -> float:
    """How clearly the sync cells agree at a pose, in deviations."""
    box = extent(pose, size, most)
    values = folded(cells_of(*lay(steps, pose, box, SCALE)), box)
    signed = values[lattice.sync] * lattice.known(lattice.sync)[lattice.sync]
    return float(signed.sum() / np.sqrt(np.square(signed).sum() + 1e-9))


def cells_of(right: Field, down: Field) -> Field:
    """How much lighter each cell of a rectangle seems, by the steps on it and around it.

    Parameters
    ----------
    right, down : (SCALE * rows, SCALE * columns) float32

    Returns
    -------
    (rows, columns) float32
        The steps' correlation with those of a lone light cell.
    """
    value, slope = _bump()
    return _summed(right, slope, value) + _summed(down, value, slope)


def _summed(
    field: Field, across: NDArray[np.float32], below: NDArray[np.float32]
) -> NDArray[np.float32]:
    """A field summed for each cell over what it reaches, weighed along rows and along columns."""
    rows, columns = field.shape
    padded = np.pad(field, SCALE // 2)
    beside = np.zeros((len(padded), columns // SCALE), np.float32)
    for j, weight in enumerate(across):
        beside += padded[:, j : j + columns : SCALE] * weight
    out = np.zeros((rows // SCALE, columns // SCALE), np.float32)
    for i, weight in enumerate(below):
        out += beside[i : i + rows : SCALE] * weight
    return out


def _bump() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Value and slope of one cell over the two cells it reaches, at SCALE pixels a cell."""
    t = (np.arange(2 * SCALE) + 0.5) / SCALE - 1
    value, slope = np.cos(np.pi / 2 * t) ** 2, -np.pi / 2 * np.sin(np.pi * t)
    return value.astype(np.float32), slope.astype(np.float32)


def folded(values: Field, box: Box) -> Field:
    """A rectangle of cells summed onto one period: (64, 64)."""
    rows = np.arange(box[1], box[3]) % PERIOD
    columns = np.arange(box[0], box[2]) % PERIOD
    out = np.zeros((PERIOD, PERIOD), np.float32)
    np.add.at(out, (rows[:, None], columns[None, :]), values)
    return out


def _shifts(
    steps: Sequence[Steps], lattice: Lattice, pose: Pose, size: tuple[int, int], most: int
) -> tuple[Points, Points, NDArray[np.float64]] | None:
    """Where blocks of cells lie: lattice places (n, 2), pixels (n, 2), and how clearly (n,)."""
    box = extent(pose, size, most)
    right, down = laid(steps, pose, box, SCALE)
    known = slopes(lattice.known(lattice.sync), SCALE)
    side, period = _BLOCK * SCALE, PERIOD * SCALE
    wide = 2 * side
    places, found, trust = [], [], []
    for top in range(0, right.shape[0], side):
        for left in range(0, right.shape[1], side):
            parts = [field[top : top + side, left : left + side] for field in (right, down)]
            if not np.any(parts[0]):
                continue
            row, column = (top + box[1] * SCALE) % period, (left + box[0] * SCALE) % period
            fits = np.zeros((wide, wide), np.float32)
            for part, field in zip(parts, known, strict=True):
                wanted = field[row : row + side, column : column + side]
                spectrum = np.fft.rfft2(part, (wide, wide))
                fits += np.fft.irfft2(
                    spectrum * np.conj(np.fft.rfft2(wanted, (wide, wide))), (wide, wide)
                )
            near = np.roll(fits, (_REACH, _REACH), (0, 1))[: 2 * _REACH + 1, : 2 * _REACH + 1]
            clear = float(near.max() / (fits.std() + 1e-9))
            if clear < _SURE:
                continue
            dy, dx = np.unravel_index(int(np.argmax(near)), near.shape)
            if not (0 < dy < 2 * _REACH and 0 < dx < 2 * _REACH):
                continue
            y = dy - _REACH + _vertex(near[dy - 1 : dy + 2, dx])
            x = dx - _REACH + _vertex(near[dy, dx - 1 : dx + 2])
            middle = np.array([left, top]) / SCALE + np.array(box[:2]) + _BLOCK / 2
            places.append(middle)
            found.append(middle + np.array([x, y]) / SCALE)
            trust.append(clear**2)
    if len(places) < 2:
        return None
    return np.array(places), through(pose, np.array(found)), np.array(trust)


def _vertex(three: NDArray[np.float32]) -> float:
    """Where the parabola through three neighbours has its top, from the middle one."""
    bend = float(three[0] - 2 * three[1] + three[2])
    return 0.0 if bend >= 0 else float(three[0] - three[2]) / (2 * bend)


def _similar(cells: Points, spots: Points, trust: NDArray[np.float64]) -> Pose | None:
    """One size, one turn."""
    x, y = cells.T
    one, none = np.ones_like(x), np.zeros_like(x)
    rows = np.concatenate([np.stack([x, -y, one, none], 1), np.stack([y, x, none, one], 1)])
    a, b, c, d = _solved(rows, spots, trust, 4)
    return np.array([[a, -b, c], [b, a, d], [0, 0, 1.0]])


def _affine(cells: Points, spots: Points, trust: NDArray[np.float64]) -> Pose | None:
    """Two sizes, turn and shear."""
    if len(cells) < 4:
        return None
    x, y = cells.T
    one, none = np.ones_like(x), np.zeros_like(x)
    rows = np.concatenate(
        [np.stack([x, y, one, none, none, none], 1), np.stack([none, none, none, x, y, one], 1)]
    )
    values = _solved(rows, spots, trust, 6)
    return np.array([values[:3], values[3:], (0, 0, 1.0)])


def _perspective(cells: Points, spots: Points, trust: NDArray[np.float64]) -> Pose | None:
    """A plane seen from anywhere."""
    if len(cells) < 9:
        return None
    x, y = cells.T
    u, v = spots.T
    one, none = np.ones_like(x), np.zeros_like(x)
    rows = np.concatenate(
        [
            np.stack([x, y, one, none, none, none, -u * x, -u * y], 1),
            np.stack([none, none, none, x, y, one, -v * x, -v * y], 1),
        ]
    )
    values = _solved(rows, spots, trust, 8)
    return np.append(values, 1.0).reshape(3, 3)


def _solved(
    rows: NDArray[np.float64], spots: Points, trust: NDArray[np.float64], count: int
) -> NDArray[np.float64]:
    """Weighted least squares, looked at again without what lies far off."""
    target = spots.T.ravel()
    weight = np.sqrt(np.tile(trust, 2))
    for _ in range(4):
        scales = np.abs(rows).max(0) + 1e-12
        values = np.linalg.lstsq(rows / scales * weight[:, None], target * weight, rcond=None)[0]
        values = values / scales
        off = np.abs(rows @ values - target).reshape(2, -1).max(0)
        usual = 2 * float(np.median(off)) + 1e-6
        weight = np.sqrt(np.tile(trust / (1 + (off / usual) ** 2), 2))
    return np.asarray(values[:count])

"""Finding specks in the white: candidates for free dots, before any pose is known. SPEC 10.8."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracemark.darkness import Field, resized
from tracemark.label.bumps import Bumps
from tracemark.label.lattice import FREE_X, FREE_Y

_FAINTEST = 0.02  # darkness over the white around it
_ALONE = 5  # pixels at which the white around it is looked at
_WHITE = 0.1  # darkness that may stand there, or half of the speck's own
_EVEN = 0.01  # spread of the white at which a speck is half as plain as in clean white
_SQUARE = 8  # pixels: a speck is looked at with the eight squares around its own
_CROWD = 4  # specks there, at most; along the paper's edge there are more
_MOST = 2000
_CLEAR = 150
_OWN = 1.25  # times its own size at which an enlarged picture is looked at
_RING = [
    (down, right)
    for down in range(-_ALONE, _ALONE + 1)
    for right in range(-_ALONE, _ALONE + 1)
    if max(abs(down), abs(right)) >= _ALONE - 1
]


def find_specks(dark: Field, enlarged: float = 1.0) -> Bumps:
    """Find lone specks, at the picture's own size where it was enlarged: there they are plainest.

    Parameters
    ----------
    dark : (H, W) float32
        Darkness of an upright picture.
    enlarged : float
        Its pixels to one of the picture as it was given.

    Returns
    -------
    Bumps
        Each speck twice: its place along x is one slot's, its place along y another's.
    """
    height, width = dark.shape
    shrink = min(1.0, _OWN / enlarged)
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    if size == (width, height):
        return _specks(dark)
    found = _specks(resized(dark, size, Image.Resampling.BOX))
    points = (found.points + 0.5) * (np.array([width, height]) / size) - 0.5
    return Bumps(points, found.weights, found.sides)


def _specks(dark: Field) -> Bumps:
    """Lone specks one or two dots wide."""
    if min(dark.shape) < 4 * _ALONE:
        return Bumps(np.empty((0, 2)), np.empty(0), np.empty(0, np.int64))
    blurred = _blurred(dark)
    rows, columns, strength = _uncrowded(*_alone(blurred))
    if len(strength) > _MOST:
        strongest = np.sort(np.argsort(-strength, kind="stable")[:_MOST])
        rows, columns, strength = rows[strongest], columns[strongest], strength[strongest]
    here = blurred[rows, columns].astype(np.float64)

    def shift(before: Field, after: Field) -> NDArray[np.float64]:
        curve = np.minimum(before - 2 * here + after, -1e-6)
        return np.clip(0.5 * (before - after) / curve, -0.6, 0.6)

    x = columns + shift(blurred[rows, columns - 1], blurred[rows, columns + 1])
    y = rows + shift(blurred[rows - 1, columns], blurred[rows + 1, columns])
    points = np.stack([x, y], 1)
    kinds = np.repeat([FREE_X, FREE_Y], len(points))
    if not len(points):
        return Bumps(points, strength, kinds)
    clear = float(np.sort(strength)[-min(_CLEAR, -(-len(strength) // 3))])
    weights = np.minimum(strength / clear, 1.0) ** 2
    return Bumps(np.concatenate([points, points]), np.concatenate([weights, weights]), kinds)


def _blurred(dark: Field) -> Field:
    """Blurred with 1 2 1, both ways; the rim is left white."""
    out = np.zeros_like(dark)
    tall = dark[:-2] + 2 * dark[1:-1] + dark[2:]
    out[1:-1, 1:-1] = (tall[:, :-2] + 2 * tall[:, 1:-1] + tall[:, 2:]) / np.float32(16)
    return out


def _alone(blurred: Field) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Rows, columns and strengths of the local maxima that stand alone in the white.

    A speck is as strong as it stands out of the white around it, measured by that white's unrest:
    in clean paper a trace of a dot is plain, beside the ripples of type it is nothing.
    """
    reach, width = _ALONE, blurred.shape[1]
    core = blurred[reach:-reach, reach:-reach]
    top = core > _FAINTEST
    for down, right in ((0, -1), (0, 1), (-1, 0), (1, 0)):
        top &= core >= _beside(blurred, down, right)
    rows, columns = np.divmod(np.flatnonzero(top), core.shape[1])
    found = (rows + reach) * width + columns + reach
    flat = blurred.ravel()
    for down, right in _RING[::4]:  # most go at once
        found = found[flat[found + (down * width + right)] <= _limit(flat[found])]
    total, squares = np.zeros(len(found)), np.zeros(len(found))
    most = np.zeros(len(found))
    for down, right in _RING:
        white = flat[found + (down * width + right)].astype(np.float64)
        total += white
        squares += white**2
        most = np.maximum(most, white)
    mean = total / len(_RING)
    spread = np.sqrt(np.maximum(squares / len(_RING) - mean**2, 0))
    rise = flat[found] - mean
    kept = (most <= _limit(flat[found])) & (rise > _FAINTEST)
    for down in (-1, 1):
        for right in (-1, 1):
            kept &= flat[found + (down * width + right)] <= flat[found]
    rows, columns = np.divmod(found[kept], width)
    return rows, columns, rise[kept] / (_EVEN + spread[kept])


def _uncrowded(
    rows: NDArray[np.int64], columns: NDArray[np.int64], strength: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Without those that stand in a crowd, as the ripples of a pale edge do.

    An edge's all stand at one place along an axis, where any period fits them: they make combs.
    """
    if len(rows) <= _CROWD:
        return rows, columns, strength
    down, right = rows // _SQUARE, columns // _SQUARE
    counts = np.zeros((int(down.max()) + 4, int(right.max()) + 4), np.int64)
    np.add.at(counts, (down + 2, right + 2), 1)
    before = counts.cumsum(0).cumsum(1)  # how many stand above and left
    around = (
        before[down + 3, right + 3]
        - before[down, right + 3]
        - before[down + 3, right]
        + before[down, right]
    )
    kept = around <= _CROWD
    return rows[kept], columns[kept], strength[kept]


def _limit(here: Field) -> Field:
    return np.maximum(here / 2, np.float32(_WHITE))


def _beside(field: Field, down: int, right: int) -> Field:
    """What stands beside each pixel of the core of a field."""
    height, width = field.shape
    return field[_ALONE + down : height - _ALONE + down, _ALONE + right : width - _ALONE + right]

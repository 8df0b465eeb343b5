"""Finding specks in the white: candidates for free dots, before any pose is known. SPEC 10.8."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracemark.label.bumps import Bumps
from tracemark.label.darkness import Field
from tracemark.label.lattice import FREE_X, FREE_Y

_FAINTEST = 0.05  # darkness over the white around it
_ALONE = 5  # pixels within which nothing else may be as dark as half of it
_MOST = 2000
_CLEAR = 150


def find_specks(dark: Field) -> Bumps:
    """Find lone specks one or two dots wide, at 1 to 1.7 pixels a dot.

    Parameters
    ----------
    dark : (H, W) float32
        Darkness of an upright picture.

    Returns
    -------
    Bumps
        Each speck twice: its place along x is one slot's, its place along y another's.
    """
    if min(dark.shape) < 4 * _ALONE:
        return Bumps(np.empty((0, 2)), np.empty(0), np.empty(0, np.int64))
    blurred = _blurred(dark)
    rows, columns = _alone(blurred)
    strength = blurred[rows, columns].astype(np.float64)
    if len(strength) > _MOST:
        strongest = np.sort(np.argsort(-strength, kind="stable")[:_MOST])
        rows, columns, strength = rows[strongest], columns[strongest], strength[strongest]

    def shift(before: Field, after: Field) -> NDArray[np.float64]:
        curve = np.minimum(before - 2 * strength + after, -1e-6)
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


def _alone(blurred: Field) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of the local maxima that stand alone in the white."""
    reach, width = _ALONE, blurred.shape[1]
    core = blurred[reach:-reach, reach:-reach]
    top = core > _FAINTEST
    for down, right in ((0, -1), (0, 1), (-1, 0), (1, 0)):
        top &= core >= _beside(blurred, down, right)
    rows, columns = np.divmod(np.flatnonzero(top), core.shape[1])
    found = (rows + reach) * width + columns + reach
    flat = blurred.ravel()
    here = flat[found]
    corners = [(down, right) for down in (-1, 1) for right in (-1, 1)]
    ring = [
        (down, right)
        for down in range(-reach, reach + 1)
        for right in range(-reach, reach + 1)
        if max(abs(down), abs(right)) >= reach - 1
    ]
    for steps, share in ((corners, 1.0), (ring, 0.5)):
        for down, right in steps:
            kept = flat[found + (down * width + right)] <= share * here
            found, here = found[kept], here[kept]
    rows, columns = np.divmod(found, width)
    return rows, columns


def _beside(field: Field, down: int, right: int) -> Field:
    """What stands beside each pixel of the core of a field."""
    height, width = field.shape
    return field[_ALONE + down : height - _ALONE + down, _ALONE + right : width - _ALONE + right]

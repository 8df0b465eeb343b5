"""Finding bumps on straight edges: candidates for nubs, before any pose is known. SPEC 10.3."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.label.darkness import Field

_REACH = 4  # pixels to each side of a bump that must be a straight edge
_CONTRAST = 0.2  # least darkness step of that edge
_FAINTEST = 0.004
_MOST = 5000


@dataclass(frozen=True, slots=True)
class Bumps:
    """Bumps on the level and plumb edges of an upright picture.

    Attributes
    ----------
    points : (n, 2) float64
        x and y in pixels.
    weights : (n,) float64
        Strength, at most 2, about 1 for a clear one.
    sides : (n,) int64
        Which way the edge faces; see `lattice.SIDES`.
    """

    points: NDArray[np.float64]
    weights: NDArray[np.float64]
    sides: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.sides)


def find_bumps(dark: Field) -> Bumps:
    """Find bumps one or two dots high and wide, at 1 to 1.7 pixels a dot.

    Parameters
    ----------
    dark : (H, W) float32
        Darkness of an upright picture.
    """
    points, strengths, sides = [], [], []
    views = (dark, dark[::-1], dark.T, dark[:, ::-1].T)
    for side, view in enumerate(views):
        place, strength = _peaks(_response(np.ascontiguousarray(view)))
        if side in (1, 3):
            place[:, 1] = view.shape[0] - 1 - place[:, 1]
        points.append(place if side < 2 else place[:, ::-1])
        strengths.append(strength)
        sides.append(np.full(len(strength), side))
    strength = np.concatenate(strengths)
    usual = float(np.median(strength)) if len(strength) else 1.0
    return Bumps(
        np.concatenate(points), np.minimum(strength / usual, 2.0), np.concatenate(sides)
    )


def _response(dark: Field) -> Field:
    """How much darker each pixel is than its neighbours along an edge with white above it."""
    height, width = dark.shape
    out = np.zeros_like(dark)
    if height < 20 or width < 24:
        return out
    core = (dark[:, 7:-9] + dark[:, 8:-8] + dark[:, 9:-7]) / 3
    left = (dark[:, 4:-12] + dark[:, 5:-11]) / 2
    right = (dark[:, 11:-5] + dark[:, 12:-4]) / 2
    rise = core - np.maximum(left, right)
    rows = slice(6, height - 6)
    np.clip(rise, 0, 0.6, out=rise)

    def lines(step: int) -> Field:
        return dark[6 + step : height - 6 + step]

    below = np.maximum(np.maximum(lines(1), lines(2)), lines(3))
    above = np.maximum(lines(-3), lines(-4))
    solid = _sliding(below, np.minimum) - _sliding(above, np.maximum)
    edge = np.clip(solid[:, 4:-4] - np.float32(_CONTRAST), 0, 0.5)
    out[rows, 8:-8] = rise[rows] * edge
    return out


def _sliding(field: Field, pick: Callable[[Field, Field], Field]) -> Field:
    """Extreme over 2 * _REACH + 1 pixels along each line; the result is that much narrower."""
    two = pick(field[:, :-1], field[:, 1:])
    four = pick(two[:, :-2], two[:, 2:])
    eight = pick(four[:, :-4], four[:, 4:])
    return pick(eight[:, :-1], field[:, 8:])


def _peaks(response: Field) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Local maxima with x to a fraction of a pixel: (n, 2) x and y, and (n,) strengths."""
    level = response[:, :-2] + 2 * response[:, 1:-1] + response[:, 2:]
    smooth = (level[:-2] + 2 * level[1:-1] + level[2:]) / np.float32(16)
    rows, columns = np.nonzero(smooth[1:-1, 1:-1] > _FAINTEST)
    rows, columns = rows + 1, columns + 1
    here = smooth[rows, columns]
    top = np.ones(len(rows), bool)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            if (down, right) != (0, 0):
                top &= here >= smooth[rows + down, columns + right]
    rows, columns, here = rows[top], columns[top], here[top]
    if len(here) > _MOST:
        strongest = np.sort(np.argsort(-here, kind="stable")[:_MOST])
        rows, columns, here = rows[strongest], columns[strongest], here[strongest]
    before, after = smooth[rows, columns - 1], smooth[rows, columns + 1]
    curve = np.minimum(before - 2 * here + after, -1e-9)
    shift = np.clip(0.5 * (before - after) / curve, -0.6, 0.6)
    points = np.stack([columns + 1 + shift, rows + 1], 1).astype(np.float64)
    return points, here.astype(np.float64)

"""Standing a label upright: rotation and perspective, from its own edges. SPEC 10.2.

Nearly every edge of a label is level or plumb. Level edges meet in one vanishing point, plumb ones
in another; the two fix the perspective but for the ratio of the scales.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracemark.label.darkness import Field, smooth

Points = NDArray[np.float64]
Matrix = NDArray[np.float64]

_MOST = 40_000  # edge points that are looked at
_STRONG = 0.08  # darkness step of an edge, per pixel


def upright(dark: Field) -> Matrix | None:
    """Find the map that makes the edges of a picture level and plumb.

    Parameters
    ----------
    dark : (H, W) float32
        Darkness, about one million pixels.

    Returns
    -------
    (3, 3) float64 or None
        From upright coordinates (x, y, 1) to pixels of `dark`, both about the middle of the
        picture and of the same scale there; None where there are too few edges.
    """
    found = _edges(dark)
    if found is None:
        return None
    points, normals = found
    angle = _main_angle(normals)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    points, normals = points @ turn.T, normals @ turn.T
    level = np.abs(normals[:, 0]) < 0.25 * np.abs(normals[:, 1])
    plumb = np.abs(normals[:, 1]) < 0.25 * np.abs(normals[:, 0])
    reach = float(np.abs(points).max())
    m0, m1 = _family(points[level], normals[level], reach)
    n0, n1 = _family(points[plumb][:, ::-1], normals[plumb][:, ::-1], reach)
    # the line through both vanishing points is 1 + h1 x + h2 y = 0
    h1, h2 = np.linalg.solve(np.array([[1.0, m0], [n0, 1.0]]), np.array([m1, n1]))
    forward = np.array([[1.0, -n0, 0.0], [-m0, 1.0, 0.0], [h1, h2, 1.0]])
    rotate = np.eye(3)
    rotate[:2, :2] = turn
    inverse = np.linalg.inv(forward @ rotate)
    return np.asarray(inverse / inverse[2, 2])


def _edges(dark: Field) -> tuple[Points, Points] | None:
    """Edge points about the middle, and their normals times the step: both (n, 2)."""
    # Scharr's kernel: its direction is right to a tenth of a degree at any angle
    soft = smooth(dark)
    tall = 0.1875 * (soft[:-2] + soft[2:]) + 0.625 * soft[1:-1]
    wide = 0.1875 * (soft[:, :-2] + soft[:, 2:]) + 0.625 * soft[:, 1:-1]
    x = (tall[:, 2:] - tall[:, :-2]) / 2
    y = (wide[2:] - wide[:-2]) / 2
    rows, columns = np.nonzero(x * x + y * y > _STRONG**2)
    if len(rows) < 200:
        return None
    step = -(-len(rows) // _MOST)
    rows, columns = rows[::step], columns[::step]
    middle = np.array([dark.shape[1] / 2 - 0.5, dark.shape[0] / 2 - 0.5])
    points = np.stack([columns + 1, rows + 1], 1) - middle
    normals = np.stack([x[rows, columns], y[rows, columns]], 1)
    return points, normals.astype(np.float64)


def _main_angle(normals: Points) -> float:
    """The angle in (-pi/4, pi/4] about which most edges stand, modulo a quarter turn."""
    angles = np.degrees(np.arctan2(normals[:, 1], normals[:, 0])) % 90
    weights = np.hypot(normals[:, 0], normals[:, 1])
    bins = np.bincount((angles * 4).astype(np.int64) % 360, weights, 360)
    smooth = sum(np.roll(bins, shift) * (5 - abs(shift)) for shift in range(-4, 5))
    peak = int(np.argmax(smooth)) / 4 + 0.125
    off = (angles - peak + 45) % 90 - 45
    near = np.abs(off) < 4
    peak += float(np.average(off[near], weights=weights[near]))
    return float(np.radians((peak + 45) % 90 - 45))


def _family(points: Points, normals: Points, reach: float) -> tuple[float, float]:
    """Slopes of a family of nearly level lines: y = m0 x + c (1 + m1 x) for each c.

    A first guess from the tangents, then the values that make the histogram of c sharpest.
    """
    if len(points) < 100:
        return 0.0, 0.0
    x, y = points[:, 0], points[:, 1]
    slope = -normals[:, 0] / normals[:, 1]
    m0, m1 = _tangent_fit(x, y, slope)
    up = np.where(normals[:, 1] > 0, 0.0, 3.0 * reach)

    def sharpness(first: float, second: float, bin_: float) -> float:
        place = ((y - first * x) / (1 + second * x) + up) / bin_
        place -= place.min()
        below = place.astype(np.int64)
        part = place - below
        counts = np.bincount(np.r_[below, below + 1], np.r_[1 - part, part])
        # against itself blurred over nine bins: a map that merely shrinks gains nothing
        total = np.pad(counts, (5, 4)).cumsum()
        blurred = (total[9:] - total[:-9]) / 9
        return float(np.dot(counts, counts) / np.dot(blurred, blurred))

    for bin_, wide in ((8.0, 8), (4.0, 3), (2.0, 3), (1.0, 3), (0.5, 2)):
        step = 0.6 * bin_ / reach
        tries = [
            (sharpness(m0 + a * step, m1 + b * step / reach, bin_), m0 + a * step, m1 + b * step / reach)
            for a in range(-wide, wide + 1)
            for b in range(-wide, wide + 1)
        ]
        _, m0, m1 = max(tries)
    return m0, m1


def _tangent_fit(
    x: NDArray[np.float64], y: NDArray[np.float64], slope: NDArray[np.float64]
) -> tuple[float, float]:
    """m0 and m1 by robust least squares on the tangents: slope = m0 + m1 c."""
    m0, m1, scale = float(np.median(slope)), 0.0, 0.05
    for _ in range(6):
        c = (y - m0 * x) / (1 + m1 * x)
        misfit = slope - m0 - m1 * c
        scale = max(0.004, 1.48 * float(np.median(np.abs(misfit))))
        weights = 1 / (1 + (misfit / scale) ** 2) ** 2
        total = weights.sum()
        mean_c, mean_s = (weights @ c) / total, (weights @ slope) / total
        spread = weights @ (c - mean_c) ** 2
        m1 = float(weights @ ((c - mean_c) * (slope - mean_s)) / max(spread, 1e-9))
        m0 = float(mean_s - m1 * mean_c)
    return m0, m1

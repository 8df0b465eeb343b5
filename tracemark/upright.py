"""Standing a page upright: rotation and perspective, from its own edges. SPEC 10.8, 15.4.

Nearly every edge of a label, a page or a screen is level or plumb. Level edges meet in one
vanishing point, plumb ones in another; the two fix the perspective but for the ratio of the scales.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracemark.darkness import Field, darkness, scaled, smooth

Points = NDArray[np.float64]
Matrix = NDArray[np.float64]
Edges = tuple[Points, Points]  # about the middle, and normals times the step

_LOOKED_AT = 1.2e6  # pixels
_FLAT = 0.03  # perspective, in change of scale at the rim, that is taken for none
_MOST = 25_000  # edge points that are looked at
_FEWEST = 200  # of them that say how a picture stands
_TILE = 160  # pixels
_SLOPES = np.arange(-130, 131) * 0.0025
_LAST = len(_SLOPES) - 1.001  # number of the steepest slope, less so much that one follows
_STRONG = 0.08  # darkness step of an edge, per pixel
_EXACT = 0.4  # degrees off level or plumb within which an edge is as good as drawn on the screen
_DRAWN = (0.03, 0.5)  # share of such edges, by their steps, where something was drawn over a photo


def stand_of(picture: NDArray[np.uint8]) -> tuple[Matrix | None, bool]:
    """Find how a picture stands: (H, W) uint8 luminance.

    What shows no perspective, as a scan or a screenshot, is settled more surely without any.

    Returns
    -------
    (3, 3) float64 or None
        From upright coordinates (x, y, 1) to pixels of the picture, both about its middle and of
        the same scale there; None where there are too few edges. What lies level and plumb may
        still be of different scales.
    bool
        Whether its lines converge.
    """
    dark, scale = _looked_at(picture)
    return _standing(_edges(dark), dark, scale)


def stand_askew(picture: NDArray[np.uint8]) -> tuple[Matrix | None, bool]:
    """How a picture stands by those of its edges that are neither quite level nor quite plumb.

    Windows, frames and boxes that were drawn over a photo are exactly so, and say nothing about
    what the photo shows. As `stand_of`; None also where such edges are too few to matter, or most.
    """
    dark, scale = _looked_at(picture)
    found = _edges(dark)
    if found is None:
        return None, False
    points, normals = found
    size = np.abs(normals)
    askew = size.min(1) > np.tan(np.radians(_EXACT)) * size.max(1)
    steps = np.hypot(*normals.T)
    share = steps[~askew].sum() / steps.sum()
    if not _DRAWN[0] <= share <= _DRAWN[1] or np.count_nonzero(askew) < _FEWEST:
        return None, False
    return _standing((points[askew], normals[askew]), dark, scale)


def _looked_at(picture: NDArray[np.uint8]) -> tuple[Field, float]:
    """Darkness of a picture at about one million pixels, and its pixels to one of the picture."""
    scale = min(1.0, (_LOOKED_AT / picture.size) ** 0.5)
    return darkness(scaled(picture, scale)), scale


def _standing(found: Edges | None, dark: Field, scale: float) -> tuple[Matrix | None, bool]:
    """As `stand_of`, from edges."""
    if found is None:
        return None, True
    stand, converging = _upright(*found, perspective=True), True
    if np.abs(stand[2, :2]).max() * max(dark.shape) / 2 < _FLAT:
        stand, converging = _upright(*found, perspective=False), False
    factor = np.diag([1 / scale, 1 / scale, 1.0])
    return np.asarray(factor @ stand @ np.linalg.inv(factor)), converging


def upright(dark: Field, *, perspective: bool) -> Matrix | None:
    """Find the map that makes the edges of a picture level and plumb.

    Parameters
    ----------
    dark : (H, W) float32
        Darkness, about one million pixels.
    perspective : bool
        Whether lines may converge, as in a photo; a scan or a screenshot is settled more surely
        without.

    Returns
    -------
    (3, 3) float64 or None
        From upright coordinates (x, y, 1) to pixels of `dark`, both about the middle of the
        picture and of the same scale there; None where there are too few edges.
    """
    found = _edges(dark)
    return None if found is None else _upright(*found, perspective=perspective)


def _upright(points: Points, normals: Points, *, perspective: bool) -> Matrix:
    angle = _main_angle(normals)
    forward = np.eye(3)
    forward[:2, :2] = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    points, normals = _moved(forward, points, normals)
    for slant in (0.5, 0.2) if perspective else (0.25,):
        level = np.abs(normals[:, 0]) < slant * np.abs(normals[:, 1])
        plumb = np.abs(normals[:, 1]) < slant * np.abs(normals[:, 0])
        m0, m1 = _family(points[level], normals[level], perspective)
        n0, n1 = _family(points[plumb][:, ::-1], normals[plumb][:, ::-1], perspective)
        # the line through both vanishing points is 1 + h1 x + h2 y = 0
        h1, h2 = np.linalg.solve(np.array([[1.0, m0], [n0, 1.0]]), np.array([m1, n1]))
        step = np.array([[1.0, -n0, 0.0], [-m0, 1.0, 0.0], [h1, h2, 1.0]])
        depth = points @ step[2, :2] + 1
        if depth.min() < 0.3:
            break  # no label is seen so steeply: these are not its edges
        points, normals = _moved(step, points, normals)
        forward = step @ forward
    inverse = np.linalg.inv(forward)
    return np.asarray(inverse / inverse[2, 2])


def _moved(matrix: Matrix, points: Points, normals: Points) -> tuple[Points, Points]:
    """Points and their normals as a projective map moves them; normals keep their length."""
    ends = np.concatenate([points, points + 0.1 * normals[:, ::-1] * [-1, 1]])
    mapped = ends @ matrix[:, :2].T + matrix[:, 2]
    here, there = np.split(mapped[:, :2] / mapped[:, 2:], 2)
    along = there - here
    size = np.linalg.norm(normals, axis=1) / np.maximum(np.linalg.norm(along, axis=1), 1e-12)
    return here, along[:, ::-1] * [1, -1] * size[:, None]


def _edges(dark: Field) -> Edges | None:
    """Edge points about the middle, and their normals times the step: both (n, 2)."""
    # Scharr's kernel: its direction is right to a tenth of a degree at any angle
    soft = smooth(dark)
    tall = 0.1875 * (soft[:-2] + soft[2:]) + 0.625 * soft[1:-1]
    wide = 0.1875 * (soft[:, :-2] + soft[:, 2:]) + 0.625 * soft[:, 1:-1]
    x = (tall[:, 2:] - tall[:, :-2]) / 2
    y = (wide[2:] - wide[:-2]) / 2
    rows, columns = np.nonzero(x * x + y * y > _STRONG**2)
    if len(rows) < _FEWEST:
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


def _family(points: Points, normals: Points, perspective: bool) -> tuple[float, float]:
    """Slopes of a family of nearly level lines: y = m0 x + c (1 + m1 x) for each c.

    Within a tile the lines are as good as parallel, and the right slope makes the histogram of
    their heights sharpest: shearing, unlike perspective, changes no distance between lines, so
    that a dense barcode cannot gain by being stretched. The tiles' votes are then added up along
    every law slope = m0 + m1 c.
    """
    if len(points) < 100:
        return 0.0, 0.0
    low = points.min(0)
    tile = np.floor((points - low) / _TILE).astype(np.int64)
    across = int(tile[:, 0].max()) + 1
    number = tile[:, 1] * across + tile[:, 0]
    count = int(number.max()) + 1
    place = points - low - (tile + 0.5) * _TILE
    lines = 2 * _TILE  # bins of a pixel; the slope moves a point by less than half a tile
    base = number * lines + _TILE + np.where(normals[:, 1] > 0, 0.5, 0.0)
    sharp = np.empty((len(_SLOPES), count))
    for index, slope in enumerate(_SLOPES):
        bins = (base + place[:, 1] - slope * place[:, 0]).astype(np.int64)
        heights = np.bincount(bins, minlength=count * lines).reshape(count, lines)
        sharp[index] = np.einsum("tl,tl->t", heights, heights)
    usual = sharp.mean(0)
    votes = np.where(usual > 0, sharp / np.maximum(usual, 1) - 1, 0)
    votes *= np.sqrt(np.bincount(number, minlength=count))
    held = np.nonzero(usual > 0)[0]
    centre = low + (np.stack([held % across, held // across], 1) + 0.5) * _TILE
    if perspective:
        return _law(votes[:, held], centre)
    totals = votes.sum(1)
    return _sharpest(points, normals, float(_SLOPES[int(np.argmax(totals))])), 0.0


def _sharpest(points: Points, normals: Points, slope: float) -> float:
    """The slope near a first guess that makes the heights over the whole picture sharpest."""
    reach = float(np.ptp(points[:, 0])) + 1
    lift = np.where(normals[:, 1] > 0, 4 * reach, 0.0)
    for bin_ in (2.0, 1.0, 0.5):
        step = bin_ / reach / 2

        def sharpness(tried: float, bin_: float = bin_) -> float:
            height = (points[:, 1] - tried * points[:, 0] + lift) / bin_
            height -= height.min()
            below = height.astype(np.int64)
            part = height - below
            counts = np.bincount(np.r_[below, below + 1], np.r_[1 - part, part])
            return float(np.dot(counts, counts))

        wide = 8 if bin_ == 2.0 else 3
        slope = max((slope + k * step for k in range(-wide, wide + 1)), key=sharpness)
    return slope


def _law(votes: NDArray[np.float64], centre: Points) -> tuple[float, float]:
    """m0 and m1 with the most votes: (slopes, tiles) votes at (tiles, 2) centres."""
    tiles = np.arange(votes.shape[1])
    step = _SLOPES[1] - _SLOPES[0]
    rim = float(np.abs(centre).max()) + 1
    x, y = centre.T

    def totals(m0: Points, m1: Points) -> Points:
        c = (y - m0[:, None] * x) / (1 + m1[:, None] * x)
        where = np.clip((m0[:, None] + m1[:, None] * c - _SLOPES[0]) / step, 0, _LAST)
        below = where.astype(np.intp)
        lower, upper = votes[below, tiles], votes[below + 1, tiles]
        return np.asarray((lower + (where - below) * (upper - lower)).sum(1))

    m0 = m1 = 0.0
    for fine, wide in ((0.01, 24), (0.004, 3), (0.0013, 4), (0.0004, 4)):
        steps = np.arange(-wide, wide + 1, dtype=np.float64)
        first = m0 + fine * np.repeat(steps, len(steps))
        second = m1 + fine / rim * np.tile(steps, len(steps))
        best = int(np.argmax(totals(first, second)))
        m0, m1 = float(first[best]), float(second[best])
    return m0, m1

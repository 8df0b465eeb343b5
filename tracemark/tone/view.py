"""A picture's steps as they lie on the lattice. SPEC 15.4.

A pose is a 3 × 3 matrix from lattice cells (x, y, 1) to pixels of the picture, in homogeneous
coordinates; pixel (0, 0) spans [0, 1] × [0, 1].
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracemark.tone.steps import Field, Steps

Pose = NDArray[np.float64]
Points = NDArray[np.float64]

_FINE = 4.0  # pixels a cell, at least, of the level that is looked at: below the double of it


def upright(cell: float, origin: tuple[float, float] = (0.0, 0.0)) -> Pose:
    """The pose of level cells of a size, their place (0, 0) at a pixel (x, y)."""
    return np.array([[cell, 0.0, origin[0]], [0.0, cell, origin[1]], [0.0, 0.0, 1.0]])


def stretched(cell: float, ratio: float) -> Pose:
    """The pose of cells of a size, so many times as wide as high."""
    return np.diag([cell * ratio**0.5, cell / ratio**0.5, 1.0])


def grown(ratio: float, about: Points) -> Pose:
    """Cells so many times as large, one lattice place staying where it is."""
    x, y = (float(at) * (1 - ratio) for at in about)
    return np.array([[ratio, 0.0, x], [0.0, ratio, y], [0.0, 0.0, 1.0]])


def moved(pose: Pose, cells: tuple[float, float]) -> Pose:
    """The pose with its origin at another lattice place."""
    shift = np.eye(3)
    shift[:2, 2] = cells
    return pose @ shift


def through(pose: Pose, points: Points) -> Points:
    """Points (n, 2) through a pose."""
    homogeneous = np.column_stack([points, np.ones(len(points))]) @ pose.T
    return np.asarray(homogeneous[:, :2] / homogeneous[:, 2:])


def laid(
    steps: Sequence[Steps], pose: Pose, box: tuple[int, int, int, int], scale: int
) -> tuple[Field, Field]:
    """Steps of the picture resampled onto the lattice.

    Parameters
    ----------
    steps : sequence of Steps
        The pyramid; the level on which a cell has four to eight pixels is taken.
    pose : (3, 3) float64
    box : (left, top, right, bottom)
        Lattice cells.
    scale : int
        Pixels a cell of the outcome.

    Returns
    -------
    (h, w) float32, twice
        How the tones rise to the right and downwards of the lattice.
    """
    at, whole, axes = _onto(steps, pose, box, scale)
    # without perspective, the same in half of the time
    flat = not whole[2, :2].any()
    how = Image.Transform.AFFINE if flat else Image.Transform.PERSPECTIVE
    terms = tuple(whole.ravel()[: 6 if flat else 8])
    size = _size(box, scale)
    return _turned(
        axes,
        *(
            np.asarray(field.transform(size, how, terms, Image.Resampling.BILINEAR))
            for field in at.images
        ),
    )


def glimpsed(
    steps: Sequence[Steps], pose: Pose, box: tuple[int, int, int, int], scale: int
) -> tuple[Field, Field]:
    """What `laid` gives, by the nearest corner of pixels: for a search, in a third of the time."""
    at, whole, axes = _onto(steps, pose, box, scale)
    width, height = _size(box, scale)
    u = np.arange(width, dtype=np.float32) + np.float32(0.5)
    v = np.arange(height, dtype=np.float32)[:, None] + np.float32(0.5)
    whole = whole.astype(np.float32)
    # a row and a column alone where the lattice stands upright
    x, y, w = ((a * u if a else 0) + (b * v if b else 0) + c for a, b, c in whole)
    if whole[2, :2].any():
        w = np.where(w == 0, np.float32(1e-9), w)  # the horizon
        x, y = x / w, y / w
    corners = at.corners
    columns, rows = (  # what is nowhere at all lies beyond the picture
        np.fmax(np.fmin(np.rint(places), most - 2), -1).astype(np.intp) + 1
        for places, most in ((x, corners.shape[1]), (y, corners.shape[0]))
    )
    seen = corners[rows, columns]
    return _turned(axes, seen.real, seen.imag)


def _onto(
    steps: Sequence[Steps], pose: Pose, box: tuple[int, int, int, int], scale: int
) -> tuple[Steps, Pose, Pose]:
    """The level to look at, from pixels of the outcome to its pixels, and the lattice's axes."""
    left, top, right, bottom = box
    middle = ((left + right) / 2, (top + bottom) / 2)
    # the lattice's own axes, and the root of a cell's area
    ends = through(pose, np.array([middle, (middle[0] + 1, middle[1]), (middle[0], middle[1] + 1)]))
    across, down = ends[1:] - ends[0]
    cell = float(np.sqrt(abs(across[0] * down[1] - across[1] * down[0])))
    level = min(max(int(np.log2(max(cell, 1e-6) / _FINE)), 0), len(steps) - 1)
    at = steps[level]
    shrink = np.diag([1 / at.scale, 1 / at.scale, 1.0])
    corner = np.array([[1 / scale, 0, left], [0, 1 / scale, top], [0, 0, 1.0]])
    whole = shrink @ pose @ corner
    return at, whole / whole[2, 2], np.stack([across, down]) / cell


def _size(box: tuple[int, int, int, int], scale: int) -> tuple[int, int]:
    return (box[2] - box[0]) * scale, (box[3] - box[1]) * scale


def _turned(axes: Pose, right: Field, down: Field) -> tuple[Field, Field]:
    """Steps along the lattice's own axes: what rises along a turned one rises along both."""
    across, below = axes.astype(np.float32)
    return across[0] * right + across[1] * down, below[0] * right + below[1] * down

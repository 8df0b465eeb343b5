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


def size_of_cell(pose: Pose, at: tuple[float, float]) -> float:
    """Pixels a cell near a lattice place: the root of its area."""
    ends = through(pose, np.array([at, (at[0] + 1, at[1]), (at[0], at[1] + 1)]))
    across, down = ends[1] - ends[0], ends[2] - ends[0]
    return float(np.sqrt(abs(across[0] * down[1] - across[1] * down[0])))


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
    left, top, right, bottom = box
    middle = ((left + right) / 2, (top + bottom) / 2)
    cell = size_of_cell(pose, middle)
    level = min(max(int(np.log2(max(cell, 1e-6) / _FINE)), 0), len(steps) - 1)
    at = steps[level]
    # from pixels of the outcome to pixels of that level
    shrink = np.diag([1 / at.scale, 1 / at.scale, 1.0])
    corner = np.array([[1 / scale, 0, left], [0, 1 / scale, top], [0, 0, 1.0]])
    whole = shrink @ pose @ corner
    whole = whole / whole[2, 2]
    size = ((right - left) * scale, (bottom - top) * scale)
    # without perspective, the same in half of the time
    flat = not whole[2, :2].any()
    how = Image.Transform.AFFINE if flat else Image.Transform.PERSPECTIVE
    terms = tuple(whole.ravel()[: 6 if flat else 8])
    fields = [
        np.asarray(field.transform(size, how, terms, Image.Resampling.BILINEAR))
        for field in (at.right, at.down)
    ]
    # the lattice's own axes: what rises along a turned axis rises along both of the picture's
    ends = through(pose, np.array([middle, (middle[0] + 1, middle[1]), (middle[0], middle[1] + 1)]))
    across, down = (ends[1:] - ends[0]) / cell
    return (
        np.asarray(across[0] * fields[0] + across[1] * fields[1]),
        np.asarray(down[0] * fields[0] + down[1] * fields[1]),
    )

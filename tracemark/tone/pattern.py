"""From signs to tones: each cell a smooth bump that fades into its neighbours. SPEC 15.2."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracemark.tone.lattice import PERIOD, Signs

ACROSS = 128  # cells along the longer side of a picture that is marked
_LEAST = 4.0  # pixels a cell

Axis = NDArray[np.float32]


def weights(places: NDArray[np.float64]) -> tuple[Axis, Axis]:
    """How much each cell of an axis counts at some places, and how fast that changes.

    A cell counts cos²(πt/2) at a distance of t < 1 cells from its middle: neighbours' weights sum
    to one, so equal neighbours merge without a seam.

    Parameters
    ----------
    places : (n,) float64
        In cells from the lattice's origin; the middle of cell i stands at i + 1/2.

    Returns
    -------
    value, slope : (n, 64) float32
        Weight of each cell, and its derivative for each cell of distance.
    """
    apart = (places[:, None] - 0.5 - np.arange(PERIOD) + PERIOD / 2) % PERIOD - PERIOD / 2
    near = np.abs(apart) < 1
    value = np.where(near, np.cos(np.pi / 2 * apart) ** 2, 0)
    slope = np.where(near, -np.pi / 2 * np.sin(np.pi * apart), 0)
    return value.astype(np.float32), slope.astype(np.float32)


def cell_of(size: tuple[int, int]) -> float:
    """Pixels a cell of a picture of (width, height). SPEC 15.2.

    Every picture has the same cells along its longer side: one that was scaled says its cell.
    """
    return max(max(size) / ACROSS, _LEAST)


def render(
    signs: Signs, size: tuple[int, int], cell: float, origin: tuple[float, float] = (0, 0)
) -> Signs:
    """The tones of some pixels.

    Parameters
    ----------
    signs : (64, 64) float32
    size : (width, height)
        In pixels.
    cell : float
        Pixels a cell.
    origin : (x, y)
        Lattice pixel of the picture's pixel (0, 0).

    Returns
    -------
    (height, width) float32
        In [-1, 1].
    """
    across, _ = weights(_middles(size[0], origin[0]) / cell)
    down, _ = weights(_middles(size[1], origin[1]) / cell)
    return np.asarray(down @ signs @ across.T, np.float32)


def slopes(signs: Signs, scale: int) -> tuple[Signs, Signs]:
    """How one period of the tones rises to the right and downwards, at `scale` pixels a cell.

    Returns
    -------
    (64 scale, 64 scale) float32, twice
        For each cell of distance.
    """
    value, slope = weights(_middles(PERIOD * scale) / scale)
    right, down = value @ signs @ slope.T, slope @ signs @ value.T
    return np.asarray(right, np.float32), np.asarray(down, np.float32)


def _middles(count: int, origin: float = 0.0) -> NDArray[np.float64]:
    """Middles of pixels."""
    return np.arange(count, dtype=np.float64) + (0.5 + origin)

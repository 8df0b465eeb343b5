"""Small moves of bumps over the keyed map, a few thousand tried together. SPEC 10.8."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracemark.label.lattice import PERIOD, PLACES, Lattice
from tracemark.label.lens import Points

_AT_ONCE = 1 << 16  # bumps times tries that are weighed together: they stay in the cache


def fits(
    tries: NDArray[np.float64],
    terms: NDArray[np.float64],
    cells: Points,
    sides: NDArray[np.int64],
    weights: NDArray[np.float64],
    lattice: Lattice,
    *,
    axis: int,
    width: float,
) -> NDArray[np.float64]:
    """How well bumps fit the map once each is moved along one axis by tries @ terms.

    A bump on a place for a nub counts for its weight, less the further it is off; where the slot
    is off, against.

    Parameters
    ----------
    tries : (k, 3) float64
    terms : (3, n) float64
        A move is less than a cell.
    cells : (n, 2) float64
        Column and row.
    sides : (n,) int64
    weights : (n,) float64
    lattice : Lattice
    axis : int
        0 for moves along x, 1 along y.
    width : float
        Cells off a place at which a bump counts for nothing.

    Returns
    -------
    (k,) float64
    """
    along = cells[:, axis]
    part = (along - np.floor(along)).astype(np.float32)
    # the nearer of the two places is this far from the cell's middle
    half = (0.5 - PLACES[sides]).astype(np.float32)
    worth = _worth(cells, sides, weights, lattice, axis).ravel()
    first, second, third = terms.astype(np.float32)
    number = np.arange(len(part))
    few = max(1, _AT_ONCE // max(len(part), 1))
    found = np.empty(len(tries))
    for start in range(0, len(tries), few):
        some = tries[start : start + few].astype(np.float32)
        moved = part + some[:, :1] * first
        moved += some[:, 1:2] * second
        moved += some[:, 2:] * third
        whole = np.floor(moved)
        off = np.abs(moved - whole - np.float32(0.5)) - half
        near = np.maximum(1 - np.square(off * np.float32(1 / width)), np.float32(0))
        cell = np.clip(whole.astype(np.intp), -1, 1) + 1
        near *= worth[cell * len(part) + number]
        found[start : start + few] = near.sum(1, dtype=np.float64)
    return found


def _worth(
    cells: Points,
    sides: NDArray[np.int64],
    weights: NDArray[np.float64],
    lattice: Lattice,
    axis: int,
) -> NDArray[np.float32]:
    """What each bump counts for in the cell before its own, in its own and in the next: (3, n)."""
    whole = np.floor(cells).astype(np.int64)
    near = np.array([[-1], [0], [1]]) + whole[:, axis]
    beside = np.broadcast_to(whole[:, 1 - axis], near.shape)
    rows, columns = (beside, near) if axis == 0 else (near, beside)
    on = lattice.on[sides, rows % PERIOD, columns % PERIOD]
    return np.where(on, weights, -weights).astype(np.float32)

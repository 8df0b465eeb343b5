"""Settling a pose: from a lattice found to a cell to one fitted to its nubs. SPEC 10.8."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracemark.label.bumps import Bumps
from tracemark.label.lattice import FREE_X, FREE_Y, LEVEL, PERIOD, PLACES, Lattice
from tracemark.label.lens import Drift, Flat, Lens, Matrix, apply, monomials

_HELD = 0.5  # what keeps the drift small, as so many nubs at the rim would, squared
_FACES = np.array([[0.0, -1.0], [0.0, 1.0], [-1.0, 0.0], [1.0, 0.0]])  # where the white lies


def label_sides(matrix: Matrix, sides: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which way edges face on the label, from the way they face in the upright picture."""
    faces = _FACES @ matrix[:2, :2].T
    level = np.abs(faces[:, 1]) > np.abs(faces[:, 0])
    found = np.where(level, (faces[:, 1] > 0) * 1, 2 + (faces[:, 0] > 0))
    free = [FREE_X, FREE_Y] if level[0] else [FREE_Y, FREE_X]
    return np.asarray(np.concatenate([found, free])[sides])


def settle(
    matrix: Matrix, bumps: Bumps, lattice: Lattice
) -> tuple[Lens, NDArray[np.float64], NDArray[np.bool_]]:
    """Fit the map from upright pixels to lattice cells to the nubs that lie on it.

    Parameters
    ----------
    matrix : (3, 3) float64
        First guess, right to about a quarter of a cell.
    bumps : Bumps
    lattice : Lattice
        Only its keyed map is used.

    Returns
    -------
    (Lens, (n, 2) float64, (n,) bool)
        The fitted map, the bumps' lattice cells, and which bumps it takes for nubs.
    """
    sides = label_sides(matrix, bumps.sides)
    matrix = _slide(matrix, bumps, sides, lattice)
    for reach in (0.1, 0.08, 0.06):
        cells = apply(matrix, bumps.points)
        miss, on = _miss(cells, sides, lattice)
        nubs = on & (np.abs(miss) < reach)
        if np.count_nonzero(nubs) < 12:
            break
        matrix = _correct(matrix, cells[nubs], ~LEVEL[sides[nubs]], miss[nubs], bumps.weights[nubs])
    flat = apply(matrix, bumps.points)
    cells, lens = flat, Lens((Flat(matrix),))
    for reach in (0.12, 0.1, 0.08, 0.06):
        miss, on = _miss(cells, sides, lattice)
        nubs = on & (np.abs(miss) < reach)
        if np.count_nonzero(nubs) < 12:
            break
        moved = np.where(LEVEL[sides], cells[:, 0] - flat[:, 0], cells[:, 1] - flat[:, 1])
        wanted = moved - miss
        drift = _drift(flat[nubs], ~LEVEL[sides[nubs]], wanted[nubs], bumps.weights[nubs])
        cells, lens = drift.forward(flat), Lens((Flat(matrix), drift))
    miss, on = _miss(cells, sides, lattice)
    return lens, cells, on & (np.abs(miss) < 0.05)


def _drift(
    cells: NDArray[np.float64],
    plumb: NDArray[np.bool_],
    wanted: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> Drift:
    """The smooth shift that the nubs ask for, held to none where they say nothing."""
    middle = cells.mean(0)
    size = float(np.abs(cells - middle).max()) + 1e-9
    terms = np.zeros((10, 2))
    for axis in (0, 1):
        chosen = plumb == (axis == 1)
        rows = monomials((cells[chosen] - middle) / size)
        root = np.sqrt(weights[chosen])[:, None]
        system = np.concatenate([rows * root, np.eye(10) * _HELD])
        answer = np.concatenate([wanted[chosen] * root[:, 0], np.zeros(10)])
        terms[:, axis] = np.linalg.lstsq(system, answer, rcond=None)[0]
    return Drift(middle, size, terms)


def _miss(
    cells: NDArray[np.float64], sides: NDArray[np.int64], lattice: Lattice
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Cells from each bump to the nearest place for a nub, along its edge, and is its slot on?"""
    whole = np.floor(cells).astype(np.int64)
    along = np.where(LEVEL[sides], cells[:, 0] - whole[:, 0], cells[:, 1] - whole[:, 1])
    place = PLACES[sides]
    miss = np.where(along < 0.5, along - place, along - 1 + place)
    on = lattice.on[sides, whole[:, 1] % PERIOD, whole[:, 0] % PERIOD]
    return miss, on


def _slide(matrix: Matrix, bumps: Bumps, sides: NDArray[np.int64], lattice: Lattice) -> Matrix:
    """Try small shifts and stretches along each axis for the best fit to the map."""
    for axis in (0, 1):
        chosen = LEVEL[sides] == (axis == 0)
        points, weights, faces = bumps.points[chosen], bumps.weights[chosen], sides[chosen]
        if len(points) < 8:
            continue
        cells = apply(matrix, points)
        middle = float(np.median(cells[:, axis]))
        best, best_map = -np.inf, matrix
        for stretch in np.arange(-6, 7) * 0.0015:
            for shift in np.arange(-10, 11) * 0.04:
                moved = cells.copy()
                moved[:, axis] += shift + stretch * (cells[:, axis] - middle)
                miss, on = _miss(moved, faces, lattice)
                near = np.maximum(1 - (miss / 0.08) ** 2, 0)
                score = float(weights @ (near * np.where(on, 1.0, -1.0)))
                score -= abs(shift) + 50 * abs(stretch)  # the guess, where nothing says otherwise
                if score > best:
                    change = np.eye(3)
                    change[axis, axis] += stretch
                    change[axis, 2] = shift - stretch * middle
                    best, best_map = score, change @ matrix
        matrix = best_map
    return matrix


def _correct(
    matrix: Matrix,
    cells: NDArray[np.float64],
    plumb: NDArray[np.bool_],
    miss: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> Matrix:
    """One step of weighted least squares, held to the old map where the nubs say nothing."""
    middle = cells.mean(0)
    size = float(np.abs(cells - middle).max()) + 1e-9
    x, y = ((cells - middle) / size).T
    one, none = np.ones_like(x), np.zeros_like(x)
    along = np.where(plumb, y, x)
    rows = np.stack(
        [
            *(np.where(plumb, none, term) for term in (one, x, y)),
            *(np.where(plumb, term, none) for term in (one, x, y)),
            along * x,
            along * y,
        ],
        1,
    )
    # rows @ unknowns = -miss; the unknowns are shifts in cells at the rim
    root = np.sqrt(weights)[:, None]
    system = np.concatenate([rows * root, np.eye(8) * 0.7])
    wanted = np.concatenate([-miss * root[:, 0], np.zeros(8)])
    a = np.linalg.lstsq(system, wanted, rcond=None)[0] / size
    change = np.array([[1 + a[1], a[2], a[0]], [a[4], 1 + a[5], a[3]], [-a[6], -a[7], 1]])
    centre = np.diag([1 / size, 1 / size, 1.0])
    centre[:2, 2] = -middle / size
    return np.asarray(np.linalg.inv(centre) @ change @ centre @ matrix)

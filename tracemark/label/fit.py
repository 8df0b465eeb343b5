"""Settling a pose: from a lattice found to a cell to one fitted to its nubs. SPEC 10.8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracemark.label.bumps import Bumps
from tracemark.label.lattice import FREE_X, FREE_Y, LEVEL, PERIOD, PLACES, Lattice
from tracemark.label.lens import Drift, Flat, Lens, Matrix, Points, apply, monomials
from tracemark.label.tries import fits

_FEWEST = 12  # nubs that can hold a fit
_TILE = 8.0  # cells, of the neighbourhoods that are weighed against each other
_TILES = 64
_GROWTH = 1.35  # each neighbourhood over the last: what holds here foretells a little further
_STEP = 0.08  # cells, between tries
_CHANCE = 2.13  # times the width within which a place counts: mean square of what a bump adds
_PLAIN = 2.5  # deviations that a move must gain to be followed
_WIDTH = 0.1  # cells off its place at which a bump counts for nothing
_HELD = 0.5  # what keeps the drift small, as so many nubs at the rim would, squared
_FACES = np.array([[0.0, -1.0], [0.0, 1.0], [-1.0, 0.0], [1.0, 0.0]])  # where the white lies


def _tries(shifts: int, stretches: int, shears: int) -> NDArray[np.float64]:
    """Shift, stretch and shear to try, in cells at the rim: (n, 3), each from -k to k steps."""
    ranges = [np.arange(-most, most + 1) * _STEP for most in (shifts, stretches, shears)]
    return np.stack(np.meshgrid(*ranges, indexing="ij"), -1).reshape(-1, 3)


_FIRST = _tries(5, 2, 4)  # about the heart
_LATER = _tries(1, 2, 3)  # at each step outwards


def label_sides(matrix: Matrix, sides: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which way edges face on the label, from the way they face in the upright picture."""
    faces = _FACES @ matrix[:2, :2].T
    level = np.abs(faces[:, 1]) > np.abs(faces[:, 0])
    found = np.where(level, (faces[:, 1] > 0) * 1, 2 + (faces[:, 0] > 0))
    free = [FREE_X, FREE_Y] if level[0] else [FREE_Y, FREE_X]
    return np.asarray(np.concatenate([found, free])[sides])


def stretched(
    matrix: Matrix, bumps: Bumps, lattice: Lattice, parts: Sequence[float]
) -> list[Matrix]:
    """The same pose with rows lower by each of these parts, about where it fits best."""
    _, _, heart = _held(matrix, bumps, lattice)
    found = []
    for part in parts:
        change = np.diag([1.0, 1 + part, 1.0])
        change[1, 2] = -heart[1] * part
        found.append(np.asarray(change @ matrix))
    return found


class Settled(NamedTuple):
    """A pose that was fitted to its nubs.

    Attributes
    ----------
    lens : Lens
        From upright pixels to lattice cells.
    bumps : Bumps
    cells : (n, 2) float64
        Of the bumps.
    nubs : (n,) bool
        Which of them it takes for nubs.
    strength : float
        How well they fit the map, in deviations of bumps that stand anywhere.
    """

    lens: Lens
    bumps: Bumps
    cells: NDArray[np.float64]
    nubs: NDArray[np.bool_]
    strength: float


def settle(matrix: Matrix, bumps: Bumps, lattice: Lattice) -> Settled:
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
    Settled
    """
    sides, cells, heart = _held(matrix, bumps, lattice)
    radii = _radii(cells, heart)
    for step, radius in enumerate(radii):
        matrix = _slide(matrix, bumps, sides, lattice, heart, radius, first=step == 0)
    tried = [Lens((Flat(matrix),))]
    for _ in range(3):
        cells = apply(matrix, bumps.points)
        nubs, miss = _near(cells, sides, lattice, heart, np.inf)
        if np.count_nonzero(nubs) >= _FEWEST:
            plumb, weights = ~LEVEL[sides[nubs]], bumps.weights[nubs]
            matrix = _correct(matrix, cells[nubs], plumb, miss[nubs], weights)
    flat, last = apply(matrix, bumps.points), tried[0]
    tried.append(Lens((Flat(matrix),)))
    cells = flat
    for radius in radii:
        nubs, miss = _near(cells, sides, lattice, heart, radius)
        if np.count_nonzero(nubs) >= _FEWEST:
            moved = np.where(LEVEL[sides], cells[:, 0] - flat[:, 0], cells[:, 1] - flat[:, 1])
            wanted = (moved - miss)[nubs]
            drift = _drift(flat[nubs], ~LEVEL[sides[nubs]], wanted, bumps.weights[nubs])
            cells = drift.forward(flat)
            last = Lens((Flat(matrix), drift))
    return _plainest([*tried, last], bumps, sides, lattice)


def _plainest(
    tried: list[Lens], bumps: Bumps, sides: NDArray[np.int64], lattice: Lattice
) -> Settled:
    """The fit that the map bears out: a freer one must gain what chance would not give it."""
    noise = np.sqrt(_CHANCE * _WIDTH * (bumps.weights**2).sum()) + 1e-9
    kept, most = tried[0], -np.inf
    for lens in tried:
        miss, on = _miss(lens.forward(bumps.points), sides, lattice)
        near = np.maximum(1 - (miss / _WIDTH) ** 2, 0)
        fit = float((np.where(on, near, -near) * bumps.weights).sum() / noise)
        if fit > most + 1:
            kept, most = lens, fit
    cells = kept.forward(bumps.points)
    miss, on = _miss(cells, sides, lattice)
    return Settled(kept, bumps, cells, on & (np.abs(miss) < 0.05), most)


def _held(
    matrix: Matrix, bumps: Bumps, lattice: Lattice
) -> tuple[NDArray[np.int64], Points, Points]:
    """Sides and cells of the bumps under a pose, and the cell about which they fit it best."""
    sides = label_sides(matrix, bumps.sides)
    cells = apply(matrix, bumps.points)
    _, on = _miss(cells, sides, lattice)
    return sides, cells, _heart(cells, np.where(on, bumps.weights, -bumps.weights))


def _heart(cells: Points, fit: NDArray[np.float64]) -> Points:
    """The cell about which the bumps fit the map best: where the first guess holds. (2,)"""
    tile = np.floor((cells - cells.min(0)) / _TILE).astype(np.int64)
    tile = np.minimum(tile, _TILES - 1)
    sums = np.bincount(tile[:, 1] * _TILES + tile[:, 0], fit, minlength=_TILES**2)
    spread = np.pad(sums.reshape(_TILES, _TILES), 1)
    around = sum(
        np.roll(spread, (down, right), (0, 1)) * (1.0 if down == right == 0 else 0.5)
        for down in (-1, 0, 1)
        for right in (-1, 0, 1)
    )
    row, column = divmod(int(np.argmax(np.asarray(around)[1:-1, 1:-1])), _TILES)
    return np.asarray(cells.min(0) + (np.array([column, row]) + 0.5) * _TILE)


def _radii(cells: Points, heart: Points) -> NDArray[np.float64]:
    """From a neighbourhood of the heart to all of the bumps, and there three times more."""
    widest = max(float(np.percentile(np.abs(cells - heart).max(1), 99)), 2 * _TILE)
    steps = int(np.ceil(np.log(widest / (1.5 * _TILE)) / np.log(_GROWTH)))
    return np.asarray(np.r_[1.5 * _TILE * _GROWTH ** np.arange(steps), [np.inf] * 2])


def _near(
    cells: Points,
    sides: NDArray[np.int64],
    lattice: Lattice,
    heart: Points,
    radius: float,
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Which bumps within a radius lie on a place for a nub, and how far each is off."""
    miss, on = _miss(cells, sides, lattice)
    reach = 0.12 if np.isfinite(radius) else 0.08
    return on & (np.abs(miss) < reach) & (np.abs(cells - heart).max(1) < radius), miss


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


def _slide(
    matrix: Matrix,
    bumps: Bumps,
    sides: NDArray[np.int64],
    lattice: Lattice,
    heart: Points,
    radius: float,
    *,
    first: bool,
) -> Matrix:
    """Try small shifts, stretches and shears about the heart for the best fit to the map.

    A bump where no nub may stand counts against a try, so that bumps of other origin cancel.
    """
    for axis in (0, 1):
        cells = apply(matrix, bumps.points)
        off = cells - heart
        chosen = ((LEVEL[sides]) == (axis == 0)) & (np.abs(off).max(1) < radius)
        if np.count_nonzero(chosen) < 8:
            continue
        rim = float(min(radius, np.abs(off[chosen]).max()))
        width, tries = (0.12, _FIRST) if first else (0.1, _LATER)
        terms = np.stack([np.ones(len(cells)), off[:, axis] / rim, off[:, 1 - axis] / rim])
        some = cells[chosen], sides[chosen], bumps.weights[chosen]
        fit = fits(tries, terms[:, chosen], *some, lattice, axis=axis, width=width)
        best = int(np.argmax(fit - 3 * np.abs(tries).sum(1)))
        # of a bump anywhere, this much of its weight is chance
        noise = np.sqrt(_CHANCE * width * (some[2] ** 2).sum())
        if fit[best] - fit[len(fit) // 2] < _PLAIN * noise:
            continue
        found = tries[best]
        change = np.eye(3)
        change[axis, axis] += found[1] / rim
        change[axis, 1 - axis] = found[2] / rim
        change[axis, 2] = found[0] - change[axis, 1 - axis] * heart[1 - axis]
        change[axis, 2] -= found[1] / rim * heart[axis]
        matrix = change @ matrix
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

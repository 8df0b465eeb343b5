"""Laying bumps on the keyed map. SPEC 10.8.

A comb says where columns begin. Which column is which, and where the rows are, the keyed map of
slots that may carry a mark says: the bumps are laid on it at every shift, quarter turn and ratio of
scales by FFT. Nubs and free dots are laid apart and their fits joined, for where one of them is
washed out its noise would drown the other. No codeword is needed or seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracemark.label.bumps import Bumps
from tracemark.label.chips import joined
from tracemark.label.combs import Comb
from tracemark.label.lattice import FREE_X, FREE_Y, LEVEL, PERIOD, SIDES

Matrix = NDArray[np.float64]
Maps = NDArray[np.float32]

_KEPT = 3  # poses that are kept of one comb
_LAID = SIDES + 1  # what is laid on the map: nubs by their side, and free dots
_SHARE = 0.25  # of the map's cells that may carry a free dot


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a label's lattice lies in an upright picture.

    Attributes
    ----------
    nubs, dots : float
        How well bumps on edges, and specks in the white, agree with the keyed map, in standard
        deviations.
    matrix : (3, 3) float64
        From upright pixels (x, y, 1) to lattice cells (column, row, 1); rows and columns may run
        past the period.
    """

    nubs: float
    dots: float
    matrix: Matrix

    @property
    def strength(self) -> float:
        """Of both together."""
        return float(joined(np.float64(self.nubs), np.float64(self.dots)))


_SWAPPED = np.array([2, 3, 0, 1, 5, 4])  # what each kind is once rows and columns are exchanged


def turned(maps: Maps) -> Maps:
    """The map of a label that lies a quarter turn clockwise: (6, 128, 128) by kind, row, column."""
    return np.stack([maps[kind][::-1].T for kind in (2, 3, 1, 0, 5, 4)])


def flipped(maps: Maps) -> Maps:
    """The map with rows and columns exchanged."""
    return np.stack([maps[kind].T for kind in _SWAPPED])


_CARRIERS = (slice(SIDES), slice(SIDES, _LAID))


def _unit(maps: Maps) -> Maps:
    """Nubs by side, then free dots, which want both of their slots; of mean 0 and spread 1."""
    both = (maps[FREE_X] * maps[FREE_Y] - _SHARE) / np.sqrt(_SHARE * (1 - _SHARE))
    return np.concatenate([2 * maps[:SIDES] - 1, both[None].astype(np.float32)])


class MapSearch:
    """The keyed map, ready to be laid under bumps at any shift and quarter turn.

    Parameters
    ----------
    on : (6, 128, 128) bool
        The lattice's map of slots that may carry a nub.
    """

    shifts = 4 * 2 * PERIOD * PERIOD  # poses tried at each ratio of scales

    def __init__(self, on: NDArray[np.bool_]) -> None:
        maps = on.astype(np.float32)
        self._spectra: dict[tuple[bool, int], NDArray[np.complex64]] = {}
        for turn in range(4):
            for swap in (False, True):
                tall = np.repeat(_unit(flipped(maps) if swap else maps), 2, axis=1)
                self._spectra[swap, turn] = np.fft.rfft2(tall).astype(np.complex64)
            maps = turned(maps)

    def find(
        self, bumps: Bumps, comb: Comb, ratios: NDArray[np.float64], *, swap: bool
    ) -> list[Pose]:
        """The best shifts, quarter turns and ratios of scales for one comb, best first.

        Parameters
        ----------
        bumps : Bumps
        comb : Comb
            Along x, or along y if `swap`.
        ratios : (k,) float64
            Rows to columns: periods across the comb over the period along it.
        swap : bool
        """
        points = bumps.points[:, ::-1] if swap else bumps.points
        sides = _SWAPPED[bumps.sides] if swap else bumps.sides
        column = (points[:, 0] - comb.start) / comb.period
        part = column - np.floor(column)
        off = np.minimum(np.abs(part - 1 / 3), np.abs(part - 2 / 3))
        fit = np.where(LEVEL[sides], np.exp(-0.5 * (off / 0.05) ** 2) * (off < 0.12), 0.6)
        once = sides != FREE_Y  # a dot is one thing, and its column is the surer place
        points, sides, weights = points[once], sides[once], (bumps.weights * fit)[once]
        columns = np.floor(column[once]).astype(np.int64) % PERIOD
        middle = float(np.median(points[:, 1])) if len(points) else 0.0
        power = np.bincount(sides, weights**2, minlength=_LAID)
        norms = np.sqrt([power[part].sum() + 1e-9 for part in _CARRIERS])
        tops: list[_Top] = []
        for ratio in ratios:
            half = 2 * (points[:, 1] - middle) / (comb.period * ratio) + PERIOD - 0.5
            below = np.floor(half).astype(np.int64)
            share = half - below
            cells = (sides * 2 * PERIOD) * PERIOD + columns
            laid = np.bincount(
                np.concatenate(
                    [
                        cells + below % (2 * PERIOD) * PERIOD,
                        cells + (below + 1) % (2 * PERIOD) * PERIOD,
                    ]
                ),
                np.concatenate([weights * (1 - share), weights * share]),
                minlength=_LAID * 2 * PERIOD * PERIOD,
            )
            seen = np.fft.rfft2(laid.reshape(_LAID, 2 * PERIOD, PERIOD).astype(np.float32)).conj()
            for turn in range(4):
                product = seen * self._spectra[swap, turn]
                nubs, dots = (
                    np.fft.irfft2(product[part].sum(0)) / norm
                    for part, norm in zip(_CARRIERS, norms, strict=True)
                )
                height = np.square(np.maximum(nubs, 0)) + np.square(np.maximum(dots, 0))
                index = int(np.argmax(height))
                down, right = divmod(index, PERIOD)
                legs = float(nubs.flat[index]), float(dots.flat[index])
                tops.append(_Top(float(height.flat[index]), legs, float(ratio), turn, down, right))
        return [Pose(*top.legs, _matrix(comb, middle, top, swap=swap)) for top in _apart(tops)]


class _Top(NamedTuple):
    """The highest peak of one turn and ratio of scales."""

    height: float
    legs: tuple[float, float]
    ratio: float
    turn: int
    down: int
    right: int


def _apart(tops: list[_Top]) -> list[_Top]:
    """The highest of the peaks, none a flank of another."""
    kept: list[_Top] = []
    for top in sorted(tops, reverse=True):
        if len(kept) == _KEPT:
            break
        if all(top.turn != one.turn or _far(top, one) for one in kept):
            kept.append(top)
    return kept


def _far(one: _Top, other: _Top) -> bool:
    down = (one.down - other.down + PERIOD) % (2 * PERIOD) - PERIOD
    right = (one.right - other.right + PERIOD // 2) % PERIOD - PERIOD // 2
    return abs(down) > 6 or abs(right) > 2


def _matrix(comb: Comb, middle: float, top: _Top, *, swap: bool) -> Matrix:
    """From upright pixels to lattice cells."""
    # upright pixels -> cells of the turned map
    scale = 1 / comb.period
    across = scale / top.ratio
    matrix = np.array(
        [
            [scale, 0, -comb.start * scale + top.right],
            [0, across, -middle * across + PERIOD / 2 + top.down / 2],
            [0, 0, 1],
        ]
    )
    if swap:
        matrix = matrix @ np.array([[0.0, 1, 0], [1, 0, 0], [0, 0, 1]])
        matrix = np.array([[0.0, 1, 0], [1, 0, 0], [0, 0, 1]]) @ matrix
    back = np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]])  # undo one quarter turn
    for _ in range(top.turn):
        matrix = back @ matrix
    return matrix

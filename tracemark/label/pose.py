"""Finding the lattice: comb, then map. SPEC 10.8.

The nubs on level edges stand at thirds of the lattice's columns: a comb, whose period and phase
their x alone show. Which column is which, and where the rows are, the keyed map of slots that may
carry a nub says: the bumps are laid on it at every shift, quarter turn and ratio of scales by FFT.
No codeword is needed or seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.label.bumps import Bumps
from tracemark.label.lattice import KINDS, LEVEL, PERIOD

Matrix = NDArray[np.float64]
Maps = NDArray[np.float32]

# amplitude of the first three harmonics of teeth at 1/3 and 2/3 of the period, about its middle
_TEETH = np.array([0.5, -0.5, -1.0])
_BOW = 2.0  # step of a bow that is tried, in pixels at the rim
_BETTER = 1.15  # times clearer a comb must become for a bow to be believed
_KEPT = 3  # poses that are kept of one comb
_PIXELS = (11.0, 21.0)  # period of the comb in pixels, at the scales that bumps are sought at


@dataclass(frozen=True, slots=True)
class Comb:
    """A period and phase along one axis.

    Attributes
    ----------
    strength : float
        In standard deviations of bumps that stand anywhere.
    period : float
        Pixels a cell.
    start : float
        Pixel at which a cell begins.
    """

    strength: float
    period: float
    start: float


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a label's lattice lies in an upright picture.

    Attributes
    ----------
    strength : float
        How well the bumps agree with the keyed map, in standard deviations.
    matrix : (3, 3) float64
        From upright pixels (x, y, 1) to lattice cells (column, row, 1); rows and columns may run
        past the period.
    """

    strength: float
    matrix: Matrix


def find_combs(along: NDArray[np.float64], weights: NDArray[np.float64], most: int) -> list[Comb]:
    """The strongest combs among positions along one axis.

    Parameters
    ----------
    along, weights : (n,) float64
    most : int
        How many to return.
    """
    if len(along) < 12 or np.ptp(along) < _PIXELS[1]:  # no comb has fewer than one tooth
        return []
    low = float(along.min())
    span = float(np.ptp(along)) + 1
    fine = 8  # bins a pixel
    size = 1 << int(np.ceil(np.log2(span * 8 * fine)))
    counts = np.bincount(((along - low) * fine).astype(np.int64), weights, minlength=size)
    spectrum = np.fft.rfft(counts)  # harmonic k of period p stands at bin k * size / (fine * p)
    first = int(size / (fine * _PIXELS[1]))
    last = int(size / (fine * _PIXELS[0])) + 1
    # steps of a third of a bin, so that the third harmonic is met at every bin
    thirds = np.arange(3 * first, 3 * last)
    near = [np.rint(thirds * harmonic / 3).astype(np.int64) for harmonic in (1, 2, 3)]
    waves = np.stack([spectrum[index] for index in near])
    phases = np.arange(36) / 36
    kernel = _TEETH[:, None] * np.exp(2j * np.pi * np.outer([1, 2, 3], phases))
    scores = np.einsum("kf,kp->fp", waves, kernel).real
    scores /= np.sqrt((weights**2).sum() * (_TEETH**2).sum() / 2)
    peak = scores.max(1)
    combs: list[Comb] = []
    for _ in range(most):
        index = int(np.argmax(peak))
        if peak[index] < 3.0:
            break
        period = size / (fine * thirds[index] / 3)
        # phase is that of the cell's middle, measured from low
        middle = low + 0.5 / fine + phases[int(np.argmax(scores[index]))] * period
        combs.append(Comb(float(peak[index]), period, middle - period / 2))
        # step past this peak: the main lobe of the third harmonic
        lobe = int(np.ceil(size / (fine * span))) + 1
        peak[max(0, index - lobe) : index + lobe + 1] = 0
    return combs


@dataclass(frozen=True, slots=True)
class Focus:
    """What brings a comb into focus; coordinates are pixels about the middle of the picture.

    Attributes
    ----------
    shear, bend : float
        First along becomes (along - shear across) / (1 + bend across), across likewise over the
        same divisor.
    bow_along, bow_across : float
        Then along gains bow_along along**2 + bow_across across**2.
    """

    shear: float
    bend: float
    bow_along: float = 0.0
    bow_across: float = 0.0


def focus(
    along: NDArray[np.float64],
    across: NDArray[np.float64],
    weights: NDArray[np.float64],
    bends: NDArray[np.float64],
) -> Focus:
    """The shear, convergence and bow that make the comb's third harmonic clearest.

    Parameters
    ----------
    along, across, weights : (n,) float64
        Bumps on level edges, about the middle of the picture.
    bends : (k,) float64
        Convergences to try, in relative change of scale at the rim.
    """
    rim = float(max(np.abs(across).max(), np.abs(along).max())) + 1
    fine = 2
    size = 1 << int(np.ceil(np.log2(2.3 * rim * fine)))
    band = slice(int(3 * size / fine / _PIXELS[1]), int(3 * size / fine / _PIXELS[0]) + 1)

    def clearness(place: NDArray[np.float64]) -> float:
        bins = ((place + 1.15 * rim) * fine).astype(np.int64) % size
        spectrum = np.fft.rfft(np.bincount(bins, weights, minlength=size))[band]
        return float(np.abs(spectrum).max())

    def flat(shear: float, bend: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        scale = 1 / (1 + bend * across)
        return (along - shear * across) * scale, across * scale

    shears = np.arange(-10, 11) * (0.8 / rim)
    _, shear, bend = max(
        (clearness(flat(shear, bend)[0]), float(shear), float(bend))
        for bend in bends / rim
        for shear in shears
    )
    first, second = flat(shear, bend)
    bows = np.arange(-5, 6) * (_BOW / rim**2)
    straight = clearness(first)
    best, bow_along, bow_across = max(
        (clearness(first + a * first**2 + b * second**2), float(a), float(b))
        for a in bows
        for b in bows
    )
    if best < _BETTER * straight:
        return Focus(shear, bend)
    return Focus(shear, bend, bow_along, bow_across)


_SWAPPED = np.array([2, 3, 0, 1, 5, 4])  # what each kind is once rows and columns are exchanged


def turned(maps: Maps) -> Maps:
    """The map of a label that lies a quarter turn clockwise: (6, 128, 128) by kind, row, column."""
    return np.stack([maps[kind][::-1].T for kind in (2, 3, 1, 0, 5, 4)])


def flipped(maps: Maps) -> Maps:
    """The map with rows and columns exchanged."""
    return np.stack([maps[kind].T for kind in _SWAPPED])


class MapSearch:
    """The keyed map, ready to be laid under bumps at any shift and quarter turn.

    Parameters
    ----------
    on : (6, 128, 128) bool
        The lattice's map of slots that may carry a nub.
    """

    shifts = 4 * 2 * PERIOD * PERIOD  # poses tried at each ratio of scales

    def __init__(self, on: NDArray[np.bool_]) -> None:
        maps = np.where(on, np.float32(1), np.float32(-1))
        self._spectra: dict[tuple[bool, int], NDArray[np.complex64]] = {}
        for turn in range(4):
            for swap in (False, True):
                tall = np.repeat(flipped(maps) if swap else maps, 2, axis=1)
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
        weights = bumps.weights * fit
        columns = np.floor(column).astype(np.int64) % PERIOD
        middle = float(np.median(points[:, 1]))
        norm = np.sqrt((weights**2).sum()) + 1e-9
        tops: list[tuple[float, float, int, int, int]] = []
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
                minlength=KINDS * 2 * PERIOD * PERIOD,
            )
            seen = np.fft.rfft2(laid.reshape(KINDS, 2 * PERIOD, PERIOD).astype(np.float32)).conj()
            for turn in range(4):
                score = np.fft.irfft2((seen * self._spectra[swap, turn]).sum(0))
                index = int(np.argmax(score))
                tops.append((float(score.flat[index]), float(ratio), turn, *divmod(index, PERIOD)))
        return [
            Pose(strength / norm, _matrix(comb, middle, ratio, turn, down, right, swap=swap))
            for strength, ratio, turn, down, right in _apart(tops)
        ]


def _apart(
    tops: list[tuple[float, float, int, int, int]],
) -> list[tuple[float, float, int, int, int]]:
    """The highest of the peaks (score, ratio, turn, down, right), none a flank of another."""
    kept: list[tuple[float, float, int, int, int]] = []
    for top in sorted(tops, reverse=True):
        if len(kept) == _KEPT:
            break
        if all(top[2] != one[2] or _far(top, one) for one in kept):
            kept.append(top)
    return kept


def _far(
    one: tuple[float, float, int, int, int], other: tuple[float, float, int, int, int]
) -> bool:
    down = (one[3] - other[3] + PERIOD) % (2 * PERIOD) - PERIOD
    right = (one[4] - other[4] + PERIOD // 2) % PERIOD - PERIOD // 2
    return abs(down) > 6 or abs(right) > 2


def _matrix(
    comb: Comb, middle: float, ratio: float, turn: int, down: int, right: int, *, swap: bool
) -> Matrix:
    """From upright pixels to lattice cells."""
    # upright pixels -> cells of the turned map
    scale = 1 / comb.period
    across = scale / ratio
    matrix = np.array(
        [
            [scale, 0, -comb.start * scale + right],
            [0, across, -middle * across + PERIOD / 2 + down / 2],
            [0, 0, 1],
        ]
    )
    if swap:
        matrix = matrix @ np.array([[0.0, 1, 0], [1, 0, 0], [0, 0, 1]])
        matrix = np.array([[0.0, 1, 0], [1, 0, 0], [0, 0, 1]]) @ matrix
    back = np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]])  # undo one quarter turn
    for _ in range(turn):
        matrix = back @ matrix
    return matrix

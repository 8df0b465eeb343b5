"""Combs: the period and phase at which marks stand along one axis. SPEC 10.8.

Marks stand at thirds of the lattice's columns, and of its rows: a comb, which their places along
one axis show by themselves. Brought into focus it also tells what shear and bow the picture has
left. No key is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# amplitude of the first three harmonics of teeth at 1/3 and 2/3 of the period, about its middle
_TEETH = np.array([0.5, -0.5, -1.0])
_BOW = 2.0  # step of a bow that is tried, in pixels at the rim
_BETTER = 1.15  # times clearer a comb must become for a bow to be believed
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
    clear : float
        Amplitude of the comb's third harmonic over that of bumps that stand anywhere.
    shear, bend : float
        First along becomes (along - shear across) / (1 + bend across), across likewise over the
        same divisor.
    bow_along, bow_across : float
        Then along gains bow_along along**2 + bow_across across**2.
    """

    clear: float
    shear: float
    bend: float
    bow_along: float = 0.0
    bow_across: float = 0.0


class Spots:
    """Marks of one carrier that stand along one axis, to be brought into focus.

    Parameters
    ----------
    along, across, weights : (n,) float64
        About the middle of the picture.
    """

    _fine = 2  # bins a pixel

    def __init__(
        self,
        along: NDArray[np.float64],
        across: NDArray[np.float64],
        weights: NDArray[np.float64],
    ) -> None:
        self._along, self._across, self._weights = along, across, weights
        self._rim = float(max(np.abs(across).max(), np.abs(along).max())) + 1
        self._size = 1 << int(np.ceil(np.log2(2.3 * self._rim * self._fine)))
        first, last = (int(3 * self._size / self._fine / period) for period in _PIXELS[::-1])
        self._band = slice(first, last + 1)
        self._noise = float(np.sqrt((weights**2).sum())) + 1e-9

    def focus(self, bends: NDArray[np.float64]) -> Focus:
        """The shear and convergence that make the comb's third harmonic clearest.

        Parameters
        ----------
        bends : (k,) float64
            Convergences to try, in relative change of scale at the rim.
        """
        shears = np.arange(-10, 11) * (0.8 / self._rim)
        return max(
            (
                Focus(self._clear(self._flat(shear, bend)[0]), float(shear), float(bend))
                for bend in bends / self._rim
                for shear in shears
            ),
            key=lambda one: one.clear,
        )

    def bowed(self, straight: Focus) -> Focus:
        """The same with the bow that makes it clearer still, if that is much."""
        first, second = self._flat(straight.shear, straight.bend)
        bows = np.arange(-5, 6) * (_BOW / self._rim**2)
        clear, along, across = max(
            (self._clear(first + a * first**2 + b * second**2), float(a), float(b))
            for a in bows
            for b in bows
        )
        if clear < _BETTER * straight.clear:
            return straight
        return Focus(clear, straight.shear, straight.bend, along, across)

    def _flat(self, shear: float, bend: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        scale = 1 / (1 + bend * self._across)
        return (self._along - shear * self._across) * scale, self._across * scale

    def _clear(self, place: NDArray[np.float64]) -> float:
        bins = ((place + 1.15 * self._rim) * self._fine).astype(np.int64) % self._size
        counts = np.bincount(bins, self._weights, minlength=self._size)
        return float(np.abs(np.fft.rfft(counts)[self._band]).max()) / self._noise

"""Where a lattice lies in a picture, by its sync cells. SPEC 15.4.

No codeword and no check cell has a part in it. For each size of a cell that is tried (and each
turn), one correlation of the picture's steps with those of the sync cells looks at every place of
the period at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tracemark.tone.lattice import PERIOD, Lattice
from tracemark.tone.pattern import slopes
from tracemark.tone.steps import Steps
from tracemark.tone.view import Pose, glimpsed, moved

_SCALE = 2  # pixels a cell while searching
_SIDE = PERIOD * _SCALE

Spectrum = NDArray[np.complexfloating]


@dataclass(frozen=True, slots=True)
class Found:
    """A place where the sync cells fit.

    Attributes
    ----------
    clear : float
        By how many deviations this place stands out from all others of the period.
    pose : (3, 3) float64
        From lattice cells to pixels.
    """

    clear: float
    pose: Pose


def spectra(lattice: Lattice) -> Spectrum:
    """Spectra of the sync cells' steps, to the right and downwards, conjugated: (2, 128, 65)."""
    return _spectra(lattice.known(lattice.sync).tobytes())


@lru_cache(maxsize=8)
def _spectra(signs: bytes) -> Spectrum:
    known = np.frombuffer(signs, np.float32).reshape(PERIOD, PERIOD)
    return np.conj(np.fft.rfft2(np.stack(slopes(known, _SCALE))))


def places(
    steps: Sequence[Steps], lattices: Sequence[Lattice], poses: Iterable[Pose], window: int
) -> Iterator[tuple[int, Found]]:
    """The best place of each lattice, for each pose but for its place.

    Parameters
    ----------
    steps : sequence of Steps
    lattices : sequence of Lattice
    poses : iterable of (3, 3) float64
        From cells about the middle to pixels.
    window : int
        Cells around the middle that are looked at, a whole number of periods or less than one.

    Yields
    ------
    (int, Found)
        Number of the lattice, and its best place.
    """
    half = window // 2
    wanted = [spectra(lattice) for lattice in lattices]
    for pose in poses:
        fields = glimpsed(steps, pose, (-half, -half, half, half), _SCALE)
        seen = np.fft.rfft2(np.stack([_folded(field) for field in fields]))
        for number, one in enumerate(wanted):
            fit = np.fft.irfft2(seen[0] * one[0] + seen[1] * one[1], (_SIDE, _SIDE))
            best = int(np.argmax(fit))
            row, column = divmod(best, _SIDE)
            clear = float(fit.ravel()[best] / (fit.std() + 1e-9))
            # the lattice's cell (0, 0) lies at (column, row) of what was folded
            shift = (column / _SCALE - half, row / _SCALE - half)
            yield number, Found(clear, moved(pose, shift))


def _folded(field: NDArray[np.float32]) -> NDArray[np.float32]:
    """A field summed over the periods it spans: (128, 128)."""
    out = np.zeros((_SIDE, _SIDE), np.float32)
    for top in range(0, field.shape[0], _SIDE):
        for left in range(0, field.shape[1], _SIDE):
            part = field[top : top + _SIDE, left : left + _SIDE]
            out[: part.shape[0], : part.shape[1]] += part
    return out

"""The exact test: how high must a score be, to be that rare among innocents? SPEC 6.4.

The score of an innocent is a sum of independent terms, each d_j with chance p_j and 0 otherwise,
and the d_j are whole numbers: its distribution is a convolution, worked out here as a product of
characteristic functions. To see a tail of 1e-13 in double precision, the distribution is first
tilted by exp(l s), which moves its bulk to where the tail is wanted and is undone exactly.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_MARGIN = 1e-6  # the tail is rounded up by this part: far more than the transform's error


def exact_line(d: Floats, p: Floats, number: Floats, target: float) -> tuple[int, float] | None:
    """The lowest line that a sum of random terms reaches with chance at most exp(-target).

    Parameters
    ----------
    d : (u,) float64
        Whole numbers: what a position adds if its bit is 1.
    p : (u,) float64
        Chance of that, in (0, 1).
    number : (u,) float64
        How many such positions there are.
    target : float
        In nats, positive.

    Returns
    -------
    (line, log_tail) or None
        ln P(sum >= line), at most -target; None where no line is that rare.
    """
    used = d != 0
    if not used.any():
        return None
    (d, p), where = _merged(d[used], p[used])
    number = np.bincount(where, number[used]).astype(np.float64)
    tilt = _tilt(d, p, number, target)
    q = _tilted(d, p, tilt)
    mean = float(number @ (q * d))
    deviation = math.sqrt(float(number @ (q * (1 - q) * d * d)))
    least, most = float(number @ np.minimum(d, 0)), float(number @ np.maximum(d, 0))
    # mass beyond the window is wrapped into it; at this width it is below the margin
    window = min(most - least + 1, 24 * deviation + 16 * float(np.abs(d).max()))
    size = 1 << math.ceil(math.log2(max(64.0, window)))
    start = int(least) if most - least < size else round(mean) - size // 2
    sums = np.arange(start, start + size)
    chance = _distribution(d, q, number, size)[sums % size]

    # undo the tilt: P(s) = f(s) exp(K - tilt s); relative to the mean to keep the range small
    scaled = chance * np.exp(np.clip(-tilt * (sums - mean), -600, 600))
    log_mass = float(number @ np.logaddexp(np.log1p(-p), np.log(p) + tilt * d)) - tilt * mean
    with np.errstate(divide="ignore"):
        tails = np.log(np.cumsum(scaled[::-1])[::-1]) + log_mass + math.log1p(_MARGIN)
    rare = np.flatnonzero((tails <= -target) & (sums <= most))
    if not len(rare) or not np.isfinite(tails[rare[0]]):
        return None
    return int(sums[rare[0]]), float(tails[rare[0]])


def _merged(d: Floats, p: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """Distinct pairs, (2, v), and which of them each is."""
    pairs, where = np.unique(np.stack([d, p]), axis=1, return_inverse=True)
    return pairs, where.ravel()


def _tilted(d: Floats, p: Floats, tilt: float) -> Floats:
    """Chance of a 1 after tilting: p e^(l d) / (1 - p + p e^(l d))."""
    odds = np.clip(np.log(p) - np.log1p(-p) + tilt * d, -700, 700)
    return np.asarray(1 / (1 + np.exp(-odds)))


def _tilt(d: Floats, p: Floats, number: Floats, target: float) -> float:
    """The tilt under which the bulk lies about where the tail is exp(-target), by bisection."""
    low, high = 0.0, 64.0 / float(np.abs(d).max())
    for _ in range(20):
        tilt = (low + high) / 2
        q = _tilted(d, p, tilt)
        cumulant = float(number @ np.logaddexp(np.log1p(-p), np.log(p) + tilt * d))
        chernoff = tilt * float(number @ (q * d)) - cumulant
        if chernoff < target - 2:  # Chernoff's bound is about e^2 too high
            low = tilt
        else:
            high = tilt
    return low


def _distribution(d: Floats, q: Floats, number: Floats, size: int) -> Floats:
    """P(sum = s mod size) for s in 0 … size - 1, by a discrete Fourier transform."""
    turns = 2j * np.pi / size * np.arange(size // 2 + 1)
    logs = np.zeros(size // 2 + 1, np.complex128)
    with np.errstate(divide="ignore"):  # a factor may be 0, and so is then the product
        for step, chance, count in zip(d, q, number, strict=True):
            logs += count * np.log(1 - chance + chance * np.exp(-step * turns))
    return np.abs(np.fft.irfft(np.exp(logs), size))

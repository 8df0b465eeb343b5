"""The pilot: is this ours at all? Answered without looking at any codeword. SPEC 6.2.

At a biased position most recipients carry the common symbol, and which symbol that is only the key
tells. So the votes of anything we marked agree with the pattern of common symbols, whoever the
recipient is. In anything we did not mark, each slot's keyed mask makes its vote a fair coin.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tracemark.case import Pilot
from tracemark.codeword import Codebook


def pilot(
    positions: NDArray[np.int64],
    chips: NDArray[np.float64],
    codebook: Codebook,
    checks: NDArray[np.float64] | None = None,
) -> Pilot:
    """Hold one vote for each distinct slot against the keyed pattern of common symbols.

    Parameters
    ----------
    positions : (n,) int64
        Of distinct slots; uniform positions and erasures take no part.
    chips : (n,) float64
        In [-1, 1]. If all are whole (+1 or -1) the bound is the exact binomial tail, otherwise
        Hoeffding's.
    codebook : Codebook
        Gives the pattern.
    checks : (m,) float64, optional
        Chips of distinct check slots, which show their mask and nothing else: +1 where they do.

    Returns
    -------
    Pilot
        `agreeing` counts slots whose sign agrees; `bound` is the chance of this much agreement in
        anything that was never marked under this key.
    """
    taking_part = (positions < codebook.profile.biased) & (chips != 0)
    common = codebook.common[positions[taking_part]] == 1
    chips = chips[taking_part]
    signed = np.where(common, chips, -chips)
    if checks is not None:
        signed = np.concatenate([signed, checks[checks != 0]])
    slots, agreeing = len(signed), int((signed > 0).sum())
    if np.all(np.abs(signed) == 1):
        return Pilot(slots, agreeing, math.exp(binomial_tail(slots, agreeing)))
    lead, spread = float(signed.sum()), float(np.square(chips).sum())
    return Pilot(slots, agreeing, math.exp(-(max(lead, 0.0) ** 2) / (2 * spread)))


def ours(found: Pilot, rare: float) -> float:
    """Estimate which part of the votes shows chips of ours, from the pilot alone.

    Parameters
    ----------
    found : Pilot
        Of hard chips.
    rare : float
        Probability of the rare symbol, in (0, 1/2).

    Returns
    -------
    float
        In [0, 1]: 1 where all votes are a single recipient's, 0 where none is ours.
    """
    if not found.slots:
        return 0.0
    lead = 2 * found.agreeing / found.slots - 1
    return min(1.0, max(0.0, lead / (1 - 2 * rare)))


def binomial_tail(n: int, k: int) -> float:
    """ln P(X >= k) for X the number of heads in n fair coins; exact to about 1e-8 at n = 1e7.

    The terms of the upper tail fall off faster than geometrically, so they are summed from k until
    they no longer count.
    """
    if k <= 0:
        return 0.0
    if k > n:
        return -math.inf
    if 2 * k <= n:  # the lower tail is the short one
        return math.log1p(-math.exp(binomial_tail(n, n - k + 1)))
    first = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2)
    i = np.arange(k, min(n, k + 40 + 12 * math.isqrt(n)))
    ratios = np.cumsum(np.log((n - i) / (i + 1.0)))
    return min(0.0, first + math.log1p(float(np.exp(ratios).sum())))

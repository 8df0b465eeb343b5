"""Which part of the votes each accused recipient explains. SPEC 6.7."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SLIP = 0.01  # how often a slot shows the other form by accident


def explained(
    ones: Floats, zeros: Floats, biases: Floats, known: NDArray[np.uint8], rounds: int = 40
) -> Floats:
    """Split the votes between the accused, noise and strangers, by expectation maximisation.

    Each vote is taken as shown by one of the accused, by a coin, or by a stranger whose bits follow
    the biases; the shares are those that make the votes most likely.

    Parameters
    ----------
    ones, zeros : (L,) float64
        Votes at each position.
    biases : (L,) float64
        P(bit = 1).
    known : (k, L) uint8
        Codewords of the accused.
    rounds : int
        Steps of the iteration.

    Returns
    -------
    (k,) float64
        Shares, at least 0; what is missing to 1 is unexplained.
    """
    total = float(ones.sum() + zeros.sum())
    if total == 0:
        return np.zeros(len(known))
    used = (ones > 0) | (zeros > 0)
    ones, zeros, strangers = ones[used], zeros[used], biases[used]
    faithful = _SLIP + (1 - 2 * _SLIP) * known[:, used]
    one = np.concatenate([faithful, np.full((1, len(ones)), 0.5), strangers[None]])
    share = np.full(len(one), 1 / len(one))
    for _ in range(rounds):
        blend = share @ one
        share = share * (one @ (ones / blend) + (1 - one) @ (zeros / (1 - blend))) / total
    return np.asarray(share[: len(known)])

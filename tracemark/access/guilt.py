"""How likely each recipient leaked, by the model of Papadimitriou and Garcia-Molina. SPEC 13.4.

P. Papadimitriou and H. Garcia-Molina, *Data Leakage Detection*, IEEE Transactions on Knowledge and
Data Engineering 23(1), 2011, section 4.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ELSEWHERE = 0.5  # p: chance that a leaked record was got without any of the recipients


def guilt(
    holder: NDArray[np.int64], had: NDArray[np.int64], recipients: int, p: float = ELSEWHERE
) -> NDArray[np.float64]:
    """Pr{G_i | S} = 1 − Π over the leaked records t that i had of (1 − (1 − p) / |V_t|).

    V_t are the recipients that had t. The model takes records to be leaked one by one and
    independently, so of a long list everyone who had it all comes near to 1; it ranks, and does
    not single out.

    Parameters
    ----------
    holder : (n,) int64
        One recipient for each distinct pair of a recipient and a leaked record that it had.
    had : (n,) int64
        How many recipients had the record of the pair, |V_t|.
    recipients : int
        How many there are.
    p : float
        In [0, 1].

    Returns
    -------
    (recipients,) float64
        In [0, 1]; they do not add up to 1.

    Examples
    --------
    >>> guilt(np.array([0, 1, 0]), np.array([2, 2, 1]), 2, p=0.2).round(2).tolist()
    [0.88, 0.4]
    """
    innocent = np.bincount(holder, np.log1p(-np.minimum((1 - p) / had, 1 - 1e-12)), recipients)
    chances: NDArray[np.float64] = -np.expm1(innocent)
    return chances

"""The smallest sets of recipients whose access explains a list of records. SPEC 13.3.

Minimum set cover with a few records allowed to stay unexplained: exact up to four recipients, all
minima enumerated; beyond that a greedy cover, said to be no more than a bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_Ints = NDArray[np.int64]

LARGEST = 4  # recipients in a set that is searched for exactly
MOST_STEPS = 3000  # partial sets looked at
MOST_SETS = 1000  # kept of one size above one


@dataclass(frozen=True, slots=True)
class Explanation:
    """What explains a list.

    Attributes
    ----------
    size : int
        Recipients in a smallest set; an upper bound if not `exact`.
    least : int
        Every set has at least so many; equal to `size` if `exact`.
    exact : bool
        Whether `sets` are all sets of the smallest size, and no smaller one exists.
    sets : tuple of tuple of int
        Recipients of each set, the one that leaves fewest records unexplained first.
    unexplained : tuple of int
        For each set, how many records none of it had access to.
    """

    size: int
    least: int
    exact: bool
    sets: tuple[tuple[int, ...], ...]
    unexplained: tuple[int, ...]


def tolerated(records: int, missing: float, level: float = 0.01) -> int:
    """How many records may lack their evidence by chance: a quantile of Bin(records, missing).

    The least q with P(Bin > q) at most `level`: a true set is left out no more often.

    Examples
    --------
    >>> tolerated(30, 0.1), tolerated(30, 0.0)
    (7, 0)
    """
    if not 0 < missing < 1:
        return 0
    tail, log_factorial = 1.0, math.lgamma(records + 1)
    for q in range(records + 1):
        tail -= math.exp(
            log_factorial
            - math.lgamma(q + 1)
            - math.lgamma(records - q + 1)
            + q * math.log(missing)
            + (records - q) * math.log1p(-missing)
        )
        if tail <= level:
            return q
    return records


def explain(
    holder: _Ints, record: _Ints, recipients: int, records: int, allowed: int = 0
) -> Explanation:
    """The smallest sets of recipients that had access to all but `allowed` of the records.

    Parameters
    ----------
    holder, record : (n,) int64
        Distinct pairs: this recipient had access to this record. Every record occurs.
    recipients, records : int
        How many there are of each.
    allowed : int
        Records that may stay unexplained, 0 to `records` - 1.
    """
    search = _Search(holder, record, recipients, records)
    need = records - min(allowed, records - 1)
    for size in range(1, LARGEST + 1):
        sets = search.sets(size, need)
        if search.spent:
            break
        if sets:
            ordered = sorted(sets, key=lambda one: (sets[one], one))
            left = tuple(sets[one] for one in ordered)
            return Explanation(size, size, len(sets) < MOST_SETS or size == 1, tuple(ordered), left)
    greedy, unexplained = search.greedy(need)
    # `size` is where the search stopped: smaller sets were ruled out
    return Explanation(
        len(greedy), min(size + (not search.spent), len(greedy)), False, (greedy,), (unexplained,)
    )


class _Search:
    """Set cover over pairs; records that the same recipients had are one, with a weight."""

    def __init__(self, holder: _Ints, record: _Ints, recipients: int, records: int) -> None:
        order = np.lexsort((holder, record))
        holder, record = holder[order], record[order]
        bounds = np.searchsorted(record, np.arange(records + 1))
        kinds: dict[bytes, int] = {}
        which = [
            kinds.setdefault(holder[start:end].tobytes(), len(kinds))
            for start, end in pairwise(bounds.tolist())
        ]
        self._weights = np.bincount(which, minlength=len(kinds)).astype(np.float64)
        parts = [np.frombuffer(key, np.int64) for key in kinds]
        self._holder = np.concatenate(parts)
        self._kind = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        self._by_holder = np.argsort(self._holder, kind="stable")
        self._starts = np.searchsorted(self._holder[self._by_holder], np.arange(recipients + 1))
        self._recipients = recipients
        self._records = records
        self._steps = 0
        self.spent = False

    def sets(self, size: int, need: int) -> dict[tuple[int, ...], int]:
        """All sets of a size that explain `need` records, and what each leaves unexplained."""
        found: dict[tuple[int, ...], int] = {}
        self._extend((), size, need, self._weights, found)
        return found

    def greedy(self, need: int) -> tuple[tuple[int, ...], int]:
        """A set that explains `need` records, most at a time; and what it leaves unexplained."""
        left, chosen = self._weights.copy(), []
        while left.sum() > self._records - need:
            chosen.append(int(np.argmax(self._gains(left))))
            left[self._kinds_of(chosen[-1])] = 0
        return tuple(chosen), round(left.sum())

    def _extend(
        self,
        chosen: tuple[int, ...],
        size: int,
        need: float,
        left: NDArray[np.float64],
        found: dict[tuple[int, ...], int],
    ) -> None:
        self._steps += 1
        self.spent |= self._steps > MOST_STEPS
        if self.spent:
            return
        gains = self._gains(left)
        # of any set, the member that explains most explains at least its equal part
        enough = np.flatnonzero(gains >= max(1, math.ceil(need / size)))
        if size == 1:
            rest = left.sum()
            for last in enough.tolist():
                found[tuple(sorted((*chosen, last)))] = round(rest - gains[last])
            return
        for one in enough[np.argsort(-gains[enough], kind="stable")].tolist():
            if len(found) >= MOST_SETS:
                return
            remaining = left.copy()
            remaining[self._kinds_of(one)] = 0
            self._extend((*chosen, one), size - 1, need - gains[one], remaining, found)

    def _gains(self, left: NDArray[np.float64]) -> NDArray[np.float64]:
        gains = np.bincount(self._holder, left[self._kind], self._recipients)
        return gains.astype(np.float64, copy=False)

    def _kinds_of(self, recipient: int) -> _Ints:
        start, end = self._starts[recipient : recipient + 2]
        kinds: _Ints = self._kind[self._by_holder[start:end]]
        return kinds

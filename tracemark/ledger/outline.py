"""Which numbers the ledger may know, answered at once for very many. SPEC 6.1.

A Bloom filter over the fingerprints of all issued records (B. H. Bloom: Space/time trade-offs in
hash coding with allowable errors. Communications of the ACM 13(7), 1970). It misses none.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from tracemark.ledger.fingerprints import Fingerprints
from tracemark.ledger.holdings import blocks
from tracemark.ledger.store import Store

KINDS = ("waybill", "phone", "masked")
_BITS = 20, 31  # size of the table, fewest and most address bits
_ROOM = 5  # address bits beyond the number of fingerprints: 32 places for each
# fingerprints are uniform; odd numbers make several places of one
_FACTORS = [np.uint64(one) for one in (1, 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)]


class Outline:
    """A set of fingerprints: says of one that is in it that it is, and seldom so of another.

    Parameters
    ----------
    count : int
        How many fingerprints will be added. Up to 2^26 of them, one in a thousand others or fewer
        is taken for one.
    """

    def __init__(self, count: int) -> None:
        least, most = _BITS
        bits = min(most, max(least, count.bit_length() + _ROOM))
        self._shift = np.uint64(64 - bits)
        self._table = np.zeros(1 << bits - 3, np.uint8)

    def add(self, values: Fingerprints) -> None:
        """Add fingerprints, (n,) uint64."""
        for byte, bit in self._places(values):
            np.bitwise_or.at(self._table, byte, bit)

    def may_hold(self, values: Fingerprints) -> NDArray[np.bool_]:
        """Which of some fingerprints, (n,) uint64, may have been added: (n,) bool; never 0."""
        held: NDArray[np.bool_] = values != 0
        for byte, bit in self._places(values):
            held &= self._table[byte] & bit != 0
        return held

    def _places(
        self, values: Fingerprints
    ) -> Iterable[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
        for factor in _FACTORS:
            place = (values * factor >> self._shift).astype(np.int64)
            yield place >> 3, np.uint8(1) << (place & 7).astype(np.uint8)


def outline_of(store: Store, epochs: Iterable[int]) -> Outline | None:
    """An outline of all numbers of issued records.

    None where cells were issued without any number: no number tells the rows they are in.
    """
    kinds = ",".join(f"'{kind}'" for kind in KINDS)
    if store.rows(
        "SELECT 1 FROM fingerprints WHERE kind = 'anchor' AND issue NOT IN"
        f" (SELECT issue FROM fingerprints WHERE kind IN ({kinds})) LIMIT 1"
    ):
        return None
    [(size,)] = store.rows(f"SELECT sum(length(blob)) FROM fingerprints WHERE kind IN ({kinds})")
    outline = Outline(int(size or 0) // 8)
    for epoch in epochs:
        for kind in KINDS:
            for values, _ in blocks(store, kind, epoch, None):
                outline.add(values)
    return outline

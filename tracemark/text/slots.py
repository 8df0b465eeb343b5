"""The keyed side of a cell: where its chips stand in the codeword, and their masks. SPEC 5.3."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from struct import Struct

import numpy as np
from numpy.typing import NDArray

LANES = 18
CHIPS = 3 * LANES  # three chips a lane

_NUMBERS = Struct(">QIQ").unpack_from
_HALVES = Struct("<QQ").unpack_from

FINE = 1 << 31  # added to a slot's number: its second chip. SPEC 5.4

CellKey = tuple[int, int, int, int, int]
"""What the subkey and an anchor fix: anchor id (64 bits); start (32 bits), the uniform position
of lane 0 modulo their number; masks (the highest 54 of 64 bits, lane 0 first); the two halves
(64 bits each) of the SipHash key of the cell's visible slots."""

CELL_KEY = np.dtype(
    {
        "names": ["identity", "start", "masks", "k0", "k1"],
        "formats": [">u8", ">u4", ">u8", "<u8", "<u8"],
        "offsets": [0, 8, 12, 32, 40],
        "itemsize": 64,
    }
)
"""The same as a record of a numpy array."""


def as_chips(
    numbers: NDArray[np.uint64], shown: NDArray[np.uint64], fine: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.uint64]]:
    """The chips that slots show. SPEC 5.4.

    Parameters
    ----------
    numbers, shown : (n,) uint64
        See `tracemark.text.parse.Slot`; the classes found.
    fine : (m,) uint64
        Ids of the families with four classes.

    Returns
    -------
    slots : (k,) int64
        Which of the slots a chip belongs to.
    numbers, chips : (k,) uint64
        One chip for each slot, and behind all of them the second ones of fine slots.
    """
    finely = np.isin(numbers >> np.uint64(32), fine)
    second = np.flatnonzero(finely)
    return (
        np.concatenate([np.arange(len(numbers)), second]),
        np.concatenate([numbers, numbers[second] | np.uint64(FINE)]),
        np.concatenate([shown >> finely.astype(np.uint64), shown[second] & np.uint64(1)]),
    )


class CellHash:
    """BLAKE2b-512 under the slot subkey of one epoch.

    Parameters
    ----------
    slot_key : bytes
        16 to 64 bytes.
    """

    __slots__ = ("_keyed",)

    def __init__(self, slot_key: bytes) -> None:
        self._keyed = hashlib.blake2b(key=slot_key, digest_size=64)

    def __call__(self, anchor: str) -> CellKey:
        """The cell key of an anchor. SPEC 5.3."""
        keyed = self._keyed.copy()
        keyed.update(anchor.encode())
        digest = keyed.digest()
        identity, start, masks = _NUMBERS(digest)
        k0, k1 = _HALVES(digest, 32)
        return identity, start, masks, k0, k1

    def many(self, anchors: Sequence[bytes]) -> NDArray[np.void]:
        """The cell keys of many anchors in UTF-8: (anchors,) of `CELL_KEY`."""
        copy, digests = self._keyed.copy, []
        for anchor in anchors:
            keyed = copy()
            keyed.update(anchor)
            digests.append(keyed.digest())
        return np.frombuffer(b"".join(digests), CELL_KEY)

    def with_roads(
        self, anchors: Sequence[bytes], roads: Sequence[bytes]
    ) -> tuple[NDArray[np.void], NDArray[np.int64]]:
        """The cell keys of many cells, and behind them those of their roads.

        Parameters
        ----------
        anchors, roads : sequence of bytes
            One of each for every cell; a road may be empty.

        Returns
        -------
        keys : (n,) of `CELL_KEY`
        heads : (cells,) int64
            Which of the keys the slots of a cell's head are keyed by: the cell's own, or its
            road's.
        """
        once = {road: len(anchors) + i for i, road in enumerate(dict.fromkeys(filter(None, roads)))}
        heads = np.arange(len(anchors))
        if once:
            own = heads.tolist()
            heads = np.array([once.get(road, own[i]) for i, road in enumerate(roads)], np.int64)
        return self.many([*anchors, *once]), heads

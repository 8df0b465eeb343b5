"""The keyed side of a cell: where its chips stand in the codeword, and their masks. SPEC 5.3."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from struct import Struct

import numpy as np
from numpy.typing import NDArray

LANES = 18
CHIPS = 3 * LANES  # three chips a lane

_LAYOUT = Struct(">QIQ12x32s").unpack_from

CELL_KEY = np.dtype(
    [("identity", ">u8"), ("start", ">u4"), ("masks", ">u8"), ("", "V12"), ("key", "V32")]
)
CellKey = tuple[int, int, int, bytes]
"""What the subkey and an anchor fix: anchor id (64 bits); start (32 bits), the uniform position
of lane 0 modulo their number; masks (the highest 54 of 64 bits, lane 0 first); the key (32 bytes)
of the cell's visible slots."""


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
        key: CellKey = _LAYOUT(keyed.digest())
        return key

    def many(self, anchors: Sequence[bytes]) -> NDArray[np.void]:
        """The cell keys of many anchors in UTF-8: (anchors,) of `CELL_KEY`."""
        copy, digests = self._keyed.copy, []
        for anchor in anchors:
            keyed = copy()
            keyed.update(anchor)
            digests.append(keyed.digest())
        return np.frombuffer(b"".join(digests), CELL_KEY)


def slot_hash(key: bytes, number: int) -> int:
    """BLAKE2b-64 of a visible slot's number under its cell's key. SPEC 5.4.

    The lowest bit is the slot's mask, the others modulo the number of biased positions its
    position, the whole its identity.
    """
    hashed = hashlib.blake2b(number.to_bytes(6, "big"), key=key, digest_size=8)
    return int.from_bytes(hashed.digest(), "big")


def slot_hashes(keys: NDArray[np.void], numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """`slot_hash` of many slots: keys (n,) of `CELL_KEY`, numbers (n,), result (n,) uint64."""
    pairs = zip(keys["key"].tolist(), numbers.tolist(), strict=True)
    return np.array([slot_hash(key, number) for key, number in pairs], np.uint64)

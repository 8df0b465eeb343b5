"""The keyed side of a cell: where its chips stand in the codeword, and their masks. SPEC 5.3."""

from __future__ import annotations

import hashlib
from struct import Struct

PRIME = (1 << 61) - 1
LANES = 18
CHIPS = 3 * LANES  # three chips a lane

_LAYOUT = Struct(">QIQ12xQQ").unpack_from

CellKey = tuple[int, int, int, int, int]
"""What the subkey and an anchor fix: anchor id (64 bits); start (32 bits), the uniform position
of lane 0 modulo their number; masks (the highest 54 of 64 bits, lane 0 first); a and b (64 bits
each), the line on which the visible slots of the cell lie."""


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

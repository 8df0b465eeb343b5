"""The keyed lattice that tones stand on. SPEC 15.1.

An endless square lattice that repeats every 64 cells. Each cell is a little lighter or darker than
the host was, and the key says what that means: a bit of the codeword; a sign that gives the pose
(*sync*); or a sign that nobody searches with (*check*), so that its agreement is a test.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tracemark.profiles import CURRENT, Profile

Use = Literal["picture", "tile"]

PERIOD = 64  # cells after which the lattice repeats, both ways
_TAG = 0x544F_4E45  # "TONE": keeps these slots apart from those of other carriers
_USES: tuple[Use, ...] = ("picture", "tile")

Signs = NDArray[np.float32]


class Lattice:
    """What the key says about every cell of one period. SPEC 15.1.

    Who is given a tile holds its signs in clear. So tiles have a lattice of their own: what it
    tells says nothing about pictures.

    Parameters
    ----------
    key : bytes
        The tone carrier's own subkey.
    use : str
        ``picture`` or ``tile``.
    profile : Profile
        Of the codeword; tones use its uniform positions.

    Attributes
    ----------
    code, sync, check : (64, 64) bool
        By row and column: what a cell is for. A half, a quarter, a quarter of them.
    masks : (64, 64) uint8
        0 or 1, added to the codeword's bit; of the other cells, what they show.
    positions : (64, 64) int64
        Position of the codeword.
    """

    def __init__(self, key: bytes, use: Use, profile: Profile = CURRENT) -> None:
        self.use = use
        self._key = hashlib.blake2b(use.encode(), digest_size=32, key=key, person=b"tracemark/tone")
        stream = hashlib.shake_256(self._key.digest() + b"cells").digest(4 * PERIOD**2)
        words = np.frombuffer(stream, "<u4").reshape(PERIOD, PERIOD)
        kind = words & 7
        self.code: NDArray[np.bool_] = kind < 4
        self.sync: NDArray[np.bool_] = (kind == 4) | (kind == 5)
        self.check: NDArray[np.bool_] = kind > 5
        self.masks: NDArray[np.uint8] = ((words >> 3) & 1).astype(np.uint8)
        uniform = (words >> 16).astype(np.int64) % profile.uniform
        self.positions: NDArray[np.int64] = profile.biased + uniform

    def signs(self, codeword: NDArray[np.uint8]) -> Signs:
        """What every cell shows a recipient: (64, 64), +1 lighter for 1, -1 darker for 0."""
        bits = np.where(self.code, codeword[self.positions], 0) ^ self.masks
        return np.where(bits == 1, 1, -1).astype(np.float32)

    def known(self, cells: NDArray[np.bool_]) -> Signs:
        """The signs of sync or check cells, the same for every recipient; 0 elsewhere."""
        return np.where(cells, 2 * self.masks.astype(np.float32) - 1, 0).astype(np.float32)

    def origin(self, pixels: bytes, cell: float) -> tuple[int, int]:
        """Where a picture lies on the lattice: its pixel (0, 0) is lattice pixel (x, y).

        Depends on the key and the unmarked picture, so that the same picture always gets the same
        mark, and no two pictures show the same pattern at the same place.
        """
        digest = hashlib.blake2b(
            pixels, digest_size=8, key=self._key.digest(), person=b"tone origin"
        ).digest()
        span = int(PERIOD * cell)
        x, y = (int.from_bytes(digest[at : at + 4], "little") % span for at in (0, 4))
        return x, y

    def identities(self) -> NDArray[np.uint64]:
        """Slot identities of all cells for `model.Reading`: (64, 64) uint64."""
        index = np.arange(PERIOD**2, dtype=np.uint64).reshape(PERIOD, PERIOD)
        start = _TAG << 32 | _USES.index(self.use) * PERIOD**2
        return index + np.uint64(start)


@lru_cache(maxsize=8)
def lattice_of(key: bytes, use: Use, profile: Profile = CURRENT) -> Lattice:
    """The lattice of a key, made once."""
    return Lattice(key, use, profile)

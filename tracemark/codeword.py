"""Recipient codewords and their biases. SPEC 4.

Every recipient has one codeword for each epoch: L bits, each drawn with a bias that the epoch's
key fixes. The codeword depends on the key, the epoch and the recipient's id, and on nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tracemark.profiles import Profile

if TYPE_CHECKING:  # a helper is handed subkeys and needs no keys
    from tracemark.keys import EpochKey

Handed: TypeAlias = tuple[int, Profile, bytes, bytes]

_RATE = 168  # bytes that one permutation of SHAKE128 absorbs: the key fills exactly one


class Codebook:
    """The codewords of one epoch.

    Parameters
    ----------
    key : EpochKey
        Root key of the epoch.
    profile : Profile
        Length and biases.

    Attributes
    ----------
    common : (biased,) uint8
        For each biased position the symbol that is the common one there: the pilot's pattern.
    biases : (L,) float64
        P(bit = 1) at each position: rare or 1 - rare where biased, one half where uniform.
    """

    def __init__(self, key: EpochKey, profile: Profile) -> None:
        # SPEC 4.2: which symbol is common at a position is keyed
        pattern = hashlib.shake_128(key.derive("bias", _RATE)).digest(profile.biased // 8)
        self._lay_out(key.epoch, profile, key.derive("codeword", _RATE), pattern)

    def _lay_out(self, epoch: int, profile: Profile, subkey: bytes, pattern: bytes) -> None:
        self.profile = profile
        self.epoch = epoch
        self._subkey = subkey
        self._common = np.frombuffer(pattern, np.uint8)
        self.common: NDArray[np.uint8] = np.unpackbits(self._common)
        self.biases: NDArray[np.float64] = np.concatenate(
            [
                np.where(self.common, 1 - profile.rare, profile.rare),
                np.full(profile.uniform, 0.5),
            ]
        )
        # SPEC 4.1: a keyed sponge; the key fills one block, then the id follows
        self._sponge = hashlib.shake_128(subkey)

    def hand_over(self) -> Handed:
        """What a process of ours needs to draw the same codewords. It is key material."""
        return self.epoch, self.profile, self._subkey, self._common.tobytes()

    @classmethod
    def handed(cls, over: Handed) -> Codebook:
        """The codebook that another process handed over."""
        book = cls.__new__(cls)
        book._lay_out(*over)
        return book

    def pack(self, recipients: Sequence[str]) -> NDArray[np.uint8]:
        """Codewords of many recipients, eight positions to a byte, first position highest.

        Parameters
        ----------
        recipients : sequence of str
            Recipient ids.

        Returns
        -------
        (n, L/8) uint8
        """
        profile, sponge = self.profile, self._sponge
        biased, uniform = profile.biased // 8, profile.uniform // 8
        needed = profile.planes * biased + uniform
        streams = []
        for recipient in recipients:
            stream = sponge.copy()
            stream.update(recipient.encode())
            streams.append(stream.digest(needed))
        planes = np.frombuffer(b"".join(streams), np.uint8).reshape(len(streams), needed)
        packed = np.empty((len(streams), biased + uniform), np.uint8)
        # SPEC 4.3: the rare symbol stands where all planes are 1
        rare = planes[:, :biased].copy()
        for plane in range(1, profile.planes):
            rare &= planes[:, plane * biased : (plane + 1) * biased]
        np.bitwise_xor(rare, self._common, out=packed[:, :biased])
        packed[:, biased:] = planes[:, profile.planes * biased :]
        return packed

    def codeword(self, recipient: str) -> NDArray[np.uint8]:
        """The codeword of one recipient: (L,) uint8 of 0 and 1."""
        return np.unpackbits(self.pack([recipient])[0])


def codeword_of(key: EpochKey, profile: Profile, recipient: str) -> NDArray[np.uint8]:
    """The codeword of one recipient, also where the key holds it as it is: (L,) uint8.

    Raises KeyFault if it is an issuing key that is not for this recipient.
    """
    held = key.held_codeword(profile.name, recipient)
    if held is not None:
        return np.unpackbits(np.frombuffer(held, np.uint8))
    return Codebook(key, profile).codeword(recipient)

"""SipHash-2-4 of one 64-bit word: the pseudo-random function of visible slots. SPEC 5.3.

J.-P. Aumasson, D. J. Bernstein: SipHash: a fast short-input PRF. Indocrypt 2012.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_U64 = NDArray[np.uint64]
_MASK = (1 << 64) - 1
_INITIAL = 0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573
_LENGTH = 8 << 56  # the closing word of a message of eight bytes


def siphash(k0: int, k1: int, word: int) -> int:
    """The hash of one word.

    Parameters
    ----------
    k0, k1 : int
        The two halves of the 16-byte key, each 64 bits, little-endian.
    word : int
        64 bits: the eight bytes of the message, little-endian.

    Returns
    -------
    int
        64 bits.
    """
    a, b, c, d = _INITIAL[0] ^ k0, _INITIAL[1] ^ k1, _INITIAL[2] ^ k0, _INITIAL[3] ^ k1
    for message, rounds, closing in ((word, 2, 0), (_LENGTH, 2, 0), (0, 4, 0xFF)):
        c ^= closing
        d ^= message
        for _ in range(rounds):
            a = a + b & _MASK
            c = c + d & _MASK
            b = (b << 13 & _MASK | b >> 51) ^ a
            d = (d << 16 & _MASK | d >> 48) ^ c
            a = a << 32 & _MASK | a >> 32
            c = c + b & _MASK
            a = a + d & _MASK
            b = (b << 17 & _MASK | b >> 47) ^ c
            d = (d << 21 & _MASK | d >> 43) ^ a
            c = c << 32 & _MASK | c >> 32
        a ^= message
    return a ^ b ^ c ^ d


def siphashes(k0: _U64, k1: _U64, words: _U64) -> _U64:
    """The hashes of many words, each under a key of its own; all (n,) uint64."""
    a, b, c, d = (
        half ^ np.uint64(initial) for initial, half in zip(_INITIAL, (k0, k1) * 2, strict=True)
    )
    messages = (words, np.full_like(words, _LENGTH), np.zeros_like(words))
    for message, rounds, closing in zip(messages, (2, 2, 4), (0, 0, 0xFF), strict=True):
        c ^= np.uint64(closing)
        d ^= message
        for _ in range(rounds):
            a += b
            c += d
            b = _turned(b, 13) ^ a
            d = _turned(d, 16) ^ c
            a = _turned(a, 32)
            c += b
            a += d
            b = _turned(b, 17) ^ c
            d = _turned(d, 21) ^ a
            c = _turned(c, 32)
        a ^= message
    hashes: _U64 = a ^ b ^ c ^ d
    return hashes


def _turned(values: _U64, bits: int) -> _U64:
    return values << np.uint64(bits) | values >> np.uint64(64 - bits)

"""Binding a mark to its waybill number: an eighth of the slots shows chips that need it. SPEC 10.9.

The carrier is handed the number as a 64-bit *word*, its keyed fingerprint; 0 stands for no number.
A mark moved to another waybill keeps naming its recipient, and its bound slots say that it does
not belong there.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tracemark.label.lattice import Lattice
from tracemark.model import Reading

UNBOUND = 0  # the word of a label without a number: its bound slots are turned by nothing
_INDEX = np.uint64(0xFFFF_FFFF)  # the part of a slot's identity that counts within its lattice
_SLOTS = 1 << 17  # of a lattice, at most


def bind(lattice: Lattice, key: bytes, word: int) -> Lattice:
    """The lattice whose masks belong to one waybill.

    Parameters
    ----------
    lattice : Lattice
        Of that key.
    key : bytes
        The label carrier's subkey.
    word : int
        Fingerprint of the waybill number, 0 to 2**64 - 1.
    """
    if word == UNBOUND:
        return lattice
    bound = copy.copy(lattice)
    turns = _turns(key, word, lattice.masks.size)
    bound.masks = lattice.masks ^ turns.reshape(lattice.masks.shape)
    return bound


def split(reading: Reading, key: bytes) -> tuple[Reading, Reading]:
    """The slots of a reading that stand for themselves, and those that need a number."""
    bound = _bound(key)[reading.slots & _INDEX]
    return _some(reading, ~bound), _some(reading, bound)


def unbind(reading: Reading, key: bytes, word: int) -> Reading:
    """Turn the chips of bound slots back, for a mark that was made for this word."""
    turned = _turns(key, word)[reading.slots & _INDEX] == 1
    return replace(reading, chips=np.where(turned, -reading.chips, reading.chips))


def erase(reading: Reading, key: bytes) -> Reading:
    """Erase the chips of bound slots, whose number nobody knows."""
    bound = _bound(key)[reading.slots & _INDEX]
    return replace(reading, chips=np.where(bound, 0.0, reading.chips))


def agreeing(
    reading: Reading, codeword: NDArray[np.uint8], key: bytes, words: Sequence[int]
) -> NDArray[np.int64]:
    """How many bound slots show a codeword, under each word.

    Parameters
    ----------
    reading : Reading
        Bound slots that were read, none erased.
    codeword : (L,) uint8
    key : bytes
        The label carrier's subkey.
    words : sequence of int

    Returns
    -------
    (len(words),) int64
    """
    differ = (reading.chips > 0) != (codeword[reading.positions] == 1)
    index = reading.slots & _INDEX
    reach = int(index.max(initial=np.uint64(0))) + 1
    misses = [
        int(np.count_nonzero(differ ^ (_turns(key, word, reach)[index] == 1))) for word in words
    ]
    return len(reading) - np.array(misses, np.int64)


def _some(reading: Reading, which: NDArray[np.bool_]) -> Reading:
    return Reading(
        reading.carrier, reading.slots[which], reading.positions[which], reading.chips[which]
    )


@lru_cache(maxsize=8)
def _bound(key: bytes) -> NDArray[np.bool_]:
    """Which slots are bound, by index: (2**17,) bool, one in eight."""
    stream = hashlib.shake_256(_subkey(key) + b"which").digest(_SLOTS)
    return np.frombuffer(stream, np.uint8) < 32


def _turns(key: bytes, word: int, count: int = _SLOTS) -> NDArray[np.uint8]:
    """What the masks of the first `count` slots gain under a word: 0 or 1, 0 where not bound."""
    if word == UNBOUND:
        return np.zeros(count, np.uint8)
    stream = hashlib.shake_256(_subkey(key) + word.to_bytes(8, "little")).digest(-(-count // 8))
    return np.unpackbits(np.frombuffer(stream, np.uint8), count=count) & _bound(key)[:count]


def _subkey(key: bytes) -> bytes:
    return hashlib.blake2b(key, digest_size=32, person=b"tracemark/bind").digest()

"""SipHash-2-4: the paper's own vector, another implementation, and arrays like single words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracemark.text.siphash import siphash, siphashes

words = st.integers(0, 2**64 - 1)


def by_the_paper(key: bytes, message: bytes) -> int:
    """SipHash-2-4 of any message, written from the paper's section 2 over numbers modulo 2^64."""

    def turn(value: int, bits: int) -> int:
        text = f"{value:064b}"
        return int(text[bits:] + text[:bits], 2)

    def mix(v: list[int]) -> list[int]:
        v[0] = (v[0] + v[1]) % 2**64
        v[1] = turn(v[1], 13) ^ v[0]
        v[0] = turn(v[0], 32)
        v[2] = (v[2] + v[3]) % 2**64
        v[3] = turn(v[3], 16) ^ v[2]
        v[0] = (v[0] + v[3]) % 2**64
        v[3] = turn(v[3], 21) ^ v[0]
        v[2] = (v[2] + v[1]) % 2**64
        v[1] = turn(v[1], 17) ^ v[2]
        v[2] = turn(v[2], 32)
        return v

    k0, k1 = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    names = b"somepseudorandomlygeneratedbytes"
    v = [int.from_bytes(names[i : i + 8], "big") ^ (k0, k1)[i // 8 % 2] for i in range(0, 32, 8)]
    padded = message + bytes(7 - len(message) % 8) + bytes([len(message) % 256])
    for i in range(0, len(padded), 8):
        word = int.from_bytes(padded[i : i + 8], "little")
        v[3] ^= word
        v = mix(mix(v))
        v[0] ^= word
    v[2] ^= 0xFF
    v = mix(mix(mix(mix(v))))
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def test_the_paper() -> None:
    """The example of the paper's appendix A, which holds the other implementation to it."""
    assert by_the_paper(bytes(range(16)), bytes(range(15))) == 0xA129CA6149BE45E5


@pytest.mark.parametrize("word", [0, 1, 255, 2**63, 2**64 - 1, 0x0706050403020100])
def test_words(word: int) -> None:
    """Single words under the paper's key."""
    key = bytes(range(16))
    halves = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    assert siphash(*halves, word) == by_the_paper(key, word.to_bytes(8, "little"))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.tuples(words, words, words), min_size=1, max_size=20))
def test_arrays(rows: list[tuple[int, int, int]]) -> None:
    """Many words at once hash as one by one, each under its own key, and nothing is changed."""
    k0, k1, word = (np.array(column, np.uint64) for column in zip(*rows, strict=True))
    before = k0.copy(), k1.copy(), word.copy()
    assert siphashes(k0, k1, word).tolist() == [siphash(*row) for row in rows]
    assert all(np.array_equal(a, b) for a, b in zip(before, (k0, k1, word), strict=True))
    for a, b, c in rows[:3]:
        key = a.to_bytes(8, "little") + b.to_bytes(8, "little")
        assert siphash(a, b, c) == by_the_paper(key, c.to_bytes(8, "little"))

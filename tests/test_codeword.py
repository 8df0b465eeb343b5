import hashlib
import re
from pathlib import Path

import numpy as np

from tracemark.codeword import Codebook
from tracemark.keys import EpochKey
from tracemark.profiles import CURRENT, Profile

KEY = EpochKey(1, bytes(range(32)))


def test_codeword_by_the_letter_of_the_spec():
    """SPEC 4.1 to 4.3, spelled out bit by bit."""
    stream = hashlib.shake_128(KEY.derive("codeword", 168) + b"acct:1042").digest(768)
    common = hashlib.shake_128(KEY.derive("bias", 168)).digest(192)
    planes = stream[:192], stream[192:384], stream[384:576]
    rare = bytes(a & b & c for a, b, c in zip(*planes, strict=True))
    packed = bytes(r ^ c for r, c in zip(rare, common, strict=True)) + stream[576:]
    expected = [byte >> (7 - bit) & 1 for byte in packed for bit in range(8)]
    assert Codebook(KEY, CURRENT).codeword("acct:1042").tolist() == expected


def test_bits_have_their_biases_and_are_uncorrelated():
    """20,000 codewords: every mean within 5 sigma of p_j, neighbours uncorrelated."""
    book = Codebook(KEY, CURRENT)
    bits = np.unpackbits(book.pack([f"acct:{i}" for i in range(20_000)]), axis=1)
    sigma = np.sqrt(book.biases * (1 - book.biases) / len(bits))
    assert np.abs((bits.mean(axis=0) - book.biases) / sigma).max() < 5
    scores = (bits[:, ::16] - book.biases[::16]) / np.sqrt(
        book.biases[::16] * (1 - book.biases[::16])
    )
    correlation = scores.T @ scores / len(scores)
    np.fill_diagonal(correlation, 0)
    assert np.abs(correlation).max() < 5.5 / np.sqrt(len(scores))


def test_codewords_depend_on_key_and_id_only():
    """Another key gives unrelated codewords; the batch they are drawn in does not matter."""
    book, other = Codebook(KEY, CURRENT), Codebook(EpochKey(2, bytes(32)), CURRENT)
    ids = ["a", "b", "义乌北苑站"]
    assert (book.pack(ids)[2] == book.pack(ids[2:])[0]).all()
    agreeing = (book.codeword("a") == other.codeword("a")).mean()
    assert 0.4 < agreeing < 0.6


def test_other_planes():
    """A profile with three planes has rare symbols one time in eight."""
    profile = Profile("test", 256, 64, 3)
    book = Codebook(KEY, profile)
    bits = np.unpackbits(book.pack([str(i) for i in range(4000)]), axis=1)
    rare = (bits[:, :256] != book.common).mean()
    assert abs(rare - 0.125) < 0.002
    assert profile.length == 320 and len(book.biases) == 320


def test_the_worked_example_of_the_spec():
    spec = (Path(__file__).parents[1] / "docs" / "SPEC.md").read_text("utf-8")
    book = Codebook(KEY, CURRENT)
    common, word = np.packbits(book.common), book.pack(["acct:1042"])[0]
    values = [
        KEY.commitment,
        KEY.derive("slots/text").hex(),
        common[:8].tobytes().hex(),
        word[:8].tobytes().hex(),
        word[192:200].tobytes().hex(),
    ]
    [block] = re.findall(r"\*\*Worked example\.\*\*.*?```\n(.*?)^```", spec, re.M | re.S)
    assert [line.split()[-1] for line in block.splitlines()] == values

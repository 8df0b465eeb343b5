"""Dots, sixty-four to a word: what is asked of every dot of a label costs microseconds."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tracemark.masks import Mask

Words: TypeAlias = NDArray[np.uint64]
Index: TypeAlias = NDArray[np.int64]

_WORD = 64


class Packed:
    """A mask of dots.

    Parameters
    ----------
    mask : (H, W) bool

    Attributes
    ----------
    words : (H, ceil(W / 64) + 1) uint64
        Dot x of a line is bit x % 64 of word x // 64. Behind each line are 64 dots of nothing or
        more, so that the lines may be shifted as one.
    height, width : int
    """

    def __init__(self, mask: Mask) -> None:
        self.height, self.width = mask.shape
        self.words = _words(mask)

    def line(self, dots: Index | slice = slice(None)) -> Words:
        """One line with these dots set: (ceil(W / 64) + 1,) uint64."""
        mask = np.zeros((1, self.width), bool)
        mask[0, dots] = True
        return np.asarray(_words(mask)[0])


def _words(mask: Mask) -> Words:
    height, width = mask.shape
    words = np.zeros((height, -(-width // _WORD) + 1), "<u8")
    bits = np.packbits(mask, axis=1, bitorder="little")
    words.view(np.uint8)[:, : bits.shape[1]] = bits
    return words


def beside(words: Words, step: int) -> Words:
    """At each dot the one `step` to its right, or to its left if below 0; |step| < 64."""
    flat = words.reshape(-1)
    if step > 0:
        out = flat >> np.uint64(step)
        out[:-1] |= flat[1:] << np.uint64(_WORD - step)
    elif step < 0:
        out = flat << np.uint64(-step)
        out[1:] |= flat[:-1] >> np.uint64(_WORD + step)
    else:
        return words
    return out.reshape(words.shape)


def below(words: Words, step: int) -> Words:
    """At each dot the one `step` lines below, or above if below 0; nothing beyond the label."""
    if not step:
        return words
    out = np.zeros_like(words)
    if step > 0:
        out[:-step] = words[step:]
    else:
        out[-step:] = words[:step]
    return out


def runs(words: Words, count: int, join: np.ufunc) -> Words:
    """Each dot joined, by `bitwise_and` or `bitwise_or`, with the `count` - 1 to its right."""
    held = 1
    while held < count:
        step = min(held, count - held)
        words = join(words, beside(words, step))
        held += step
    return words


def octets(words: Words) -> NDArray[np.uint8]:
    """The same eight dots to a byte, the first lowest, whatever the machine's order of bytes."""
    return np.asarray(words.astype("<u8", copy=False).view(np.uint8))


def places(words: Words) -> tuple[Index, Index]:
    """Rows and columns of the dots, line by line."""
    flat = words.reshape(-1)
    (held,) = (flat != 0).nonzero()  # numpy looks for what is True many times faster
    (dots,) = np.unpackbits(octets(flat[held]), bitorder="little").view(np.bool_).nonzero()
    cells = held[dots // _WORD]
    rows = cells // words.shape[1]
    return rows, (cells - rows * words.shape[1]) * _WORD + dots % _WORD

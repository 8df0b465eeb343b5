"""Where a label's barcodes and 2-D codes are, found in the picture itself. SPEC 10.4.

The picture is divided into squares of about 2 mm. Bars change between black and white often along
one axis and hardly ever along the other; 2-D codes change often both ways and are about half black
over an area that text never fills. Whatever else looks like a code is left alone as well: it costs
a few slots.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import add, and_, or_
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracemark.label.packed import Packed, Words, beside, octets
from tracemark.masks import Mask

Counts = NDArray[np.int32]


def keep_out(ink: Packed, square: int) -> Mask:
    """Squares that belong to a code or its quiet zone.

    Parameters
    ----------
    ink : Packed
        (H, W) dots.
    square : int
        Side of a square in dots, a multiple of 8.

    Returns
    -------
    (ceil(H / square), ceil(W / square)) bool
    """
    counts = _changes(ink, square)
    upright, lying = _bars(counts, square), _bars(counts[[1, 0, 2]].transpose(0, 2, 1), square).T
    return _grow(upright, 1, 3) | _grow(lying, 3, 1) | _grow(_matrix(counts, square), 3, 3)


def squares_of(dots: Mask, square: int) -> Mask:
    """Squares that hold any of these dots; parameters and result are those of `keep_out`."""
    height, width = (-(-side // square) for side in dots.shape)
    page = np.zeros((height * square, width * square), bool)
    page[: dots.shape[0], : dots.shape[1]] = dots
    return np.asarray(page.reshape(height, square, width, square).any((1, 3)))


def _bars(counts: Counts, square: int) -> Mask:
    """Squares of a barcode whose bars stand upright, the first changes being along its lines."""
    runs, other, ink = _box(counts, 0, 1)
    dark = 20 * ink > 3 * 3 * square * square  # 15 %: a ruled table has less
    bars = dark & (runs >= 4 * square) & (10 * other <= runs) & (2 * counts[0] >= square)
    joined = _shrink(_grow(bars, 0, 2), 0, 2)  # wide bars and gaps between bars of one code
    return _grow(_shrink(joined, 0, 1), 0, 1)


def _matrix(counts: Counts, square: int) -> Mask:
    """Squares amid a QR, Data Matrix, MaxiCode or stacked code."""
    area = square * square
    right, down, ink = _box(counts, 1, 1)
    right, down, share = right / (9 * square), down / (9 * square), ink / (9 * area)
    filled = _shrink(counts[2] * 10 > area, 1, 1)
    less, more = np.minimum(right, down), np.maximum(right, down)
    even = (less > 1.1) & (more < 1.8 * less)
    stacked = (more > 2.5) & (less > 0.3)
    return _open(filled & even & (share > 0.3) & (share < 0.68)) | _open(
        filled & stacked & (share > 0.35) & (share < 0.65)
    )


_PAIRS, _FOURS, _EIGHTS = (np.uint64(int(8 * byte, 16)) for byte in ("55", "33", "0f"))


def _changes(ink: Packed, square: int) -> Counts:
    """In each square: changes along its lines, changes down its columns, and ink: (3, H, W)."""
    height, width = -(-ink.height // square), -(-ink.width // square)
    page = np.zeros((height * square, max(ink.words.shape[1], -(-width * square // 64))), "<u8")
    page[: ink.height, : ink.words.shape[1]] = ink.words
    across, down = page ^ beside(page, -1), page.copy()
    down[1:] ^= page[:-1]
    # the label's left and upper edge are no change
    across[:, 0] &= ~np.uint64(1)
    down[0] = 0

    def count(changes: Words) -> Counts:
        held = _ones(changes)[:, : width * square // 8].reshape(height, square, -1)
        lines = held.sum(1, dtype=np.uint8 if square < 32 else np.uint16).astype(np.int32)
        return reduce(add, (lines[:, byte :: square // 8] for byte in range(square // 8)))

    return np.stack([count(across), count(down), count(page)])


def _ones(words: Words) -> NDArray[np.uint8]:
    """How many dots each eight hold: (H, 8 words) uint8."""
    pairs = words - ((words >> np.uint64(1)) & _PAIRS)
    fours = (pairs & _FOURS) + ((pairs >> np.uint64(2)) & _FOURS)
    return octets((fours + (fours >> np.uint64(4))) & _EIGHTS)


def _box(counts: Counts, rows: int, columns: int) -> Counts:
    """Sum over 2 rows + 1 by 2 columns + 1 squares about each square of every field."""
    return _about(counts, rows, columns, add)


def _grow(mask: Mask, rows: int, columns: int) -> Mask:
    return _about(mask, rows, columns, or_)


def _shrink(mask: Mask, rows: int, columns: int) -> Mask:
    return _about(mask, rows, columns, and_)


def _about(
    field: NDArray[Any], rows: int, columns: int, join: Callable[..., NDArray[Any]]
) -> NDArray[Any]:
    """The squares about each square of a (..., H, W) field joined; beyond the label they are 0."""
    height, width = field.shape[-2:]
    page = np.zeros((*field.shape[:-2], height + 2 * rows, width + 2 * columns), field.dtype)
    page[..., rows : rows + height, columns : columns + width] = field
    lines = reduce(join, (page[..., row : row + height, :] for row in range(2 * rows + 1)))
    return reduce(join, (lines[..., column : column + width] for column in range(2 * columns + 1)))


def _open(mask: Mask) -> Mask:
    """Keep what is at least two squares wide and high."""
    core = mask[1:, 1:] & mask[:-1, 1:] & mask[1:, :-1] & mask[:-1, :-1]
    kept = np.zeros_like(mask)
    kept[1:, 1:] |= core
    kept[:-1, 1:] |= core
    kept[1:, :-1] |= core
    kept[:-1, :-1] |= core
    return kept

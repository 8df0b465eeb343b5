"""Where a label's barcodes and 2-D codes are, found in the picture itself. SPEC 10.4.

The picture is divided into squares of about 2 mm. Bars change between black and white often along
one axis and hardly ever along the other; 2-D codes change often both ways and are about half black
over an area that text never fills. Whatever else looks like a code is left alone as well: it costs
a few slots.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Counts = NDArray[np.int32]


def keep_out(black: NDArray[np.bool_], square: int) -> Mask:
    """Squares that belong to a code or its quiet zone.

    Parameters
    ----------
    black : (H, W) bool
    square : int
        Side of a square in dots.

    Returns
    -------
    (ceil(H / square), ceil(W / square)) bool
    """
    x, y, ink = _changes(black, square)
    upright, lying = _bars(x, y, ink, square), _bars(y.T, x.T, ink.T, square).T
    return _grow(upright, 1, 3) | _grow(lying, 3, 1) | _grow(_matrix(x, y, ink, square), 3, 3)


def squares_of(dots: Mask, square: int) -> Mask:
    """Squares that hold any of these dots; parameters and result are those of `keep_out`."""
    height, width = (-(-side // square) for side in dots.shape)
    page = np.zeros((height * square, width * square), bool)
    page[: dots.shape[0], : dots.shape[1]] = dots
    return np.asarray(page.reshape(height, square, width, square).any((1, 3)))


def _bars(along: Counts, other: Counts, ink: Counts, square: int) -> Mask:
    """Squares of a barcode whose bars stand upright, given the changes along its scan line."""
    runs = _box(along, 0, 1)
    dark = 20 * _box(ink, 0, 1) > 3 * 3 * square * square  # 15 %: a ruled table has less
    bars = dark & (runs >= 4 * square) & (10 * _box(other, 0, 1) <= runs) & (2 * along >= square)
    joined = _shrink(_grow(bars, 0, 2), 0, 2)  # wide bars and gaps between bars of one code
    return _grow(_shrink(joined, 0, 1), 0, 1)


def _matrix(x: Counts, y: Counts, ink: Counts, square: int) -> Mask:
    """Squares amid a QR, Data Matrix, MaxiCode or stacked code."""
    area = square * square
    share = _box(ink, 1, 1) / (9 * area)
    right, down = _box(x, 1, 1) / (9 * square), _box(y, 1, 1) / (9 * square)
    filled = _shrink(ink * 10 > area, 1, 1)
    less, more = np.minimum(right, down), np.maximum(right, down)
    even = (less > 1.1) & (more < 1.8 * less)
    stacked = (more > 2.5) & (less > 0.3)
    return _open(filled & even & (share > 0.3) & (share < 0.68)) | _open(
        filled & stacked & (share > 0.35) & (share < 0.65)
    )


_ONES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(1, dtype=np.uint8)


def _changes(black: Mask, square: int) -> tuple[Counts, Counts, Counts]:
    """In each square: changes along its lines, changes down its columns, and ink, in dots.

    Eight dots are looked at in one byte; a square is a whole number of bytes wide.
    """
    height, width = (-(-side // square) for side in black.shape)
    page = np.zeros((height * square, width * square // 8), np.uint8)
    part = np.packbits(black, axis=1)
    page[: black.shape[0], : part.shape[1]] = part
    before = page >> 1
    before[:, 1:] |= page[:, :-1] << 7
    across, down = page ^ before, page.copy()
    down[1:] ^= page[:-1]
    # the label's left and upper edge are no change
    across[:, 0] &= 0x7F
    down[0] = 0

    def count(changes: NDArray[np.uint8]) -> Counts:
        lines = _ONES[changes].reshape(height, square, -1).sum(1, dtype=np.uint16)
        return np.asarray(lines.reshape(height, width, -1).sum(2, dtype=np.int32))

    return count(across), count(down), count(page)


def _box(counts: Counts, rows: int, columns: int) -> Counts:
    """Sum over 2 rows + 1 by 2 columns + 1 squares about each square."""
    tall, wide = 2 * rows + 1, 2 * columns + 1
    height, width = counts.shape
    total = np.zeros((height + tall, width + wide), np.int32)
    total[rows + 1 : rows + 1 + height, columns + 1 : columns + 1 + width] = counts
    if rows:
        np.cumsum(total, 0, out=total)
    else:
        total = total[1:]
    if columns:
        np.cumsum(total, 1, out=total)
    else:
        total = total[:, 1:]
    if not rows:
        return np.asarray(total[:, wide:] - total[:, :-wide]) if columns else total
    if not columns:
        return np.asarray(total[tall:] - total[:-tall])
    return np.asarray(
        total[tall:, wide:] - total[:-tall, wide:] - total[tall:, :-wide] + total[:-tall, :-wide]
    )


def _grow(mask: Mask, rows: int, columns: int) -> Mask:
    return np.asarray(_box(mask.astype(np.int32), rows, columns) > 0)


def _shrink(mask: Mask, rows: int, columns: int) -> Mask:
    full = (2 * rows + 1) * (2 * columns + 1)
    return np.asarray(_box(mask.astype(np.int32), rows, columns) == full)


def _open(mask: Mask) -> Mask:
    """Keep what is at least two squares wide and high."""
    core = mask[1:, 1:] & mask[:-1, 1:] & mask[1:, :-1] & mask[:-1, :-1]
    kept = np.zeros_like(mask)
    kept[1:, 1:] |= core
    kept[:-1, 1:] |= core
    kept[1:, :-1] |= core
    kept[:-1, :-1] |= core
    return kept

"""Free dots in the file that was marked, dot for dot. SPEC 10.10.

Eight dots are looked at in one byte, so that a label without any is passed in a millisecond.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracemark.label.lattice import Geometry

Mask = NDArray[np.bool_]
Index = NDArray[np.int64]
Packed = NDArray[np.uint8]

_ALONE = 3  # dots of white about a free dot; most of a label's own specks have less


def find_specks(black: Mask, geometry: Geometry) -> tuple[Index, Index]:
    """Columns and rows where lone specks of a free dot's shape begin, upright or a quarter turned.

    Parameters
    ----------
    black : (H, W) bool
    geometry : Geometry
    """
    height, width = black.shape
    bits = np.zeros((height + 2 * _ALONE, -(-width // 8) + 2), np.uint8)
    bits[_ALONE:-_ALONE, 1:-1] = np.packbits(black, axis=1)
    found = [_lone(bits, *shape) for shape in {(geometry.tall, 2), (2, geometry.tall)}]
    rows, columns = (np.concatenate(part) for part in zip(*found, strict=True))
    return columns - 8, rows - _ALONE


def _lone(bits: Packed, height: int, width: int) -> tuple[Index, Index]:
    """Rows and columns where specks begin with `_ALONE` dots of white all around."""
    count = len(bits) - 2 * _ALONE - height + 1
    lines = [bits[line : line + count] for line in range(2 * _ALONE + height)]
    inked = lines[_ALONE : _ALONE + height]
    speck = inked[0].copy()
    for line in inked[1:]:
        speck &= line
    around = np.zeros_like(speck)
    for line in (*lines[:_ALONE], *lines[_ALONE + height :]):
        around |= line
    ours = around.copy()
    for line in inked:
        ours |= line
    full = speck.copy()
    for step in range(1, width):
        full &= _ahead(speck, step)
    for step in range(width):
        full &= ~_ahead(around, step)
    for step in range(1, _ALONE + 1):
        full &= ~(_ahead(ours, width - 1 + step) | _behind(ours, step))
    rows, columns = np.divmod(np.flatnonzero(full != 0), full.shape[1])
    hits = np.unpackbits(full[rows, columns][:, None], axis=1)
    which, bit = np.nonzero(hits)
    return rows[which] + _ALONE, columns[which] * 8 + bit


def _ahead(bits: Packed, step: int) -> Packed:
    """At each dot the one `step` (1 to 7) to its right; 0 is itself."""
    out = bits << np.uint8(step)
    if step:
        out[:, :-1] |= bits[:, 1:] >> np.uint8(8 - step)
    return out


def _behind(bits: Packed, step: int) -> Packed:
    """At each dot the one `step` (1 to 7) to its left."""
    out = bits >> np.uint8(step)
    out[:, 1:] |= bits[:, :-1] << np.uint8(8 - step)
    return out

"""Free dots in the file that was marked, dot for dot. SPEC 10.10."""

from __future__ import annotations

from functools import reduce
from operator import and_, or_

import numpy as np

from tracemark.label.lattice import Geometry
from tracemark.label.packed import Index, Packed, Words, beside, places, runs

_ALONE = 3  # dots of white about a free dot; most of a label's own specks have less


def find_specks(ink: Packed, geometry: Geometry) -> tuple[Index, Index]:
    """Columns and rows where lone specks of a free dot's shape begin, upright or a quarter turned.

    Parameters
    ----------
    ink : Packed
    geometry : Geometry
    """
    page = np.zeros((ink.height + 2 * _ALONE, ink.words.shape[1]), np.uint64)
    page[_ALONE : _ALONE + ink.height] = ink.words
    found = [_lone(page, *shape) for shape in {(geometry.tall, 2), (2, geometry.tall)}]
    rows, columns = (np.concatenate(part) for part in zip(*found, strict=True))
    return columns, rows


def _lone(page: Words, height: int, width: int) -> tuple[Index, Index]:
    """Rows and columns where specks begin with `_ALONE` dots of white all around."""
    count = max(0, len(page) - 2 * _ALONE - height + 1)
    lines = [page[line : line + count] for line in range(2 * _ALONE + height)]
    inked = lines[_ALONE : _ALONE + height]
    around = reduce(or_, [*lines[:_ALONE], *lines[_ALONE + height :]])
    ours = runs(reduce(or_, [around, *inked]), _ALONE, np.bitwise_or)
    full = runs(reduce(and_, inked), width, np.bitwise_and)
    full &= ~runs(around, width, np.bitwise_or)
    full &= ~(beside(ours, width) | beside(ours, -_ALONE))
    return places(full)

"""Where on a larger page its label is. SPEC 10.12.

A sheet of A4 holds a label in a corner and white, or words, beside it; whoever cuts the label out,
or photographs it, takes it alone. A label is what hangs together with barcodes and 2-D codes.
"""

from __future__ import annotations

import numpy as np

from tracemark.label.codes import keep_out, squares_of
from tracemark.label.packed import Packed
from tracemark.masks import Mask, grown

Area = tuple[slice, slice]  # rows and columns

LARGEST = 150.0  # mm, the short side of a page that is a label
_SMALLEST = 50.0  # mm, both sides of a label's area
_SQUARE = 2.0  # mm
_GAPS = range(4, 9)  # squares by which what belongs together may be apart
_RIM = 0.75  # mm of paper around
_CODE = 12  # squares of a code, with its quiet zone
_MILLIMETRES = 25.4


def label_area(black: Mask, dpi: float) -> Area:
    """The part of a page in which to mark.

    Parameters
    ----------
    black : (H, W) bool
        Ink of the page.
    dpi : float

    Returns
    -------
    (slice, slice)
        Rows and columns: all of them if the page is no larger than a label, or shows no code that
        hangs together with as much as a label has.
    """
    whole = slice(0, black.shape[0]), slice(0, black.shape[1])
    dots = dpi / _MILLIMETRES  # to the millimetre
    if min(black.shape) <= LARGEST * dots:
        return whole
    square = 8 * max(1, round(_SQUARE * dots / 8))
    inked = squares_of(black, square)
    codes = keep_out(Packed(black), square) & inked
    if np.count_nonzero(codes) < _CODE:
        return whole
    for gap in _GAPS:
        top, bottom, left, right = _about(inked, codes, gap)
        if min(bottom - top, right - left) * square >= _SMALLEST * dots:
            break
    else:
        return whole  # a letter with a code on it
    # as far as its ink goes, and room for nubs on a frame but not for dots beside it
    reach = slice(top * square, bottom * square), slice(left * square, right * square)
    inner, rim = _bounds(black[reach]), round(_RIM * dots)
    top, left = reach[0].start + inner[0], reach[1].start + inner[2]
    bottom, right = reach[0].start + inner[1], reach[1].start + inner[3]
    return (
        slice(max(top - rim, 0), min(bottom + rim, black.shape[0])),
        slice(max(left - rim, 0), min(right + rim, black.shape[1])),
    )


def _about(inked: Mask, codes: Mask, gap: int) -> tuple[int, int, int, int]:
    """The rectangle of all ink that hangs together with codes: top, bottom, left, right."""
    reached = codes.copy()
    while True:
        top, bottom, left, right = _bounds(reached)
        reached[top:bottom, left:right] = True
        wider = reached | (grown(reached, gap) & inked)
        if (wider == reached).all():
            return top, bottom, left, right
        reached = wider


def _bounds(mask: Mask) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1

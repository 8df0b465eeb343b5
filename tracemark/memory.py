"""Keeping freed arrays for the next ones, where the C library lets us."""

from __future__ import annotations

import numpy as np

_LARGEST = 31 << 20  # bytes; glibc learns from no block larger than 32 MB


def keep_freed() -> None:
    """Have the C library keep what arrays of up to 31 MB free.

    glibc fetches large blocks from the system page by page and gives them back at once, a quarter
    of the time that a label takes; but it goes by the largest such block that was freed so far.
    One that is never touched costs a few microseconds. Elsewhere this does nothing.
    """
    np.empty(_LARGEST, np.uint8)

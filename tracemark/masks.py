"""Sets of dots."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def grown(mask: Mask, by: int) -> Mask:
    """The dots of a mask, (H, W), and all within so many steps, straight along rows or columns."""
    out = mask.copy()
    for _ in range(by):
        wider = out.copy()
        wider[1:] |= out[:-1]
        wider[:-1] |= out[1:]
        wider[:, 1:] |= out[:, :-1]
        wider[:, :-1] |= out[:, 1:]
        out = wider
    return out

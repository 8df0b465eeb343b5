"""How a label may stand in a picture that shows little of it. SPEC 10.8.

A cut-out holds few edges, and the vanishing points that `upright` makes of them are often chance.
Such a picture is also looked at as if it were square to the camera, turned as its level edges are
or as its plumb ones are; the stand whose combs are clearest is kept. No key is needed.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tracemark.darkness import scaled
from tracemark.label.lens import Matrix
from tracemark.label.view import View, best, view_of

_FEW = 500_000  # pixels, at the scale in question, of a picture that holds few edges
_CROOKED = 0.004  # between two stands, in radians or change of scale, that makes a difference


def clear_view(
    picture: NDArray[np.uint8], scale: float, stand: Matrix, bends: NDArray[np.float64]
) -> View:
    """A picture at one scale, standing as `view.standing` has it, or square where few edges say.

    Parameters
    ----------
    picture : (H, W) uint8
    scale : float
    stand, bends
        From `view.standing`.
    """
    gray = scaled(picture, scale)
    views = [view_of(gray, scale, stand, bends)]
    if gray.size <= _FEW:
        views += [view_of(gray, scale, square, bends) for square in squares(stand, picture.shape)]
    return max(views, key=lambda view: math.hypot(*(best(axis) for axis in view.combs)))


def squares(stand: Matrix, shape: tuple[int, ...]) -> list[Matrix]:
    """Turns without slant or perspective that keep the level edges level, or the plumb ones plumb.

    None where the stand is such a turn already.
    """
    flat = stand / stand[2, 2]
    level = math.atan2(flat[1, 0], flat[0, 0])
    plumb = math.atan2(-flat[0, 1], flat[1, 1])
    converging = float(np.abs(flat[2, :2]).max()) * max(shape) / 2
    if max(abs(level - plumb), converging) < _CROOKED:
        return []
    return [
        np.array(
            [
                [math.cos(angle), -math.sin(angle), 0],
                [math.sin(angle), math.cos(angle), 0],
                [0, 0, 1.0],
            ]
        )
        for angle in (level, plumb)
    ]

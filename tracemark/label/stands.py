"""How a label may stand in a picture that shows little of it. SPEC 10.8.

A cut-out holds few edges, and the vanishing points that `upright` makes of them are often chance.
Such a picture is also looked at as if it were square to the camera, turned as its level edges are
or as its plumb ones are; the stand whose combs are clearest is kept. No key is needed.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tracemark.darkness import Field
from tracemark.label.lens import Matrix
from tracemark.label.view import View, best, view_of

_FEW = 500_000  # pixels, at the scale in question, of a picture that holds few edges
_OTHER = 0.02  # of half the picture, from which two stands are not the same one
_CROOKED = 0.004  # between two stands, in radians or change of scale, that makes a difference


def clear_view(dark: Field, scale: float, stand: Matrix, bends: NDArray[np.float64]) -> View:
    """A picture at one scale, standing as `view.standing` has it, or square where few edges say.

    Parameters
    ----------
    dark : (H, W) float32
        Its darkness, at `scale` times its own size.
    scale : float
    stand, bends
        From `view.standing`.
    """
    views = [view_of(dark, scale, stand, bends)]
    if dark.size <= _FEW:
        longest = max(dark.shape) / scale
        views += [view_of(dark, scale, one, bends) for one in squares(stand, longest)]
    return max(views, key=lambda view: math.hypot(*(best(axis) for axis in view.combs)))


def crooked(one: Matrix, other: Matrix, longest: int) -> bool:
    """Whether two stands of a picture, so many pixels long, differ by a degree or more."""
    half = longest / 2
    corners = np.array([[-half, -half, 1], [half, -half, 1], [half, half, 1], [-half, half, 1]])
    places = corners @ (np.linalg.inv(other) @ one).T
    away = places[:, :2] / places[:, 2:] - corners[:, :2]
    return bool(np.abs(away).max() > _OTHER * half)


def squares(stand: Matrix, longest: float) -> list[Matrix]:
    """Turns without slant or perspective that keep the level edges level, or the plumb ones plumb.

    None where the stand is such a turn already. `longest` is the picture's longer side in pixels.
    """
    flat = stand / stand[2, 2]
    level = math.atan2(flat[1, 0], flat[0, 0])
    plumb = math.atan2(-flat[0, 1], flat[1, 1])
    converging = float(np.abs(flat[2, :2]).max()) * longest / 2
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

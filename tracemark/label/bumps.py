"""Finding bumps on straight edges: candidates for nubs, before any pose is known. SPEC 10.8."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.darkness import Field
from tracemark.label.lattice import SIDES

Shades = NDArray[np.uint8]
Numbers = NDArray[np.int64]

_REACH = 4  # pixels to each side of a bump that must be a straight edge
_FULL = 200  # shade of full ink, in a picture of bytes
_STEP = 40  # least step in shade of that edge
_FAINTEST = 0.004
_MOST = 5000
_CLEAR = 250


@dataclass(frozen=True, slots=True)
class Bumps:
    """Bumps on the level and plumb edges of an upright picture.

    Attributes
    ----------
    points : (n, 2) float64
        x and y in pixels.
    weights : (n,) float64
        Strength in [0, 1], 1 for a clear one.
    sides : (n,) int64
        Which way the edge faces; see `lattice.SIDES`.
    """

    points: NDArray[np.float64]
    weights: NDArray[np.float64]
    sides: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.sides)

    def weighed(self, nubs: float, dots: float) -> Bumps:
        """Each carrier by how clearly it is seen, in deviations, so that neither drowns the other.

        Sums of weights that are added up for both are then as clear as they can be.
        """
        clear = np.maximum([nubs, dots], 0)
        loose = self.sides >= SIDES
        power = [(self.weights[part] ** 2).sum() for part in (~loose, loose)]
        factor = clear / np.sqrt(np.maximum(power, 1))
        factor /= max(float(factor.max()), 1e-9)
        return Bumps(self.points, self.weights * factor[loose.astype(int)], self.sides)

    def joined(self, other: Bumps) -> Bumps:
        """These and others."""
        return Bumps(
            np.concatenate([self.points, other.points]),
            np.concatenate([self.weights, other.weights]),
            np.concatenate([self.sides, other.sides]),
        )


def find_bumps(dark: Field) -> Bumps:
    """Find bumps one or two dots high and wide, at 1 to 1.7 pixels a dot.

    Parameters
    ----------
    dark : (H, W) float32
        Darkness of an upright picture.
    """
    shade = np.clip(dark * _FULL, 0, 255).astype(np.uint8)
    points, strengths, sides = [], [], []
    views = (shade, shade[::-1], shade.T, shade[:, ::-1].T)
    for side, view in enumerate(views):
        place, strength = _peaks(*_response(np.ascontiguousarray(view)))
        if side in (1, 3):
            place[:, 1] = view.shape[0] - 1 - place[:, 1]
        points.append(place if side < 2 else place[:, ::-1])
        strengths.append(strength)
        sides.append(np.full(len(strength), side))
    strength = np.concatenate(strengths)
    if not len(strength):
        return Bumps(np.empty((0, 2)), strength, np.empty(0, np.int64))
    # nubs are among the strongest: ripples and grain are many and faint
    clear = float(np.sort(strength)[-min(_CLEAR, -(-len(strength) // 3))])
    weights = np.minimum(strength / clear, 1.0) ** 2
    return Bumps(np.concatenate(points), weights, np.concatenate(sides))


def _response(shade: Shades) -> tuple[Field, Numbers, Numbers]:
    """How much darker each pixel is than its neighbours along an edge with white above it.

    Also rows and columns of the pixels where it is anything.
    """
    height, width = shade.shape
    out = np.zeros(shade.shape, np.float32)
    if height < 20 or width < 24:
        return out, np.empty(0, np.int64), np.empty(0, np.int64)

    def lines(step: int) -> Shades:
        return shade[6 + step : height - 6 + step]

    below = np.maximum(np.maximum(lines(1), lines(2)), lines(3))
    above = np.maximum(lines(-3), lines(-4))
    ink, paper = _sliding(below, np.minimum), _sliding(above, np.maximum)
    ink, paper = ink[:, 4:-4], paper[:, 4:-4]
    edge = ink > np.minimum(paper, 255 - _STEP) + np.uint8(_STEP)
    places = np.flatnonzero(edge)
    rows, columns = places // edge.shape[1], places % edge.shape[1]
    step = (ink[rows, columns].astype(np.int16) - paper[rows, columns]) - _STEP
    rows, columns = rows + 6, columns + 8  # in the picture: `_sliding` took four at either end

    def beside(right: int) -> NDArray[np.int16]:
        return np.asarray(shade[rows, columns + right], np.int16)

    core = (beside(-1) + beside(0) + beside(1)) / 3
    flank = np.maximum(beside(-3) + beside(-4), beside(3) + beside(4)) / 2
    rise = np.clip((core - flank) / _FULL, 0, 0.6)
    found = (rise * np.minimum(step / _FULL, 0.5)).astype(np.float32)
    out[rows, columns] = found
    some = found > 0
    return out, rows[some], columns[some]


def _sliding(shade: Shades, pick: Callable[[Shades, Shades], Shades]) -> Shades:
    """Extreme over 2 * _REACH + 1 pixels along each line; the result is that much narrower."""
    two = pick(shade[:, :-1], shade[:, 1:])
    four = pick(two[:, :-2], two[:, 2:])
    eight = pick(four[:, :-4], four[:, 4:])
    return pick(eight[:, :-1], shade[:, 8:])


def _peaks(
    response: Field, rows: Numbers, columns: Numbers
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Local maxima with x to a fraction of a pixel: (n, 2) x and y, and (n,) strengths."""
    smooth = np.zeros_like(response)
    around = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    smooth[rows, columns] = sum(
        response[rows + down, columns + right] * np.float32((2 - abs(down)) * (2 - abs(right)) / 16)
        for down, right in around
    )
    here = smooth[rows, columns]
    top = here > _FAINTEST
    for down, right in around:
        top &= here >= smooth[rows + down, columns + right]
    rows, columns, here = rows[top], columns[top], here[top]
    if len(here) > _MOST:
        strongest = np.sort(np.argsort(-here, kind="stable")[:_MOST])
        rows, columns, here = rows[strongest], columns[strongest], here[strongest]
    before, after = smooth[rows, columns - 1], smooth[rows, columns + 1]
    curve = np.minimum(before - 2 * here + after, -1e-9)
    shift = np.clip(0.5 * (before - after) / curve, -0.6, 0.6)
    points = np.stack([columns + shift, rows], 1).astype(np.float64)
    return points, here.astype(np.float64)

"""A picture made ready for the search: upright, its bumps found and brought into focus.

SPEC 10.8.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracemark.darkness import Field
from tracemark.label.bumps import Bumps, find_bumps
from tracemark.label.combs import Comb, Focus, Spots, find_combs
from tracemark.label.lattice import LEVEL, SIDES
from tracemark.label.lens import Drift, Flat, Lens, Matrix
from tracemark.label.rules import redrawn
from tracemark.label.specks import find_specks
from tracemark.upright import stand_askew, stand_of

CLEAR = 8.0  # strength of a comb that can be relied on
_MOST = 3  # combs of an axis that are kept
_SAME = 0.0005  # between the periods of two carriers' combs that are one
_FEWEST = 12  # bumps that can show a comb
_BENDS: NDArray[np.float64] = np.linspace(-0.036, 0.036, 13)
_ABOUT = (1.4, 3)  # pixels a dot and two dots, at the scales that bumps are sought at
AXES = (False, True)  # along x; along y
_MIRRORED = np.array([0, 1, 3, 2, 4, 5])  # what each kind of bump is in a mirror


@dataclass(frozen=True, slots=True)
class View:
    """A picture at one scale, with its bumps and the combs that they show.

    Attributes
    ----------
    dark : (H, W) float32
    lens : Lens
        From pixels of `dark` to the plane of the bumps.
    bumps : Bumps
        In upright pixels, brought into focus.
    combs : pair of lists of Comb
        Along x and along y.
    converging : bool
        Whether the ratio of the scales is unknown.
    scale : float
        Pixels of `dark` to a pixel of the picture.
    """

    dark: Field
    lens: Lens
    bumps: Bumps
    combs: tuple[list[Comb], list[Comb]]
    converging: bool
    scale: float

    @property
    def clearest(self) -> float:
        """Strength of the strongest comb."""
        return max(best(axis) for axis in self.combs)


def view_of(dark: Field, scale: float, stand: Matrix, bends: NDArray[np.float64]) -> View:
    """Stand a picture upright, find its bumps, focus them, and find their combs.

    Parameters
    ----------
    dark : (H, W) float32
        Darkness, the picture at `scale` times its own size.
    scale : float
    stand, bends
        From `standing`.
    """
    factor = np.diag([scale, scale, 1.0])
    straight, to_dark = _stand_up(dark, factor @ stand @ np.linalg.inv(factor))
    straight = redrawn(straight, *_ABOUT)
    bumps = find_bumps(straight).joined(find_specks(straight, scale))
    start = Lens((Flat(np.asarray(np.linalg.inv(to_dark), np.float64)),))
    middle = np.array(straight.shape[::-1]) / 2
    tried = [_clearest(start, bumps, swap, middle, bends) for swap in AXES]
    # look along the clearer axis first; along the other one only if it is clear as well
    first = tried[1].strength > tried[0].strength
    _, lens, moved = tried[int(first)]
    second = _clearest(lens, moved, not first, middle, bends)
    if second.strength >= CLEAR:
        _, lens, moved = second
    combs = (_combs(moved, False), _combs(moved, True))
    converging = bool(bends[-1] >= _BENDS[-1])
    return View(dark, lens, moved, combs, converging, scale)


def mirrored(view: View) -> View:
    """What bumps and combs a view would show in a mirror."""
    points = view.bumps.points * np.array([-1.0, 1.0])
    bumps = Bumps(points, view.bumps.weights, _MIRRORED[view.bumps.sides])
    return replace(view, bumps=bumps, combs=(_combs(bumps, False), _combs(bumps, True)))


def standing(
    picture: NDArray[np.uint8], *, askew: bool = False
) -> tuple[Matrix | None, NDArray[np.float64]]:
    """How a picture stands, as `upright.stand_of` or `stand_askew` has it; and bends to try.

    What shows no perspective is a scan or a screenshot, and bends less.
    """
    stand, converging = stand_askew(picture) if askew else stand_of(picture)
    return stand, _BENDS if converging else _BENDS * (2 / 3)


def _stand_up(dark: Field, stand: Matrix) -> tuple[Field, Matrix]:
    """Resample upright; also the map from upright pixels to pixels of `dark`."""
    height, width = dark.shape
    half = np.array([width / 2 - 0.5, height / 2 - 0.5])
    corners = np.array([[-1.0, -1], [1, -1], [1, 1], [-1, 1]]) * half
    mapped = np.c_[corners, np.ones(4)] @ np.linalg.inv(stand).T
    spread = mapped[:, :2] / mapped[:, 2:]
    limit = 1.6 * max(height, width)
    low = np.maximum(spread.min(0), -limit / 2)
    high = np.minimum(spread.max(0), limit / 2)
    size = np.ceil(high - low).astype(int) + 1
    move = np.array([[1, 0, low[0]], [0, 1, low[1]], [0, 0, 1.0]])
    centre = np.array([[1, 0, half[0]], [0, 1, half[1]], [0, 0, 1.0]])
    to_dark = centre @ stand @ move
    shift = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1.0]])
    full = np.linalg.inv(shift) @ to_dark @ shift
    # Pillow samples output pixel k at k + 0.5
    full /= full[2, 2]
    picture = Image.fromarray(dark).transform(
        (int(size[0]), int(size[1])),
        Image.Transform.PERSPECTIVE,
        tuple(full.ravel()[:8]),
        Image.Resampling.BICUBIC,
        fillcolor=0,
    )
    return np.asarray(picture), to_dark


class _Focused(NamedTuple):
    strength: float
    lens: Lens
    bumps: Bumps


def _clearest(
    lens: Lens, bumps: Bumps, swap: bool, middle: NDArray[np.float64], bends: NDArray[np.float64]
) -> _Focused:
    """The bumps focused along one axis, by the carrier that shows the clearer comb there."""
    axes = [1, 0] if swap else [0, 1]
    spots = []
    for chosen in _carriers(bumps, swap)[:2]:
        along, across = (bumps.points[chosen] - middle)[:, axes].T
        spots.append(Spots(along, across, bumps.weights[chosen]))
    if not spots:
        return _Focused(0.0, lens, bumps)
    straight = [one.focus(bends) for one in spots]
    first = int(np.argmax([one.clear for one in straight]))
    for step in _steps(spots[first].bowed(straight[first]), swap, middle):
        lens, bumps = lens.then(step), _through(step, bumps)
    return _Focused(best(_combs(bumps, swap)), lens, bumps)


def _carriers(bumps: Bumps, swap: bool) -> list[NDArray[np.bool_]]:
    """Of the bumps that stand along one axis: nubs, free dots and both, where they are enough."""
    along = LEVEL[bumps.sides] != swap
    sets = [along & (bumps.sides < SIDES), along & (bumps.sides >= SIDES), along]
    return [chosen for chosen in sets if np.count_nonzero(chosen) >= _FEWEST]


def _steps(found: Focus, swap: bool, middle: NDArray[np.float64]) -> list[Flat | Drift]:
    """The maps that bring a comb into focus."""
    change = np.array([[1, -found.shear, 0], [0, 1, 0], [0, found.bend, 1]])
    if swap:
        change = change[[1, 0, 2]][:, [1, 0, 2]]
    shift = np.array([[1, 0, middle[0]], [0, 1, middle[1]], [0, 0, 1]])
    steps: list[Flat | Drift] = [Flat(shift @ change @ np.linalg.inv(shift))]
    if found.bow_along or found.bow_across:
        terms = np.zeros((10, 2))
        terms[[5, 3] if swap else [3, 5], int(swap)] = found.bow_along, found.bow_across
        steps.append(Drift(middle, 1.0, terms))
    return steps


def _through(step: Flat | Drift, bumps: Bumps) -> Bumps:
    return Bumps(step.forward(bumps.points), bumps.weights, bumps.sides)


def _combs(bumps: Bumps, swap: bool) -> list[Comb]:
    """The combs along x, or along y if `swap`, of either carrier or both; each once."""
    found = [
        comb
        for chosen in _carriers(bumps, swap)
        for comb in find_combs(bumps.points[chosen][:, int(swap)], bumps.weights[chosen], _MOST)
    ]
    kept: list[Comb] = []
    for comb in sorted(found, key=lambda comb: -comb.strength):
        if all(abs(comb.period / one.period - 1) > _SAME for one in kept):
            kept.append(comb)
    return kept[:_MOST]


def best(combs: list[Comb]) -> float:
    """Strength of the strongest comb."""
    return combs[0].strength if combs else 0.0

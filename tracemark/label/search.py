"""Which poses are worth settling: the combs of a view laid on the keyed map. SPEC 10.8."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracemark.label.combs import Comb
from tracemark.label.pose import MapSearch, Pose
from tracemark.label.view import AXES, CLEAR, View

_COMBS = 3  # of a view that are laid on the map
_MOST = 3  # poses of a view that are settled at most
_WEAK = 5.0  # strength of a comb that is not worth a search of its own
_PLAIN = 9.0  # strength of a pose at which no other comb is tried
_RIVAL = 0.75  # of the best pose's strength, from which another is settled as well


class Found(NamedTuple):
    """What laying one view on the map gave.

    Attributes
    ----------
    view : View
    poses : list of Pose
        Those that agree best, best first.
    tried : float
        How many were tried.
    """

    view: View
    poses: list[Pose]
    tried: float

    @property
    def strength(self) -> float:
        """Of the best pose; 0 where there is none."""
        return self.poses[0].strength if self.poses else 0.0


def poses(view: View, search: MapSearch) -> Found:
    """The poses of a view that agree best with the keyed map."""
    ranked = sorted(
        ((comb, swap) for swap in AXES for comb in view.combs[swap]),
        key=lambda pair: -pair[0].strength,
    )
    found: list[Pose] = []
    tried = 0.0
    for comb, swap in ranked[:_COMBS]:
        if comb.strength < _WEAK and found:
            break
        ratios = _ratios(comb, view.combs[not swap], wide=view.converging)
        found += search.find(view.bumps, comb, ratios, swap=swap)
        tried += len(ratios) * search.shifts
        if max(pose.strength for pose in found) > _PLAIN:
            break
    plainest = sorted(found, key=lambda pose: -pose.strength)[:_MOST]
    rivals = [pose for pose in plainest if pose.strength >= _RIVAL * plainest[0].strength]
    return Found(view, rivals, tried)


def _ratios(comb: Comb, others: list[Comb], *, wide: bool) -> NDArray[np.float64]:
    """Ratios of scales to try: those of the other axis' combs, and a range about one."""
    found = [
        other.period / comb.period * near
        for other in others
        if other.strength > _WEAK
        for near in (0.997, 1.0, 1.003)
    ]
    count = 19 if wide else 3
    around = np.exp(np.arange(-count, count + 1) * 0.009)
    inside = [ratio for ratio in found if 0.7 < ratio < 1.43]
    strong = wide and any(other.strength > CLEAR for other in others) and len(inside) > 0
    return np.array(inside if strong else [*inside, *around])

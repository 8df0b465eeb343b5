"""Reading a picture of a label, blind. SPEC 10.8."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from tracemark.label.chips import chips, dots, extent, gather, pilot, rectify
from tracemark.label.fit import settle
from tracemark.label.lattice import Lattice, lattice_of
from tracemark.label.lens import Lens
from tracemark.label.pose import Comb, MapSearch, Pose
from tracemark.label.raster import luminance
from tracemark.label.view import AXES, CLEAR, View, scaled, standing, view_of
from tracemark.model import Reading

LOCKED = 6.5  # deviations of the pilot under which a pose is not believed
SURE = 9.0  # deviations at which no other pose is tried
_WEAK = 5.0  # strength of a comb that is not worth a search of its own
_LEVELS = ((1600, 2400), (1066, 711), (475, 317, 3600))  # pixels along the longer side, in turn


@dataclass(frozen=True, slots=True)
class LabelReading:
    """What one picture shows.

    Attributes
    ----------
    readings : list of Reading
        Empty where no pose was found.
    pilot : float
        Strength of the pilot in standard deviations: is this ours, and is the pose right? No
        codeword was seen.
    comb : float
        Strength of the strongest comb of bumps, whoever's: above about 15 some label's nubs are
        in the picture, even where this key's map does not fit them.
    why : str
        Empty if read; else what stood in the way.
    trail : list of str
        What was tried, for reports.
    """

    readings: list[Reading] = field(default_factory=list)
    pilot: float = 0.0
    comb: float = 0.0
    why: str = ""
    trail: list[str] = field(default_factory=list)


def read(image: Image.Image, key: bytes) -> LabelReading:
    """Read the marks in a picture of a label: a file, a scan, a screenshot or a photo.

    Parameters
    ----------
    image : PIL image
        Of any mode; its EXIF orientation is obeyed.
    key : bytes
        The label carrier's subkey.

    Returns
    -------
    LabelReading
    """
    lattice = lattice_of(key)
    search = _search_of(key)
    picture = luminance(ImageOps.exif_transpose(image))
    longest = max(picture.shape)
    stand, bends = standing(picture)
    if stand is None:
        return LabelReading(why="too few edges for a label")
    trail: list[str] = []
    best: tuple[float, list[Reading]] = (0.0, [])
    clearest = 0.0
    for levels in _LEVELS:
        views = [
            view_of(scaled(picture, level / longest), level / longest, stand, bends)
            for level in levels
            if 1 / 8 < level / longest < 4
        ]
        for view in sorted(views, key=lambda view: -view.clearest):
            clearest = max(clearest, view.clearest)
            found = _read_view(view, lattice, search, trail)
            if found is not None and found[0] > best[0]:
                best = found
            if best[0] >= SURE:
                break
        if best[0] >= SURE:
            break
    strength, readings = best
    if not readings:
        why = "no comb of nubs found"
    elif strength < LOCKED:
        why = "no pose found at which the nubs fit this key's map"
    else:
        return LabelReading(readings, strength, clearest, "", trail)
    return LabelReading([], strength, clearest, why, trail)


@lru_cache(maxsize=8)
def _search_of(key: bytes) -> MapSearch:
    return MapSearch(lattice_of(key).on)


def _read_view(
    view: View, lattice: Lattice, search: MapSearch, trail: list[str]
) -> tuple[float, list[Reading]] | None:
    """Find the lattice at one scale and read it: (pilot, chips)."""
    name = f"at {max(view.dark.shape)} px"
    pose = _find_pose(view, search)
    if pose is None:
        trail.append(f"{name}: no comb among {len(view.bumps)} bumps")
        return None
    lens, points, nubs = settle(pose.matrix, view.bumps, lattice)
    count = np.count_nonzero(nubs)
    if count < 12:
        trail.append(f"{name}: comb {view.clearest:.1f}, map {pose.strength:.1f}, too few nubs")
        return None
    box = extent(points[nubs], view.bumps.weights[nubs])
    whole = Lens((*view.lens.steps, *lens.steps))
    cells = gather(rectify(view.dark, whole, box), box[0], box[1])
    strength = pilot(cells, lattice)
    trail.append(
        f"{name}: comb {view.clearest:.1f}, map {pose.strength:.1f}, nubs {count}, "
        f"pilot {strength:.1f}"
    )
    return strength, [chips(cells, lattice), dots(cells, lattice)]


def _find_pose(view: View, search: MapSearch) -> Pose | None:
    """The pose that agrees best with the keyed map, over the combs along both axes."""
    ranked = sorted(
        ((comb, swap) for swap in AXES for comb in view.combs[swap]),
        key=lambda pair: -pair[0].strength,
    )
    best: Pose | None = None
    for comb, swap in ranked[:3]:
        if comb.strength < _WEAK and best is not None:
            break
        ratios = _ratios(comb, view.combs[not swap], wide=view.converging)
        pose = search.find(view.bumps, comb, ratios, swap=swap)
        if best is None or pose.strength > best.strength:
            best = pose
        if pose.strength > SURE:
            break
    return best


def _ratios(comb: Comb, others: list[Comb], *, wide: bool) -> NDArray[np.float64]:
    """Ratios of scales to try: those of the other axis' combs, and a range about one."""
    found = [
        other.period / comb.period * near
        for other in others
        if other.strength > _WEAK
        for near in (0.997, 1.0, 1.003)
    ]
    count = 24 if wide else 4
    around = np.exp(np.arange(-count, count + 1) * 0.007)
    inside = [ratio for ratio in found if 0.8 < ratio < 1.25]
    strong = wide and any(other.strength > CLEAR for other in others) and len(inside) > 0
    return np.array(inside if strong else [*inside, *around])

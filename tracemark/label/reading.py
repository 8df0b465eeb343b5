"""Reading a picture of a label, blind. SPEC 10.8."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

from tracemark.label.chips import chips, dots
from tracemark.label.laid import laid
from tracemark.label.lattice import Lattice, lattice_of
from tracemark.label.look import Look, look
from tracemark.label.pose import MapSearch
from tracemark.label.raster import luminance
from tracemark.label.search import poses
from tracemark.label.stands import clear_view
from tracemark.label.view import CLEAR, View, scaled, standing, view_of
from tracemark.model import Reading

LOCKED = 6.5  # deviations of the pilot under which a pose is not believed
SURE = 9.0  # deviations at which no other pose is tried
_NEARLY = 5.0  # deviations from which the mark may well be ours, and the picture at fault
_ENOUGH = 60  # votes' worth of chips under which nobody can be named among a million
_LEVELS = ((1600, 2400), (1066, 711), (475, 317, 3600))  # pixels along the longer side, in turn
_CUT_OUT = 700  # pixels along the longer side of what is likely a part of a label
_LAID = 2  # poses of slots laid on the map that are settled
_LABELS = 8  # that are looked for in one picture
_LONGEST = 8000  # pixels; nothing finer than the finest level is ever looked at

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class LabelReading:
    """What one label in a picture shows.

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
        Empty if read; else what stood in the way, and what would help.
    trail : list of str
        What was tried, for reports.
    places : (n, 2) float32
        x and y, in pixels of the picture as its EXIF orientation shows it, of the cell of each
        slot of the readings, in their order.
    outline : (4, 2) float32 or None
        Corners of the area that was read, in the same pixels; clockwise on the label itself.
    poses : float
        How many poses the pilot is the best of.
    """

    readings: list[Reading] = field(default_factory=list)
    pilot: float = 0.0
    comb: float = 0.0
    why: str = ""
    trail: list[str] = field(default_factory=list)
    places: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 2), np.float32))
    outline: NDArray[np.float32] | None = None
    poses: float = 1.0


@dataclass(slots=True)
class _Search:
    """One key's search over one picture: the best look so far, and what it took."""

    lattice: Lattice
    map: MapSearch
    best: Look | None = None
    comb: float = 0.0
    poses: float = 0.0
    trail: list[str] = field(default_factory=list)

    @property
    def strength(self) -> float:
        """Of the best look's pilot; 0 where there is none."""
        return 0.0 if self.best is None else self.best.strength

    def over(self, view: View) -> None:
        """Try the poses that a view offers."""
        self.comb = max(self.comb, view.clearest)
        name = f"at {max(view.dark.shape)} px, comb {view.clearest:.1f}"
        found, tried = poses(view, self.map)
        self.poses += tried
        tale = "no comb"
        if found:
            seen = look(view, found, self.lattice)
            strength = 0.0 if seen is None else seen.strength
            tale = f"map {found[0].strength:.1f}, pilot {strength:.1f}"
            if strength > self.strength:
                self.best = seen
        if self.strength < SURE:
            found, tried = laid(view, self.lattice, _LAID)
            self.poses += tried
            seen = look(view, found, self.lattice)
            strength = 0.0 if seen is None else seen.strength
            tale += f"; laid {found[0].strength if found else 0.0:.1f}, pilot {strength:.1f}"
            if strength > self.strength:
                self.best = seen
        self.trail.append(f"{name}: {tale}")


def read(image: Image.Image, key: bytes) -> LabelReading:
    """Read the marks of the clearest label in a picture: a file, a scan, a screenshot or a photo.

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
    return next(_labels(image, key))


def read_all(image: Image.Image, key: bytes) -> list[LabelReading]:
    """Read every label in a picture, the one found first first; never empty.

    Parameters and errors are those of `read`. The labels may be of different recipients, so their
    readings are not to be added up without scoring each alone as well.
    """
    return list(_labels(image, key))


def _labels(image: Image.Image, key: bytes) -> Iterator[LabelReading]:
    picture = luminance(ImageOps.exif_transpose(image))
    shrink = min(1.0, _LONGEST / max(picture.shape))
    if shrink < 1:
        picture = scaled(picture, shrink).astype(np.uint8)
    found = _clearest(picture, key)
    yield _reading(found, shrink)
    for number in range(2, _LABELS + 1):
        if found.best is None or found.strength < LOCKED:
            return
        picture, scale = _without(picture, found.best.own(found.lattice)), found.best.scale
        found = _another(picture, key, scale)
        if found.strength < LOCKED:
            return
        found.trail.append(f"label {number} of this picture")
        yield _reading(found, shrink)


def _clearest(picture: Picture, key: bytes) -> _Search:
    """Search all scales, the likely ones first, until one pose is sure."""
    search = _Search(lattice_of(key), _map_of(key))
    stand, bends = standing(picture)
    if stand is None:
        search.trail.append("too few edges for a label")
        return search
    longest = max(picture.shape)
    for levels in _LEVELS if longest > _CUT_OUT else _LEVELS[::-1]:
        scales = [level / longest for level in levels if 1 / 8 < level / longest < 3]
        views = [clear_view(picture, scale, stand, bends) for scale in scales]
        for view in sorted(views, key=lambda view: -view.clearest):
            search.over(view)
            if search.strength >= SURE:
                return search
    return search


def _another(picture: Picture, key: bytes, scale: float) -> _Search:
    """Search for one more label, of about the size of one that has been found."""
    search = _Search(lattice_of(key), _map_of(key))
    stand, bends = standing(picture)
    if stand is not None:
        view = view_of(scaled(picture, scale), scale, stand, bends)
        if view.clearest > CLEAR:
            search.over(view)
    return search


def _without(picture: Picture, found: Look) -> Picture:
    """The picture with a label that was read painted over with its paper."""
    area = Image.new("1", picture.shape[::-1])
    corners = [(float(x), float(y)) for x, y in found.outline()]
    ImageDraw.Draw(area).polygon(corners, fill=1)
    inside = np.asarray(area)
    paper = np.percentile(picture[inside], 80) if inside.any() else 255
    return np.where(inside, np.uint8(paper), picture)


def _reading(search: _Search, shrink: float) -> LabelReading:
    """What a search comes to."""
    found, why = search.best, _why(search)
    tried = max(search.poses, 1.0)
    if found is None or found.strength < LOCKED:
        return LabelReading([], search.strength, search.comb, why, search.trail, poses=tried)
    found = found.own(search.lattice)
    readings = [chips(found.cells, search.lattice), dots(found.cells, search.lattice)]
    clear = sum(float(np.abs(reading.chips).sum()) for reading in readings)
    if not why and clear < _ENOUGH:
        why = (
            f"too few slots: {clear:.0f} clear ones were read and about"
            f" {_ENOUGH} are needed; add pictures of other parts of the label"
        )
    slots = np.concatenate([reading.slots for reading in readings])
    return LabelReading(
        readings,
        search.strength,
        search.comb,
        why,
        search.trail,
        (found.places(slots) + np.float32(0.5)) / np.float32(shrink) - np.float32(0.5),
        (found.outline() + np.float32(0.5)) / np.float32(shrink) - np.float32(0.5),
        tried,
    )


def _why(search: _Search) -> str:
    """Why a label was not read, and what would help. Empty if it was."""
    if search.strength >= LOCKED:
        return ""
    if not search.poses:
        return (
            "no label found: too few straight edges, or too small or blurred to show any mark;"
            " try a sharper or closer picture"
        )
    if search.strength >= _NEARLY:
        return (
            f"pilot weak: marks fit this key at {search.strength:.1f} deviations and {LOCKED} are"
            " wanted; try a sharper picture, or more of the label"
        )
    if search.comb > CLEAR:
        return (
            "pose lost: rows of small marks are seen, but not how they lie on this key's map; try"
            " the whole label, flat and from straight above, or it is another system's"
        )
    return (
        "no mark found: edges are seen, but no rows of small marks on them; try the picture as"
        " first received, or a sharper one"
    )


@lru_cache(maxsize=8)
def _map_of(key: bytes) -> MapSearch:
    return MapSearch(lattice_of(key).on)

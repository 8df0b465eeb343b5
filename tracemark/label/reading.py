"""Reading a picture of a label, blind. SPEC 10.8."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from tracemark.label.chips import chips, dots
from tracemark.label.laid import laid
from tracemark.label.lattice import Lattice, lattice_of
from tracemark.label.levels import Levels, Picture
from tracemark.label.look import Look, look
from tracemark.label.pose import MapSearch, Pose
from tracemark.label.search import Found, poses
from tracemark.label.view import CLEAR, View
from tracemark.model import Reading

LOCKED = 6.5  # deviations of the pilot under which a pose is not believed
SURE = 9.0  # deviations at which no other pose is tried
_NEARLY = 5.0  # deviations from which the mark may well be ours, and the picture at fault
_ENOUGH = 60  # votes' worth of chips under which nobody can be named among a million
_PLAIN = 8.0  # deviations on the map from which a pose is looked at before others are sought
_FAINT = 4  # views, those with the strongest poses, that are looked at where none is plain
_LAID = 2  # poses of slots laid on the map that are settled
_TOGETHER = 2  # views that are searched at a time
_LABELS = 8  # that are looked for in one picture


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

    levels: Levels
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

    def at(self, scale: float) -> Found:
        """Lay the bumps of one scale on the map."""
        return poses(self.levels.view(scale), self.map)

    def note(self, found: Found) -> None:
        """Count what was tried."""
        self.comb = max(self.comb, found.view.clearest)
        self.poses += found.tried
        tale = f"map {found.strength:.1f}" if found.poses else "no comb"
        longest = max(found.view.dark.shape)
        self.trail.append(f"at {longest} px, comb {found.view.clearest:.1f}: {tale}")

    def look(self, found: Found) -> None:
        """Look at the poses of a view; where none is sure, at its slots laid on the map."""
        name = f"looked at {max(found.view.dark.shape)} px"
        self._at(found.view, found.poses, name)
        if self.strength < SURE:
            slots, tried = laid(found.view, self.lattice, _LAID)
            self.poses += tried
            if slots:
                self._at(found.view, slots, f"{name}, slots laid {slots[0].strength:.1f}")

    def _at(self, view: View, tried: Sequence[Pose], name: str) -> None:
        seen = look(view, tried, self.lattice, self.levels.fine)
        strength = 0.0 if seen is None else seen.strength
        self.trail.append(f"{name}: pilot {strength:.1f}")
        if strength > self.strength:
            self.best = seen


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
    return next(_labels(Levels.of(image), key))


def read_all(image: Image.Image, key: bytes) -> list[LabelReading]:
    """Read every label in a picture, the one found first first; never empty.

    Parameters and errors are those of `read`. The labels may be of different recipients, so their
    readings are not to be added up without scoring each alone as well.
    """
    return read_under(image, [key])[0]


def read_under(image: Image.Image, keys: Sequence[bytes]) -> list[list[LabelReading]]:
    """What `read_all` gives under each key; what needs no key is done once."""
    levels = Levels.of(image)
    return [list(_labels(levels, key)) for key in keys]


def _labels(levels: Levels, key: bytes) -> Iterator[LabelReading]:
    found = _clearest(levels, key)
    yield _reading(found)
    for number in range(2, _LABELS + 1):
        if found.best is None or found.strength < LOCKED:
            return
        found = _another(found)
        if found.strength < LOCKED:
            return
        found.trail.append(f"label {number} of this picture")
        yield _reading(found)


def _clearest(levels: Levels, key: bytes) -> _Search:
    """Search all scales, the likely ones first, until one pose is sure; then the faint ones."""
    search = _Search(levels, lattice_of(key), _map_of(key))
    if not levels.legible:
        search.trail.append("too few edges for a label")
        return search
    faint: list[Found] = []
    with ThreadPoolExecutor(_TOGETHER) as threads:
        for scales in levels.groups():
            for found in threads.map(search.at, scales):
                search.note(found)
                if found.strength < _PLAIN and not levels.cut_out:
                    faint.append(found)
                    continue
                search.look(found)
                if search.strength >= SURE:
                    return search
    for found in sorted(faint, key=lambda one: -one.strength)[:_FAINT]:
        search.look(found)
        if search.strength >= SURE:
            break
    return search


def _another(found: _Search) -> _Search:
    """Search for one more label, of about the size of the one that has been found."""
    if found.best is None:
        return found
    own = found.best.own(found.lattice)
    levels = Levels(_without(found.levels.picture, own), found.levels.shrink)
    search = _Search(levels, found.lattice, found.map)
    if levels.legible and levels.view(found.best.at).clearest > CLEAR:
        again = search.at(found.best.at)
        search.note(again)
        search.look(again)
    return search


def _without(picture: Picture, found: Look) -> Picture:
    """The picture with a label that was read painted over with its paper."""
    area = Image.new("1", picture.shape[::-1])
    corners = [(float(x), float(y)) for x, y in found.outline()]
    ImageDraw.Draw(area).polygon(corners, fill=1)
    inside = np.asarray(area)
    paper = np.percentile(picture[inside], 80) if inside.any() else 255
    return np.where(inside, np.uint8(paper), picture)


def _reading(search: _Search) -> LabelReading:
    """What a search comes to."""
    found, why, shrink = search.best, _why(search), search.levels.shrink
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

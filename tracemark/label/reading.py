"""Reading a picture of a label, blind. SPEC 10.8."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracemark.label.chips import chips, dots
from tracemark.label.hull import hull
from tracemark.label.laid import laid
from tracemark.label.lattice import PERIOD, Lattice, lattice_of
from tracemark.label.levels import Levels
from tracemark.label.look import LOCKED, Look, look
from tracemark.label.pose import MapSearch, Pose
from tracemark.label.rest import area, beside, without
from tracemark.label.search import Found, poses
from tracemark.label.view import CLEAR, View, mirrored
from tracemark.model import Reading

SURE = 9.0  # deviations at which no other pose is tried
_WHOLLY = 17.0  # deviations from which no half of the picture is looked at
_NEARLY = 5.0  # deviations from which the mark may well be ours: what it says is handed on
_ROWS = 15.0  # strength of a comb from which some label's marks are in a picture
_NEGATIVE = "read as its negative, light on dark"
_SOFTENED = "read softened, for its shades are strewn dots"
_MIRRORED = "read as in a mirror"
_ENOUGH = 60  # votes' worth of chips under which nobody can be named among a million
_PLAIN = 8.0  # deviations on the map from which a pose is looked at before others are sought
_FAINT = 4  # views, those with the strongest poses, that are looked at where none is plain
_LAID = 2  # poses of slots laid on the map that are settled
_TOGETHER = 2  # views that are searched at a time
_LABELS = 8  # that are looked for in one picture
_SAME = 3.0  # cells between the poses of two parts of one label
_ROUND = 3  # times that the map may have gone round between them


@dataclass(frozen=True, slots=True)
class LabelReading:
    """What one label in a picture shows.

    Attributes
    ----------
    readings : list of Reading
        Empty where no pose was found. Where the best one is not believed but may be right they are
        given nevertheless: a wrong pose gives votes that agree with nobody.
    pilot : float
        Strength of the pilot in standard deviations: is this ours, and is the pose right? No
        codeword was seen.
    comb : float
        Strength of the strongest comb of bumps, whoever's: above about 15 some label's marks are
        in the picture, even where this key's map does not fit them.
    why : str
        Empty if read; else what stood in the way, and what would help.
    trail : list of str
        What was tried, for reports.
    places : (n, 2) float32
        x and y, in pixels of the picture as its EXIF orientation shows it, of the cell of each
        slot of the readings, in their order.
    outline : (n, 2) float32 or None
        Corners of the area that was read, in the same pixels: four, clockwise on the label itself,
        or the hull of a label that was found in parts.
    poses : float
        How many poses the pilot is the best of.
    way : str
        How the picture was looked at, if not as it is.
    more : bool
        Whether it is more of the label before; `read_all` has put them together.
    """

    readings: list[Reading] = field(default_factory=list)
    pilot: float = 0.0
    comb: float = 0.0
    why: str = ""
    trail: list[str] = field(default_factory=list)
    places: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 2), np.float32))
    outline: NDArray[np.float32] | None = None
    poses: float = 1.0
    way: str = ""
    more: bool = False

    @property
    def locked(self) -> bool:
        """Whether the pose is believed."""
        return self.pilot >= LOCKED


@dataclass(slots=True)
class _Search:
    """One key's search over one picture: the best look so far, and what it took.

    `whole` is what more labels are looked for in.
    """

    levels: Levels
    lattice: Lattice
    map: MapSearch
    whole: Levels
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
        seen = look(view, tried, self.lattice, self.levels.finer)
        strength = 0.0 if seen is None else seen.strength
        self.trail.append(f"{name}: pilot {strength:.1f}")
        if strength > self.strength:
            self.best = seen


def read(image: Image.Image, key: bytes) -> LabelReading:
    """Read the marks of the clearest label in a picture: a file, a scan, a screenshot or a photo.

    Only `read_all` also looks at it as it is in a mirror.

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
    return next(_either_way(Levels.of(image), key))


def read_all(image: Image.Image, key: bytes) -> list[LabelReading]:
    """Read every label in a picture, the one found first first; never empty.

    Parameters and errors are those of `read`. The labels may be of different recipients, so their
    readings are not to be added up without scoring each alone as well.
    """
    return read_under(image, [key])[0]


def read_under(image: Image.Image, keys: Sequence[bytes]) -> list[list[LabelReading]]:
    """What `read_all` gives under each key; what needs no key is done once."""
    levels = Levels.of(image)
    found = [_whole(_either_way(levels, key)) for key in keys]
    if any(some[0].locked for some in found) or not _in_a_mirror(levels, keys):
        return found
    again = [
        [replace(one, way=_MIRRORED) for one in _whole(_either_way(levels.mirrored, key))]
        for key in keys
    ]
    return [_clearer(*both) for both in zip(found, again, strict=True)]


def _whole(parts: Iterable[LabelReading]) -> list[LabelReading]:
    """Labels of whose parts some were found one after the other."""
    labels: list[LabelReading] = []
    for one in parts:
        if not one.more:
            labels.append(one)
            continue
        whole = labels[-1]
        readings = [*whole.readings, *one.readings]
        labels[-1] = replace(
            whole,
            readings=readings,
            why=_too_few(readings),
            trail=[*whole.trail, *one.trail],
            places=np.concatenate([whole.places, one.places]),
            outline=_around(whole.outline, one.outline),
        )
    return labels


def _around(*outlines: NDArray[np.float32] | None) -> NDArray[np.float32]:
    return hull(np.concatenate([outline for outline in outlines if outline is not None]))


def _in_a_mirror(levels: Levels, keys: Sequence[bytes]) -> bool:
    """Whether marks that fit no key's map as they stand may fit one as they are in a mirror."""
    turned = [mirrored(view) for view in levels.seen if view.clearest >= _ROWS]
    return any(poses(view, _map_of(key)).strength >= _PLAIN for key in keys for view in turned)


def _clearer(one: list[LabelReading], other: list[LabelReading]) -> list[LabelReading]:
    """Of two ways to look at a picture that with the clearer pilot; the poses of both count."""
    if other[0].pilot > one[0].pilot:
        one, other = other, one
    return [replace(label, poses=label.poses + other[0].poses) for label in one]


def _either_way(levels: Levels, key: bytes) -> Iterator[LabelReading]:
    """The labels of a picture, or if they show better those of its negative, or of it softened."""
    tried = 0.0
    if levels.negative:
        found = _labels(levels.inverted, key)
        first = next(found)
        if first.locked:
            yield from (replace(one, way=_NEGATIVE) for one in chain([first], found))
            return
        tried = first.poses
    found, way = _labels(levels, key), ""
    first = next(found)
    if first.pilot < _WHOLLY and levels.strewn:
        soft = _labels(levels.softened, key)
        other = next(soft)
        if other.pilot > first.pilot:
            first, other, found, way = other, first, soft, _SOFTENED
        tried += other.poses
    for one in chain([first], found):
        yield replace(one, poses=one.poses + tried, way=way)


def _labels(levels: Levels, key: bytes) -> Iterator[LabelReading]:
    last: _Search | None = None
    for number, found in enumerate(_one_by_one(levels, key), start=1):
        more = last is not None and _goes_on(last, found)
        if last is not None:
            tale = "more of it" if more else f"label {number} of this picture"
            found.trail = [*found.trail, tale]
        yield replace(_reading(found), more=more)
        if number == _LABELS:
            return
        last = found


def _one_by_one(levels: Levels, key: bytes) -> Iterator[_Search]:
    """The search that found a label, each followed by one that found another beside it."""
    for first in _found(levels, key):
        yield first
        again = _another(first)
        while again is not None and again.strength >= LOCKED:
            yield again
            again = _another(again)


def _found(levels: Levels, key: bytes) -> list[_Search]:
    """The search that found a label; several where labels lie on sheets of paper apart."""
    search = _Search(levels, lattice_of(key), _map_of(key), levels)
    _clearest(search)
    ways = [[search]]
    if search.strength < _WHOLLY and levels.legible and not levels.cut_out:
        ways.append(_on_sheets(search))
        for way in (_askew, _in_halves):
            if max(_strength(one) for one in ways) < _WHOLLY:
                ways.append([way(search)])
    best = max(ways, key=_strength)
    return [replace(found, poses=search.poses) for found in best]


def _strength(found: Sequence[_Search]) -> float:
    return found[0].strength if found else 0.0


def _clearest(search: _Search) -> _Search:
    """Search all scales, the likely ones first, until one pose is sure; then the faint ones."""
    levels = search.levels
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
                if search.strength >= SURE and not levels.cut_out:
                    return search
            if search.strength >= SURE:  # of a cut-out, at the clearest scale of its group
                return search
    for found in sorted(faint, key=lambda one: -one.strength)[:_FAINT]:
        search.look(found)
        if search.strength >= SURE:
            break
    return search


def _askew(search: _Search) -> _Search:
    """Search once more by what is neither level nor plumb: boxes drawn over a photo are both."""
    levels = search.levels.askew
    if levels is None:
        return search
    again = _clearest(replace(search, levels=levels, whole=levels, best=None))
    search.poses = again.poses
    return again


def _in_halves(search: _Search) -> _Search:
    """Search half of a picture at a time: labels that lie askew stand in each other's way."""
    scale = [search.levels.of_halves]
    parts = _in_parts(search, [(half, scale) for half in search.levels.halves])
    return max([search, *parts], key=lambda part: part.strength)


def _on_sheets(search: _Search) -> list[_Search]:
    """Search each sheet of paper by itself; those on which a mark was found, the clearest first."""
    sheets = search.levels.sheets
    parts = _in_parts(search, [(sheet, [sheet.likely, sheet.of_halves]) for sheet in sheets])
    marked = [replace(part, whole=part.levels) for part in parts if part.strength >= LOCKED]
    return sorted(marked, key=lambda part: -part.strength)


def _in_parts(search: _Search, parts: Sequence[tuple[Levels, list[float]]]) -> list[_Search]:
    """Search parts of a picture at a scale or two, where they show a clear comb."""
    legible = [(part, scales) for part, scales in parts if part.legible]
    found: list[_Search] = []
    with ThreadPoolExecutor(_TOGETHER) as threads:
        views = threads.map(lambda part: part[0].view(part[1][0]), legible)
        for (levels, scales), _ in zip(legible, views, strict=True):
            part = replace(search, levels=levels, best=None)
            for scale in scales:
                if part.strength < SURE and levels.view(scale).clearest > CLEAR:
                    laid = part.at(scale)
                    part.note(laid)
                    part.look(laid)
            search.poses = part.poses
            found.append(part)
    return found


def _another(found: _Search) -> _Search | None:
    """Search for one more label, of about the size of the one that has been found."""
    if found.best is None or found.strength < LOCKED:
        return None
    own = found.best.own(found.lattice)
    whole = found.whole
    inside = area(whole.picture, found.levels.within(whole, own.outline()))
    box = beside(whole.view(own.at), inside)
    if box is None:
        return None
    levels = whole.part(box, without(whole.picture, inside))
    search = _Search(levels, found.lattice, found.map, levels)
    if levels.legible and levels.view(own.at).clearest > CLEAR:
        again = search.at(own.at)
        search.note(again)
        search.look(again)
    return search


def _goes_on(found: _Search, again: _Search) -> bool:
    """Whether what was found again is more of the same label.

    It is where the first pose, gone on with, puts its cells: by chance the poses of two labels
    agree so once in some five hundred times.
    """
    if found.best is None or again.best is None:
        return False
    one, other = found.best.own(found.lattice), again.best.own(again.lattice)
    ends = other.ends
    there = again.levels.given(other.pixels(ends))
    cell = np.linalg.norm(again.levels.given(other.pixels(ends + np.array([1, 0]))) - there, axis=1)
    for right in range(-_ROUND, _ROUND + 1):
        for down in range(-_ROUND, _ROUND + 1):
            here = found.levels.given(one.pixels(ends + np.array([right, down]) * PERIOD))
            if np.median(np.linalg.norm(here - there, axis=1) / cell) < _SAME:
                return True
    return False


def _reading(search: _Search) -> LabelReading:
    """What a search comes to."""
    found, tried = search.best, max(search.poses, 1.0)
    if found is None or found.strength < _NEARLY:
        why = _why(search)
        return LabelReading([], search.strength, search.comb, why, search.trail, poses=tried)
    found = found.own(search.lattice)
    readings = [chips(found.cells, search.lattice), dots(found.cells, search.lattice)]
    slots = np.concatenate([reading.slots for reading in readings])
    return LabelReading(
        readings,
        search.strength,
        search.comb,
        _too_few(readings) if search.strength >= LOCKED else _why(search),
        search.trail,
        search.levels.given(found.places(slots)),
        search.levels.given(found.outline()),
        tried,
    )


def _too_few(readings: Sequence[Reading]) -> str:
    """What stands in the way of naming anyone by a label that was read. Empty if nothing does."""
    clear = sum(float(np.abs(reading.chips).sum()) for reading in readings)
    if clear >= _ENOUGH:
        return ""
    return (
        f"too few slots: {clear:.0f} clear ones were read and about"
        f" {_ENOUGH} are needed; add pictures of other parts of the label"
    )


def _why(search: _Search) -> str:
    """Why a label was not read, and what would help."""
    if not search.poses:
        return (
            "no label found: too few straight edges, or too small or blurred to show any mark;"
            " try a sharper or closer picture"
        )
    if search.strength >= _NEARLY:
        return (
            f"pilot weak: marks fit this key at {_down(search.strength)} deviations and"
            f" {LOCKED} are wanted; try a sharper picture, or more of the label"
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


def _down(deviations: float) -> str:
    """To one decimal, so that what is below a limit reads so."""
    return f"{int(10 * deviations) / 10:.1f}"


@lru_cache(maxsize=8)
def _map_of(key: bytes) -> MapSearch:
    return MapSearch(lattice_of(key).on)

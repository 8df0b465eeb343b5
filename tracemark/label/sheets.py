"""Sheets of paper in a picture that shows more than one label. SPEC 10.8.

In a photo in a chat window, in several photos side by side, on a desk full of things, the edges of
all that say nothing about how one label stands. A label is a light area with print on it that has
no bays, and it stays the same while the level above which it is light goes up. Asks no key.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from tracemark.darkness import scaled
from tracemark.label.hull import area, hull
from tracemark.masks import Mask

Picture = NDArray[np.uint8]
Box = tuple[int, int, int, int]  # left, top, right, bottom

_LOOKED_AT = 480  # pixels along the longer side
_STROKE = 5  # of them, the widest ink that a sheet is taken to go on behind
_LEVELS = range(56, 256, 12)  # of luminance
_LEAST, _MOST = 0.012, 0.6  # of the picture's area, of a sheet
_PART = 0.35  # of it, of one that is but a part of what it shows
_WHOLE = 0.9  # of its hull's area, of what has no bays
_INK = 40  # levels darker than its paper
_PRINT = (0.01, 0.6)  # share of ink on a label
_SAME = 0.7  # of the smaller of two areas, inside the other: one of them is no sheet
_RIM = 0.03  # of its sides, around
_SHEETS = 6  # that are looked at


@dataclass(frozen=True, slots=True)
class _Area:
    """What hangs together: its rectangle, its size with what it has in it, and its hull's."""

    top: int
    bottom: int
    left: int
    right: int
    size: float
    hull: float

    @property
    def whole(self) -> float:
        return self.size / max(self.hull, 1.0)

    @property
    def rectangle(self) -> int:
        return (self.bottom - self.top) * (self.right - self.left)

    def inside(self, other: _Area) -> float:
        """Part of the smaller rectangle that lies in the larger."""
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        right = min(self.right, other.right) - max(self.left, other.left)
        return max(down, 0) * max(right, 0) / min(self.rectangle, other.rectangle)


def sheets(picture: Picture) -> list[Box]:
    """Where sheets with print lie in a picture, largest first; not one that nearly fills it.

    Parameters
    ----------
    picture : (H, W) uint8
        Luminance.

    Returns
    -------
    list of (left, top, right, bottom)
        Pixels of the picture, a rim around each.
    """
    scale = min(1.0, _LOOKED_AT / max(picture.shape))
    small = np.clip(scaled(picture, scale), 0, 255).astype(np.uint8)
    paper = _paper(small)
    ink = paper.astype(np.int16) - small > _INK

    def printed(one: _Area) -> bool:
        share = ink[one.top : one.bottom, one.left : one.right].mean()
        return bool(_PRINT[0] <= share <= _PRINT[1])

    found = [one for level in _LEVELS for one in _areas(paper > level, _LEAST * small.size)]
    kept: list[_Area] = []
    for one in sorted(found, key=lambda one: -one.whole):
        if one.whole < _WHOLE or len(kept) == _SHEETS:
            break
        if one.size > _MOST * small.size or not printed(one):
            continue
        if all(one.inside(other) < _SAME for other in kept):
            kept.append(one)
    kept = [one for one in kept if one.size <= _PART * small.size]
    return [_box(one, scale, picture.shape) for one in sorted(kept, key=lambda one: -one.size)]


def _paper(small: Picture) -> Picture:
    """The picture without fine print: what is darker for a stroke's width is as what is around."""
    image = Image.fromarray(small)
    wide = image.filter(ImageFilter.MaxFilter(_STROKE)).filter(ImageFilter.MinFilter(_STROKE))
    return np.asarray(wide)


def _areas(light: Mask, least: float) -> list[_Area]:
    """The areas that hang together, of so many pixels at least."""
    rows, starts, stops, names = _runs(light)
    sizes = np.bincount(names, stops - starts)
    return [_area(*(run[names == name] for run in (rows, starts, stops)))
            for name in np.flatnonzero(sizes >= least)]  # fmt: skip


def _runs(light: Mask) -> tuple[NDArray[np.intp], ...]:
    """Runs of each row: row, start, stop, and the number of the area to which each belongs."""
    edges = np.diff(np.pad(light, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edges == 1)
    stops = np.nonzero(edges == -1)[1]
    of = list(range(len(rows)))

    def root(run: int) -> int:
        while of[run] != run:
            of[run] = of[of[run]]
            run = of[run]
        return run

    first = np.searchsorted(rows, np.arange(len(light) + 1)).tolist()
    begins, ends = starts.tolist(), stops.tolist()
    for row in range(1, len(light)):
        above, here = first[row - 1], first[row]
        while above < first[row] and here < first[row + 1]:
            if begins[above] < ends[here] and begins[here] < ends[above]:
                of[root(above)] = root(here)
            if ends[above] < ends[here]:
                above += 1
            else:
                here += 1
    return rows, starts, stops, np.array([root(run) for run in range(len(of))], np.intp)


def _area(rows: NDArray[np.intp], starts: NDArray[np.intp], stops: NDArray[np.intp]) -> _Area:
    """What some runs make, and whatever is in it."""
    first = np.flatnonzero(np.diff(rows, prepend=-1))  # runs come by rows, from left to right
    own, left, right = rows[first], starts[first], np.maximum.reduceat(stops, first)
    corners = np.concatenate(
        [np.stack(end, 1) for end in ((left, own), (left, own + 1), (right, own), (right, own + 1))]
    )
    size = float((right - left).sum())
    around = area(hull(corners.astype(np.float32)))
    return _Area(int(own[0]), int(own[-1]) + 1, int(left.min()), int(right.max()), size, around)


def _box(found: _Area, scale: float, shape: tuple[int, ...]) -> Box:
    """Its rectangle in the picture itself, with a rim."""
    down, right = _RIM * (found.bottom - found.top), _RIM * (found.right - found.left)
    return (
        max(int((found.left - right) / scale), 0),
        max(int((found.top - down) / scale), 0),
        min(int((found.right + right) / scale) + 1, shape[1]),
        min(int((found.bottom + down) / scale) + 1, shape[0]),
    )

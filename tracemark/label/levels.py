"""A picture at the scales at which marks are looked for: made once, for all keys. SPEC 10.8."""

from __future__ import annotations

from copy import copy
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracemark.darkness import Field, darkness, scaled, smooth
from tracemark.label.raster import luminance, turned
from tracemark.label.sheets import Box, Picture, sheets
from tracemark.label.stands import clear_view, crooked
from tracemark.label.view import View, standing

# pixels along the longer side, the likely ones first; those of a group are made together
_GROUPS = ((1600,), (2400,), (1066, 711), (475, 317, 3600))
_CUT_OUT = 700  # pixels along the longer side of what is likely a part of a label
_FINE = 2400  # pixels along the longer side of what slots are read from
_FINER = 1.25  # times a scale, from which that is finer
_FARTHEST = 3.0  # times its own size, that a picture is looked at
_OWN = 0.85  # scales this near to a picture's own size are that: what is resampled is blurred
_HALVES = (2400, 4096)  # pixels along the longer side of a picture whose halves are looked at
_SMALL = 400  # pixels along the longer side of a picture whose emptiest line is sought
_WIDE = 21  # of them, of a line
_LIGHT = 0.35  # between ink and paper, of a tile's mean: below it the ink is the lighter
_TILE, _TILES = 16, 40  # pixels of a tile at least; tiles along the longer side at most
_SEEN = 1600  # pixels along the longer side that are looked at for that
_CONTRAST = 60  # levels, of a tile in which something stands out
_STREWN = 0.01  # share of lone dots in a picture whose shades they are
_LONGEST = 8000  # pixels; nothing finer than the finest level is ever looked at


class Fine(NamedTuple):
    """Darkness of a picture as finely as slots are read, and its pixels to one of the picture."""

    dark: Field
    scale: float


class Levels:
    """A picture, and what was made of it so far.

    Parameters
    ----------
    picture : (H, W) uint8
        Luminance.
    shrink : float
        Its pixels to one of the picture as it was given.
    corner : (x, y)
        Of the whole of which it is a part, the pixel that is its first.
    mirror : int, optional
        Last column of the whole, where that is seen in a mirror.
    """

    def __init__(
        self,
        picture: Picture,
        shrink: float = 1.0,
        corner: tuple[int, int] = (0, 0),
        mirror: int | None = None,
    ) -> None:
        self.picture = picture
        self.shrink = shrink
        self.corner = corner
        self.mirror = mirror
        self._stand, self._bends = standing(picture)
        self._views: dict[float, View] = {}
        self._darks: dict[float, Field] = {}

    @classmethod
    def of(cls, image: Image.Image) -> Levels:
        """Of a picture of any mode, turned as its EXIF orientation says."""
        picture = luminance(turned(image))
        shrink = min(1.0, _LONGEST / max(picture.shape))
        return cls(scaled(picture, shrink).astype(np.uint8) if shrink < 1 else picture, shrink)

    def part(self, box: Box, picture: Picture | None = None) -> Levels:
        """A part of it, of all that it shows or of what another picture shows in its place."""
        left, top, right, bottom = box
        shown = self.picture if picture is None else picture
        corner = (self.corner[0] + left, self.corner[1] + top)
        return Levels(shown[top:bottom, left:right], self.shrink, corner, self.mirror)

    @cached_property
    def negative(self) -> bool:
        """Whether most of what stands out in it is light on dark."""
        return _inked(self.picture) < _LIGHT

    @cached_property
    def inverted(self) -> Levels:
        """The same with dark for light."""
        return Levels(255 - self.picture, self.shrink, self.corner, self.mirror)

    @cached_property
    def strewn(self) -> bool:
        """Whether its shades are lone dots of ink, as a black and white scan has them."""
        return _lone(self.picture) > _STREWN

    @cached_property
    def softened(self) -> Levels:
        """The same with lone dots blurred to shades again."""
        soft = smooth(self.picture.astype(np.float32), 2) + np.float32(0.5)
        return Levels(soft.astype(np.uint8), self.shrink, self.corner, self.mirror)

    @cached_property
    def mirrored(self) -> Levels:
        """The whole as it is in a mirror."""
        picture = np.ascontiguousarray(self.picture[:, ::-1])
        return Levels(picture, self.shrink, mirror=picture.shape[1] - 1)

    @cached_property
    def askew(self) -> Levels | None:
        """The same, standing as what is neither level nor plumb in it does; None where all is."""
        stand, bends = standing(self.picture, askew=True)
        if stand is None or self._stand is None:
            return None
        if not crooked(stand, self._stand, max(self.picture.shape)):
            return None
        other = copy(self)
        other._stand, other._bends, other._views = stand, bends, {}
        return other

    @cached_property
    def sheets(self) -> list[Levels]:
        """Its parts that are sheets of paper with print, if it shows more than one label."""
        return [self.part(box) for box in sheets(self.picture)]

    @cached_property
    def halves(self) -> list[Levels]:
        """Its parts on both sides of the emptiest line about its middle, across or down."""
        height, width = self.picture.shape
        (empty_across, x), (empty_down, y) = (_gap(self.picture, axis) for axis in (0, 1))
        boxes: list[Box] = [(0, 0, x, height), (x, 0, width, height)]
        if empty_down < empty_across:
            boxes = [(0, 0, width, y), (0, y, width, height)]
        return [self.part(box) for box in boxes]

    def within(self, whole: Levels, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Where pixels of it are in a picture that it is a part of: (n, 2) to (n, 2) x and y."""
        return points + np.subtract(self.corner, whole.corner).astype(np.float32)

    def given(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Where pixels of it are in the picture as it was given: (n, 2) to (n, 2) x and y."""
        whole = points + np.array(self.corner, np.float32)
        if self.mirror is not None:
            whole[:, 0] = np.float32(self.mirror) - whole[:, 0]
        return np.asarray((whole + np.float32(0.5)) / np.float32(self.shrink) - np.float32(0.5))

    @property
    def legible(self) -> bool:
        """Whether it has edges enough for a label."""
        return self._stand is not None

    @property
    def cut_out(self) -> bool:
        """Whether it is likely a part of a label, whose pixels are dear."""
        return bool(max(self.picture.shape) <= _CUT_OUT)

    @property
    def likely(self) -> float:
        """The first scale at which it is looked at."""
        return _near(min(_GROUPS[0][0] / max(self.picture.shape), _FARTHEST))

    @property
    def of_halves(self) -> float:
        """The scale, to its own, at which a half of it is looked at: what is there is small."""
        longest = max(self.picture.shape)
        return _near(min(max(1.0, _HALVES[0] / longest), _HALVES[1] / longest, 2.0))

    def groups(self) -> list[list[float]]:
        """The scales at which it is looked at, in turn; a cut-out's coarse ones first."""
        groups = _GROUPS[::-1] if self.cut_out else _GROUPS
        return [self._scales(group) for group in groups]

    def _scales(self, group: tuple[int, ...]) -> list[float]:
        found = [_near(level / max(self.picture.shape)) for level in group]
        return [scale for scale in found if 1 / 8 < scale < _FARTHEST]

    def view(self, scale: float) -> View:
        """The picture at one scale, with its bumps and combs."""
        if self._stand is None:
            raise ValueError("a picture that is not legible has no views")
        if scale not in self._views:
            self._views[scale] = clear_view(self._dark(scale), scale, self._stand, self._bends)
        return self._views[scale]

    @property
    def seen(self) -> list[View]:
        """The views that were made, its negative's and softened ones too."""
        ways = [self]
        if not self.cut_out and self.askew is not None:
            ways.append(self.askew)
        if self.negative:
            ways.append(self.inverted)
        if self.strewn:
            ways.append(self.softened)
        return [view for one in ways for view in one._views.values()]

    def finer(self, than: float) -> Fine | None:
        """The picture as finely as slots are read; None where that is hardly finer than a scale."""
        scale = min(1.0, _FINE / max(self.picture.shape))
        return Fine(self._dark(scale), scale) if scale >= _FINER * than else None

    def _dark(self, scale: float) -> Field:
        """Its darkness at one scale, for views and closer looks."""
        if scale not in self._darks:
            self._darks[scale] = darkness(scaled(self.picture, scale))
        return self._darks[scale]


def _inked(picture: Picture) -> float:
    """Where between ink and paper a tile's mean usually is: 0.7 to 0.9 for labels of any kind."""
    step = -(-max(picture.shape) // _SEEN)
    picture = np.ascontiguousarray(picture[::step, ::step])
    tile = max(_TILE, max(picture.shape) // _TILES)
    height, width = (side // tile * tile for side in picture.shape)
    tiles = picture[:height, :width].reshape(height // tile, tile, width // tile, tile)
    low, high = (pick(pick(tiles, 1), 2).astype(np.float64) for pick in (np.min, np.max))
    plain = high - low > _CONTRAST
    if not plain.any():
        return 1.0
    mean = tiles.mean(1).mean(2)
    return float(np.median((mean[plain] - low[plain]) / (high[plain] - low[plain])))


def _lone(picture: Picture) -> float:
    """Share of pixels that are ink with paper all around."""
    ink = picture < 128
    lone = ink[1:-1, 1:-1].copy()
    height, width = lone.shape
    for down in range(3):
        for right in range(3):
            if (down, right) != (1, 1):
                lone &= ~ink[down : down + height, right : right + width]
    return float(lone.mean()) if lone.size else 0.0


def _near(scale: float) -> float:
    """A scale, or 1 where it is near to it."""
    return 1.0 if _OWN < scale < 1 / _OWN else scale


def _gap(picture: Picture, axis: int) -> tuple[float, int]:
    """The emptiest line along an axis in the middle third: its share of the usual edges; where."""
    scale = min(1.0, _SMALL / max(picture.shape))
    small = scaled(picture, scale)
    edges = np.abs(np.diff(small, axis=0))[:, 1:] + np.abs(np.diff(small, axis=1))[1:]
    lines = np.convolve(edges.mean(axis), np.ones(_WIDE) / _WIDE, "same")
    third = len(lines) // 3
    place = third + int(np.argmin(lines[third : 2 * third + 1]))
    return float(lines[place] / (lines.mean() + 1e-9)), max(1, round(place / scale))

"""What a label shows, as far as its stream alone says it, or beside its rendering. SPEC 11.13."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.errors import UnreadableSample, UsageError
from tracemark.masks import Mask, grown
from tracemark.printing.zpl.items import FAR, Area, Box, Format, Graphic, Item

MOST_DOTS = 40_000_000  # of a label: A4 at 600 dpi has 35 million
_MOST_PAINTED = 1_000_000_000  # dots of all that is drawn on one label
_RUN = 8  # dots; a mark laid over the label, and most of a letter, has no such run
_RIM = 3  # dots around known ink that ought to be paper
_TELLING = 200  # known dots of ink with which a rendering can be recognised
_SMOOTH = 128  # sides that are multiples of it are quickly transformed
_FITS = 0.9  # agreement of a rendering with them, from -1 to 1
_CLEAR = 0.99  # at which no other way round is tried


@dataclass(frozen=True, slots=True)
class Drawing:
    """A label's dots.

    Attributes
    ----------
    ink : (H, W) bool
        Known dots of ink.
    off : (H, W) bool
        Where nothing may be added: what stands there is not known, or is a code, or cannot be
        reached by a further field.
    left, top : int
        Coordinates, in the stream, of dot (0, 0).
    """

    ink: Mask
    off: Mask
    left: int = 0
    top: int = 0


def drawn(label: Format, name: str) -> Drawing:
    """Draw what a stream says for certain; text and codes are kept off.

    Raises
    ------
    UnreadableSample
        If the label is larger than 40 million dots, or draws without end.
    UsageError
        If it recalls what is not in the stream, or its places are not known.
    """
    _check(label, name)
    width, height = _size(label, name)
    ink, off = np.zeros((height, width), bool), np.zeros((height, width), bool)
    painted = 0
    for item in label.items:
        painted += _cost(item, ink)
        if painted > _MOST_PAINTED:
            raise UnreadableSample(f"{name} draws without end", hint="is it a label?")
        if isinstance(item, Box):
            _box(ink, off, item)
        elif isinstance(item, Graphic):
            part = _part(ink, item.left, item.top, *item.dots.shape[::-1])
            dots = item.dots[
                max(-item.top, 0) : max(-item.top, 0) + part.shape[0],
                max(-item.left, 0) : max(-item.left, 0) + part.shape[1],
            ]
            np.logical_xor(part, dots, out=part) if item.over else np.logical_or(
                part, dots, out=part
            )
        else:
            _area(off, item)
    _reach(off, label, 0, 0)
    return Drawing(ink, off)


def beside(label: Format, rendering: Mask, name: str) -> Drawing:
    """A label as its rendering shows it, laid where the stream's own lines and graphics are.

    Parameters
    ----------
    label : Format
    rendering : (H, W) bool
        Ink of the label as its printer prints it, one pixel for each dot; upside down or with a
        margin, if all of it is.
    name : str
        For messages.

    Raises
    ------
    UsageError
        If it shows something else, or not dot for dot.
    """
    known = drawn(label, name)
    if rendering.size > MOST_DOTS:
        raise UsageError(f"{name}: a rendering of {rendering.size} dots", hint="is it a label?")
    turned, down, right = _laid(known, rendering, label, name)
    picture = (rendering[::-1, ::-1] if turned else rendering).copy()
    off = np.zeros(picture.shape, bool)
    for item in label.items:
        if isinstance(item, Area) and item.code and max(item.right, item.bottom) < FAR:
            _area(off, _moved(item, right, down))
    _reach(off, label, -right, -down)
    own = _part(picture, right, down, *known.ink.shape[::-1])
    inverted = np.zeros(known.ink.shape, bool)
    for item in label.items:
        if isinstance(item, Area) and item.over:
            _area(inverted, item)
    own |= (known.ink & ~inverted)[
        max(-down, 0) : max(-down, 0) + own.shape[0], max(-right, 0) : max(-right, 0) + own.shape[1]
    ]
    return Drawing(picture, off, -right, -down)


def _check(label: Format, name: str) -> None:
    if label.odd:
        raise UsageError(f"{name}: {label.odd.why}", hint=label.odd.hint)


def _size(label: Format, name: str) -> tuple[int, int]:
    """Width and height; where the stream does not say, as far as its ink goes."""
    right = [1]
    for item in label.items:
        if isinstance(item, Box):
            right.append(item.left + item.width)
        elif isinstance(item, Graphic):
            right.append(item.left + item.dots.shape[1])
    width, height = label.width or max(right), _bottom(label)
    if width * height > MOST_DOTS:
        raise UnreadableSample(
            f"{name} of {width} x {height} dots is no label", hint="check ^PW, ^LL and ^GB"
        )
    return width, height


def _bottom(label: Format) -> int:
    """The line below the last one: further down there may be no paper."""
    bottom = [1, label.length]
    for item in label.items:
        if isinstance(item, Box):
            bottom.append(item.top + item.height)
        elif isinstance(item, Graphic):
            bottom.append(item.top + item.dots.shape[0])
        elif item.bottom < FAR:
            bottom.append(math.floor(item.bottom))
    return max(bottom)


def _cost(item: Item, ink: Mask) -> int:
    if isinstance(item, Box):
        return 1000 + 2 * (item.width + item.height) * item.thick
    if isinstance(item, Graphic):
        return 1000 + item.dots.size
    area = (min(item.right, ink.shape[1]) - item.left) * (min(item.bottom, ink.shape[0]) - item.top)
    return 1000 + max(0, int(area))


def _part(dots: Mask, left: int, top: int, width: int, height: int) -> Mask:
    """The dots of a rectangle that lie on the label."""
    return dots[max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)]


def _box(ink: Mask, off: Mask, box: Box) -> None:
    right, bottom = box.left + box.width, box.top + box.height
    thick = min(box.thick, (min(box.width, box.height) + 1) // 2)
    inner = box.height - 2 * thick
    bands = [(box.left, box.top, box.width, thick if inner > 0 else box.height)]
    if inner > 0:
        sides = box.width - 2 * thick
        first = thick if sides > 0 else box.width
        bands += [
            (box.left, bottom - thick, box.width, thick),
            (box.left, box.top + thick, first, inner),
        ]
        if sides > 0:
            bands.append((right - thick, box.top + thick, thick, inner))
    for band in bands:
        part = _part(ink, *band)
        part[...] = ~part if box.over else not box.white
    if box.corner:
        reach = box.corner + box.thick
        for x in (box.left - 2, right - reach):
            for y in (box.top - 2, bottom - reach):
                _part(off, x, y, reach + 2, reach + 2)[...] = True


def _area(off: Mask, area: Area) -> None:
    left, top = (max(0, math.floor(side)) for side in (area.left, area.top))
    right, bottom = (max(0, math.ceil(side)) for side in (area.right, area.bottom))
    off[top:bottom, left:right] = True


def _moved(area: Area, right: int, down: int) -> Area:
    return Area(area.left + right, area.top + down, area.right + right, area.bottom + down, True)


def _reach(off: Mask, label: Format, left: int, top: int) -> None:
    """Keep off what no field can reach, and what lies beyond the label."""
    off[: max(label.home[1] - top, 0)] = True
    off[:, : max(label.home[0] - left, 0)] = True
    if label.width:
        off[:, max(label.width - left, 0) :] = True
    off[max(_bottom(label) - top, 0) :] = True


# where a rendering lies


def _laid(known: Drawing, rendering: Mask, label: Format, name: str) -> tuple[bool, int, int]:
    """Whether a rendering is upside down, and where in it the label's dot (0, 0) is."""
    ink = _straight(known.ink & ~known.off)
    if np.count_nonzero(ink) < _TELLING:
        if label.width and label.width != rendering.shape[1]:
            raise UsageError(
                f"{name}: nothing tells where in its rendering the label lies",
                hint="render it exactly as wide as ^PW says",
            )
        return False, 0, 0
    pattern = ink.astype(np.int8) - (grown(ink, _RIM) & ~known.ink & ~known.off)
    best = (0.0, False, 0, 0)
    for turned in (False, True):
        if best[0] >= _CLEAR:
            break
        shown = rendering[::-1, ::-1] if turned else rendering
        place = (0, 0) if _agreement(pattern, shown, 0, 0) == 1 else _best(pattern, shown)
        best = max(best, (_agreement(pattern, shown, *place), turned, *place))
    if best[0] >= _FITS:
        return best[1:]
    raise UsageError(
        f"{name}: the rendering does not show this label dot for dot",
        hint="render this very stream at the printer's resolution, unscaled",
    )


def _straight(ink: Mask) -> Mask:
    """The ink of level and plumb runs of `_RUN` dots and more."""
    return _runs(ink) | _runs(ink.T).T


def _runs(ink: Mask) -> Mask:
    starts = np.zeros_like(ink)
    if ink.shape[1] < _RUN:
        return starts
    ends = ink.shape[1] - _RUN + 1
    whole = np.logical_and.reduce([ink[:, step : step + ends] for step in range(_RUN)])
    for step in range(_RUN):
        starts[:, step : step + ends] |= whole
    return starts


def _best(pattern: NDArray[np.int8], shown: Mask) -> tuple[int, int]:
    """Where a pattern agrees best with what is shown: down and right."""
    sides = zip(pattern.shape, shown.shape, strict=True)
    shape = [-(-(a + b) // _SMOOTH) * _SMOOTH for a, b in sides]
    signed = np.where(shown, np.float32(1), np.float32(-1))
    laid = np.fft.rfft2(signed, shape) * np.fft.rfft2(pattern.astype(np.float32), shape).conj()
    down, right = divmod(int(np.argmax(np.fft.irfft2(laid, shape))), shape[1])
    return (
        down if down < shown.shape[0] else down - shape[0],
        right if right < shown.shape[1] else right - shape[1],
    )


def _agreement(pattern: NDArray[np.int8], shown: Mask, down: int, right: int) -> float:
    """Agreement of a pattern with what is shown, laid there: 1 for all of it."""
    rows, columns = np.nonzero(pattern)
    wanted = pattern[rows, columns] > 0
    rows, columns = rows + down, columns + right
    inside = (rows >= 0) & (columns >= 0) & (rows < shown.shape[0]) & (columns < shown.shape[1])
    if np.count_nonzero(wanted & inside) < _TELLING:
        return 0.0
    seen = shown[rows[inside], columns[inside]]
    return float(2 * np.mean(seen == wanted[inside]) - 1)

"""Reading tones: find the lattice, settle its pose, let every cell vote. SPEC 15.4, 15.5."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracemark.model import Reading
from tracemark.profiles import CURRENT, Profile
from tracemark.tone.lattice import PERIOD, Lattice, Signs, Use, lattice_of
from tracemark.tone.pattern import ACROSS, cell_of
from tracemark.tone.search import Found, places
from tracemark.tone.settle import SCALE, cells_of, extent, fit, folded, settle
from tracemark.tone.steps import Field, Steps, luminance, pyramid, shades
from tracemark.tone.view import Pose, glimpsed, grown, laid, stretched, through, upright
from tracemark.upright import stand_of

REFUSED = 1e-6  # chance that a picture without our mark is taken for marked
_LONGEST = 2400  # pixels of the longer side that are looked at
_LEVELS = 4
_CLEAR = 6.0  # deviations from which a place is taken
_FAINT = 5.0  # and, of a faint place that was looked at in full, from which it is settled
_KEPT = 8  # faint places of a lattice that are looked at in full
_SETTLED = 2  # and of these, that are settled
_SIZES = (3.5, 44.0)  # pixels a cell, of those looked at
_RATIO = 1.022  # from one size to the next
_BETWEEN = (0.9927, 1.0, 1.0073)  # of a size, where the one that is right lies between two
_STRETCHES = (0.94, 1.0, 1.06)  # of a page seen from aside: how wide its squares are
_TILES = (16.0, 20.0, 24.0, 32.0, 8.0, 12.0, 14.4, 17.6)


@dataclass(frozen=True, slots=True)
class ToneReading:
    """What was read of one lattice in one picture.

    Attributes
    ----------
    reading : Reading or None
        One vote for each code cell of the period that was seen.
    check : float
        How clearly the check cells agree, in deviations; they had no part in the search.
    clear : float
        How clearly the sync cells do.
    pose : (3, 3) float64 or None
        From lattice cells to pixels of the picture.
    use : str
    """

    reading: Reading | None = None
    check: float = 0.0
    clear: float = 0.0
    pose: Pose | None = None
    use: Use = "picture"

    @property
    def bound(self) -> float:
        """Chance of such agreement in anything that was never marked under this key. SPEC 15.5."""
        return math.exp(-(max(self.check, 0.0) ** 2) / 2)


class Reduced(NamedTuple):
    """Luminance of a picture, (H, W) float32 in [0, 255], and its own pixels to one of these."""

    values: Field
    shrink: int


def read(
    image: Image.Image, keys: Sequence[bytes], profile: Profile = CURRENT
) -> list[ToneReading]:
    """Read the tones of a picture under every key.

    Returns
    -------
    list of ToneReading
        One for each key: of pictures or of tiles, whichever fits better.
    """
    return read_reduced(reduced(image), keys, profile)


def reduced(image: Image.Image) -> Reduced:
    """A picture as small as it is looked at."""
    values = shades(image)
    shrink = max(1, -(-max(values.shape) // _LONGEST))
    return Reduced(_reduced(values, shrink), shrink)


def read_reduced(
    picture: Reduced, keys: Sequence[bytes], profile: Profile = CURRENT
) -> list[ToneReading]:
    """What `read` gives of the picture that was reduced."""
    small, shrink = picture
    steps = pyramid(small, _LEVELS)
    if not steps:
        return [ToneReading() for _ in keys]
    uses: tuple[Use, ...] = ("picture", "tile")
    lattices = [lattice_of(key, use, profile) for key in keys for use in uses]
    size = (small.shape[1], small.shape[0])
    read = [ToneReading() for _ in keys]
    for number, found in _found(steps, lattices, size, small):
        one = _read(steps, lattices[number], found, size, shrink)
        if one.clear > read[number // 2].clear:
            read[number // 2] = one
    return read


def carries_mark(image: Image.Image, keys: Sequence[bytes], profile: Profile = CURRENT) -> bool:
    """Whether a picture was marked under one of these keys, for whomever. SPEC 15.6.

    It is looked at as it would be marked: one size of a cell, one lattice for each key.
    """
    steps = pyramid(luminance(image), _LEVELS) if keys else []
    if not steps:
        return False
    lattices = [lattice_of(key, "picture", profile) for key in keys]
    middle = (image.width / 2, image.height / 2)
    tried = places(steps, lattices, [upright(cell_of(image.size), middle)], 2 * PERIOD)
    read = [
        _read(steps, lattices[number], found, image.size, 1)
        for number, found in tried
        if found.clear >= _FAINT
    ]
    return min((one.bound for one in read), default=1.0) * len(keys) <= REFUSED


def legible(marked: Image.Image, signs: Signs, pose: Pose) -> float:
    """Bits that the cells with a sign show, where they were laid.

    Read at the pose of marking; a vote of known strength in noise carries z² / (2 ln 2) bits.
    """
    steps = pyramid(luminance(marked), _LEVELS)
    if not steps:
        return 0.0
    box = extent(pose, marked.size)
    values = folded(cells_of(*laid(steps, pose, box, SCALE)), box)
    return max(_clear(values * signs), 0.0) ** 2 / (2 * math.log(2))


def _reduced(values: Field | NDArray[np.uint8], factor: int) -> Field:
    if factor == 1:
        return values.astype(np.float32)
    rows, columns = (side // factor for side in values.shape)
    cut = values[: rows * factor, : columns * factor]
    # whole numbers, so that it does not matter in which order they are added up
    total = np.zeros((rows, columns), np.uint32 if values.dtype == np.uint8 else np.float32)
    for i in range(factor):
        for j in range(factor):
            total += cut[i::factor, j::factor]
    return total.astype(np.float32) / np.float32(factor * factor)


def _found(
    steps: Sequence[Steps], lattices: Sequence[Lattice], size: tuple[int, int], values: Field
) -> Iterator[tuple[int, Found]]:
    """Places that are clear enough to settle: the likeliest poses first, the others if need be."""
    best: dict[int, list[Found]] = {number: [] for number in range(len(lattices))}
    for tried, window in _tried(size, values):
        for number, found in places(steps, lattices, tried, window):
            best[number] = sorted([*best[number], found], key=_falling)[:_KEPT]
        sure = [(number, some[0]) for number, some in best.items() if some[0].clear >= _CLEAR]
        if sure:
            yield from sure
            return
    for number, some in best.items():
        looked = sorted((_looked(steps, lattices[number], one, size) for one in some), key=_falling)
        yield from ((number, one) for one in looked[:_SETTLED] if one.clear >= _FAINT)


def _falling(found: Found) -> float:
    return -found.clear


def _looked(steps: Sequence[Steps], lattice: Lattice, found: Found, size: tuple[int, int]) -> Found:
    """A faint place looked at in full, at sizes between those that were tried."""
    middle = through(np.asarray(np.linalg.inv(found.pose)), np.array([size]) / 2)[0]
    tried = [found.pose @ grown(ratio, middle) for ratio in _BETWEEN]
    clear = [fit(steps, lattice, pose, size, PERIOD, glimpsed) for pose in tried]
    return min(map(Found, clear, tried), key=_falling)


def _tried(size: tuple[int, int], values: Field) -> Iterator[tuple[Iterable[Pose], int]]:
    """Poses, and cells looked at: a whole picture, a screen, then anything; last what leans."""
    middle = (size[0] / 2, size[1] / 2)
    yield [upright(cell, middle) for cell in {cell_of(size), max(size) / ACROSS}], 2 * PERIOD
    yield [upright(cell, middle) for cell in _TILES], 2 * PERIOD
    yield [upright(cell, middle) for cell in _sizes(_RATIO)], PERIOD
    stand, _ = stand_of(np.clip(values, 0, 255).astype(np.uint8))
    if stand is not None:
        flat = upright(1.0, middle) @ stand
        yield (flat @ stretched(c, r) for c in _sizes(_RATIO) for r in _STRETCHES), PERIOD


def _sizes(ratio: float) -> list[float]:
    count = int(math.log(_SIZES[1] / _SIZES[0]) / math.log(ratio))
    return [_SIZES[0] * ratio**i for i in range(count + 1)]


def _read(
    steps: Sequence[Steps], lattice: Lattice, found: Found, size: tuple[int, int], shrink: int
) -> ToneReading:
    pose = settle(steps, lattice, found.pose, size)
    box = extent(pose, size)
    values = folded(cells_of(*laid(steps, pose, box, SCALE)), box)
    full = np.diag([float(shrink), float(shrink), 1.0]) @ pose
    return ToneReading(
        _votes(values, lattice),
        _agreement(values, lattice, lattice.check),
        _agreement(values, lattice, lattice.sync),
        full,
        lattice.use,
    )


def _agreement(values: Field, lattice: Lattice, cells: NDArray[np.bool_]) -> float:
    return _clear(values * lattice.known(cells))


def _clear(signed: Field) -> float:
    """A sum of signed values, in deviations of fair signs."""
    signed = signed.astype(np.float64)
    return float(signed.sum() / math.sqrt(float(np.square(signed).sum()) + 1e-12))


def _votes(values: Field, lattice: Lattice) -> Reading:
    """One vote for each code cell that was seen. SPEC 15.5."""
    seen = lattice.code & (values != 0)
    strength = values[seen].astype(np.float64)
    usual = math.sqrt(float(np.square(strength).mean())) if len(strength) else 1.0
    chips = np.clip(strength / max(usual, 1e-9), -1, 1)
    unmasked = chips * np.where(lattice.masks[seen], -1.0, 1.0)
    return Reading("tone", lattice.identities()[seen], lattice.positions[seen], unmasked)

"""Does a label carry a mark of ours already? Asked before marking, dot for dot. SPEC 10.10.

In the file that was marked every nub is exact, a run of the nub's width on a straight edge, and so
is every free dot. Where they stand gives the phase of the lattice, whoever's it is; the keyed map
of slots, tried at every cell of the period and every quarter turn, says whether it is ours. No
pose, no codeword.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache, reduce
from operator import and_, or_

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracemark.label.exact import find_specks
from tracemark.label.lattice import FREE_X, FREE_Y, PERIOD, SIDES, Geometry, alike, lattice_of
from tracemark.label.packed import Index, Packed, below, beside, places
from tracemark.label.raster import Raster
from tracemark.masks import Mask

Bumps = Sequence[tuple[Index, Index]]  # for each side: along the edge; the white line across it

REFUSED = 1e-6  # chance that a label without our mark is taken for marked, over all that is tried
_TURNS = 4
_FEW = 12  # bumps facing one way, or specks; a label that can be marked shows more of either
_SHARES = (1 / 2, 1 / 4)  # of the map's slots that may carry a nub, a free dot
_CLEAR = 6.0  # deviations by which the comb of a marked label stands out


def carries_mark(image: Image.Image | Raster, keys: Sequence[bytes], geometry: Geometry) -> bool:
    """Whether a label was marked under one of these keys, for whomever.

    Parameters
    ----------
    image : PIL image or Raster
        As it would be marked: one pixel for each dot of the printer.
    keys : sequence of bytes
        The label carrier's subkeys of all epochs.
    geometry : Geometry
        That it would be marked in.

    Returns
    -------
    bool
        True for a label without our mark with a chance of at most `REFUSED`.
    """
    ink = Raster.of(image).ink
    if min(ink.height, ink.width) < geometry.pitch:
        return False
    shapes = alike(geometry)
    specks = find_specks(ink, geometry)  # alike in these
    return any(_carries(ink, specks, keys, shape, len(shapes)) for shape in shapes)


def _carries(
    ink: Packed, specks: tuple[Index, Index], keys: Sequence[bytes], geometry: Geometry, shapes: int
) -> bool:
    """Whether a label was marked in one of so many geometries."""
    level = _bumps(ink, geometry, level=True)
    if max(len(level[0][0]), len(specks[0])) < _FEW:
        return False
    bumps = [*level, *_bumps(ink, geometry, level=False)]
    across, down = (
        _phases(bumps[2 * axis : 2 * axis + 2], specks[axis], geometry) for axis in (0, 1)
    )
    if len(across) == len(down) == geometry.pitch:
        return False  # no comb along either axis
    tried = len(across) * len(down) * _TURNS * PERIOD**2 * len(keys) * shapes
    for phase in ((x, y) for x in across for y in down):
        slots = _slots(bumps, phase, geometry)
        slots[SIDES] = _dots(specks, phase, geometry)
        if slots.any() and any(_evidence(slots, key, tried) for key in keys):
            return True
    return False


def _bumps(ink: Packed, geometry: Geometry, *, level: bool) -> Bumps:
    """Where bumps of a nub's exact shape begin, along and across edges, on either side of ink.

    Straight ink on one side, white around, and as much of both beside it as every nub has.
    """
    width, height, first = geometry.width, geometry.height, geometry.starts[0]
    flank = first - geometry.margin  # dots that are straight beside every nub
    along, across = (beside, below) if level else (below, beside)
    dots = [along(ink.words, step) for step in range(width + 2 * flank)]
    full = reduce(and_, dots)
    clean = ink.line() & ~reduce(or_, dots)
    nub = reduce(and_, dots[flank : flank + width])
    nub &= ~reduce(or_, dots[:flank] + dots[flank + width :])
    sides = []
    for step in (1, -1):
        exact = across(full, step) & across(clean, -step * height)
        for rise in range(height):
            exact &= across(nub, -step * rise)
        rows, columns = places(exact)
        sides.append((columns + flank, rows) if level else (rows + flank, columns))
    return sides


def _phases(bumps: Bumps, specks: Index, geometry: Geometry) -> range:
    """Dots, modulo the pitch, at which cells may begin along an axis: one, or all if unclear."""
    pitch = geometry.pitch
    comb, usual = np.zeros(pitch), 0.0
    nubs = np.concatenate([along for along, _ in bumps])
    for along, starts in ((nubs, set(geometry.starts)), (specks, _places(geometry))):
        counts = np.bincount(along % pitch, minlength=pitch)
        begins = (np.arange(pitch) + np.array([*starts])[:, None]) % pitch
        comb += counts[begins].sum(0)
        usual += counts.sum() * len(starts) / pitch
    best = int(np.argmax(comb))
    clear = comb[best] > usual + _CLEAR * math.sqrt(usual)
    return range(best, best + 1) if clear else range(pitch)


def _places(geometry: Geometry) -> set[int]:
    """Where in its cell a free dot may begin, along either axis of a label however turned."""
    return {*geometry.across, *geometry.down}


def _slots(bumps: Bumps, phase: tuple[int, int], geometry: Geometry) -> Mask:
    """Slots that show a nub, if cells begin at this phase: (5, 128, 128), at an unknown cell."""
    slots = np.zeros((SIDES + 1, PERIOD, PERIOD), bool)
    for side, (along, across) in enumerate(bumps):
        over, past = phase if side < 2 else phase[::-1]
        here, place = np.divmod(along - over, geometry.pitch)
        there = (across - past) // geometry.pitch
        nub = np.isin(place, geometry.starts)
        cells = here[nub] % PERIOD, there[nub] % PERIOD
        row, column = cells[::-1] if side < 2 else cells
        slots[side, row, column] = True
    return slots


def _dots(specks: tuple[Index, Index], phase: tuple[int, int], geometry: Geometry) -> Mask:
    """Cells that show a free dot, if cells begin at this phase: (128, 128), at an unknown cell."""
    (column, x), (row, y) = (
        np.divmod(along - start, geometry.pitch) for along, start in zip(specks, phase, strict=True)
    )
    dot = np.isin(x, list(_places(geometry))) & np.isin(y, list(_places(geometry)))
    cells = np.zeros((PERIOD, PERIOD), bool)
    cells[row[dot] % PERIOD, column[dot] % PERIOD] = True
    return cells


def _evidence(slots: Mask, key: bytes, tried: int) -> bool:
    """Whether the key allows more of the slots, at the best cell and quarter turn, than chance."""
    laid = np.fft.rfft2(slots.astype(np.float32)).conj()
    counts = [int(np.count_nonzero(part)) for part in (slots[:SIDES], slots[SIDES])]
    surplus = 0.0
    for map_ in _maps(key):
        allowed = [
            np.fft.irfft2((laid[part] * map_[part]).sum(0)).round()
            for part in (slice(SIDES), slice(SIDES, None))
        ]
        rare = [
            _rarity(count, part, share)
            for count, part, share in zip(counts, allowed, _SHARES, strict=True)
        ]
        surplus = max(surplus, float(np.max(rare[0] + rare[1])))
    # two independent tails of at most exp(-a) and exp(-b) exceed a + b = t by (1 + t) exp(-t)
    return (1 + surplus) * math.exp(-surplus) * tried <= REFUSED


@lru_cache(maxsize=8)
def _maps(key: bytes) -> tuple[NDArray[np.complexfloating], ...]:
    """Spectra of the keyed map at every quarter turn: (5, 128, 65), the last of free dots."""
    on = lattice_of(key).on
    maps = np.concatenate([on[:SIDES], (on[FREE_X] & on[FREE_Y])[None]]).astype(np.float32)
    spectra = []
    for _ in range(_TURNS):
        spectra.append(np.fft.rfft2(maps))
        maps = np.stack([maps[kind][::-1].T for kind in (2, 3, 1, 0, 4)])  # clockwise
    return tuple(spectra)


def _rarity(count: int, allowed: NDArray[np.floating], share: float) -> NDArray[np.float64]:
    """At most -log P(so many of `count` slots are allowed), each with a chance of `share`."""
    if not count:
        return np.zeros(allowed.shape)
    part = np.clip(allowed / count, share, 1).astype(np.float64)
    rest = np.maximum(1 - part, 1e-300)
    gain = part * np.log(part / share) + (1 - part) * np.log(rest / (1 - share))
    return np.asarray(count * gain)

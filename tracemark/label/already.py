"""Does a label carry a mark of ours already? Asked before marking, dot for dot. SPEC 10.10.

In the file that was marked every nub is exact: a run of the nub's width on a straight edge. Where
those runs stand gives the phase of the lattice, whoever's it is; the keyed map of slots, tried at
every cell of the period and every quarter turn, says whether it is ours. No pose, no codeword.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracemark.label.already_dots import carries_dots
from tracemark.label.lattice import PERIOD, SIDES, Geometry, lattice_of
from tracemark.label.raster import dots

Mask = NDArray[np.bool_]
Index = NDArray[np.int64]
Bumps = Sequence[tuple[Index, Index]]  # for each side: along the edge; the white line across it

REFUSED = 1e-6  # chance that a label without our mark is taken for marked, over all that is tried
_TURNS = 4
_FEW = 12  # bumps facing one way; the poorest label that can be marked shows more, even turned
_CLEAR = 6.0  # deviations by which the comb of a marked label stands out


def carries_mark(image: Image.Image, keys: Sequence[bytes], geometry: Geometry) -> bool:
    """Whether a label was marked under one of these keys, for whomever.

    Parameters
    ----------
    image : PIL image
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
    black = dots(image)
    if min(black.shape) < geometry.pitch:
        return False
    return _carries_nubs(black, keys, geometry) or carries_dots(black, keys, geometry, REFUSED / 2)


def _carries_nubs(black: Mask, keys: Sequence[bytes], geometry: Geometry) -> bool:
    first = _bumps(black, 1, geometry)
    if len(first[0]) < _FEW:
        return False  # nearly every unmarked label, at a tenth of the cost
    plumb = np.ascontiguousarray(black.T)
    views = ((black, -1), (plumb, 1), (plumb, -1))
    bumps = [first, *(_bumps(view, step, geometry) for view, step in views)]
    across, down = (_phases(bumps[side : side + 2], geometry) for side in (0, 2))
    if len(across) == len(down) == geometry.pitch:
        return False  # no comb along either axis
    tried = len(across) * len(down) * _TURNS * PERIOD**2 * len(keys)
    for phase in ((x, y) for x in across for y in down):
        slots = _slots(bumps, phase, geometry)
        count = int(np.count_nonzero(slots))
        if count and any(
            _tail(count, _agreeing(slots, key)) * tried <= REFUSED / 2 for key in keys
        ):
            return True
    return False


def _bumps(view: Mask, step: int, geometry: Geometry) -> tuple[Index, Index]:
    """Where bumps of a nub's exact shape begin, along and across edges with ink at `step`."""
    width = geometry.width
    white = ~view
    run = view[1:-1, 1:-width] & white[1:-1, : -width - 1]
    run &= white[1:-1, width + 1 :]
    ink = view[2:] if step > 0 else view[:-2]
    run &= ink[:, : -width - 1]
    run &= ink[:, width + 1 :]
    across, along = np.divmod(np.flatnonzero(run), run.shape[1])
    exact = _exact(view, along + 1, across + 1, step, geometry)
    return along[exact] + 1, across[exact] + 1


def _exact(view: Mask, along: Index, across: Index, step: int, geometry: Geometry) -> Mask:
    """Which runs have a nub's shape, with straight ink at `across + step` and white around."""
    width, height, first = geometry.width, geometry.height, geometry.starts[0]
    flank = first - geometry.margin  # dots that are straight beside every nub
    shape = np.zeros((height + 2, width + 2 * flank), bool)
    shape[0] = True
    shape[1:-1, flank : flank + width] = True
    lines = across[:, None] + step * np.arange(1, -height - 1, -1)
    columns = along[:, None] + np.arange(-flank, width + flank)
    inside = (lines.min(1) >= 0) & (lines.max(1) < view.shape[0])
    inside &= (columns[:, 0] >= 0) & (columns[:, -1] < view.shape[1])
    fits = np.zeros(len(along), bool)
    seen = view[lines[inside][:, :, None], columns[inside][:, None, :]]
    fits[inside] = (seen == shape).all((1, 2))
    return fits


def _phases(bumps: Bumps, geometry: Geometry) -> range:
    """Dots, modulo the pitch, at which cells may begin along an axis: one, or all if unclear."""
    pitch, starts = geometry.pitch, geometry.starts
    counts = np.bincount(np.concatenate([along for along, _ in bumps]) % pitch, minlength=pitch)
    comb = np.sum([np.roll(counts, -start) for start in starts], axis=0)
    usual = counts.sum() * len(starts) / pitch
    best = int(np.argmax(comb))
    clear = comb[best] > usual + _CLEAR * math.sqrt(usual)
    return range(best, best + 1) if clear else range(pitch)


def _slots(bumps: Bumps, phase: tuple[int, int], geometry: Geometry) -> Mask:
    """Slots that show a nub, if cells begin at this phase: (4, 128, 128), at an unknown cell."""
    slots = np.zeros((SIDES, PERIOD, PERIOD), bool)
    for side, (along, across) in enumerate(bumps):
        over, past = phase if side < 2 else phase[::-1]
        here, place = np.divmod(along - over, geometry.pitch)
        there = (across - past) // geometry.pitch
        nub = np.isin(place, geometry.starts)
        cells = here[nub] % PERIOD, there[nub] % PERIOD
        row, column = cells[::-1] if side < 2 else cells
        slots[side, row, column] = True
    return slots


def _agreeing(slots: Mask, key: bytes) -> int:
    """How many of the slots the key allows, at the best cell and quarter turn."""
    laid = np.fft.rfft2(slots.astype(np.float32)).conj()
    best = max(float(np.fft.irfft2((laid * map_).sum(0)).max()) for map_ in _maps(key))
    return round(best)


@lru_cache(maxsize=8)
def _maps(key: bytes) -> tuple[NDArray[np.complexfloating], ...]:
    """Spectra of the keyed map at every quarter turn."""
    maps = lattice_of(key).on[:SIDES].astype(np.float32)
    spectra = []
    for _ in range(_TURNS):
        spectra.append(np.fft.rfft2(maps))
        maps = np.stack([maps[side][::-1].T for side in (2, 3, 1, 0)])  # clockwise
    return tuple(spectra)


def _tail(count: int, agreeing: int) -> float:
    """At least P(so many of `count` slots are allowed), each with a chance of one half."""
    share = agreeing / count
    if share <= 0.5:
        return 1.0
    rest = (1 - share) * math.log(2 * (1 - share)) if share < 1 else 0.0
    return math.exp(-count * (share * math.log(2 * share) + rest))

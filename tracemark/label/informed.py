"""Reading beside the original: its sites and its place on the lattice are known. SPEC 10.11.

The blind reader has to find the lattice from the nubs alone, so it needs many of them. Beside the
original the pose comes from the whole label, and each nub is looked for where it must be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracemark.darkness import Field, darkness, scaled
from tracemark.label.codes import keep_out
from tracemark.label.lattice import FREE_X, FREE_Y, Geometry, Lattice, lattice_of
from tracemark.label.marking import geometry_of
from tracemark.label.raster import Raster, luminance, turned
from tracemark.label.reading import LabelReading, read
from tracemark.label.registration import SCALE, flattened, pictured, register
from tracemark.label.rooms import Rooms, find_rooms
from tracemark.label.sites import Sites, find_sites
from tracemark.model import Reading

BESIDE = 4.5  # deviations of the pilot from which the original is believed to be the one marked
_LONGEST = 3200  # pixels of the picture's longer side that are looked at
_STEP = 0.35  # darkness step of an edge, as a share of full ink, under which it was not seen
_FAINT = 0.15  # difference at which a chip counts half
_COVERED = 0.4  # mean darkness from which a room is not white
_RARE = 8 / 3  # what a dot's being allowed (1 in 4) says, where a nub's (1 in 2) says 2
_SPREAD = 0.2276  # (1 - 2p) / (2 ln((1 - p) / p)) at p = 1/4: how far a rare fair coin's tail goes


@dataclass(frozen=True, slots=True)
class BesideReading(LabelReading):
    """A reading at the original's own place: its pilot is that of one pose, not of the best."""

    @property
    def locked(self) -> bool:
        """Whether the pose is believed, of which there is but one."""
        return bool(self.readings)


def read_beside(
    image: Image.Image, original: Image.Image, keys: Sequence[bytes]
) -> list[LabelReading]:
    """Read the marks in a picture of a label whose original is at hand.

    Parameters
    ----------
    image : PIL image
        Of any mode; its EXIF orientation is obeyed.
    original : PIL image
        The label as it was before marking, dot for dot, with its resolution.
    keys : sequence of bytes
        The label carrier's subkeys.

    Returns
    -------
    list of LabelReading
        One for each key, a BesideReading where the mark was found at the original's own place. No
        codeword was seen. Where the original turns out not to be the very
        picture that was marked, the picture is still read blind as the original straightens it.

    Raises
    ------
    MissingExtra
        Without the extra ``photo``.
    """
    raster, geometry = Raster(original), geometry_of(original)
    black = raster.black
    picture = luminance(turned(image))
    scale = min(1.0, _LONGEST / max(picture.shape))
    dark = darkness(scaled(picture, scale))
    # far from the label a drift may run away; nothing is read there
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        lens = register(dark, black)
    if lens is None:
        return [LabelReading(why="the picture does not show the original")] * len(keys)
    flat, model = flattened(dark, lens, black.shape), pictured(black)
    square = 4 * geometry.pitch // 3
    codes = keep_out(raster.ink, square)
    found = []
    for key in keys:
        lattice = lattice_of(key)
        origin = lattice.origin(black, geometry.pitch)
        sites = find_sites(raster.ink, codes, square, origin, geometry)
        contrast, seen = _contrast(flat, model, sites, geometry)
        rooms = find_rooms(raster.tinted, codes, square, origin, geometry)
        places, clear = _places(flat, model, rooms, geometry)
        reading = _reading(
            _nubs(sites.take(seen), contrast[seen], lattice),
            _dots(rooms.take(clear), places[:, clear], lattice),
            lattice,
        )
        found.append(reading if reading.readings else read(_seen(flat), key))
    return found


def _seen(flat: Field) -> Image.Image:
    """The part of the label that the picture shows, straightened."""
    shades = Image.fromarray(np.clip(255 - 255 * flat, 0, 255).astype(np.uint8))
    shown = Image.fromarray((flat != 0).astype(np.uint8)).getbbox()
    return shades.crop(shown) if shown else shades


def _contrast(
    flat: Field, model: Field, sites: Sites, geometry: Geometry
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Second place less first at every site, less what the original shows there; and what is seen.

    Returns
    -------
    contrast : (n,) float64
        In [-1, 1], positive where the second place carries the nub.
    seen : (n,) bool
    """
    first, second = geometry.starts
    wide = np.arange(geometry.width)
    outwards = np.sign(sites.outside - sites.inside)
    high = np.arange(geometry.height)

    def mean(field: Field, along: NDArray[np.int64], across: NDArray[np.int64]) -> Field:
        """Mean over dots `along` the edge and `across` it, outwards from the white line."""
        x = sites.along[:, None, None] + along[None, :, None]
        y = sites.outside[:, None, None] + outwards[:, None, None] * across[None, None, :]
        level = (sites.sides < 2)[:, None, None]
        row, column = np.where(level, y, x), np.where(level, x, y)
        inside = (row >= 0) & (row < field.shape[0] // SCALE)
        inside &= (column >= 0) & (column < field.shape[1] // SCALE)
        row = np.clip(row, 0, field.shape[0] // SCALE - 1)
        column = np.clip(column, 0, field.shape[1] // SCALE - 1)
        whole = field.reshape(field.shape[0] // SCALE, SCALE, -1, SCALE).mean((1, 3))
        return np.asarray(np.where(inside, whole[row, column], 0).mean((1, 2)), np.float32)

    def differ(field: Field) -> Field:
        return mean(field, second + wide, high) - mean(field, first + wide, high)

    middle = np.arange(geometry.margin, geometry.pitch - geometry.margin)
    ink = mean(flat, middle, -1 - np.arange(geometry.ink))
    paper = mean(flat, middle, geometry.height + 1 + high)
    step = ink - paper
    contrast = (differ(flat) - differ(model)) / np.maximum(step, _STEP)
    return np.clip(contrast, -1, 1).astype(np.float64), step > _STEP


def _places(
    flat: Field, model: Field, rooms: Rooms, geometry: Geometry
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """First place less second of every room, along x and along y; and which are seen clear.

    Returns
    -------
    places : (2, n) float64
        Positive where the first place carries the dot.
    clear : (n,) bool
    """
    shape = (flat.shape[0] // SCALE, SCALE, flat.shape[1] // SCALE, SCALE)
    seen, expected = (field.reshape(shape).mean((1, 3)) for field in (flat, model))

    def mean(field: Field, top: int, left: int, tall: int, wide: int) -> Field:
        rows = rooms.tops[:, None, None] + top + np.arange(tall)[:, None]
        columns = rooms.lefts[:, None, None] + left + np.arange(wide)
        return np.asarray(field[rows, columns].mean((1, 2)))

    extra = seen - expected
    a, b, c, d = (
        mean(extra, top, left, geometry.tall, 2)
        for top in geometry.down
        for left in geometry.across
    )
    x = np.maximum(a, c) - np.maximum(b, d)
    y = np.maximum(a, b) - np.maximum(c, d)
    whole = geometry.pitch
    shown = mean((seen != 0).astype(np.float32), 0, 0, whole, whole) > 0.5
    clear = shown & (mean(seen, 0, 0, whole, whole) < _COVERED)
    return np.stack([x, y]).astype(np.float64), clear


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is seen of one carrier.

    Attributes
    ----------
    name : str
    share : float
        Of all slots of the lattice that may carry one.
    slots : tuple of (n,) int64
        Kind, row and column, one for each mark that may stand there.
    strength : (n,) float32
        How clearly one does, in [0, 1].
    on : (n,) bool
    signs : list of (kind or None, (n,) float64)
        For each chip its kind, where it is not that of the slot, and 1 where it shows a 1.
    """

    name: str
    share: float
    slots: tuple[NDArray[np.int64], ...]
    strength: NDArray[np.float32]
    on: NDArray[np.bool_]
    signs: list[tuple[int | None, NDArray[np.float64]]]

    def excess(self) -> NDArray[np.float32]:
        """Strengths less their mean."""
        return np.asarray(self.strength - self.strength.mean() if len(self.on) else self.strength)

    def reading(self, lattice: Lattice) -> Reading:
        """Its chips, unmasked."""
        trust, on = _trust(self.strength, self.on, self.share), self.on
        identities, positions, chips = [], [], []
        for kind, sign in self.signs:
            kinds, rows, columns = (part[on] for part in self.slots)
            kinds = kinds if kind is None else np.full_like(kinds, kind)
            identities.append(lattice.identities(kinds, rows, columns))
            positions.append(lattice.positions[kinds, rows, columns])
            chips.append(sign[on] * trust * np.where(lattice.masks[kinds, rows, columns], -1, 1))
        return Reading(
            self.name, np.concatenate(identities), np.concatenate(positions), np.concatenate(chips)
        )


def _nubs(sites: Sites, contrast: NDArray[np.float64], lattice: Lattice) -> _Seen:
    """One chip for each slot that shows an edge; sites of one slot are added up."""
    identities = lattice.identities(sites.sides, sites.rows, sites.columns)
    _, first, inverse = np.unique(identities, return_index=True, return_inverse=True)
    total = np.bincount(inverse, contrast, minlength=len(first))
    slots = sites.sides[first], sites.rows[first], sites.columns[first]
    size = np.abs(total)
    strength = (size / (size + _FAINT)).astype(np.float32)
    return _Seen("nubs", 0.5, slots, strength, lattice.on[slots], [(None, np.sign(total))])


def _dots(rooms: Rooms, places: NDArray[np.float64], lattice: Lattice) -> _Seen:
    """Two chips for each room; a dot is as clear as the fainter of its places."""
    slots = np.full_like(rooms.rows, FREE_X), rooms.rows, rooms.columns
    on = (lattice.on[FREE_X] & lattice.on[FREE_Y])[rooms.rows, rooms.columns]
    size = np.abs(places).min(0)
    strength = (size / (size + _FAINT)).astype(np.float32)
    signs: list[tuple[int | None, NDArray[np.float64]]] = [
        (kind, -np.sign(place)) for kind, place in zip((FREE_X, FREE_Y), places, strict=True)
    ]
    return _Seen("dots", 0.25, slots, strength, on, signs)


def _reading(nubs: _Seen, dots: _Seen, lattice: Lattice) -> LabelReading:
    """The chips of slots that may carry a mark; the others say what the noise is."""
    if not len(nubs.on) + len(dots.on):
        return LabelReading(why="no part of the original could be made out")
    level, lone = nubs.excess(), _RARE * dots.excess()
    # its tail is at most that of a normal variable: each slot's coin is tossed by itself
    spread = (level**2).sum() + _SPREAD * (lone**2).sum()
    fit = (level * np.where(nubs.on, 1.0, -1.0)).sum() + (lone * (dots.on - 0.25)).sum()
    pilot = float(fit / np.sqrt(spread + 1e-9))
    if pilot < BESIDE:
        return LabelReading(pilot=pilot, why="no mark found beside the original")
    return BesideReading([carrier.reading(lattice) for carrier in (nubs, dots)], pilot)


def _trust(
    strength: NDArray[np.float32], on: NDArray[np.bool_], share: float
) -> NDArray[np.float64]:
    """For each slot that may carry a mark, the share of its like that exceeds chance, in [0, 1]."""
    if not len(on):
        return np.zeros(0)
    order = np.argsort(-strength, kind="stable")
    window = np.ones(min(len(order), max(20, len(order) // 12)))
    ours = np.convolve(on[order].astype(np.float64), window, "same")
    all_ = np.convolve(np.ones(len(order)), window, "same")
    excess = (ours - share * all_) / (1 - share)
    trust = np.clip(excess / np.maximum(ours, 1), 0, 1)
    placed = np.empty(len(order))
    placed[order] = np.minimum.accumulate(trust)  # weaker is never more trusted
    return placed[on]

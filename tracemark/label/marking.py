"""Marking a label: nubs on its straight edges, free dots where edges are few. SPEC 10."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracemark.errors import HostTooSmall, UsageError
from tracemark.label.binding import UNBOUND, bind
from tracemark.label.choice import STRENGTHS, choose
from tracemark.label.codes import keep_out, squares_of
from tracemark.label.lattice import (
    FREE_X,
    FREE_Y,
    LEVEL,
    Geometry,
    Lattice,
    geometry_for,
    lattice_of,
)
from tracemark.label.raster import Raster
from tracemark.label.rooms import Rooms, find_rooms
from tracemark.label.sites import Sites, find_sites
from tracemark.model import Unseen
from tracemark.profiles import CURRENT, Profile

NEEDED = 64  # chips: 40 of them, read without fault, name one of a million


@dataclass(frozen=True, slots=True)
class Placement:
    """What was done to a label.

    Attributes
    ----------
    sites : int
        Edges that could have carried a nub, whatever the key says.
    nubs : int
        Nubs placed, of one chip each.
    dots : int
        Free dots placed, of two chips each.
    share : float
        Changed dots over white dots of the unmarked label, in [0, 1].
    origin : (x, y)
        Lattice dot on which dot (0, 0) of the label lies.
    geometry : Geometry
    """

    sites: int
    nubs: int
    dots: int
    share: float
    origin: tuple[int, int]
    geometry: Geometry


def embed(
    image: Image.Image | Raster,
    codeword: NDArray[np.uint8],
    key: bytes,
    *,
    profile_name: str = "default",
    dpi: float | None = None,
    word: int = UNBOUND,
    profile: Profile = CURRENT,
    unseen: Unseen | None = None,
) -> tuple[Image.Image, Placement]:
    """Mark one label for the recipient of a codeword.

    Parameters
    ----------
    image : PIL image or Raster
        The label as its printer is sent it; mode 1, L, LA, P, RGB or RGBA.
    codeword : (L,) uint8
        0 and 1.
    key : bytes
        The label carrier's subkey.
    profile_name : str
        ``discreet``, ``default`` or ``robust``: how many white dots may change (SPEC 10.7).
    dpi : float, optional
        Resolution of the printer; by default the picture's own, or guessed from its size.
    word : int
        Fingerprint of the waybill number that the mark is bound to; 0 for none (SPEC 10.9).
    profile : Profile
        Of the codeword.
    unseen : Unseen, optional
        What else is on the label where the picture does not show all of it.

    Returns
    -------
    (PIL image, Placement)
        The marked copy, of the same mode, size and resolution, and an account of the marks.

    Raises
    ------
    HostTooSmall
        If straight edges and clear white hold fewer than 64 chips, so that not even a perfect
        reading could name one of a million.
    UsageError, UnreadableSample
        For an unknown profile or a mode that cannot be marked.
    """
    if profile_name not in STRENGTHS:
        raise UsageError(
            f"unknown label profile '{profile_name}'", hint=f"one of {', '.join(STRENGTHS)}"
        )
    raster = Raster.of(image)
    image, black = raster.image, raster.black
    geometry = geometry_of(image, dpi)
    lattice = bind(lattice_of(key, profile), key, word)
    origin = lattice.origin(black, geometry.pitch, unseen.told if unseen else b"")
    square = 4 * geometry.pitch // 3
    kept = keep_out(raster.ink, square)
    if unseen is not None:
        kept |= squares_of(unseen.off, square)
    white = black.size - int(np.count_nonzero(black))
    offered = find_sites(raster.ink, kept, square, origin, geometry)
    sites, rooms = choose(
        offered,
        find_rooms(raster.tinted, kept, square, origin, geometry),
        lattice,
        geometry,
        STRENGTHS[profile_name],
        white,
    )
    blank = white == black.size  # dots alone in the white are no label
    chips = 0 if blank else len(sites) + 2 * len(rooms)
    if chips < NEEDED:
        raise HostTooSmall(
            needed=NEEDED,
            found=chips,
            what="chips",
            hint="a label needs rules, frames, larger type or white room; "
            "mark the data it is printed from",
        )
    targets, sources = _nubs(sites, lattice, codeword, geometry)
    ink = _free(rooms, lattice, codeword, geometry)
    share = (len(targets) + len(ink)) / white
    placement = Placement(len(offered), len(sites), len(rooms), share, origin, geometry)
    sources = np.concatenate([sources, np.broadcast_to(raster.darkest(), ink.shape)])
    return raster.copy_dots(np.concatenate([targets, ink]), sources), placement


Spots = NDArray[np.int64]  # (n, 2) rows and columns of dots


def _nubs(
    sites: Sites, lattice: Lattice, codeword: NDArray[np.uint8], geometry: Geometry
) -> tuple[Spots, Spots]:
    """Dots to write and the ink dots they copy. SPEC 10.6."""
    shown = _shown(lattice, codeword, sites.sides, sites.rows, sites.columns)
    start = sites.along + np.where(shown, geometry.starts[1], geometry.starts[0])
    # one row for each nub, one column for each of its dots
    along = start[:, None] + np.tile(np.arange(geometry.width), geometry.height)
    rise = np.repeat(np.arange(geometry.height), geometry.width)
    outwards = (sites.outside - sites.inside)[:, None]
    level = LEVEL[sites.sides][:, None]

    def dots_at(across: NDArray[np.int64]) -> Spots:
        pairs = np.where(level, [across, along], [along, across])
        return pairs.reshape(2, -1).T

    targets = dots_at(sites.outside[:, None] + rise * outwards)
    return targets, dots_at(np.broadcast_to(sites.inside[:, None], along.shape))


def geometry_of(image: Image.Image, dpi: float | None = None) -> Geometry:
    """The geometry that a label is marked in, at the resolution given or its own. SPEC 10.1."""
    if dpi is None:
        stated = image.info.get("dpi")
        dpi = _number(stated[0]) if isinstance(stated, tuple) and stated else None
    return geometry_for(image.size, dpi)


def _number(stated: object) -> float | None:
    """A resolution that a file or program states, if it is one."""
    try:
        return float(stated)  # type: ignore[arg-type]
    except (TypeError, ValueError, ArithmeticError):
        return None


def _free(rooms: Rooms, lattice: Lattice, codeword: NDArray[np.uint8], geometry: Geometry) -> Spots:
    """Dots to write for free dots. SPEC 10.6."""
    x, y = (_shown(lattice, codeword, kind, rooms.rows, rooms.columns) for kind in (FREE_X, FREE_Y))
    left = rooms.lefts + np.where(x, geometry.across[1], geometry.across[0])
    top = rooms.tops + np.where(y, geometry.down[1], geometry.down[0])
    return np.concatenate(
        [
            np.stack([top + down, left + right], 1)
            for down in range(geometry.tall)
            for right in (0, 1)
        ]
    )


def _shown(
    lattice: Lattice,
    codeword: NDArray[np.uint8],
    kinds: NDArray[np.int64] | int,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
) -> NDArray[np.uint8]:
    """The chips that slots show."""
    slots = (kinds, rows, columns)
    return np.asarray(codeword[lattice.positions[slots]] ^ lattice.masks[slots])

"""Marking a label: nubs on its straight edges. SPEC 10."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracemark.errors import HostTooSmall, UsageError
from tracemark.label.binding import UNBOUND, bind
from tracemark.label.codes import keep_out
from tracemark.label.lattice import Geometry, Lattice, geometry_for, lattice_of
from tracemark.label.raster import copy_dots, dots
from tracemark.label.sites import Sites, find_sites

SHARES = {"discreet": 0.0016, "default": 0.0025, "robust": 0.005}
NEEDED = 120  # nubs: with fewer, a whole label was lost in chats and scans that keep the rest


@dataclass(frozen=True, slots=True)
class Placement:
    """What was done to a label.

    Attributes
    ----------
    sites : int
        Edges that could have carried a nub, whatever the key says.
    nubs : int
        Nubs placed.
    share : float
        Changed dots over white dots of the unmarked label, in [0, 1].
    origin : (x, y)
        Lattice dot on which dot (0, 0) of the label lies.
    geometry : Geometry
    """

    sites: int
    nubs: int
    share: float
    origin: tuple[int, int]
    geometry: Geometry


def embed(
    image: Image.Image,
    codeword: NDArray[np.uint8],
    key: bytes,
    *,
    profile_name: str = "default",
    dpi: float | None = None,
    word: int = UNBOUND,
) -> tuple[Image.Image, Placement]:
    """Mark one label for the recipient of a codeword.

    Parameters
    ----------
    image : PIL image
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

    Returns
    -------
    (PIL image, Placement)
        The marked copy, of the same mode, size and resolution, and an account of the marks.

    Raises
    ------
    HostTooSmall
        If the label offers too few straight edges.
    UsageError, UnreadableSample
        For an unknown profile or a mode that cannot be marked.
    """
    if profile_name not in SHARES:
        raise UsageError(
            f"unknown label profile '{profile_name}'", hint=f"one of {', '.join(SHARES)}"
        )
    black = dots(image)
    geometry = geometry_of(image, dpi)
    lattice = bind(lattice_of(key), key, word)
    origin = lattice.origin(black, geometry.pitch)
    square = 4 * geometry.pitch // 3
    sites = find_sites(black, keep_out(black, square), square, origin, geometry)
    white = black.size - int(np.count_nonzero(black))
    budget = int(SHARES[profile_name] * white) // (geometry.width * geometry.height)
    chosen = sites.take(_choose(sites, lattice, budget))
    if len(chosen) < NEEDED:
        raise HostTooSmall(
            needed=NEEDED,
            found=len(chosen),
            what="nubs",
            hint="a label needs rules, frames or larger type; mark the data it is printed from",
        )
    targets, sources = _strokes(chosen, lattice, codeword, geometry)
    share = len(targets) / white
    placement = Placement(len(sites), len(chosen), share, origin, geometry)
    return copy_dots(image, targets, sources), placement


def _choose(sites: Sites, lattice: Lattice, budget: int) -> NDArray[np.int64]:
    """Sites to be used: those that the key allows, by rank until the budget is spent. SPEC 10.7."""
    slots = (sites.sides, sites.rows, sites.columns)
    allowed = np.nonzero(lattice.on[slots])[0]
    if len(allowed) <= budget:
        return allowed
    order = np.argsort(lattice.ranks[slots][allowed], kind="stable")
    return np.sort(allowed[order[:budget]])


def _strokes(
    sites: Sites, lattice: Lattice, codeword: NDArray[np.uint8], geometry: Geometry
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Dots to write and the ink dots they copy: (n, 2) and (n, 2), row and column. SPEC 10.6."""
    slots = (sites.sides, sites.rows, sites.columns)
    shown = codeword[lattice.positions[slots]] ^ lattice.masks[slots]
    start = sites.along + np.where(shown, geometry.starts[1], geometry.starts[0])
    # one row for each nub, one column for each of its dots
    along = start[:, None] + np.tile(np.arange(geometry.width), geometry.height)
    rise = np.repeat(np.arange(geometry.height), geometry.width)
    outwards = (sites.outside - sites.inside)[:, None]
    level = (sites.sides < 2)[:, None]

    def dots_at(across: NDArray[np.int64]) -> NDArray[np.int64]:
        pairs = np.where(level, [across, along], [along, across])
        return pairs.reshape(2, -1).T

    targets = dots_at(sites.outside[:, None] + rise * outwards)
    return targets, dots_at(np.broadcast_to(sites.inside[:, None], along.shape))


def geometry_of(image: Image.Image, dpi: float | None = None) -> Geometry:
    """The geometry that a label is marked in, at the resolution given or its own. SPEC 10.1."""
    if dpi is None:
        stated = image.info.get("dpi")
        dpi = float(stated[0]) if isinstance(stated, tuple) and stated else None
    return geometry_for(image.size, dpi)

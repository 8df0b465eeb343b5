"""Which of a label's edges and rooms are used. SPEC 10.7.

Leakers keep parts of labels, so every tile of a label gets its share of chips, by turns: nubs, and
free dots where a tile's edges are too few. Whatever the budget still holds goes to further nubs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.label.lattice import FREE_X, FREE_Y, PERIOD, Geometry, Lattice
from tracemark.label.rooms import Rooms
from tracemark.label.sites import Sites

TILE = 8  # cells
_ACROSS = PERIOD // TILE


@dataclass(frozen=True, slots=True)
class Strength:
    """How much may be done to a label.

    Attributes
    ----------
    share : float
        Changed dots over white dots, at most.
    chips : int
        Wanted in each tile.
    dots : bool
        Whether free dots may make up for missing edges.
    """

    share: float
    chips: int
    dots: bool


STRENGTHS = {
    "discreet": Strength(0.0016, 12, dots=False),
    "default": Strength(0.0025, 16, dots=True),
    "robust": Strength(0.005, 24, dots=True),
}


def choose(
    sites: Sites,
    rooms: Rooms,
    lattice: Lattice,
    geometry: Geometry,
    strength: Strength,
    white: int,
) -> tuple[Sites, Rooms]:
    """The sites and rooms to be used, of those that the key allows.

    Parameters
    ----------
    sites, rooms : Sites, Rooms
        All that the label offers.
    lattice : Lattice
    geometry : Geometry
    strength : Strength
    white : int
        White dots of the unmarked label.
    """
    sites = sites.take(lattice.on[sites.sides, sites.rows, sites.columns])
    tile = _tiles(sites.rows, sites.columns)
    nub_turn = _turns(tile, lattice.ranks[sites.sides, sites.rows, sites.columns])
    held = np.bincount(tile, minlength=_ACROSS**2)

    rooms = rooms.take(
        (lattice.on[FREE_X] & lattice.on[FREE_Y])[rooms.rows, rooms.columns] & strength.dots
    )
    tile = _tiles(rooms.rows, rooms.columns)
    # after the tile's nubs; a dot shows two chips
    dot_turn = held[tile] + 2 * _turns(tile, lattice.ranks[FREE_X, rooms.rows, rooms.columns])
    wanted = dot_turn < strength.chips
    rooms, dot_turn = rooms.take(wanted), dot_turn[wanted]

    costs = np.repeat(
        [geometry.width * geometry.height, 2 * geometry.tall], [len(sites), len(rooms)]
    )
    order = np.argsort(np.concatenate([nub_turn, dot_turn]), kind="stable")
    within = np.cumsum(costs[order]) <= int(strength.share * white)
    chosen = np.zeros(len(order), bool)
    chosen[order[within]] = True
    return sites.take(chosen[: len(sites)]), rooms.take(chosen[len(sites) :])


def _tiles(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.int64]:
    return rows // TILE * _ACROSS + columns // TILE


def _turns(tiles: NDArray[np.int64], ranks: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The how-manieth of its tile each is, by rank and then by number; the first is 0."""
    order = np.argsort(tiles << 8 | ranks, kind="stable")
    ordered = tiles[order]
    turns = np.empty(len(tiles), np.int64)
    turns[order] = np.arange(len(tiles)) - np.searchsorted(ordered, ordered)
    return turns

"""Where a label can carry nubs: straight edges that cross a cell of the lattice. SPEC 10.5."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tracemark.label.lattice import PERIOD, Geometry

Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sites:
    """Edges that can carry a nub, one row for each.

    Attributes
    ----------
    sides, rows, columns : (n,) int64
        The slot on the lattice: which way the edge faces, and the cell.
    along : (n,) int64
        Dot of the label, counted along the edge, at which the cell starts; may be negative.
    outside, inside : (n,) int64
        Dots of the label, counted across the edge: the last white line and the first line of ink.
    """

    sides: Index
    rows: Index
    columns: Index
    along: Index
    outside: Index
    inside: Index

    def __len__(self) -> int:
        return len(self.sides)

    def take(self, chosen: Index | NDArray[np.bool_]) -> Sites:
        """The chosen rows."""
        return Sites(
            self.sides[chosen],
            self.rows[chosen],
            self.columns[chosen],
            self.along[chosen],
            self.outside[chosen],
            self.inside[chosen],
        )


def find_sites(
    black: NDArray[np.bool_],
    keep_out: NDArray[np.bool_],
    square: int,
    origin: tuple[int, int],
    geometry: Geometry,
) -> Sites:
    """Find every site of a label.

    Parameters
    ----------
    black : (H, W) bool
    keep_out : (ceil(H / square), ceil(W / square)) bool
        Squares that must not be touched.
    square : int
        Side of those squares in dots.
    origin : (x, y)
        Lattice dot on which dot (0, 0) of the label lies.
    geometry : Geometry
    """
    flat = _both_faces(black, origin[0], geometry)
    steep = _both_faces(black.T, origin[1], geometry)
    found = []
    for side, (along, outside, inside) in enumerate((*flat, *steep)):
        # the cell that a site belongs to is the one that its white line crosses
        level = side < 2
        over, past = (origin[0], origin[1]) if level else (origin[1], origin[0])
        here = (along + over) // geometry.pitch % PERIOD
        there = (outside + past) // geometry.pitch % PERIOD
        rows, columns = (there, here) if level else (here, there)
        length = black.shape[1 if level else 0]
        ends = [np.clip(along + step, 0, length - 1) // square for step in (0, geometry.pitch - 1)]
        line = outside // square
        clear = np.ones(len(along), bool)
        for end in ends:
            clear &= ~(keep_out[line, end] if level else keep_out[end, line])
        found.append(
            Sites(np.full_like(along, side), rows, columns, along, outside, inside).take(clear)
        )
    return Sites(
        *(
            np.concatenate([getattr(part, name) for part in found])
            for name in ("sides", "rows", "columns", "along", "outside", "inside")
        )
    )


def _both_faces(
    black: NDArray[np.bool_], start: int, geometry: Geometry
) -> list[tuple[Index, Index, Index]]:
    """Sites on level edges: white above, then white below, as (along, outside, inside)."""
    pitch, white, ink = geometry.pitch, geometry.white, geometry.ink
    lead = start % pitch
    width = (black.shape[1] + lead) // pitch  # whole cells; the first may start before the label
    columns = range(geometry.margin, pitch - geometry.margin)
    order: Literal["C", "F"] = "C" if black.flags.c_contiguous else "F"  # a transposed label
    some = np.zeros((black.shape[0], width), bool, order)
    all_ = np.ones((black.shape[0], width), bool, order)
    skip = 1 if lead else 0  # a cell that the label's edge cuts carries nothing
    for column in columns:
        part = black[:, skip * pitch + column - lead :: pitch][:, : width - skip]
        some[:, skip:] |= part
        all_[:, skip:] &= part
    all_[:, :skip] = False
    clean = ~some
    faces: list[tuple[Index, Index, Index]] = []
    for upward in (True, False):
        light, dark = (clean, all_) if upward else (clean[::-1], all_[::-1])
        count = max(0, len(light) - white - ink + 1)
        edge = np.ones((count, width), bool, order)
        for line in range(white):
            edge &= light[line : line + count]
        for line in range(white, white + ink):
            edge &= dark[line : line + count]
        lines, cells = np.nonzero(edge)
        outside, inside = lines + white - 1, lines + white
        if not upward:
            outside, inside = len(light) - 1 - outside, len(light) - 1 - inside
        faces.append((cells * pitch - lead, outside, inside))
    return faces

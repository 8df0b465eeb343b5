"""Where a label can carry nubs: straight edges that cross a cell of the lattice. SPEC 10.5."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

import numpy as np

from tracemark.label.lattice import LEVEL, PERIOD, SIDES, Geometry
from tracemark.label.packed import Index, Packed, Words, beside, places, runs
from tracemark.masks import Mask

_LONG = 1 << 32  # dots; no label is as long


@dataclass(frozen=True, slots=True)
class Sites:
    """Edges that can carry a nub, one row for each.

    Attributes
    ----------
    sides, rows, columns : (n,) int64
        The slot on the lattice: which way the edge faces, and the cell.
    along : (n,) int64
        Dot of the label, counted along the edge, at which the cell starts.
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

    def take(self, chosen: Index | Mask) -> Sites:
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
    ink: Packed,
    keep_out: Mask,
    square: int,
    origin: tuple[int, int],
    geometry: Geometry,
) -> Sites:
    """Find every site of a label.

    Parameters
    ----------
    ink : Packed
        (H, W) dots.
    keep_out : (ceil(H / square), ceil(W / square)) bool
        Squares that must not be touched.
    square : int
        Side of those squares in dots.
    origin : (x, y)
        Lattice dot on which dot (0, 0) of the label lies.
    geometry : Geometry
    """
    faces = [
        *_both_faces(ink, origin[0], geometry, level=True),
        *_both_faces(ink, origin[1], geometry, level=False),
    ]
    along, outside, inside = (np.concatenate(part) for part in zip(*faces, strict=True))
    sides = np.repeat(np.arange(SIDES), [len(face[0]) for face in faces])
    # a site belongs to the cell that its white line crosses, and lies within it
    ends = [
        np.where(LEVEL[sides], [end, outside], [outside, end])
        for end in (along, along + geometry.pitch - 1)
    ]
    columns, rows = (ends[0] + np.array(origin)[:, None]) // geometry.pitch % PERIOD
    kept = reduce(or_, (keep_out[y // square, x // square] for x, y in ends))
    return Sites(sides, rows, columns, along, outside, inside).take(~kept)


def _both_faces(
    ink: Packed, start: int, geometry: Geometry, *, level: bool
) -> list[tuple[Index, Index, Index]]:
    """Sites on level or plumb edges: ink after white, then before; (along, outside, inside)."""
    pitch, margin, white, inked = geometry.pitch, geometry.margin, geometry.white, geometry.ink
    first = -start % pitch  # a cell that the label's edge cuts carries nothing
    count = max(0, ((ink.width if level else ink.height) - first) // pitch)
    if level:
        joins = (np.bitwise_and, np.bitwise_or)
        dark, some = (runs(ink.words, pitch - 2 * margin, join) for join in joins)
        page = ink.line(np.arange(count) * pitch + first + margin)
    else:
        cells = ink.words[first : first + count * pitch].reshape(count, pitch, ink.words.shape[1])
        straight = cells[:, margin : pitch - margin]
        dark, some = np.bitwise_and.reduce(straight, 1), np.bitwise_or.reduce(straight, 1)
        page = ink.line()
    clean, inner = page & ~some, max(0, ink.height - white - inked + 1)

    def across(words: Words, step: int) -> Words:
        return words[step : step + inner] if level else beside(words, step)

    faces = []
    for ink_after in (True, False):
        lines = [clean] * white + [dark] * inked if ink_after else [dark] * inked + [clean] * white
        rows, columns = places(reduce(and_, map(across, lines, range(white + inked))))
        line, along = (rows, columns - margin) if level else (columns, rows * pitch + first)
        order = np.argsort((line if ink_after else -line) * _LONG + along)
        line, along = line[order], along[order]
        outside, inside = (white - 1, white) if ink_after else (inked, inked - 1)
        faces.append((along, line + outside, line + inside))
    return faces

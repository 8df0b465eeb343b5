"""Where in a cell its slots stand, for showing them to a person. SPEC 8.5."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from tracemark.text.fold import strip_symbols
from tracemark.text.invisible import cut
from tracemark.text.kept import free
from tracemark.text.parse import Parsed, parse, writable
from tracemark.text.reader import Anchored, CellReadings
from tracemark.text.rules import Rules, rules
from tracemark.text.slots import LANES

_LANE = np.uint64(63)  # of an invisible slot's identity: the number of its chip. SPEC 5.5


@dataclass(frozen=True, slots=True)
class Place:
    """A slot's place in a cell, and what was read there.

    Attributes
    ----------
    start, end : int
        In the text without our symbols; equal where a form is no character at all.
    positions : (n,) int64
    chips : (n,) float64
        Of the chips read there: none where a slot can stand but cannot be read any more.
    """

    start: int
    end: int
    positions: NDArray[np.int64]
    chips: NDArray[np.float64]


def places(text: str, read: CellReadings, *, skip: str, using: Rules | None = None) -> list[Place]:
    """The places of one cell, from left to right, none over another.

    Parameters
    ----------
    text : str
        The cell.
    read : CellReadings
        What was read in it alone, under one key.
    skip : str
        The carrier that shows no codeword; its places are left out.
    using : Rules, optional
        The built-in ones unless given.
    """
    parsed = parse(strip_symbols(text), using or rules())
    rows: dict[tuple[int, int], list[tuple[Anchored, int]]] = defaultdict(list)
    for start, end, layer, row in _read_at(parsed, read, skip):
        rows[start, end] += [] if layer is None else [(layer, row)]
    found: list[Place] = []
    for (start, end), chips in sorted(rows.items(), key=lambda one: one[0]):
        if not found or start >= found[-1].end:
            found.append(
                Place(
                    start,
                    end,
                    np.array([layer.reading.positions[row] for layer, row in chips], np.int64),
                    np.array([layer.reading.chips[row] for layer, row in chips], np.float64),
                )
            )
    return found


_At = tuple[int, int, Anchored | None, int]


def _read_at(parsed: Parsed, read: CellReadings, skip: str) -> Iterator[_At]:
    """Each chip that was read with its place; and the places of those that were not."""
    lanes: dict[int, list[tuple[Anchored, int]]] = defaultdict(list)
    families: dict[int, list[tuple[Anchored, int]]] = defaultdict(list)
    for layer in read.layers:
        for row in range(len(layer)) if layer.reading.carrier != skip else ():
            if family := int(layer.families[row]):
                families[family].append((layer, row))
            else:
                lanes[int(layer.reading.slots[row] & _LANE) // 3].append((layer, row))
    yield from _visible(parsed, families)
    yield from _invisible(parsed, lanes)


def _visible(parsed: Parsed, read: dict[int, list[tuple[Anchored, int]]]) -> Iterator[_At]:
    """The slots of a family stand in the reading in the order in which they stand in the cell."""
    turns: dict[int, int] = defaultdict(int)
    for slot in free(parsed):
        family = 2 * slot[0].id
        span = writable(parsed, slot)
        if family not in read:
            continue
        if span is None:
            if parsed.places is not None:
                yield parsed.places[slot[2]], parsed.places[slot[3]], None, 0
            continue
        turn = turns[family]
        turns[family] += 1
        for chips in (read[family], read.get(family + 1, [])):
            if turn < len(chips):
                yield *span, *chips[turn]


def _invisible(parsed: Parsed, read: dict[int, list[tuple[Anchored, int]]]) -> Iterator[_At]:
    """Symbols stand behind letters; each letter is a place, whether or not it has its symbols."""
    ends = list(accumulate(map(len, cut(parsed)[:-1])))
    for lane in range(min(LANES, 2 * len(ends))):
        end = ends[lane % len(ends)]
        for layer, row in read.get(lane, []):
            yield end - 1, end, layer, row
        if lane > 0 and lane not in read and lane < len(ends):
            yield end - 1, end, None, 0

"""Scanning many leaked cells at once, without a key: anchors, forms and symbols. SPEC 5.2, 5.5.

It finds exactly what `tracemark.text.parse` finds in each cell. Regular cells are scanned in one
pass, the others one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from tracemark.text.fold import SYMBOLS, split_symbols, strip_symbols
from tracemark.text.invisible import LEAST_LETTERS, lanes
from tracemark.text.joined import Grammar, Joined, each_on_a_line, grammar
from tracemark.text.kept import free
from tracemark.text.kept_columns import holding_kept
from tracemark.text.parse import LEAST_ANCHOR, anchor, is_code, parse, road, writable
from tracemark.text.rules import LAYERS, Family, Rules
from tracemark.text.slots import LANES

_Ints = NDArray[np.int64]
_U64 = NDArray[np.uint64]
_U8 = NDArray[np.uint8]

_FIRST, _LAST = ord(SYMBOLS[0]), ord(SYMBOLS[-1])
_LANE_BIT = np.uint64(1) << np.arange(LANES - 1, -1, -1).astype(np.uint64)
_LANE_SHIFT = np.arange(3 * (LANES - 1), -1, -3).astype(np.uint64)


@dataclass(frozen=True, slots=True)
class Finds:
    """What stands in some cells, before any key.

    Attributes
    ----------
    contents, roads : (cells,) object
        The cells' anchors in UTF-8, `bytes`; and what keys the slots of their heads, empty where
        that is the anchor.
    origins : (cells,) int64
        Where each cell came from: its index among those scanned, or the number of its row.
    present, symbols : (cells,) uint64
        See `tracemark.text.invisible.lanes`.
    cells : (slots,) int64
        Index of the cell in which a visible slot stands.
    numbers : (slots,) uint64
        See `tracemark.text.parse.Slot`.
    layers, forms : (slots,) uint8
        Index into `LAYERS`; the class of the form found.
    """

    contents: NDArray[np.object_]
    roads: NDArray[np.object_]
    origins: _Ints
    present: _U64
    symbols: _U64
    cells: _Ints
    numbers: _U64
    layers: _U8
    forms: _U8

    def __len__(self) -> int:
        return len(self.contents)

    def where(self, chosen: NDArray[np.bool_]) -> Finds:
        """Some of the cells; `chosen` is (cells,) bool."""
        kept = chosen[self.cells]
        place = np.cumsum(chosen) - 1
        return Finds(
            self.contents[chosen],
            self.roads[chosen],
            self.origins[chosen],
            self.present[chosen],
            self.symbols[chosen],
            place[self.cells[kept]],
            self.numbers[kept],
            self.layers[kept],
            self.forms[kept],
        )

    def repeated(self, origins: _Ints, places: _Ints) -> Finds:
        """Each cell wherever it stands: the cell of origin ``origins[i]`` also at ``places[i]``."""
        order = np.argsort(origins, kind="stable")
        starts, ends = (
            np.searchsorted(origins[order], self.origins, side) for side in ("left", "right")
        )
        counts = ends - starts
        every = np.repeat(np.arange(len(self)), counts)
        within = np.arange(len(every)) - np.repeat(np.cumsum(counts) - counts, counts)
        shown = np.repeat(np.arange(len(self.cells)), counts[self.cells])
        first = (np.cumsum(counts) - counts)[self.cells]
        ends = np.cumsum(counts[self.cells])
        copy = np.arange(len(shown)) - np.repeat(ends - counts[self.cells], counts[self.cells])
        return Finds(
            self.contents[every],
            self.roads[every],
            places[order[starts[every] + within]],
            self.present[every],
            self.symbols[every],
            first[shown] + copy,
            self.numbers[shown],
            self.layers[shown],
            self.forms[shown],
        )

    def of_rows(self, rows: Sequence[int] | _Ints) -> Finds:
        """The same with the row of each cell scanned as its origin."""
        values = [getattr(self, one.name) for one in fields(self)]
        values[2] = np.asarray(rows, np.int64)[self.origins]
        return Finds(*values)


Shown = tuple[int, int, int]
"""A visible slot: its number, the index of its layer, the form found."""

Found = tuple[bytes, bytes, int, int, int, Sequence[Shown]]
"""One cell: its anchor, what keys its head, its origin, the lanes present, their symbols, its
visible slots."""


def gathered(found: Iterable[Found]) -> Finds:
    """Finds of single cells together."""
    held = list(found)
    shown = np.array([slot for one in held for slot in one[5]], np.uint64).reshape(-1, 3)
    return Finds(
        _objects([one[0] for one in held]),
        _objects([one[1] for one in held]),
        np.array([one[2] for one in held], np.int64),
        np.array([one[3] for one in held], np.uint64),
        np.array([one[4] for one in held], np.uint64),
        np.repeat(np.arange(len(held)), [len(one[5]) for one in held]),
        shown[:, 0],
        shown[:, 1].astype(np.uint8),
        shown[:, 2].astype(np.uint8),
    )


def _objects(values: list[bytes]) -> NDArray[np.object_]:
    held = np.empty(len(values), object)
    held[:] = values
    return held


def together(parts: Sequence[Finds]) -> Finds:
    """Finds one behind the other."""
    if len(parts) == 1:
        return parts[0]
    held = [gathered(()), *parts]
    before = np.cumsum([0, *map(len, held[:-1])])
    columns = [np.concatenate([getattr(one, f.name) for one in held]) for f in fields(Finds)]
    columns[5] += np.repeat(before, [len(one.cells) for one in held])
    return Finds(*columns)


class Scanner:
    """Scans cells under some rules.

    Parameters
    ----------
    using : Rules
    known : collection of Family
        Slots of other families are passed over.
    """

    def __init__(self, using: Rules, known: Collection[Family]) -> None:
        self.rules = using
        self._known = known
        self._grammar = grammar(using)
        if self._grammar:
            kinds = self._grammar.families
            self._active = np.array([family in known for family in kinds])
            self._layers = np.array(
                [LAYERS.index(family.layer) if family else 0 for family in kinds], np.uint8
            )

    def scan(self, texts: Sequence[str]) -> Finds:
        """What stands in each of some cells; cells in which nothing does are left out."""
        places = _fit(texts)
        if not places:
            return gathered(())
        once: dict[str, int] = {}
        origins = [once.setdefault(texts[place], len(once)) for place in places]
        return self._scan(list(once)).repeated(np.array(origins), np.array(places))

    def _scan(self, texts: list[str]) -> Finds:
        if self._grammar is None:
            return gathered(self._others(enumerate(texts)))
        lines = ["" if "\n" in text else text for text in texts]
        bare = strip_symbols("\n".join(lines)).split("\n")
        joined = each_on_a_line(bare)
        regular = self._grammar.regular(joined)
        regular &= ~holding_kept(bare, joined, regular)
        chosen = np.flatnonzero(regular)
        parts = [gathered(self._others((i, texts[i]) for i in np.flatnonzero(~regular).tolist()))]
        if len(chosen):
            places = chosen.tolist()
            parts.append(
                self._regular(
                    [bare[i] for i in places], [texts[i] for i in places], chosen, self._grammar
                )
            )
        return together(parts)

    def one(self, text: str, origin: int, known: Collection[Family]) -> Found | None:
        """What stands in one cell, whatever kind it is of; None where nothing does."""
        if not _fit([text]):
            return None
        bare, runs = split_symbols(text)
        parsed = parse(bare, self.rules)
        present, symbols = lanes(parsed, runs) if runs else (0, 0)
        if not (present or parsed.slots):
            return None
        content = anchor(parsed)
        if not content:
            return None
        shown = [
            (slot[1], LAYERS.index(slot[0].layer), slot[0].classes[slot[4]])
            for slot in free(parsed)
            if slot[0] in known and (parsed.places is None or writable(parsed, slot))
        ]
        return content.encode(), road(parsed).encode(), origin, present, symbols, shown

    def _others(self, cells: Iterable[tuple[int, str]]) -> Iterable[Found]:
        for origin, text in cells:
            if found := self.one(text, origin, self._known):
                yield found

    def _regular(
        self, bare: list[str], texts: list[str], origins: _Ints, grammar: Grammar
    ) -> Finds:
        joined = Joined(bare)
        slots = grammar.slots(joined)
        contents, lengths, roads = grammar.anchors(joined, slots)
        forms = grammar.classes[grammar.forms(joined, slots)]
        present, symbols = _lanes(Joined(texts), grammar)
        known = self._active[slots.kinds]
        found = Finds(
            _objects(contents),
            _objects(roads),
            origins,
            present,
            symbols,
            slots.cells[known],
            slots.numbers[known],
            self._layers[slots.kinds[known]],
            forms[known],
        )
        some = (present > 0) | (np.bincount(slots.cells, minlength=len(contents)) > 0)
        return found.where(some & (lengths >= LEAST_ANCHOR))


def _fit(texts: Sequence[str]) -> list[int]:
    """Which texts can hold a mark, by their length and kind."""
    return [
        place
        for place, text in enumerate(texts)
        if len(text) >= LEAST_ANCHOR
        and not (
            text.isascii()
            and (
                text.isalnum()
                or ("*" not in text and text.lower() == text.upper())
                or is_code(text)
            )
        )
    ]


def _lanes(joined: Joined, grammar: Grammar) -> tuple[_U64, _U64]:
    """`tracemark.text.invisible.lanes` of cells that are regular but for symbols: (cells,) each."""
    codes = joined.codes
    ours = (codes >= _FIRST) & (codes <= _LAST)
    present, symbols = np.zeros((2, len(joined.breaks)), np.uint64)
    if not ours.any():
        return present, symbols
    letters = np.flatnonzero(grammar.letters[codes])
    cell = np.searchsorted(joined.breaks, letters) - 1
    counts = np.bincount(cell, minlength=len(joined.breaks))
    lane = np.arange(len(cell)) - (np.cumsum(counts) - counts)[cell]
    # SPEC 5.5: with fewer letters than lanes, the later lanes stand behind the letters again
    padded = np.concatenate([ours, np.zeros(2, bool)])
    first = padded[letters + 1]
    for behind, lanes_, stands in (
        (1, lane, first),
        (2, lane + counts[cell], first & padded[letters + 2]),
    ):
        told = stands & (lanes_ < LANES) & (counts[cell] >= LEAST_LETTERS)
        told &= (behind == 1) | (counts[cell] < LANES)
        at, of, where = letters[told] + behind, cell[told], lanes_[told]
        np.bitwise_or.at(present, of, _LANE_BIT[where])
        values = (codes[at] - _FIRST).astype(np.uint64) << _LANE_SHIFT[where]
        np.bitwise_or.at(symbols, of, values)
    return present, symbols

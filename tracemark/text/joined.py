"""Parsing many cells at once, to what `tracemark.text.parse` finds in each. SPEC 5.2.

The cells are joined, each behind a line feed, and one pattern runs over all of them. That is only
for regular cells: Chinese, on one line, and of characters that folding leaves in their places.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tracemark.text.fold import PLAIN
from tracemark.text.parse import LEAST_ANCHOR
from tracemark.text.rules import HAN, Family, Rules, rules

_Flags = NDArray[np.bool_]
_Ints = NDArray[np.int64]
_Codes = NDArray[np.uint16]

_Number = TypeVar("_Number", int, _Ints)

_BREAK = ord("\n")


@dataclass(frozen=True, slots=True)
class Slots:
    """The visible slots of many cells, in order; every array is (n,).

    Attributes
    ----------
    cells : int64
        Index of the cell.
    kinds : int64
        Index into `Grammar.families`.
    numbers : uint64
        See `tracemark.text.parse.Slot`.
    starts, ends : int64
        In the joined text.
    closings : int64
        Where the closing half of a pair stands; -1 for none.
    roads : (cells,) int64
        Where the text ends that the slots of a cell's head are keyed by; the cell's beginning
        where there is none.
    """

    cells: _Ints
    kinds: _Ints
    numbers: NDArray[np.uint64]
    starts: _Ints
    ends: _Ints
    closings: _Ints
    roads: _Ints

    def where(self, chosen: _Flags) -> Slots:
        """Some of the slots; `chosen` is (n,) bool."""
        return Slots(
            self.cells[chosen],
            self.kinds[chosen],
            self.numbers[chosen],
            self.starts[chosen],
            self.ends[chosen],
            self.closings[chosen],
            self.roads,
        )


class Joined:
    """Cells joined to one text, each behind a line feed.

    Parameters
    ----------
    cells : sequence of str
        At least one; none with a line feed.

    Attributes
    ----------
    text : str
    codes : (n,) uint16
        The text in UTF-16.
    breaks : (cells,) int64
        Where the line feeds stand, if all characters are of the Basic Multilingual Plane.
    """

    def __init__(self, cells: Sequence[str]) -> None:
        self.text = "\n" + "\n".join(cells)
        self.codes: _Codes = np.frombuffer(
            self.text.encode("utf-16-le", "surrogatepass"), np.uint16
        )
        self.breaks: _Ints = np.flatnonzero(self.codes == _BREAK)

    @cached_property
    def folded(self) -> str:
        """The text in small letters, as regular cells are folded."""
        return self.text.lower()

    @cached_property
    def folded_codes(self) -> _Codes:
        """`folded` in UTF-16, as long as `codes`."""
        return np.frombuffer(self.folded.encode("utf-16-le"), np.uint16)

    def count(self, flags: _Flags) -> _Ints:
        """For each cell, in how many of its characters `flags`, (n,) bool, is set."""
        return np.add.reduceat(flags, self.breaks, dtype=np.int64)


class Grammar:
    """The Chinese rules as tables.

    Parameters
    ----------
    using : Rules

    Attributes
    ----------
    families : tuple of (Family or None)
        By kind; a kind is a group of the locale's pattern `lines`.
    fine, leading : (kinds,) bool
        Whether slots of a kind show two chips; whether they stand in the head.
    classes : (forms,) uint8
        The class of a form.
    written, lengths : (forms, 4) object and int64
        What is written in the place of a form to show a class, a `str`, and how long it is.
    closing : (kinds, 4) object
        The second half of a pair that shows a class.
    letters : (65536,) bool
        The characters behind which invisible symbols stand.
    """

    def __init__(self, using: Rules) -> None:
        locale = using.chinese
        every = "".join(map(chr, range(1 << 16)))
        self._regular = _flags(re.compile(f"[{PLAIN}]"), every)
        self._han = _flags(re.compile(f"[{HAN}]"), every)
        self._counting = ~_flags(locale.soft, every)
        self._counting[_BREAK] = True
        self.letters = np.zeros(1 << 16, bool)
        self.letters[[match.start() - 1 for match in locale.letter.finditer(every)]] = True
        self._find = locale.lines.finditer
        heads = [group for _, group in locale.heads]
        above = locale.head.groups if locale.head else 0
        families: list[Family | None] = [None] * (locale.lines.groups + 1)
        self._groups = [0] * len(families)  # of the kinds that have one span
        self._several: dict[int, tuple[tuple[int, int], ...]] = {}  # kind to (kind, group)
        for family, group in locale.heads:
            families[group] = family
        self._road = locale.road
        if heads:
            several = *heads, *filter(None, [locale.road])
            self._several[max(several)] = tuple((group, group) for group in several)
        for last, (family, _, group, pair) in locale.groups.items():
            families[above + last] = family
            if pair:
                self._several[above + last] = (
                    (above + last, above + group),
                    (-above - last, above + pair),
                )
            else:
                self._groups[above + last] = above + group
        self.families = tuple(families)
        self.fine = np.array([family is not None and family.fine for family in families])
        self.leading = np.array([family is not None and family.head for family in families])
        self._ids = np.array([family.id if family else 0 for family in families], np.uint64)
        # what a kind that counts in the anchor is read as; its spellings are single characters
        self._canonical = {kind: _canon(f) for kind, f in enumerate(families) if f and f.keep}
        self._kept = np.array([kind in self._canonical for kind in range(len(families))])
        forms = {
            _signature(kind, ord(form[:1] or "\0"), ord(form[-1:] or "\0"), len(form)): (
                family,
                form,
            )
            for kind, family in enumerate(families)
            if family
            for form in family.classes
        }
        ordered = [forms[signature] for signature in sorted(forms)]
        self._signatures = np.array(sorted(forms), np.int64)
        self.classes = np.array([family.classes[form] for family, form in ordered], np.uint8)
        self.written = _strings([[own[form] for own in f.written] for f, form in ordered])
        self.lengths = np.vectorize(len, [np.int64])(self.written)
        self.closing = _strings([family.closing if family else () for family in families])

    def regular(self, joined: Joined) -> _Flags:
        """Which cells, each on one line, are regular: (cells,) bool."""
        regular: _Flags = joined.count(~self._regular[joined.codes]) == 0
        return regular & self.chinese(joined)

    def chinese(self, joined: Joined) -> _Flags:
        """Which cells hold a Chinese character: (cells,) bool."""
        found: _Flags = joined.count(self._han[joined.codes]) > 0
        return found

    def slots(self, joined: Joined) -> Slots:
        """The slots of regular cells. SPEC 5.2."""
        groups, several = self._groups, self._several
        spans: list[int] = []  # kind, start and end of each, one after the other
        for match in self._find(joined.folded):
            if kind := match.lastindex:
                if group := groups[kind]:
                    spans += kind, match.start(group), match.end(group)
                else:
                    for part, group in several[kind]:
                        spans += part, *match.span(group)
        flat = np.array(spans, np.int64).reshape(-1, 3)
        flat = flat[flat[:, 1] >= 0]
        roads, road = joined.breaks.copy(), flat[:, 0] == self._road
        roads[np.searchsorted(joined.breaks, flat[road, 1]) - 1] = flat[road, 2]
        flat = flat[~road]
        flat = flat[np.argsort(flat[:, 1], kind="stable")]
        kinds, starts, ends = flat[flat[:, 0] > 0].T
        cells = np.searchsorted(joined.breaks, starts) - 1
        closings = np.full(len(starts), -1)
        pairs = flat[flat[:, 0] < 0]
        for kind in set(pairs[:, 0].tolist()):
            # the halves of pairs of one kind follow one another: none stands within another
            closings[kinds == -kind] = pairs[pairs[:, 0] == kind, 1]
        numbers = (self._ids[kinds] << np.uint64(32)) + _turns(cells * len(groups) + kinds)
        return Slots(cells, kinds, numbers, starts, ends, closings, roads)

    def forms(self, joined: Joined, slots: Slots) -> _Ints:
        """The form that each slot shows, (n,): an index into `classes` and `written`."""
        lengths = slots.ends - slots.starts
        codes, last = joined.folded_codes.astype(np.int64), len(joined.codes) - 1
        firsts = np.where(lengths > 0, codes[slots.starts.clip(max=last)], 0)
        lasts = np.where(lengths > 0, codes[slots.ends - 1], 0)
        return np.searchsorted(self._signatures, _signature(slots.kinds, firsts, lasts, lengths))

    def anchors(self, joined: Joined, slots: Slots) -> tuple[list[bytes], _Ints, list[bytes]]:
        """The anchors and roads of regular cells. SPEC 5.2.

        Returns
        -------
        anchors : list of bytes
            In UTF-8.
        lengths : (cells,) int64
            How many letters and digits each has: with fewer than `LEAST_ANCHOR` a cell has no room
            for a mark.
        roads : list of bytes
            What keys the slots of the heads, in UTF-8; empty where that is the anchor.
        """
        codes = joined.folded_codes.copy()
        for kind, canonical in self._canonical.items():
            starts = slots.starts[slots.kinds == kind]
            codes[starts] = canonical[codes[starts]]
        counting = self._counting[codes]
        left_out = ~self._kept[slots.kinds]
        starts, lengths = slots.starts[left_out], (slots.ends - slots.starts)[left_out]
        for i in range(lengths.max(initial=0)):
            counting[starts[lengths > i] + i] = False
        counts = joined.count(counting) - 1
        anchors = _lines(codes[counting])
        if np.array_equal(slots.roads, joined.breaks):
            return anchors, counts, [b""] * len(anchors)
        # +1 where a cell begins, -1 behind its road, at its own beginning if it has none
        bounds = np.zeros(len(codes) + 1, np.int8)
        bounds[joined.breaks] = 1
        np.subtract.at(bounds, slots.roads, 1)
        before = counting & (np.cumsum(bounds[:-1], dtype=np.int8) > 0) | (codes == _BREAK)
        roads = _lines(codes[before])
        for cell in np.flatnonzero(joined.count(before) - 1 < LEAST_ANCHOR).tolist():
            roads[cell] = b""
        return anchors, counts, roads


def each_on_a_line(cells: Sequence[str]) -> Joined:
    """Cells of any kind joined; what breaks a line becomes a character that is not regular."""
    joined = Joined(cells)
    if len(joined.breaks) != len(cells):
        joined = Joined([cell.replace("\n", "\0") for cell in cells])
    return joined


def _lines(codes: _Codes) -> list[bytes]:
    """Characters in UTF-16, behind a line feed each line, as lines in UTF-8."""
    return codes.tobytes().decode("utf-16-le").encode().split(b"\n")[1:]


def grammar(using: Rules) -> Grammar | None:
    """The tables of the built-in rules; None for others, whose contexts may see a line feed."""
    return _built_in() if using is rules() else None


@cache
def _built_in() -> Grammar:
    return Grammar(rules())


def _flags(pattern: re.Pattern[str], every: str) -> _Flags:
    """Which characters a pattern finds, (65536,) bool."""
    flags = np.zeros(len(every), bool)
    for match in pattern.finditer(every):
        flags[match.start() : match.end()] = True
    return flags


def _strings(rows: Sequence[Sequence[str]]) -> NDArray[np.object_]:
    """Rows of up to four texts as a table."""
    table = np.full((len(rows), 4), "", object)
    for own, row in zip(table, rows, strict=True):
        own[: len(row)] = row
    return table


def _canon(family: Family) -> _Codes:
    table = np.zeros(1 << 16, np.uint16)
    for spelling, canonical in family.canonical.items():
        table[ord(spelling)] = ord(canonical)
    return table


def _signature(kind: _Number, first: _Number, last: _Number, length: _Number) -> _Number:
    """What tells all forms apart: kind, first and last character (0 for none), and length."""
    return kind << 40 | first << 24 | last << 8 | length


def _turns(keys: _Ints) -> NDArray[np.uint64]:
    """How many equal keys stand before each, (n,) uint64."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    count = np.arange(len(keys))
    fresh = np.ones(len(keys), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
    turns = np.empty(len(keys), np.uint64)
    turns[order] = count - np.maximum.accumulate(np.where(fresh, count, 0))
    return turns

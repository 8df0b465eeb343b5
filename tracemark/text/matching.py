"""Finding leaked cells again in the table they came from. SPEC 6.9.

Cells are compared by what no marking changes: shingles, which are all runs of five characters of
the anchor, weighted by how rare they are in the table; and numbers that stand in the same row
(phone, waybill). No key and no codeword is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from tracemark.text.alignment import Aligned, Passage, Template
from tracemark.text.fold import strip_symbols
from tracemark.text.parse import anchor, is_code, parse
from tracemark.text.roles import MARKED, find_role
from tracemark.text.rules import Family, Rules
from tracemark.text.scan import Finds, Found, Scanner, gathered

_Ints = NDArray[np.int64]
_U64 = NDArray[np.uint64]

WIDTH = 5  # characters of a shingle
LIKE = 0.75  # characters in common, part of the shorter text, that make a match
LIKE_WITH_NUMBER = 0.5  # the same where a number of the row agrees
_LEAST_SHARED = 0.2  # part of the shingles' weight that makes a candidate
_COMMON = 256  # a shingle that stands in more cells tells nothing
_TRIED = 4  # candidates that are aligned with a passage
_OVERLAP = 0.3  # of two originals found in one passage
_CHUNK = 4096

_NUMBER = re.compile(r"(?<![0-9])(?:[0-9][ -]?){6,}[0-9]|[0-9]{3}[*＊]{3,5}[0-9]{4}")
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)

Row = tuple[Sequence[str | None], Sequence[str]]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An original that may stand in a passage."""

    cell: int
    shared: float
    numbered: bool


class Originals:
    """The cells of a table as they were before marking.

    Parameters
    ----------
    rows : iterable of (headers, values)
        Marked or not: only what no marking changes is used.
    using : Rules
    families : mapping of role to collection of Family
        Which families cells of a role may have been marked in; None for any role.

    Attributes
    ----------
    contents : set of bytes
        Anchors of all cells, in UTF-8.
    """

    def __init__(
        self, rows: Iterable[Row], using: Rules, families: Mapping[str | None, Collection[Family]]
    ) -> None:
        self._rules = using
        self._families = families
        texts: dict[bytes, int] = {}
        self._cells: list[tuple[str, str, bytes]] = []  # text, role and anchor
        shingles: list[_U64] = []
        owners: list[_Ints] = []
        scanner = Scanner(using, families[None])
        source = iter(rows)
        while chunk := list(islice(source, _CHUNK)):
            cells = [
                (strip_symbols(text), role, number)
                for number, (headers, values) in enumerate(chunk)
                for header, text in _headed(headers, values)
                if text and (role := find_role(header, text)) in MARKED
            ]
            found = scanner.scan([text for text, _, _ in cells])
            numbers = [_numbers(values) for _, values in chunk]
            contents: list[bytes] = []
            for content, origin in zip(found.contents, found.origins.tolist(), strict=True):
                text, role, row = cells[origin]
                cell = texts.setdefault(content, len(texts))
                if cell == len(self._cells):
                    self._cells.append((text, role, content))
                contents.append(content)
                shingles.append(numbers[row])
                owners.append(np.full(len(numbers[row]), cell))
            hashed, places = _shingles([content.decode() for content in contents])
            shingles.append(hashed)
            owners.append(np.array([texts[content] for content in contents], np.int64)[places])
        self.contents = set(texts)
        self._index(np.concatenate([_NONE, *shingles]), np.concatenate([_NO_CELL, *owners]))
        self._template = lru_cache(maxsize=4096)(self._made)

    def __len__(self) -> int:
        return len(self._cells)

    def _index(self, shingles: _U64, owners: _Ints) -> None:
        """Sort the shingles, each once for each cell, and weigh them by how rare they are."""
        pairs = np.unique(np.stack([shingles, owners.astype(np.uint64)]), axis=1)
        self._keys, starts, counts = np.unique(pairs[0], return_index=True, return_counts=True)
        self._starts, self._counts = starts, counts
        self._owners = pairs[1].astype(np.int64)
        self._rarest = float(np.log(len(self._cells) + 1.0))
        self._weights = np.maximum(self._rarest - np.log(counts), 0.1)
        worded = np.repeat(np.where(_is_number(self._keys), 0.0, self._weights), counts)
        self._totals = np.bincount(self._owners, worded, minlength=len(self._cells))

    def _made(self, cell: int) -> Template:
        text, role, _ = self._cells[cell]
        return Template(text, self._rules, self._families.get(role, self._families[None]))

    def aligned(
        self, rows: Sequence[Sequence[str]], first: int, whole: set[bytes]
    ) -> Finds:
        """Read the damaged cells of some rows at the anchors of their originals.

        Parameters
        ----------
        rows : sequence of sequences of str
        first : int
            Number of the first row.
        whole : set of bytes
            Anchors that were found whole: such cells need no original.
        """
        return gathered(self._found(rows, first, whole))

    def _found(
        self, rows: Sequence[Sequence[str]], first: int, whole: set[bytes]
    ) -> Iterator[Found]:
        held = whole & self.contents
        passages = [
            (text, content, number)
            for number, row in enumerate(rows)
            for text in row
            if len(text) >= WIDTH and not is_code(text)
            and (content := anchor(parse(strip_symbols(text), self._rules))).encode() not in held
            and len(content) >= WIDTH
        ]  # fmt: skip
        numbers = {row: _numbers(rows[row]) for _, _, row in passages}
        hashed, places = _shingles([content for _, content, _ in passages])
        bounds = np.searchsorted(places, np.arange(len(passages) + 1))
        for (text, _, row), start, end in zip(passages, bounds[:-1], bounds[1:], strict=True):
            candidates = self._candidates(np.unique(hashed[start:end]), numbers[row])
            for cell, found in self._read(text, candidates):
                yield self._cells[cell][2], first + row, found.present, found.symbols, found.shown

    def _candidates(self, shingles: _U64, numbers: _U64) -> list[_Candidate]:
        """The originals that share most with a passage, by shingles and numbers. SPEC 6.9."""
        cells, weights, total = self._owned(shingles)
        named, _, _ = self._owned(numbers)
        numbered = np.unique(named)
        both = np.concatenate([cells, numbered])
        if not len(both):
            return []
        met, inverse = np.unique(both, return_inverse=True)
        shared = np.bincount(inverse[: len(cells)], weights, len(met))
        told = np.isin(met, numbered)
        part = shared / np.maximum(np.minimum(total, self._totals[met]), 1e-9)
        rank = shared + told * self._rarest
        likely = np.flatnonzero(told | (part >= _LEAST_SHARED))
        likely = likely[np.argsort(-rank[likely], kind="stable")][:_TRIED]
        return [_Candidate(int(met[i]), float(shared[i]), bool(told[i])) for i in likely]

    def _owned(self, keys: _U64) -> tuple[_Ints, NDArray[np.float64], float]:
        """Cells that have any of some keys, with the weight of each; and the weight of all keys."""
        if not len(self._keys) or not len(keys):
            return _NO_CELL, np.empty(0), 0.0
        at = np.searchsorted(self._keys, keys).clip(max=len(self._keys) - 1)
        known = self._keys[at] == keys
        total = float(self._weights[at[known]].sum()) + self._rarest * float((~known).sum())
        at = at[known & (self._counts[at] <= _COMMON)]
        counts = self._counts[at]
        ends = np.cumsum(counts)
        steps = np.arange(int(counts.sum())) - np.repeat(ends - counts, counts)
        cells = self._owners[np.repeat(self._starts[at], counts) + steps]
        return cells, np.repeat(self._weights[at], counts), total

    def _read(
        self, text: str, candidates: Sequence[_Candidate]
    ) -> Iterator[tuple[int, Aligned]]:
        """The originals that stand in a passage; none where two fit the same place as well."""
        passage = Passage(text)
        found = [
            (aligned.likeness + 0.25 * one.numbered, one.cell, aligned)
            for one in candidates
            if (aligned := self._template(one.cell).beside(passage)).likeness
            >= (LIKE_WITH_NUMBER if one.numbered else LIKE)
        ]
        found.sort(key=lambda one: -one[0])
        taken: list[tuple[int, int]] = []
        for place, (score, cell, aligned) in enumerate(found):
            rivals = [other for other in found[place + 1 :] if other[0] >= score - 0.02]
            fits = all(_overlap(aligned.span, span) < _OVERLAP for span in taken)
            taken.append(aligned.span)
            if fits and not any(_overlap(aligned.span, r[2].span) >= _OVERLAP for r in rivals):
                yield cell, aligned


_NONE = np.empty(0, np.uint64)
_NO_CELL = np.empty(0, np.int64)
_TAG = np.uint64(1)  # the lowest bit tells numbers of a row from shingles


def _is_number(keys: _U64) -> NDArray[np.bool_]:
    return keys & _TAG == _TAG


def _headed(
    headers: Sequence[str | None], values: Sequence[str]
) -> Iterable[tuple[str | None, str]]:
    if len(headers) == len(values):
        return zip(headers, values, strict=True)
    return ((None, text) for text in values)


def _numbers(values: Sequence[str]) -> _U64:
    """Phone and waybill numbers of a row, hashed; mobile phones also as they look when masked."""
    found = set()
    for value in values:
        for match in _NUMBER.finditer(value):
            digits = re.sub("[^0-9]", "", match[0])
            if len(digits) == 13 and digits.startswith("86"):
                digits = digits[2:]
            found.add(digits)
            if len(digits) == 11:
                found.add(digits[:3] + digits[-4:])
    return np.array([_hash(one) | 1 for one in found], np.uint64)


def _hash(text: str) -> int:
    value = 0
    for character in text:
        value = (value ^ ord(character)) * 0x9E3779B97F4A7C15 % (1 << 64)
        value ^= value >> 29
    return value


def _shingles(contents: Sequence[str]) -> tuple[_U64, _Ints]:
    """The shingles of some anchors, hashed, and which anchor each is of."""
    if not contents:
        return _NONE, _NO_CELL
    text = "\n".join(contents) + "\n" * WIDTH
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    breaks = codes == ord("\n")
    owner = np.cumsum(breaks) - breaks
    starts = len(codes) - WIDTH + 1
    hashed, whole = np.zeros(starts, np.uint64), np.ones(starts, bool)
    for i in range(WIDTH):
        part = slice(i, i + starts)
        hashed = (hashed ^ codes[part].astype(np.uint64)) * _MULTIPLIER
        hashed ^= hashed >> np.uint64(29)
        whole &= ~breaks[part]
    return hashed[whole] & ~_TAG, owner[:starts][whole]


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> float:
    """What two stretches have in common, as a part of the shorter one."""
    common = min(one[1], other[1]) - max(one[0], other[0])
    return common / max(1, min(one[1] - one[0], other[1] - other[0]))

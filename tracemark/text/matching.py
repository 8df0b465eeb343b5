"""Finding leaked cells again in the table they came from. SPEC 6.10.

Cells are compared by what marking hardly changes. A cell's gist is its folded text without soft
characters and without everything that is not a letter or digit; its shingles are all runs of five
characters of the gist, weighted by how rare they are in the table. Numbers that stand in the same
row (phone, waybill) tell which of several alike it is. No key and no codeword is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise

import numpy as np
from numpy.typing import NDArray

from tracemark.text.alignment import Aligned, Passage, Template
from tracemark.text.fold import fold, strip_symbols
from tracemark.text.parse import is_code
from tracemark.text.roles import MARKED, find_role
from tracemark.text.rules import Family, Rules
from tracemark.text.scan import Finds, Found, Scanner, gathered, together

_Ints = NDArray[np.int64]
_U64 = NDArray[np.uint64]

WIDTH = 5  # characters of a shingle
WHOLE = 10  # digits from which a number is nobody else's
LIKE = 0.75  # characters in common, part of the shorter text, that make a match
LIKE_WITH_NUMBER = 0.62  # the same where a number of the row agrees
LIKE_AGAINST_NUMBERS = 0.9  # the same where the row has numbers that the table does not hold
_LEAST_SHARED = 0.2  # part of the shingles' weight that makes a candidate
_LEAST_AGAINST_NUMBERS = 0.4
_COMMON = 256  # a shingle that stands in more cells tells nothing
_TRIED = 4  # candidates that are aligned with a passage
_OVERLAP = 0.3  # of two originals found in one passage
_CHUNK = 4096

_NUMBER = re.compile(r"(?<![0-9])(?:[0-9][ -]?){6,}[0-9]|[0-9]{3}[*＊]{3,5}[0-9]{4}")
_DATE = re.compile(r"(?:19|20)[0-9]{2}([-/.])[0-9]{1,2}\1[0-9]{1,2}[ T]*[0-9:]*")
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
    contents : list of bytes
        Anchors of the cells, in UTF-8, each once.
    """

    def __init__(
        self, rows: Iterable[Row], using: Rules, families: Mapping[str | None, Collection[Family]]
    ) -> None:
        self._rules = using
        self._families = families
        self._gists: dict[str, int] = {}
        self._cells: list[tuple[str, str, bytes, bytes]] = []  # text, role, anchor and road
        scanner = Scanner(using, families[None])
        shingles, owners = [_NONE], [_NO_CELL]
        source = iter(rows)
        while chunk := list(islice(source, _CHUNK)):
            hashed, cells = self._added(chunk, scanner)
            shingles.append(hashed)
            owners.append(cells)
        self.contents = list({content for _, _, content, _ in self._cells})
        self._known = set(self.contents)
        self._index(np.concatenate(shingles), np.concatenate(owners))
        self._template = lru_cache(maxsize=4096)(self._made)

    def __len__(self) -> int:
        return len(self._cells)

    def _added(self, rows: Sequence[Row], scanner: Scanner) -> tuple[_U64, _Ints]:
        """Take the cells of some rows; their shingles and numbers, and the cell of each."""
        marked = [
            (strip_symbols(text), role, row)
            for row, (headers, values) in enumerate(rows)
            for header, text in _headed(headers, values)
            if text and (role := find_role(header, text)) in MARKED
        ]
        found = scanner.scan([text for text, _, _ in marked])
        origins = found.origins.tolist()
        gists = self._gisted([marked[origin][0] for origin in origins])
        numbers = [_numbers(values) for _, values in rows]
        cells: list[int] = []
        contents = zip(found.contents, found.roads, origins, gists, strict=True)
        for content, road, origin, gist in contents:
            text, role, _ = marked[origin]
            cells.append(self._gists.setdefault(gist, len(self._cells)))
            if cells[-1] == len(self._cells):
                self._cells.append((text, role, content, road))
        hashed, places = _shingles(gists)
        own = [numbers[marked[origin][2]] for origin in origins]
        owners = np.array(cells, np.int64)
        return (
            np.concatenate([hashed, *own]),
            np.concatenate([owners[places], np.repeat(owners, [len(some) for some in own])]),
        )

    def _gisted(self, texts: Sequence[str]) -> list[str]:
        """The gists of some texts."""
        soft = self._rules.chinese.soft
        return [soft.sub("", fold(strip_symbols(text))[0]) for text in texts]

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
        text, role, _, _ = self._cells[cell]
        return Template(text, self._rules, self._families.get(role, self._families[None]))

    def beside(self, texts: Sequence[str], rows: _Ints, found: Finds) -> Finds:
        """Read the damaged ones of some cells at the anchors of their originals.

        Parameters
        ----------
        texts : sequence of str
        rows : (texts,) int64
            Number of the row of each.
        found : Finds
            What stands in them, by their index.

        Returns
        -------
        Finds
            The same, and what stands in the damaged ones. A cell that only happens to have the
            anchor of another is left out.
        """
        # digits alone may be another cell's as well
        whole = np.zeros(len(texts), bool)
        known = np.array([content in self._known for content in found.contents], bool)
        sure = np.array([not content.isdigit() for content in found.contents], bool)
        whole[found.origins[known & sure]] = True
        fit = [
            i
            for i, text in enumerate(texts)
            if not whole[i] and len(text) >= WIDTH and not is_code(text)
        ]
        damaged = []
        for i, gist in zip(fit, self._gisted([texts[i] for i in fit]), strict=True):
            whole[i] = gist in self._gists
            if not whole[i] and len(gist) >= WIDTH:
                damaged.append((i, gist))
        again = gathered(self._found_again(texts, rows, damaged))
        replaced = np.zeros(len(texts), bool)
        replaced[again.origins] = True
        kept = found.where(~replaced[found.origins] & (whole[found.origins] | ~known))
        return together([kept, again])

    def own(self, rows: Sequence[Sequence[str]]) -> NDArray[np.bool_]:
        """Which rows hold a whole number of the table: (rows,) bool."""
        numbers = [_numbers(row) for row in rows]
        owners = np.repeat(np.arange(len(rows)), [len(some) for some in numbers])
        every = np.concatenate([_NONE, *numbers])
        known = np.isin(every, self._keys) & (every & _SHORT == 0)
        held: NDArray[np.bool_] = np.bincount(owners[known], minlength=len(rows)) > 0
        return held

    def _found_again(
        self, texts: Sequence[str], rows: _Ints, damaged: Sequence[tuple[int, str]]
    ) -> Iterator[Found]:
        numbers: dict[int, _U64] = {}
        for row in {int(rows[i]) for i, _ in damaged}:
            start, end = np.searchsorted(rows, (row, row + 1)).tolist()
            numbers[row] = _numbers(texts[start:end])
        hashed, places = _shingles([gist for _, gist in damaged])
        bounds = np.searchsorted(places, np.arange(len(damaged) + 1)).tolist()
        for (i, _), (start, end) in zip(damaged, pairwise(bounds), strict=True):
            text, row = texts[i], int(rows[i])
            against = len(numbers[row]) > 0  # and none of them in the table, if it comes to that
            like = LIKE_AGAINST_NUMBERS if against else LIKE
            least = _LEAST_AGAINST_NUMBERS if against else _LEAST_SHARED
            candidates = self._candidates(np.unique(hashed[start:end]), numbers[row], least)
            for cell, one in self._read(text, candidates, like):
                yield *self._cells[cell][2:], i, one.present, one.symbols, one.shown

    def _candidates(self, shingles: _U64, numbers: _U64, least: float) -> list[_Candidate]:
        """The originals that share most with a passage, by shingles and numbers. SPEC 6.10."""
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
        likely = np.flatnonzero(told | (part >= least))
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
        self, text: str, candidates: Sequence[_Candidate], like: float
    ) -> Iterator[tuple[int, Aligned]]:
        """The originals that stand in a passage; none where two fit the same place as well."""
        passage = Passage(text)
        found = [
            (aligned.likeness + 0.25 * one.numbered, one.cell, aligned)
            for one in candidates
            if (aligned := self._template(one.cell).beside(passage)).likeness
            >= (LIKE_WITH_NUMBER if one.numbered else like)
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
_SHORT = np.uint64(2)  # the next one short numbers from whole ones


def _is_number(keys: _U64) -> NDArray[np.bool_]:
    tagged: NDArray[np.bool_] = keys & _TAG == _TAG
    return tagged


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
        for match in _NUMBER.finditer(_DATE.sub(" ", value)):
            digits = re.sub("[^0-9]", "", match[0])
            if len(digits) == 13 and digits.startswith("86"):
                digits = digits[2:]
            found.add(digits)
            if len(digits) == 11:
                found.add(digits[:3] + digits[-4:])
    return np.array([_hash(one) | (1 if len(one) >= WHOLE else 3) for one in found], np.uint64)


def _hash(text: str) -> int:
    value = 0
    for character in text:
        value = (value ^ ord(character)) * 0x9E3779B97F4A7C15 % (1 << 64)
        value ^= value >> 29
    return value


def _shingles(gists: Sequence[str]) -> tuple[_U64, _Ints]:
    """The shingles of some gists, hashed, and which gist each is of."""
    if not gists:
        return _NONE, _NO_CELL
    text = "\n".join(gists) + "\n" * WIDTH
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

"""The identifiers of very many records at once, column by column. SPEC 13.1."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from tracemark.access.identifiers import KINDS, LEAST, Identifiers, kind_of, plan_of

_Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Numbers:
    """Identifiers of some records.

    Attributes
    ----------
    records, named : int
        How many records there are; how many of them have an identifier.
    kinds : mapping of str to ((n,) int64, list of str)
        By kind, the record of each identifier and its text, those of a record in order.
    """

    records: int
    named: int
    kinds: Mapping[str, tuple[_Ints, list[str]]]


def numbers_of(found: Sequence[Identifiers]) -> Numbers:
    """The same records as columns."""
    kinds = {}
    for place, kind in enumerate(KINDS):
        texts = [one[place] for one in found]
        record = np.repeat(np.arange(len(found)), list(map(len, texts)))
        kinds[kind] = record, list(chain.from_iterable(texts))
    return _counted(len(found), kinds)


def numbers_in(
    headers: Sequence[str | None],
    rows: int,
    column: Callable[[int], Sequence[str]],
    more: Mapping[int, Sequence[str]],
) -> Numbers:
    """The identifiers of rows of a table, as `identifiers.of_row` finds them in each.

    Parameters
    ----------
    headers : sequence of str or None
        One for each column.
    rows : int
    column : callable
        From the place of a column to its cells, (rows,).
    more : mapping of int to sequence of str
        Further cells of some rows, without headers.
    """
    parts: dict[str, list[tuple[_Ints, list[str]]]] = {kind: [] for kind in KINDS}
    for place, header_says in plan_of(tuple(headers), len(headers)):
        _sort(header_says, range(rows), column(place), parts)
    for row, texts in more.items():
        _sort(None, [row] * len(texts), texts, parts)
    kinds = {
        kind: (
            np.concatenate([np.empty(0, np.int64), *(record for record, _ in some)]),
            list(chain.from_iterable(texts for _, texts in some)),
        )
        for kind, some in parts.items()
    }
    return _counted(rows, kinds)


def _counted(records: int, kinds: Mapping[str, tuple[_Ints, list[str]]]) -> Numbers:
    named = np.zeros(records, bool)
    for record, _ in kinds.values():
        named[record] = True
    return Numbers(records, int(np.count_nonzero(named)), kinds)


def _sort(
    header_says: str | None,
    rows: Sequence[int],
    cells: Sequence[str],
    parts: Mapping[str, list[tuple[_Ints, list[str]]]],
) -> None:
    """Add cells under one header to the kinds that they are of."""
    if header_says is None:
        found: dict[str, list[tuple[int, str]]] = {kind: [] for kind in KINDS}
        for row, cell in zip(rows, cells, strict=True):
            if len(cell) >= LEAST and (kind := kind_of(None, cell)):
                found[kind].append((row, cell))
        for kind, held in found.items():
            _add(parts[kind], held)
        return
    hidden: set[int] = set()
    if header_says == "phone":
        odd = [place for place, cell in enumerate(cells) if not cell.isdecimal()]
        hidden = {place for place in odd if kind_of(header_says, cells[place]) == "masked"}
        _add(parts["masked"], [(rows[place], cells[place]) for place in sorted(hidden)])
    if hidden or not all(cells):
        kept = [p for p, cell in enumerate(cells) if cell and p not in hidden]
        _add(parts[header_says], [(rows[place], cells[place]) for place in kept])
    else:
        parts[header_says].append((np.array(rows, np.int64), list(cells)))


def _add(part: list[tuple[_Ints, list[str]]], held: Sequence[tuple[int, str]]) -> None:
    if held:
        part.append((np.array([row for row, _ in held], np.int64), [cell for _, cell in held]))

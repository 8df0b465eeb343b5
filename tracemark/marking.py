"""The marking corridor: key → codeword → carriers → marked copy, ledger entry. SPEC 7.

It hands a codeword and a subkey to the carriers, and what they placed to the ledger, before
anything leaves. Pictures are marked in `label_marking`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, repeat
from typing import Any

import numpy as np

from tracemark.arguments import mappings, sequences
from tracemark.codeword import codeword_of
from tracemark.collecting import rarely
from tracemark.errors import UsageError
from tracemark.keys import EpochKey
from tracemark.ledger import Issue
from tracemark.ledger.fingerprints import Fingerprinter, Fingerprints
from tracemark.ledger.shared import Part
from tracemark.profiles import Profile
from tracemark.tables import Document, Row, Writable
from tracemark.tables.arrow import text_columns, with_texts
from tracemark.tables.block import Block
from tracemark.tables.nested import texts_in, with_texts_in
from tracemark.tables.sink import write
from tracemark.text.columns import ColumnMarker
from tracemark.text.japanese import in_japanese
from tracemark.text.marker import CellMarker
from tracemark.text.roles import MARKED, checked, role_of_cell, role_of_header

_FIRST_CHUNK, _CHUNK = 64, 4096
_HANDLED = {*MARKED, "id", "phone"}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was issued.

    Attributes
    ----------
    recipient : str
    issue : int
        Number of the ledger entry that opened the issue.
    rows, cells : int
        Rows written; cells that carry chips.
    layers : tuple of str
        Carriers that may be used, fewer than the policy's where the encoding cannot hold a
        carrier's characters.
    encoding : str
    sha256 : str
        Of the marked bytes.
    used : tuple of str
        Those of the layers in which this copy is marked.
    """

    recipient: str
    issue: int
    rows: int
    cells: int
    layers: tuple[str, ...]
    encoding: str
    sha256: str
    used: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """What the ledger will be told about a chunk: numbers as they stand, and anchor ids."""

    waybills: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    anchors: list[Fingerprints] = field(default_factory=list)


class RowMarker:
    """Marks rows for one recipient and knows what to tell the ledger about them.

    Parameters
    ----------
    key : EpochKey
    profile : Profile
    recipient : str
    columns : mapping of str to str, optional
        Column name to role; overrides what the header says.
    policy : str
        ``full``, ``quiet`` or ``plain``.
    encoding : str, optional
        Encoding the copy will be written in; carriers whose characters it lacks are left out.

    Attributes
    ----------
    layers : tuple of str
        Carriers that may be used.
    used : tuple of str
        Those of them that were, so far.
    cells : int
        Cells that carry chips, so far.
    """

    def __init__(
        self,
        key: EpochKey,
        profile: Profile,
        recipient: str,
        *,
        columns: Mapping[str, str] | None = None,
        policy: str = "full",
        encoding: str | None = None,
    ) -> None:
        self._overrides = {name: checked(role) for name, role in (columns or {}).items()}
        # SPEC 7.1: the carrier is handed the codeword and its own subkey, never a name
        cells = CellMarker(
            key.derive("slots/text"),
            codeword_of(key, profile, recipient),
            profile,
            policy,
            encoding=encoding,
        )
        self.layers = cells.layers
        self._used = cells.used
        self._carrier = ColumnMarker(cells)
        self._abroad = ColumnMarker(cells.abroad())  # of tables with Japanese headers. SPEC 5.8
        if not self.layers:
            raise UsageError(
                f"{encoding} cannot hold what the policy '{policy}' writes",
                hint="use the policy full or plain, or convert the table to UTF-8",
            )
        self._fingerprinter = Fingerprinter(key)
        self._plans: dict[tuple[str | None, ...], list[str | None]] = {}
        self.cells = 0

    @property
    def used(self) -> tuple[str, ...]:
        """Layers in which anything was placed so far, in the order of `layers`."""
        return tuple(layer for layer in self.layers if layer in self._used)

    def note_used(self, layers: Iterable[str]) -> None:
        """Take note of layers that another process used for the same copy."""
        self._used.update(layers)

    def must_find(self, headers: Sequence[str | None], where: str) -> None:
        """Raise UsageError if these headers lack a column that is given a role."""
        for name in self._overrides:
            if name not in headers:
                raise UsageError(
                    f"no column '{name}' in {where}",
                    hint="columns: " + ", ".join(str(one) for one in headers if one),
                )

    def mark(
        self, rows: Iterable[tuple[Sequence[str | None], Sequence[str]]]
    ) -> tuple[list[list[str]], dict[str, Fingerprints]]:
        """Mark a chunk of rows.

        Parameters
        ----------
        rows : iterable of (headers, values)
            Aligned; a header is None where a cell has none.

        Returns
        -------
        marked : list of list of str
            The rows' values.
        fingerprints : dict of str to (k,) uint64
            What the ledger keeps about them, by kind: ``waybill``, ``phone``, ``masked``,
            ``anchor``.
        """
        groups: dict[tuple[str | None, ...], tuple[list[int], list[Sequence[str]]]] = {}
        count, last = 0, None
        for headers, values in rows:
            if headers is not last:
                last = headers
                places, group = groups.setdefault(tuple(headers), ([], []))
            places.append(count)
            group.append(values)
            count += 1
        marked: list[list[str]] = [[]] * count
        found = _Found()
        for key, (places, group) in groups.items():
            carrier = self._carrier_of(key)
            columns = zip(self._plan(key), zip(*group, strict=True), strict=True)
            cells = [self._mark_column(role, column, found, carrier) for role, column in columns]
            for place, values in zip(places, zip(*cells, strict=True), strict=False):
                marked[place] = list(values)
        return marked, self._told(found)

    def mark_columns(
        self, headers: Sequence[str | None], columns: Sequence[Sequence[Any]]
    ) -> tuple[list[list[Any]], dict[str, Fingerprints]]:
        """Mark a chunk that is held column by column; what is no `str` stays as it is.

        Parameters and results as in `mark`, turned over.
        """
        found = _Found()
        marked: list[list[Any]] = []
        carrier = self._carrier_of(headers)
        for role, column in zip(self._plan(headers), columns, strict=True):
            texts = [value if isinstance(value, str) else "" for value in column]
            cells = self._mark_column(role, texts, found, carrier)
            marked.append(
                [
                    new if old else value
                    for value, old, new in zip(column, texts, cells, strict=True)
                ]
            )
        return marked, self._told(found)

    def mark_block(self, block: Block) -> dict[str, Fingerprints]:
        """Mark rows of a table where they stand; fingerprints as in `mark`."""
        found, carrier = _Found(), self._carrier_of(block.headers)
        for place, role in enumerate(self._plan(block.headers)):
            if role is None or role in _HANDLED:
                cells = block.column(place)
                marked = self._mark_column(role, cells, found, carrier)
                if marked is not cells:
                    block.put(place, marked)
        return self._told(found)

    def _told(self, found: _Found) -> dict[str, Fingerprints]:
        """Fingerprints of what was found; counts the cells that carry chips."""
        anchors = np.concatenate([np.empty(0, np.uint64), *found.anchors])
        self.cells += int(np.count_nonzero(anchors))
        phones, masked = self._fingerprinter.numbers(found.phones)
        return {
            "waybill": self._fingerprinter.waybills(found.waybills),
            "phone": phones,
            "masked": masked,
            "anchor": anchors,
        }

    def _carrier_of(self, headers: Sequence[str | None]) -> ColumnMarker:
        return self._abroad if in_japanese(headers) else self._carrier

    def _mark_column(
        self, role: str | None, cells: Sequence[str], found: _Found, carrier: ColumnMarker
    ) -> Sequence[str]:
        """Mark cells that share a header; each goes by its own content where `role` is None."""
        if role is None:
            roles = [role_of_cell(cell) if cell else "" for cell in cells]
            marked = list(cells)
            for one in {*roles} - {""}:
                places = [place for place, role in enumerate(roles) if role == one]
                parts = self._mark_column(one, [cells[place] for place in places], found, carrier)
                for place, cell in zip(places, parts, strict=True):
                    marked[place] = cell
            return marked
        if role in MARKED:
            marked, anchors = carrier.mark(cells, role)
            found.anchors.append(anchors)
            if role == "masked":
                found.phones.extend(cells)
            return marked
        if role == "id":
            found.waybills.extend(cells)
        elif role == "phone":
            found.phones.extend(cells)
        return cells

    def _plan(self, headers: Sequence[str | None]) -> list[str | None]:
        """Role of each column where header or override fixes it. SPEC 5.1."""
        key = tuple(headers)
        plan = self._plans.get(key)
        if plan is None:
            plan = [
                # columns of data frames may be named by numbers; they are read so, too
                self._overrides.get(header) or role_of_header(str(header)) if header else None
                for header in headers
            ]
            self._plans[key] = plan
        return plan


def mark_rows(
    rows: Iterable[Mapping[str, Any]], marker: RowMarker, start: Callable[[], Issue]
) -> Iterator[dict[str, Any]]:
    """Yield the rows marked, each chunk only once the ledger holds it. SPEC 7.3.

    The issue is opened when the first row is asked for, and not if the first rows are none.
    """
    source = mappings(rows)
    chunk = [{**row} for row in islice(source, _FIRST_CHUNK)]
    if chunk:
        named = dict.fromkeys(key for row in chunk for key in (*row, *dict(texts_in(row))))
        marker.must_find(list(named), "the rows")
    with start() as issue:
        while chunk:
            texts = [list(texts_in(row)) for row in chunk]
            marked, fingerprints = marker.mark(
                (tuple(key for key, _ in own), [text for _, text in own]) for own in texts
            )
            issue.batch(len(chunk), fingerprints)
            for row, values in zip(chunk, marked, strict=True):
                yield with_texts_in(row, iter(values))
            chunk = [{**row} for row in islice(source, _CHUNK)]


def mark_columns(
    columns: Mapping[str, Sequence[Any]], marker: RowMarker, start: Callable[[], Issue]
) -> dict[str, list[Any]]:
    """Mark a table that is held column by column. SPEC 7.3."""
    held = sequences(columns)
    marker.must_find(list(columns), "the columns")
    with start() as issue:
        marked, fingerprints = marker.mark_columns(list(columns), held)
        issue.batch(max(map(len, held), default=0), fingerprints)
    return dict(zip(columns, marked, strict=True))


def mark_batches(
    batches: Iterable[Any], marker: RowMarker, start: Callable[[], Issue | Part]
) -> Iterator[Any]:
    """Yield Arrow record batches marked, each only once the ledger holds it. SPEC 7.3."""
    with start() as issue:
        for batch in batches:
            places, columns = text_columns(batch)
            marker.must_find(batch.schema.names, "the batch")
            headers = [batch.schema.names[place] for place in places]
            marked, fingerprints = marker.mark_columns(headers, columns)
            issue.batch(batch.num_rows, fingerprints)
            yield with_texts(batch, places, marked)


@dataclass(frozen=True, slots=True)
class MarkedPart:
    """Some rows of a document as they will be written, and what the ledger is told about them.

    Attributes
    ----------
    rows, cells : int
        How many there are; cells that carry chips.
    fingerprints : dict of str to (k,) uint64
        See `RowMarker.mark`.
    text : str
    used : tuple of str
        Layers in which the marker has marked by then.
    """

    rows: int
    cells: int
    fingerprints: dict[str, Fingerprints]
    text: str
    used: tuple[str, ...] = ()


def mark_block(block: Block, marker: RowMarker) -> MarkedPart:
    """Mark rows that were cut together."""
    before = marker.cells
    fingerprints = marker.mark_block(block)
    cells = marker.cells - before
    return MarkedPart(block.rows, cells, fingerprints, block.text(), marker.used)


def mark_part(part: Block | list[Row], document: Document, marker: RowMarker) -> MarkedPart:
    """Mark some rows of a document."""
    if isinstance(part, Block):
        return mark_block(part, marker)
    before, filled = marker.cells, [row for row in part if row.values]
    marked, fingerprints = marker.mark((row.headers, row.values) for row in filled)
    values = iter(marked)
    text = "".join(document.render(row, next(values)) if row.values else row.raw for row in part)
    return MarkedPart(len(filled), marker.cells - before, fingerprints, text)


def parts_of(document: Document) -> Iterator[Block | list[Row]]:
    """The rows of a document, as many at a time as are marked together."""
    return document.parts(chain([_FIRST_CHUNK], repeat(_CHUNK)))


def marked_parts(document: Document, marker: RowMarker) -> Generator[MarkedPart, None, None]:
    """The parts of a document, marked one after the other."""
    for part in parts_of(document):
        yield mark_part(part, document, marker)


def mark_document(
    document: Document, sink: Writable, marked: Iterable[MarkedPart], issue: Issue
) -> tuple[int, int, str]:
    """Write the document marked, each part only once the ledger holds it. SPEC 7.3.

    Returns
    -------
    rows, cells : int
    sha256 : str
        Of the bytes written.
    """
    digest, rows, cells = hashlib.sha256(), 0, 0
    with issue, rarely():
        for part in marked:
            issue.batch(part.rows, part.fingerprints)
            data = document.encode(part.text)
            digest.update(data)
            write(sink, data)
            rows, cells = rows + part.rows, cells + part.cells
        for data in document.rest():
            digest.update(data)
            write(sink, data)
        issue.close(sha256=digest.hexdigest())
    return rows, cells, digest.hexdigest()

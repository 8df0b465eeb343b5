"""The marking corridor: key → codeword → carriers → marked copy, ledger entry. SPEC 7.

One of the two files that join the branches: it hands a codeword and a subkey to the carriers, and
what they placed to the ledger, before anything leaves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from tracemark.codeword import Codebook
from tracemark.errors import UsageError
from tracemark.keys import EpochKey
from tracemark.ledger import Issue
from tracemark.ledger.fingerprints import Fingerprinter, Fingerprints
from tracemark.profiles import Profile
from tracemark.tables import Document
from tracemark.text.columns import ColumnMarker
from tracemark.text.marker import CellMarker
from tracemark.text.roles import MARKED, checked, role_of_cell, role_of_header

_FIRST_CHUNK, _CHUNK = 64, 4096


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
        Carriers in use, fewer than the policy's where the encoding cannot hold a carrier's
        characters.
    encoding : str
    sha256 : str
        Of the marked bytes.
    """

    recipient: str
    issue: int
    rows: int
    cells: int
    layers: tuple[str, ...]
    encoding: str
    sha256: str


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
        Carriers in use.
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
            Codebook(key, profile).codeword(recipient),
            profile,
            policy,
            encoding=encoding,
        )
        self.layers = cells.layers
        self._carrier = ColumnMarker(cells)
        if not self.layers:
            raise UsageError(
                f"{encoding} cannot hold what the policy '{policy}' writes",
                hint="use the policy full or plain, or convert the table to UTF-8",
            )
        self._fingerprinter = Fingerprinter(key)
        self._plans: dict[tuple[str | None, ...], list[str | None]] = {}
        self.cells = 0

    def missing(self, headers: Sequence[str | None]) -> list[str]:
        """Overridden columns that these headers do not have."""
        return [name for name in self._overrides if name not in headers]

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
            Per kind (``waybill``, ``phone``, ``anchor``), what the ledger keeps about them.
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
            columns = zip(self._plan(key), zip(*group, strict=True), strict=True)
            cells = [self._mark_column(role, column, found) for role, column in columns]
            for place, values in zip(places, zip(*cells, strict=True), strict=False):
                marked[place] = list(values)
        anchors = np.concatenate([np.empty(0, np.uint64), *found.anchors])
        self.cells += int(np.count_nonzero(anchors))
        return marked, {
            "waybill": self._fingerprinter.waybills(found.waybills),
            "phone": self._fingerprinter.phones(found.phones),
            "anchor": anchors,
        }

    def _mark_column(self, role: str | None, cells: Sequence[str], found: _Found) -> Sequence[str]:
        """Mark cells that share a header; each goes by its own content where `role` is None."""
        if role is None:
            roles = [role_of_cell(cell) if cell else "" for cell in cells]
            marked = list(cells)
            for one in {*roles} - {""}:
                places = [place for place, role in enumerate(roles) if role == one]
                parts = self._mark_column(one, [cells[place] for place in places], found)
                for place, cell in zip(places, parts, strict=True):
                    marked[place] = cell
            return marked
        if role in MARKED:
            marked, anchors = self._carrier.mark(cells, role)
            found.anchors.append(anchors)
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
                self._overrides.get(header) or role_of_header(header) if header else None
                for header in headers
            ]
            self._plans[key] = plan
        return plan


def mark_rows(
    rows: Iterable[Mapping[str, Any]], marker: RowMarker, start: Callable[[], Issue]
) -> Iterator[dict[str, Any]]:
    """Yield the rows marked, each chunk only once the ledger holds it. SPEC 7.3.

    The issue is opened when the first row is asked for.
    """
    with start() as issue:
        source, size = iter(rows), _FIRST_CHUNK
        while chunk := list(islice(source, size)):
            texts = [{k: v for k, v in row.items() if isinstance(v, str)} for row in chunk]
            marked, fingerprints = marker.mark((tuple(t), list(t.values())) for t in texts)
            issue.batch(len(chunk), fingerprints)
            for row, text, values in zip(chunk, texts, marked, strict=True):
                yield {**row, **dict(zip(text, values, strict=True))}
            size = _CHUNK


def mark_document(
    document: Document, sink: BinaryIO, marker: RowMarker, issue: Issue
) -> tuple[int, str]:
    """Write the document marked, each chunk only once the ledger holds it. SPEC 7.3.

    Returns
    -------
    rows : int
    sha256 : str
        Of the bytes written.
    """
    digest, rows = hashlib.sha256(), 0
    with issue:
        source, size = document.rows(), _FIRST_CHUNK
        while chunk := list(islice(source, size)):
            filled = [row for row in chunk if row.values]
            marked, fingerprints = marker.mark((row.headers, row.values) for row in filled)
            issue.batch(len(filled), fingerprints)
            values = iter(marked)
            text = "".join(
                document.render(row, next(values)) if row.values else row.raw for row in chunk
            )
            data = document.encode(text)
            digest.update(data)
            sink.write(data)
            rows += len(filled)
            size = _CHUNK
        issue.close(sha256=digest.hexdigest())
    return rows, digest.hexdigest()


def mark_label(
    image: Image.Image,
    recipient: str,
    key: EpochKey,
    profile: Profile,
    *,
    waybill: str | None,
    strength: str,
    dpi: float | None,
) -> tuple[Image.Image, dict[str, Fingerprints], str]:
    """Mark one label. SPEC 10.

    Returns
    -------
    marked : PIL image
    fingerprints : dict of str to (k,) uint64
        What the ledger keeps about it.
    sha256 : str
        Of mode, size and pixels of the marked copy.
    """
    from tracemark import label  # late: most programs mark rows only

    codeword = Codebook(key, profile).codeword(recipient)
    marked, _ = label.embed(
        image, codeword, key.derive("slots/label"), profile_name=strength, dpi=dpi, profile=profile
    )
    prints = Fingerprinter(key).waybills([waybill] if waybill else [])
    pixels = f"{marked.mode} {marked.size}\n".encode() + marked.tobytes()
    return marked, {"waybill": prints}, hashlib.sha256(pixels).hexdigest()

"""Verification: everything the ledger says about itself is computed again. SPEC 9.7."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from tracemark.errors import LedgerError
from tracemark.ledger.chain import START, Head, Seals, link
from tracemark.ledger.fingerprints import WIDTH
from tracemark.ledger.issues import summary
from tracemark.ledger.recipients import digest
from tracemark.ledger.store import Query, Row

Progress = Callable[[float], None]
Layout = Callable[[Query], tuple[set[str], set[str]]]

_PAGE = 1000
_PAGE_BLOBS = 32
_FIRST = -(2**63)  # below every row number
_NAMED = 50  # faults told one by one


@dataclass(frozen=True, slots=True)
class Verification:
    """What `Ledger.verify` found.

    Attributes
    ----------
    head : Head
        The end of the chain as found.
    entries, recipients, fingerprints : int
        Entries, versions of recipients and fingerprints checked.
    pruned : int
        Batches whose fingerprints were pruned.
    open_issues : tuple of int
        Issues that were never closed: running still, or their process died.
    faults : tuple of str
        One line each; empty where the ledger holds. At most 50 are told, then how many more.
    """

    head: Head
    entries: int
    recipients: int
    fingerprints: int
    pruned: int
    open_issues: tuple[int, ...]
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether no fault was found."""
        return not self.faults

    def insist(self, place: str) -> None:
        """Raise LedgerError where it does not hold: the ledger at `place` stays as it is."""
        if self.faults:
            raise LedgerError(
                f"the ledger {place} does not hold, and stays: {self.faults[0]}",
                hint="run tracemark ledger verify",
            )


def verify(
    query: Query,
    layout: Layout,
    seals: Seals,
    commitments: dict[int, str],
    *,
    expect: Head | None = None,
    progress: Progress | None = None,
) -> Verification:
    """Recompute the whole ledger in one pass over each table. SPEC 9.7.

    Parameters
    ----------
    query : callable
        Runs a query in a view in which nothing changes, see `Store.snapshot`.
    layout : callable
        What lays the tables out as found, and as it should be, see `Store.layout`.
    seals : Seals
    commitments : dict of int to str
        Commitment of each epoch's key at hand.
    expect : Head, optional
        A head that was written down earlier: the chain must run through it.
    progress : callable, optional
        Called with the fraction of entries checked, in [0, 1].
    """
    check = _Check(query, expect)
    check.guards(layout)
    check.entries(progress)
    check.head(seals)
    check.commitments(commitments)
    return check.result()


class _Check:
    """One walk through the ledger, and what it remembers on the way."""

    def __init__(self, query: Query, expect: Head | None) -> None:
        self._query = query
        self._expect = expect
        self._last = Head(0, START)
        self._faults: list[str] = []
        self._more = 0
        self._issues: dict[int, list[int]] = {}  # open ones: epoch, rows
        self._epochs: dict[int, str] = {}
        self._versions = self._fingerprints = self._pruned = 0
        self._prunes = _prunes(query)
        # the rows that entries vouch for, each kept beside the entries in the order of writing
        self._registered = _Beside(
            _rows(query, "recipients", "id, name, kind, parent", _PAGE), self.fault, "recipients"
        )
        self._stored = _Beside(
            _rows(query, "fingerprints", "kind, epoch, issue, blob", _PAGE_BLOBS),
            self.fault,
            "fingerprints",
        )

    def fault(self, text: str) -> None:
        """Note what does not hold."""
        if len(self._faults) < _NAMED:
            self._faults.append(text)
        else:
            self._more += 1

    def guards(self, layout: Layout) -> None:
        """Tables, indexes and triggers are as this format lays down."""
        held, laid_down = layout(self._query)
        for statement in sorted(laid_down - held):
            self.fault(f"the file lacks its {_named(statement)}")
        for statement in sorted(held - laid_down):
            self.fault(f"the file holds a foreign {_named(statement)}")

    def entries(self, progress: Progress | None) -> None:
        """Walk the chain, and with it what each entry vouches for."""
        ((total,),) = self._query("SELECT COUNT(*) FROM entries", ())
        after, done = _FIRST, 0
        while page := self._query(
            "SELECT seq, time, kind, body, hash FROM entries WHERE seq > ? ORDER BY seq"
            f" LIMIT {_PAGE}",
            (after,),
        ):
            for row in page:
                self._entry(*row)
            after, done = page[-1][0], done + len(page)
            if progress:
                progress(min(1.0, done / total))
        self._registered.rest()
        self._stored.rest()

    def head(self, seals: Seals) -> None:
        """The seal covers the last entry, and the chain runs through the head expected."""
        sealed = self._query("SELECT seq, hash, epoch, mac FROM head", ())
        if not sealed:
            self.fault("the seal on the head is missing")
        else:
            ((seq, stored, epoch, mac),) = sealed
            if Head(seq, stored) != self._last:
                self.fault(f"the seal covers {seq} entries, the chain has {self._last.seq}")
            if epoch != max(self._epochs, default=1):
                self.fault(f"the head is sealed with the key of epoch {epoch}, not of the latest")
            if not seals.hold(epoch, Head(seq, stored), mac):
                self.fault("the seal on the head was not made with this vault's key")
        if self._expect and self._expect.seq > self._last.seq:
            self.fault(f"entry {self._expect.seq}, seen earlier, is missing")

    def commitments(self, at_hand: dict[int, str]) -> None:
        """Each key at hand is the one that the chain commits to, and none is missing."""
        for epoch in sorted({*at_hand, *self._epochs}):
            if epoch not in self._epochs:
                self.fault(f"the ledger does not know epoch {epoch}: rotation broken off, or cut")
            elif at_hand.get(epoch) != self._epochs[epoch]:
                self.fault(f"the key of epoch {epoch} is not the one the ledger commits to")

    def result(self) -> Verification:
        """What was found."""
        more = [f"{self._more} faults more"] if self._more else []
        return Verification(
            head=self._last,
            entries=self._last.seq,
            recipients=self._versions,
            fingerprints=self._fingerprints,
            pruned=self._pruned,
            open_issues=tuple(sorted(self._issues)),
            faults=(*self._faults, *more),
        )

    def _entry(self, seq: int, time: str, kind: str, text: str, stored: bytes) -> None:
        if seq != self._last.seq + 1:
            self.fault(f"entries {self._last.seq + 1} to {seq - 1} are missing")
        elif stored != link(self._last.hash, seq, time, kind, text):
            self.fault(f"entry {seq} was changed, or does not follow entry {seq - 1}")
        self._last = Head(seq, stored)
        if self._expect and self._expect.seq == seq and self._expect != self._last:
            self.fault(f"entry {seq} is not the one seen earlier")
        try:
            self._content(seq, time, kind, json.loads(text))
        except (ValueError, TypeError, KeyError):
            self.fault(f"entry {seq} is not a well-formed {kind} entry")

    def _content(self, seq: int, time: str, kind: str, body: dict[str, Any]) -> None:
        if (kind == "genesis") != (seq == 1):
            self.fault(f"entry {seq} is {kind}: the first entry, and no other, is genesis")
        if kind in ("genesis", "epoch"):
            self._epochs[body["epoch"]] = body["commitment"]
        elif kind == "revocation" and not 1 <= body["epoch"] < max(self._epochs):
            self.fault(f"entry {seq} revokes epoch {body['epoch']}, which is no older one")
        elif kind == "recipients":
            self._recipients(seq, body)
        elif kind == "issue":
            self._issues[seq] = [body["epoch"], 0]
        elif kind == "batch":
            self._batch(seq, time, body)
        elif kind == "custody":
            self._blobs(seq, time, body, issue=seq)
        elif kind == "close":
            self._close(seq, body)

    def _recipients(self, seq: int, body: dict[str, Any]) -> None:
        rows = [row[1:] for row in self._registered.of(seq)]
        self._versions += len(rows)
        if len(rows) != body["count"] or digest(rows) != body["sha256"]:
            self.fault(f"recipients registered by entry {seq} were changed")

    def _batch(self, seq: int, time: str, body: dict[str, Any]) -> None:
        issue = self._issues.get(body["issue"])
        if issue is None or issue[0] != body["epoch"]:
            self.fault(f"batch {seq} belongs to no open issue of its epoch")
        else:
            issue[1] += body["rows"]
        self._blobs(seq, time, body, issue=body["issue"])

    def _blobs(self, seq: int, time: str, body: dict[str, Any], *, issue: int) -> None:
        told = {(kind, body["epoch"], issue): about for kind, about in body["fingerprints"].items()}
        held = {tuple(row[1:4]): row[4] for row in self._stored.of(seq)}
        if told and not held and self._forgotten(seq, time):
            self._pruned += 1
            return
        if {place: summary(blob) for place, blob in held.items()} != told:
            what = "custody" if issue == seq else "batch"
            self.fault(f"fingerprints of {what} {seq} were changed")
        self._fingerprints += sum(len(blob) // WIDTH for blob in held.values())

    def _forgotten(self, seq: int, time: str) -> bool:
        """Whether an entry later than this one says that its fingerprints were pruned."""
        later = bisect_right(self._prunes, seq, key=itemgetter(0))
        return later < len(self._prunes) and time < self._prunes[later][1]

    def _close(self, seq: int, body: dict[str, Any]) -> None:
        _, rows = self._issues.pop(body["issue"], (0, None))
        if rows is None:
            self.fault(f"entry {seq} closes issue {body['issue']}, which is not open")
        elif rows != body["rows"]:
            self.fault(f"issue {body['issue']} was closed with {body['rows']} rows, not {rows}")


class _Beside:
    """Rows of a table in the order of the entries that vouch for them."""

    def __init__(self, rows: Iterable[Row], fault: Callable[[str], None], table: str) -> None:
        self._groups = groupby(rows, key=itemgetter(0))
        self._fault = fault
        self._table = table
        self._next = next(self._groups, None)

    def of(self, entry: int) -> list[Row]:
        """The rows of this entry; what stands before them belongs to none."""
        self._strays(entry)
        if self._next is None or self._next[0] != entry:
            return []
        rows = list(self._next[1])
        self._next = next(self._groups, None)
        return rows

    def rest(self) -> None:
        """No rows may be left over."""
        self._strays(None)

    def _strays(self, entry: int | None) -> None:
        while self._next is not None and (entry is None or self._next[0] < entry):
            self._fault(f"{self._table} that no entry vouches for (entry {self._next[0]})")
            self._next = next(self._groups, None)


def _named(statement: str) -> str:
    """Sort and name of what a statement makes: ``table entries``."""
    return " ".join(statement.split()[1:3]).lower()


def _rows(query: Query, table: str, columns: str, page_size: int) -> Iterator[Row]:
    """Rows of a table in the order of writing: entry, then the columns."""
    after = _FIRST
    while page := query(
        f"SELECT n, entry, {columns} FROM {table} WHERE n > ? ORDER BY n LIMIT {page_size}",
        (after,),
    ):
        yield from (row[1:] for row in page)
        after = page[-1][0]


def _prunes(query: Query) -> list[tuple[int, str]]:
    """Number of each prune entry, and the latest moment that it or any later one names."""
    found: list[tuple[int, str]] = []
    latest = ""
    for seq, text in query("SELECT seq, body FROM entries WHERE kind = 'prune' ORDER BY seq", ()):
        with suppress(ValueError, TypeError, KeyError):  # the walk reports what is malformed
            found.append((seq, str(json.loads(text)["before"])))
    for place in reversed(range(len(found))):
        latest = max(latest, found[place][1])
        found[place] = found[place][0], latest
    return found

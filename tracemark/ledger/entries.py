"""What the chain of a ledger says: its entries, its end, its keys' commitments. SPEC 9.5."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tracemark.ledger.chain import Entry, Head
from tracemark.ledger.store import Store
from tracemark.ledger.tree import Tree

_PAGE = 1000


class Entries:
    """The part of a `Ledger` that reads the chain."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._committed: set[int] = set()

    @property
    def address(self) -> str | None:
        """The address of the database that holds it, without password; None for a file."""
        return self._store.shown

    @property
    def genesis(self) -> dict[str, Any]:
        """Body of the first entry: format, vault, profile, epoch and commitment."""
        for entry in self.entries("genesis", limit=1):
            return entry.body
        raise self._store.damage("it has no first entry")

    @property
    def head(self) -> Head:
        """The end of the chain. Written down elsewhere, it can be held against `verify` later."""
        for seq, stored in self._store.rows("SELECT seq, hash FROM head"):
            return Head(seq, stored)
        raise self._store.damage("the seal on its end is missing")

    def epochs(self) -> dict[int, str]:
        """Commitment of each epoch's key, as the chain has it."""
        rows = self._store.rows(
            "SELECT seq, body FROM entries WHERE kind IN ('genesis', 'epoch') ORDER BY seq"
        )
        bodies = [self._store.body(seq, text) for seq, text in rows]
        if not all({"epoch", "commitment"} <= body.keys() for body in bodies):
            raise self._store.damage("it commits to no key")
        return {body["epoch"]: body["commitment"] for body in bodies}

    def commits_to(self, epoch: int) -> bool:
        """Whether the chain has a commitment to that epoch's key; what it has, it keeps."""
        if epoch not in self._committed:
            self._committed.update(self.epochs())
        return epoch in self._committed

    def entries(
        self, kind: str | None = None, *, after: int = 0, limit: int | None = None
    ) -> Iterator[Entry]:
        """Entries in order, optionally of one kind, after an entry, and no more than a limit."""
        which, parameters = ("kind = ?", (kind,)) if kind else ("TRUE", ())
        left = limit
        while left is None or left > 0:
            page = self._store.rows(
                "SELECT seq, time, kind, body, hash FROM entries"
                f" WHERE {which} AND seq > ? ORDER BY seq LIMIT ?",
                (*parameters, after, _PAGE if left is None else min(left, _PAGE)),
            )
            if not page:
                return
            for seq, time, sort, body, stored in page:
                yield Entry(seq, time, sort, self._store.body(seq, body), stored)
            after = page[-1][0]
            left = None if left is None else left - len(page)

    def tree(self, size: int | None = None) -> Tree:
        """The tree over the first entries, or over all with their seal. SPEC 9.9."""
        return Tree(self._store, size)

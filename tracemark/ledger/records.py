"""Which records whoever was issued or had in hand, as fingerprints; and how they are forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracemark.errors import UsageError
from tracemark.ledger import custody, holdings
from tracemark.ledger.chain import Entry, stamp
from tracemark.ledger.custody import Custody, Handled
from tracemark.ledger.entries import Entries
from tracemark.ledger.holdings import Holdings
from tracemark.ledger.outline import Outline, outline_of


class Records(Entries):
    """The part of a `Ledger` that knows the records that were issued."""

    def issued(self, kind: str, epoch: int, values: ArrayLike) -> NDArray[np.bool_]:
        """Whether each record was ever issued to anyone.

        Parameters
        ----------
        kind : str
            ``waybill``, ``phone`` or ``anchor``.
        epoch : int
            Epoch whose key the fingerprints were made with.
        values : (n,) uint64
            Fingerprints; 0 is never found.

        Returns
        -------
        (n,) bool
        """
        return holdings.issued(self._store, kind, epoch, values)

    def outline(self) -> Outline | None:
        """Which numbers may have been issued, for very many at once; see `outline_of`."""
        return outline_of(self._store, self.epochs())

    def holds(self, recipient: str, kind: str, epoch: int, values: ArrayLike) -> NDArray[np.bool_]:
        """Whether each record was ever issued to this recipient: (n,) bool; see `issued`."""
        return holdings.issued_to(self._store, recipient, kind, epoch, values)

    def holders(self, kind: str, epoch: int, values: ArrayLike) -> Holdings:
        """Everyone who was issued any of the records, and which; see `issued`."""
        return holdings.holders(self._store, kind, epoch, values)

    def issues_of(
        self, recipient: str, kind: str, epoch: int, values: ArrayLike
    ) -> list[tuple[Entry, int]]:
        """A recipient's issues that held any of the records, oldest first; see `issued`.

        Returns
        -------
        list of (Entry, int)
            The ``issue`` entry, and how many distinct ones of the records it held.
        """
        held = holdings.issues_of(self._store, recipient, kind, epoch, values)
        return [
            (next(self.entries(after=number - 1, limit=1)), count) for number, count in held.items()
        ]

    def labels_of(self, recipient: str, epoch: int, *, most: int = 20_000) -> list[tuple[int, int]]:
        """The latest labels with a number that were issued to a recipient.

        Returns
        -------
        list of (int, int)
            Number of the ``issue`` entry, and the fingerprint of the label's waybill number.
        """
        return holdings.labels_of(self._store, recipient, epoch, most)

    def unnumbered(self, epoch: int, *, latest: int = 20_000) -> bool:
        """Whether an epoch's labels have no waybill numbers: some were issued, and none with one.

        Of its labels among the latest issues of the ledger.
        """
        return holdings.unnumbered(self._store, epoch, latest)

    def record_custody(self, epoch: int, those: Iterable[Custody], known: set[str]) -> int:
        """Record who had what in hand, all in one write; see `custody.record`."""
        return custody.record(self._store, epoch, those, known)

    def custody_known(self) -> set[str]:
        """Identities of the custody recorded so far, for `record_custody` to pass over."""
        return custody.identities(self._store)

    def handled(self, kind: str, epoch: int, values: ArrayLike) -> Handled:
        """Every issue or custody entry that shows a value in somebody's hands.

        Parameters are those of `issued`, with the kind ``custody/waybill`` as well.
        """
        return custody.handled(self._store, kind, epoch, values)

    def holdings_of(self, those: Sequence[str], kind: str) -> dict[str, int]:
        """How many values of a kind each recipient had in all, repetitions included."""
        return custody.holdings_of(self._store, those, kind)

    def record_decoys(self, count: int, sha256: str) -> None:
        """Vouch for the pool of decoys as it is from now on. SPEC 14.1."""
        with self._store.write() as transaction:
            transaction.append("decoys", {"count": count, "sha256": sha256})

    def decoys(self) -> str | None:
        """Hex SHA-256 of the pool of decoys; None where there never was one."""
        rows = self._store.rows(
            "SELECT seq, body FROM entries WHERE kind = 'decoys' ORDER BY seq DESC LIMIT 1"
        )
        return str(self._store.body(*rows[0])["sha256"]) if rows else None

    def prune(self, before: datetime) -> int:
        """Forget the fingerprints of batches and custody recorded before a moment. SPEC 9.5.4.

        The entries stay, with the digests of what was forgotten, and the chain holds.

        Parameters
        ----------
        before : datetime
            With a time zone.

        Returns
        -------
        int
            Batches and custody entries whose fingerprints were deleted.
        """
        if before.tzinfo is None:
            raise UsageError(
                "the moment to prune before has no time zone", hint="for example datetime.now(UTC)"
            )
        moment = stamp(before)
        kinds = "kind IN ('batch', 'custody')"
        chosen = f"entry IN (SELECT seq FROM entries WHERE {kinds} AND time < ?)"
        with self._store.write() as transaction:
            ((batches,),) = transaction.execute(
                f"SELECT COUNT(DISTINCT entry) FROM fingerprints WHERE {chosen}",
                (moment,),
            )
            if batches:
                transaction.append("prune", {"before": moment, "batches": batches})
                transaction.execute(f"DELETE FROM fingerprints WHERE {chosen}", (moment,))
        self._store.settle()  # what was deleted is overwritten in the file; let the log go as well
        return int(batches)

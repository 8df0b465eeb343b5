"""The ledger: who may receive, what was issued to whom, what was looked into. SPEC 9."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from tracemark.errors import KeyFault, LedgerError, UsageError
from tracemark.keys import EpochKey
from tracemark.ledger import recipients
from tracemark.ledger.backup import backup
from tracemark.ledger.cases import FIELDS, Look, Question, looks_before
from tracemark.ledger.chain import Entry, Head, Seals
from tracemark.ledger.issuing import Issuing
from tracemark.ledger.records import Records
from tracemark.ledger.schema import VERSION
from tracemark.ledger.store import Store, Transaction
from tracemark.ledger.stores import Place, create_store, open_store
from tracemark.ledger.verify import Progress, Verification, verify


class Ledger(Issuing, Records):
    """The ledger of one vault, open.

    Make one with `create` or `open`. It may be shared between threads and, each with its own, by
    any number of processes. Every method raises LedgerError where the file cannot be used.
    """

    def __init__(self, store: Store, keys: Sequence[EpochKey]) -> None:
        super().__init__(store)
        self._keep(keys)

    @classmethod
    def create(
        cls, path: Place, *, vault_id: str, profile: str, keys: Sequence[EpochKey]
    ) -> Ledger:
        """Make a ledger that commits to the keys. SPEC 9.5.1.

        Parameters
        ----------
        path : Path or str
            Where there is no file yet; or the address of a database, ``postgresql://…``.
        vault_id : str
            Names the vault in the first entry.
        profile : str
            Name of the profile the vault starts with.
        keys : sequence of EpochKey
            Epochs 1, 2, …; usually only the first.
        """
        store = create_store(path, Seals(keys))
        first, *rest = keys
        with store.write() as transaction:
            transaction.append(
                "genesis",
                {
                    "format": VERSION,
                    "vault": vault_id,
                    "profile": profile,
                    "epoch": first.epoch,
                    "commitment": first.commitment,
                },
            )
            for key in rest:
                _append_epoch(transaction, key)
        return cls(store, keys)

    @classmethod
    def open(cls, path: Place, keys: Sequence[EpochKey], *, patience: float = 30.0) -> Ledger:
        """Open a ledger with the keys of all its epochs.

        Parameters
        ----------
        path : Path or str
            As in `create`.
        keys : sequence of EpochKey
            A key of a later epoch than the ledger's is accepted: a rotation was broken off, and
            `add_epoch` completes it.
        patience : float
            Seconds to wait while another process writes.

        Raises
        ------
        KeyFault
            A key is missing, or not the one the ledger commits to.
        VaultError
            The ledger was written by a newer release.
        LedgerError
            There is no ledger, or the file is not one.
        """
        ledger = cls(open_store(path, Seals(keys), patience), keys)
        try:
            ledger._check_commitments()
        except BaseException:
            ledger.close()
            raise
        return ledger

    def close(self) -> None:
        """Close the file; what was recorded is safe with or without this."""
        self._store.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add_epoch(self, key: EpochKey) -> None:
        """Commit to the key of the next epoch; from here on the head is sealed with it.

        Processes that have the vault open without this key can no longer write: they get a
        KeyFault that asks them to open it again.
        """
        held = self.epochs()
        if key.epoch != len(held) + 1:
            raise UsageError(f"epoch {key.epoch} does not follow epoch {len(held)}")
        before = self._keys
        self._keep([*before[: len(held)], key])
        try:
            with self._store.write() as transaction:
                _append_epoch(transaction, key)
        except BaseException:
            self._keep(before)
            raise

    def revoke_epoch(self, epoch: int, since: str) -> None:
        """Record that the key of an older epoch may be in other hands. SPEC 9.5.6.

        Parameters
        ----------
        epoch : int
        since : str
            A day, ``YYYY-MM-DD``; of several that were recorded the earliest counts.

        Raises
        ------
        UsageError
            If the epoch is not an older one, or the day is none.
        """
        held = self.epochs()
        if epoch not in held:
            raise UsageError(f"there is no epoch {epoch}", hint="tracemark key list")
        if epoch == max(held):
            raise UsageError(
                f"copies are still marked with the key of epoch {epoch}",
                hint="start a new epoch first: tracemark key rotate",
            )
        try:
            day = date.fromisoformat(since).isoformat()
        except ValueError:
            raise UsageError(f"'{since}' is not a day", hint="as in 2026-05-01") from None
        with self._store.write() as transaction:
            transaction.append("revocation", {"epoch": epoch, "since": day})

    def revocations(self) -> dict[int, str]:
        """The epochs that were revoked, and since when their marks may be forged."""
        found: dict[int, str] = {}
        for entry in self.entries("revocation"):
            epoch, since = int(str(entry.body["epoch"])), str(entry.body["since"])
            found[epoch] = min(since, found.get(epoch, since))
        return found

    def _keep(self, keys: Sequence[EpochKey]) -> None:
        self._keys = tuple(keys)
        self._store.seals = Seals(keys)

    def _check_commitments(self) -> None:
        at_hand = {key.epoch: key.commitment for key in self._keys}
        committed = self.epochs()
        if not committed:
            raise self._store.damage("it has no first entry")
        for epoch, commitment in committed.items():
            if epoch not in at_hand:
                raise KeyFault(
                    f"the key of epoch {epoch} is missing",
                    hint="restore the key file from its backup",
                )
            if at_hand[epoch] != commitment:
                raise KeyFault(
                    f"the key of epoch {epoch} is not the one the ledger commits to",
                    hint="use the key file that belongs to this vault",
                )

    # --- cases

    def record_case(
        self,
        samples: Iterable[str],
        alpha: float,
        among: str | None = None,
        *,
        method: str = "",
        reopens: int | None = None,
    ) -> Look:
        """Record what is about to be looked at, before anything is scored. SPEC 9.6.

        The same question asked again is the same look: it gets its first answer, nothing is spent
        and nothing is recorded.

        Parameters
        ----------
        samples : iterable of str
            Hex SHA-256 of each sample.
        alpha : float
            Bound on accusing anyone innocent, in (0, 1).
        among : str, optional
            Prefix of the candidates' ids; all if not given.
        method : str
            Whatever else decides how the samples are read and scored, such as the release.
        reopens : int, optional
            Number of an earlier case to which these samples add.

        Returns
        -------
        Look
            With the part of alpha that it may spend, and its candidates.
        """
        question = Question.of(samples, alpha, among, method, reopens)
        with self._store.write() as transaction:
            earlier = self._cases(transaction)
            for number, body in earlier:
                if question.same(body):
                    return Look(number, body["look"], body["candidates"], alpha, again=True)
            k = 1 + looks_before(question, earlier)
            candidates = recipients.count(self._store, among, None)
            number = transaction.append("case", question.body(k, candidates))
        return Look(number, k, candidates, alpha, again=False)

    def _cases(self, transaction: Transaction) -> list[tuple[int, dict[str, Any]]]:
        rows = transaction.execute("SELECT seq, body FROM entries WHERE kind = 'case' ORDER BY seq")
        cases = [(seq, self._store.body(seq, text)) for seq, text in rows]
        for seq, body in cases:
            if body.keys() != FIELDS:
                raise self._store.damage(f"entry {seq} is not a well-formed case")
        return cases

    def record_signer(self, epoch: int, public_key: str) -> Entry:
        """The entry that publishes the epoch's key for signing cases; made once. SPEC 9.5.6."""
        for entry in self.entries("signer"):
            if entry.body == {"epoch": epoch, "public_key": public_key}:
                return entry
        with self._store.write() as transaction:
            number = transaction.append("signer", {"epoch": epoch, "public_key": public_key})
        return next(self.entries(after=number - 1, limit=1))

    # --- the whole

    def backup(self, target: Path) -> Head:
        """Copy the ledger to a new file while others may be writing, and verify the copy. SPEC 9.8.

        Returns
        -------
        Head
            The end of the copy's chain.

        Raises
        ------
        LedgerError
            If the target is there already or cannot be written, or if what was copied does not
            hold: the copy stays, to be looked at.
        """
        backup(self._store, target)
        with Ledger.open(target, self._keys) as copy:
            found = copy.verify()
        if not found.holds:
            raise LedgerError(
                f"the ledger was copied to {target}, but it does not hold: {found.faults[0]}",
                hint="run tracemark ledger verify, and keep older backups",
            )
        return found.head

    def move(self, address: str, progress: Progress | None = None) -> Ledger:
        """Move a ledger in a file to a database; every entry keeps its hash. SPEC 9.10.4.

        Parameters
        ----------
        address : str
            ``postgresql://…`` of a database that holds no ledger yet.
        progress : callable, optional
            As in `verify`.

        Returns
        -------
        Ledger
            The one in the database, verified. The file refuses all writes from now on.

        Raises
        ------
        LedgerError
            If the ledger does not hold or the database cannot take it; then nothing has changed.
        """
        from tracemark.ledger.moving import move

        commitments = {key.epoch: key.commitment for key in self._keys}
        move(self._store, address, commitments, progress)
        return Ledger.open(address, self._keys)

    def upgrade(self, progress: Progress | None = None) -> bool:
        """Bring a ledger in a database to the layout of this release; no entry changes.

        Parameters
        ----------
        progress : callable, optional
            As in `verify`.

        Returns
        -------
        bool
            Whether there was anything to do.

        Raises
        ------
        LedgerError
            If the ledger does not hold, or the role may not change tables; then nothing changed.
        """
        if self.address is None:
            return False  # a file has one layout
        from tracemark.ledger.postgres_upgrade import upgrade

        return upgrade(self._store, {key.epoch: key.commitment for key in self._keys}, progress)

    def verify(
        self, progress: Progress | None = None, *, expect: Head | None = None
    ) -> Verification:
        """Compute everything again: chain, seal, keys, recipients and fingerprints. SPEC 9.7.

        Parameters
        ----------
        progress : callable, optional
            Called with the fraction of entries checked, in [0, 1].
        expect : Head, optional
            A head written down earlier: finds a ledger put back to an older state.
        """
        commitments = {key.epoch: key.commitment for key in self._keys}
        with self._store.snapshot() as query:
            store = self._store
            return verify(
                query, store.layout, store.seals, commitments, expect=expect, progress=progress
            )


def _append_epoch(transaction: Transaction, key: EpochKey) -> None:
    transaction.append("epoch", {"epoch": key.epoch, "commitment": key.commitment})
    transaction.epoch = key.epoch

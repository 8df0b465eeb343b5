"""The ledger: who may receive, what was issued to whom, what was looked into. SPEC 9."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracemark.errors import KeyFault, LedgerError, UsageError
from tracemark.keys import EpochKey
from tracemark.ledger import custody, holdings, recipients
from tracemark.ledger.backup import backup
from tracemark.ledger.cases import FIELDS, Look, Question, looks_before
from tracemark.ledger.chain import Entry, Head, Json, Seals, stamp
from tracemark.ledger.custody import Custody, Handled
from tracemark.ledger.fingerprints import Fingerprints
from tracemark.ledger.holdings import Holdings
from tracemark.ledger.issues import WHAT, Issue, append_batch, append_close, batch_body, packed
from tracemark.ledger.outline import Outline, outline_of
from tracemark.ledger.schema import VERSION
from tracemark.ledger.shared import SharedIssue
from tracemark.ledger.store import Store, Transaction
from tracemark.ledger.stores import Place, create_store, open_store
from tracemark.ledger.tree import Tree
from tracemark.ledger.verify import Progress, Verification, verify
from tracemark.model import Recipient

_PAGE = 1000


class Ledger:
    """The ledger of one vault, open.

    Make one with `create` or `open`. It may be shared between threads and, each with its own, by
    any number of processes. Every method raises LedgerError where the file cannot be used.
    """

    def __init__(self, store: Store, keys: Sequence[EpochKey]) -> None:
        self._store = store
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

    # --- vault and keys

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

    # --- recipients

    def add_recipients(self, those: Iterable[Recipient]) -> int:
        """Register recipients, in one write for each 50,000; see SPEC 9.3.

        One that is known with the same fields is passed over; otherwise a version is added, and
        the latest counts.

        Returns
        -------
        int
            Versions added.

        Raises
        ------
        UsageError
            An id that is not 1 to 200 printable characters without space at either end.
        """
        return recipients.add(self._store, those)

    def recipient(self, id: str) -> Recipient:
        """The latest version of one recipient. Raises UnknownRecipient."""
        return recipients.find(self._store, id)

    def recipients(self, prefix: str | None = None) -> Iterator[Recipient]:
        """The latest version of each recipient whose id begins so, in the order of the ids."""
        return recipients.latest(self._store, prefix)

    def ids(
        self, prefix: str | None = None, *, chunk: int = 8192, before: int | None = None
    ) -> Iterator[list[str]]:
        """Ids that begin so, in order, in lists of at most `chunk`; memory does not grow.

        Parameters
        ----------
        prefix : str, optional
            All ids if not given.
        chunk : int
        before : int, optional
            Only recipients registered before this entry, for example a case's.
        """
        return recipients.ids(self._store, prefix, chunk, before)

    def count(self, prefix: str | None = None, *, before: int | None = None) -> int:
        """How many ids `ids` gives."""
        return recipients.count(self._store, prefix, before)

    # --- issues

    def issue(
        self,
        recipient: str,
        what: str,
        *,
        profile: str,
        epoch: int,
        policy: str,
        waybill: int | None = None,
        name: str | None = None,
    ) -> Issue:
        """Record the intent to issue; durable once this returns. SPEC 9.5.1.

        Parameters
        ----------
        recipient : str
            Id of a registered recipient.
        what : str
            ``table``, ``rows``, ``text`` or ``label``.
        profile : str
            Name of the profile.
        epoch : int
            Epoch of the key that marks.
        policy : str
            ``full``, ``quiet``, ``plain`` or a carrier's own.
        waybill : int, optional
            Fingerprint of the waybill number, for a label.
        name : str, optional
            What people call the copy, such as its file name. No personal data belongs here.

        Raises
        ------
        UnknownRecipient, UsageError
        KeyFault
            The ledger commits to no key of that epoch.
        """
        body = self._issue_body(recipient, what, profile, epoch, policy, waybill, name)
        with self._store.write() as transaction:
            number = transaction.append("issue", body)
        return Issue(self._store, number, recipient, epoch)

    def shared(self, number: int) -> SharedIssue:
        """An open issue that any process may add to, part by part. Raises UsageError."""
        return SharedIssue(self._store, number)

    def issue_at_once(
        self,
        recipient: str,
        what: str,
        *,
        profile: str,
        epoch: int,
        policy: str,
        rows: int,
        fingerprints: Mapping[str, Fingerprints],
        sha256: str | None = None,
        waybill: int | None = None,
        name: str | None = None,
    ) -> int:
        """Record a whole issue in one write, before it leaves: one row, one text, one label.

        Parameters are those of `issue`, `Issue.batch` and `Issue.close`.

        Returns
        -------
        int
            Number of the issue.
        """
        body = self._issue_body(recipient, what, profile, epoch, policy, waybill, name)
        blobs = packed(fingerprints)
        with self._store.write() as transaction:
            number = transaction.append("issue", body)
            append_batch(transaction, batch_body(number, epoch, rows, blobs), blobs)
            append_close(transaction, number, rows, sha256, "done")
        return number

    def _issue_body(
        self,
        recipient: str,
        what: str,
        profile: str,
        epoch: int,
        policy: str,
        waybill: int | None,
        name: str | None,
    ) -> dict[str, Json]:
        if what not in WHAT:
            raise UsageError(f"unknown kind of copy '{what}'", hint=f"one of {', '.join(WHAT)}")
        if epoch not in self.epochs():
            raise KeyFault(
                f"the ledger does not know epoch {epoch}",
                hint="complete the rotation of the key first",
            )
        self.recipient(recipient)
        return {
            "recipient": recipient,
            "what": what,
            "profile": profile,
            "epoch": epoch,
            "policy": policy,
            "waybill": None if waybill is None else f"{waybill:016x}",
            "name": name,
        }

    # --- records

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

    # --- custody

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

    # --- retention

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
            raise UsageError("the moment to prune before has no time zone")
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

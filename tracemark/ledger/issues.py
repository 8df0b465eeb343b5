"""Issues: one release of a marked copy, recorded before anything of it leaves. SPEC 9.5."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Literal, get_args

from tracemark.errors import LedgerError, UsageError
from tracemark.ledger.chain import Json
from tracemark.ledger.fingerprints import KINDS, WIDTH, Fingerprints, pack
from tracemark.ledger.store import Store, Transaction

WHAT = ("table", "rows", "text", "label", "tile")

Status = Literal["done", "cut"]


class Issue:
    """An open issue. Leave it as a context manager: an exception closes it as ``cut``.

    If the process dies, the issue stays open in the ledger; that is no damage, it says that the
    batches recorded so far may have got out.

    Attributes
    ----------
    number : int
        Number of the ledger entry that opened the issue.
    recipient : str
    epoch : int
    rows : int
        Rows recorded so far.
    """

    def __init__(self, store: Store, number: int, recipient: str, epoch: int) -> None:
        self._store = store
        self.number = number
        self.recipient = recipient
        self.epoch = epoch
        self.rows = 0
        self._open = True
        self._process = os.getpid()

    def batch(self, rows: int, fingerprints: Mapping[str, Fingerprints]) -> None:
        """Record a batch; durable once this returns, so that its rows may leave.

        Parameters
        ----------
        rows : int
            Rows in the batch.
        fingerprints : mapping of str to (n,) uint64
            By kind: ``waybill``, ``phone``, ``anchor``. May repeat; 0 is left out.
        """
        self._check_open()
        blobs = packed(fingerprints)
        with self._store.write() as transaction:
            append_batch(transaction, batch_body(self.number, self.epoch, rows, blobs), blobs)
        self.rows += rows

    def close(self, sha256: str | None = None, status: Status = "done") -> None:
        """Record the end of the issue. Closing twice is refused with UsageError.

        Parameters
        ----------
        sha256 : str, optional
            Hex SHA-256 of the marked copy as it left.
        status : str
            ``done``, or ``cut`` where the copy was not finished.
        """
        self._check_open()
        with self._store.write() as transaction:
            append_close(transaction, self.number, self.rows, sha256, status)
        self._open = False

    def __enter__(self) -> Issue:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._open or os.getpid() != self._process:  # a fork lets go of it, unsaid
            return
        if error is None:
            self.close()
        else:
            with suppress(LedgerError):  # an issue left open says the same, and `error` says more
                self.close(status="cut")

    def _check_open(self) -> None:
        if not self._open:
            raise UsageError(f"issue {self.number} is closed", hint="open a new issue")
        if os.getpid() != self._process:
            raise UsageError(
                f"issue {self.number} is another process's, which this one was forked from",
                hint="mark from the start here, or share a job: Vault.open_job",
            )


def packed(fingerprints: Mapping[str, Fingerprints]) -> dict[str, bytes]:
    """The blobs of a batch by kind, without those that would be empty. SPEC 9.4.3."""
    if unknown := set(fingerprints) - set(KINDS):
        raise UsageError(
            f"unknown kind of fingerprint '{min(unknown)}'", hint=f"one of {', '.join(KINDS)}"
        )
    blobs = {kind: pack(fingerprints[kind]) for kind in KINDS if kind in fingerprints}
    return {kind: blob for kind, blob in blobs.items() if blob}


def summary(blob: bytes) -> dict[str, Json]:
    """What a ``batch`` entry says about a blob. SPEC 9.5.2."""
    return {"count": len(blob) // WIDTH, "sha256": hashlib.sha256(blob).hexdigest()}


def batch_body(
    issue: int, epoch: int, rows: int, blobs: Mapping[str, bytes], part: str | None = None
) -> dict[str, Json]:
    """The body of a ``batch`` entry; a part is named in shared issues only. SPEC 9.5.2."""
    prints: dict[str, Json] = {kind: summary(blob) for kind, blob in blobs.items()}
    named: dict[str, Json] = {} if part is None else {"part": part}
    return {"issue": issue, "epoch": epoch, "rows": rows, "fingerprints": prints, **named}


def append_batch(
    transaction: Transaction, body: dict[str, Json], blobs: Mapping[str, bytes]
) -> None:
    """Add a ``batch`` entry and its blobs. SPEC 9.5.2."""
    entry = transaction.append("batch", body)
    transaction.executemany(
        "INSERT INTO fingerprints (entry, kind, epoch, issue, blob) VALUES (?, ?, ?, ?, ?)",
        [(entry, kind, body["epoch"], body["issue"], blob) for kind, blob in blobs.items()],
    )


def append_close(
    transaction: Transaction, issue: int, rows: int, sha256: str | None, status: Status
) -> None:
    """Add a ``close`` entry. SPEC 9.5.3."""
    if status not in get_args(Status):
        raise UsageError(
            f"an issue does not end as {status!a}", hint=f"one of {', '.join(get_args(Status))}"
        )
    transaction.append("close", {"issue": issue, "rows": rows, "sha256": sha256, "status": status})

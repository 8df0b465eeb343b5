"""An issue that many processes write: each batch under the name of its part, once. SPEC 9.5.2.

A cluster runs a part again when a machine is lost or slow, and takes what comes first. What was
recorded for the part already is passed over then, so that the ledger says the same as if each part
had run once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tracemark.errors import UsageError
from tracemark.ledger.chain import canonical
from tracemark.ledger.fingerprints import Fingerprints
from tracemark.ledger.issues import Status, append_batch, append_close, batch_body, packed
from tracemark.ledger.store import Store, Transaction

_PART = re.compile(r"[0-9A-Za-z.:-]{1,40}")


class SharedIssue:
    """An issue that some process has opened, to be added to by any.

    Parameters
    ----------
    store : Store
    number : int
        Of the ``issue`` entry.

    Attributes
    ----------
    number, epoch : int
    recipient, policy : str

    Raises
    ------
    UsageError
        If there is no issue of that number.
    """

    def __init__(self, store: Store, number: int) -> None:
        found = store.rows("SELECT body FROM entries WHERE seq = ? AND kind = 'issue'", (number,))
        if not found:
            raise UsageError(f"entry {number} is no issue", hint="open one first")
        body = store.body(number, found[0][0])
        self._store = store
        self.number = number
        self.epoch: int = body["epoch"]
        self.recipient: str = body["recipient"]
        self.policy: str = body["policy"]

    def part(self, name: str) -> Part:
        """What records the batches of one part, in their order.

        Parameters
        ----------
        name : str
            1 to 40 ASCII letters, digits, dots, colons and hyphens, such as a partition's number.
            It must name the same rows when it is run again.
        """
        if not _PART.fullmatch(name):
            raise UsageError(
                f"a part cannot be named {name[:40]!a}", hint="letters and digits, at most 40"
            )
        return Part(self._store, self, name)

    def close(self, status: Status = "done") -> int:
        """Record the end of the issue, once all parts are made.

        Returns
        -------
        int
            Rows of all its batches.

        Raises
        ------
        UsageError
            If it is closed already.
        """
        with self._store.write() as transaction:
            self.must_be_open(transaction, after=self.number)
            ((rows,),) = transaction.execute(
                "SELECT COALESCE(SUM(CAST(json_extract(body, '$.rows') AS INTEGER)), 0)"
                " FROM entries WHERE kind = 'batch' AND seq > ? AND body LIKE ?",
                (self.number, f'%,"issue":{self.number},%'),
            )
            append_close(transaction, self.number, int(rows), None, status)
        return int(rows)

    def must_be_open(self, transaction: Transaction, after: int) -> None:
        """Raise UsageError if an entry after this one closes the issue."""
        if transaction.execute(
            "SELECT seq FROM entries WHERE kind = 'close' AND seq > ? AND body LIKE ?",
            (after, f'{{"issue":{self.number},%'),
        ):
            raise UsageError(f"issue {self.number} is closed", hint="open a new issue")


class Part:
    """The batches of one part of a shared issue. Leaving it as a context manager closes nothing."""

    def __init__(self, store: Store, issue: SharedIssue, name: str) -> None:
        self._store = store
        self._issue = issue
        self._name = name
        self._count = 0
        self._seen = issue.number  # entries up to here were looked through
        self._recorded: set[str] = set()

    def __enter__(self) -> Part:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def batch(self, rows: int, fingerprints: Mapping[str, Fingerprints]) -> None:
        """Record the part's next batch; durable once this returns, so that its rows may leave.

        A batch that the ledger holds under the same name, alike in rows and fingerprints, is not
        recorded again. Parameters are those of `Issue.batch`.

        Raises
        ------
        UsageError
            If the issue is closed and the batch is not one that it holds.
        """
        issue, name = self._issue, f"{self._name}/{self._count}"
        blobs = packed(fingerprints)
        body = batch_body(issue.number, issue.epoch, rows, blobs, name)
        with self._store.write() as transaction:
            self._catch_up(transaction)
            if canonical(body) not in self._recorded:
                issue.must_be_open(transaction, after=issue.number)
                append_batch(transaction, body, blobs)
        self._count += 1

    def _catch_up(self, transaction: Transaction) -> None:
        """Note what any process has recorded for this part since the last look."""
        found = transaction.execute(
            "SELECT body FROM entries WHERE kind = 'batch' AND seq > ? AND body LIKE ?",
            (self._seen, f'%,"issue":{self._issue.number},"part":"{self._name}/%'),
        )
        self._recorded.update(body for (body,) in found)
        self._seen = transaction.head.seq

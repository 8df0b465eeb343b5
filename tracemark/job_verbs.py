"""The vault's verbs for a copy that many processes make: one issue, written part by part. SPEC 7.3.

Spark, Dask, Ray or a pool of processes: one opens the job, each marks parts of it with a vault of
its own, one closes it. What a cell becomes depends on the cell alone (SPEC 7.1), so the copy is the
one that a single process makes. What goes from one process to another is the job's number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from tracemark import marking
from tracemark.keys import EpochKey
from tracemark.ledger import Ledger
from tracemark.marking import RowMarker
from tracemark.profiles import Profile


class JobVerbs:
    """The part of a `Vault` that shares one issue among processes."""

    profile: Profile
    _keys: list[EpochKey]
    _ledger: Ledger

    def open_job(self, to: str, policy: str = "full", *, name: str | None = None) -> int:
        """Record that a copy will be made for one recipient by several processes.

        Parameters
        ----------
        to : str
            Recipient id.
        policy : str
            As in `Vault.mark_rows`.
        name : str, optional
            What people call the copy. No personal data belongs here.

        Returns
        -------
        int
            Number of the job: of the ledger entry that opened its issue.

        Raises
        ------
        UnknownRecipient, UsageError, LedgerError
        """
        self._ledger.recipient(to)  # raises UnknownRecipient
        RowMarker(self._keys[-1], self.profile, to, policy=policy)  # refuses before it is recorded
        return self._ledger.issue(
            to,
            "rows",
            profile=self.profile.name,
            epoch=self._keys[-1].epoch,
            policy=policy,
            name=name,
        ).number

    def mark_part(
        self,
        job: int,
        part: str,
        batches: Iterable[Any],
        columns: Mapping[str, str] | None = None,
    ) -> Iterator[Any]:
        """Mark the Arrow record batches of one part of a job, lazily; needs the extra ``arrow``.

        Running the same part again, after a crash or beside itself, records nothing twice.

        Parameters
        ----------
        job : int
            What `open_job` returned, there or in another process.
        part : str
            Names the part: 1 to 40 ASCII letters, digits, dots, colons and hyphens.
        batches : iterable of pyarrow.RecordBatch
        columns : mapping of str to str, optional
            Column name to role, where the name and the cell do not tell.

        Returns
        -------
        iterator of pyarrow.RecordBatch
            A batch is yielded only after the ledger holds it.

        Raises
        ------
        UsageError
            If there is no such job, or it was closed without this part.
        LedgerError
        """
        issue = self._ledger.shared(job)
        marker = RowMarker(
            self._keys[issue.epoch - 1],
            self.profile,
            issue.recipient,
            columns=columns,
            policy=issue.policy,
        )
        record = issue.part(part)
        return marking.mark_batches(batches, marker, lambda: record)

    def close_job(self, job: int, status: Literal["done", "cut"] = "done") -> int:
        """Record the end of a job, after which it takes no part that it does not hold.

        A job that nobody closes stays open in the ledger: what it holds may have got out.

        Parameters
        ----------
        job : int
        status : str
            ``cut`` where the copy was not finished.

        Returns
        -------
        int
            Rows recorded. A part that came out in other batches when it ran again counts twice.
        """
        return self._ledger.shared(job).close(status)

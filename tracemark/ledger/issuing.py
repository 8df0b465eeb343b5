"""Who may receive, and what was issued to whom. SPEC 9.3, 9.5."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tracemark.errors import KeyFault, UsageError
from tracemark.ledger import recipients
from tracemark.ledger.chain import Json
from tracemark.ledger.entries import Entries
from tracemark.ledger.fingerprints import Fingerprints
from tracemark.ledger.issues import WHAT, Issue, append_batch, append_close, batch_body, packed
from tracemark.ledger.listing import Listing
from tracemark.ledger.shared import SharedIssue
from tracemark.model import Recipient


class Issuing(Entries):
    """The part of a `Ledger` that issues copies to registered recipients."""

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

    def listing(self, prefix: str | None = None) -> Listing:
        """Ids that begin so, all if no prefix is given: as of now, and then as of a case."""
        return Listing(self._store, prefix)

    def count(self, prefix: str | None = None, *, before: int | None = None) -> int:
        """How many ids begin so; only those registered before that entry, for example a case's."""
        return recipients.count(self._store, prefix, before)

    def at_most(self, prefix: str | None = None) -> int:
        """How many recipients there are, or more, counted quickly; 0 only if there is none."""
        return recipients.at_most(self._store, prefix)

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
        if not self.commits_to(epoch):
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

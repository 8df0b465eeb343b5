"""The vault's verbs for what it is told: recipients, who had what in hand, and decoys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from tracemark import custody, seeding
from tracemark.custody import CustodyEvent
from tracemark.decoys import Dealer, Pool
from tracemark.errors import UsageError
from tracemark.keys import EpochKey
from tracemark.ledger import Entry, Ledger
from tracemark.model import KINDS, Recipient
from tracemark.profiles import Profile


class RecordVerbs:
    """The part of a `Vault` that is told who there is, who had what, and who may be a decoy."""

    path: Path
    profile: Profile
    _keys: list[EpochKey]
    _ledger: Ledger

    def add_recipient(
        self, id: str, *, name: str = "", kind: str = "account", parent: str | None = None
    ) -> None:
        """Register one recipient; the same again changes nothing.

        Parameters
        ----------
        id : str
            1 to 200 characters, for example ``station:YW-012``. A business key, no personal data.
        name : str
            For display.
        kind : str
            ``account``, ``station``, ``terminal`` or ``courier``.
        parent : str, optional
            Id of the recipient this one belongs to.

        Raises
        ------
        UsageError
            If the id or the kind is not valid.
        """
        self.add_recipients([Recipient(id, name, kind, parent)])

    def add_recipients(self, recipients: Iterable[str | Recipient]) -> int:
        """Register many recipients in one go; those known already are passed over.

        Returns
        -------
        int
            How many were added or changed.
        """
        return self._ledger.add_recipients(_checked(r) for r in recipients)

    def recipients(self, among: str | None = None) -> Iterator[Recipient]:
        """All recipients, in the order of their ids; those with a prefix only, if one is given."""
        return self._ledger.recipients(among)

    def record_custody(
        self,
        recipient: str,
        waybills: Iterable[str],
        when: str | date | None = None,
        what: str = "scan",
    ) -> int:
        """Record that a recipient had waybills in hand: scanned, sorted, carried, looked up.

        The ledger keeps keyed fingerprints and the day, never the numbers. Saying the same twice
        adds an entry and changes no answer.

        Parameters
        ----------
        recipient : str
            Id of a registered recipient.
        waybills : iterable of str
            Numbers with fewer than 6 letters and digits are passed over.
        when : str or date, optional
            Kept to the day.
        what : str
            1 to 40 printable characters.

        Returns
        -------
        int
            Distinct waybills recorded.

        Raises
        ------
        UnknownRecipient, UsageError
        """
        events = (CustodyEvent(recipient, waybill, when, what) for waybill in waybills)
        return custody.record(self._ledger, self._keys[-1], events, set())

    def record_custody_events(self, events: Iterable[CustodyEvent]) -> int:
        """Record many events, a million in one write.

        What was recorded before in the same million is passed over, so that an import can be
        repeated, or taken up again after it was broken off.

        Returns
        -------
        int
            Distinct waybills recorded, summed over recipient, kind of event and day.

        Raises
        ------
        UnknownRecipient, UsageError
        """
        known = self._ledger.custody_known()
        return custody.record(self._ledger, self._keys[-1], events, known)

    def custody_of(self, waybill: str) -> Iterator[Entry]:
        """The ``issue`` and ``custody`` entries that show one waybill in somebody's hands.

        To have had it in hand is not to have leaked it.
        """
        return custody.entries_of(self._ledger, self._keys, waybill)

    def add_decoys(self, pool: Iterable[Mapping[str, str]]) -> int:
        """Add identities that you own to the pool of decoys.

        Never invent people, and never use somebody's data without consent: parcels and calls will
        go to these addresses and numbers. Each recipient is dealt about one decoy in sixteen, by
        codeword; see `mark_rows`. The pool is kept readable in the vault.

        Parameters
        ----------
        pool : iterable of mapping
            Rows as in the exports: column name to text, with a whole phone number or a waybill
            number. What says nothing about a person (time, item, amount) may be left out.

        Returns
        -------
        int
            How many were added; the same identity again changes nothing.

        Raises
        ------
        UsageError, VaultError
        """
        return seeding.add(self.path, self._ledger, pool)

    def without_decoys(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """The rows that are no decoys of this vault, as they are."""
        return seeding.without(self.decoys, rows)

    @property
    def decoys(self) -> Pool:
        """The decoys of this vault, as `clean_table` takes them. Raises VaultError."""
        return seeding.load(self.path, self._ledger)

    def _dealer(self, to: str, rate: float) -> Dealer:
        return seeding.dealer(self.decoys, self._keys[-1], self.profile, to, rate)


def _checked(recipient: str | Recipient) -> Recipient:
    found = Recipient(recipient) if isinstance(recipient, str) else recipient
    if not isinstance(found, Recipient):
        raise UsageError(
            f"a recipient cannot be a {type(found).__name__}", hint="give ids (str) or Recipients"
        )
    if found.kind not in KINDS:
        raise UsageError(
            f"unknown kind '{found.kind}' of recipient", hint=f"one of {', '.join(KINDS)}"
        )
    return found

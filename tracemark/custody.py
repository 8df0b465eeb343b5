"""Custody events: who scanned, sorted, carried or looked up which waybill. SPEC 9.5.5.

Events are grouped by recipient, kind of event and day, and go to the ledger as fingerprints: no
waybill number is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import numpy as np

from tracemark.errors import UsageError
from tracemark.keys import EpochKey
from tracemark.ledger import Entry, Fingerprinter, Ledger
from tracemark.ledger.custody import CUSTODY, Custody

_CHUNK = 1 << 20  # events grouped and written together
_HASHED = 1 << 16  # of which this many are held as text
_LONGEST = 40
_NOTHING = np.empty(0, np.uint64)
_DATE = re.compile(r"([0-9]{4})[-/.年]?([0-9]{1,2})[-/.月]?([0-9]{1,2})(?![0-9])")


class CustodyEvent(NamedTuple):
    """One waybill in somebody's hands.

    Attributes
    ----------
    recipient : str
        Id of a registered recipient.
    waybill : str
    when : str, date or None
        Kept to the day: an ISO date or time, also with slashes or 年月日.
    what : str
        How: ``scan``, ``sort``, ``deliver``, ``look up``, …; 1 to 40 characters.
    """

    recipient: str
    waybill: str
    when: str | date | None = None
    what: str = "scan"

    def check(self) -> None:
        """Raise UsageError if the time or the kind of event is not fit for the ledger."""
        day(self.when)
        _named(self.what)


def record(ledger: Ledger, key: EpochKey, events: Iterable[CustodyEvent], known: set[str]) -> int:
    """Write events to the ledger, at most a million in one write.

    Parameters
    ----------
    known : set of str
        What `Ledger.custody_known` gave, where the same events may have been recorded before.

    Returns
    -------
    int
        Distinct waybills recorded, summed over recipient, kind of event and day.

    Raises
    ------
    UnknownRecipient, UsageError
        Nothing of the million events around the faulty one is recorded then.
    """
    fingerprinter, source, recorded = Fingerprinter(key), iter(events), 0
    checked: set[str] = set()
    while groups := _grouped(islice(source, _CHUNK), fingerprinter):
        for one in groups:
            if one.recipient not in checked:
                ledger.recipient(one.recipient)  # raises UnknownRecipient
                checked.add(one.recipient)
        recorded += ledger.record_custody(key.epoch, groups, known)
    return recorded


def entries_of(ledger: Ledger, keys: Sequence[EpochKey], waybill: str) -> Iterator[Entry]:
    """The ``issue`` and ``custody`` entries that show one waybill in somebody's hands, in order."""
    found = {
        int(number)
        for key in keys
        for kind in ("waybill", CUSTODY + "waybill")
        for number in ledger.handled(kind, key.epoch, Fingerprinter(key).waybills([waybill])).entry
    }
    for number in sorted(found):
        yield next(ledger.entries(after=number - 1, limit=1))


def day(when: str | date | None) -> str | None:
    """The day of an event as it is kept, ``YYYY-MM-DD``. Raises UsageError.

    Examples
    --------
    >>> day("2026/3/9 08:15"), day("20260309"), day("")
    ('2026-03-09', '2026-03-09', None)
    """
    if isinstance(when, str):
        return _day(when[:11])
    if when is None:
        return None
    if not isinstance(when, date):
        raise _no_date()
    return when.isoformat()[:10]


@lru_cache(maxsize=4096)
def _day(text: str) -> str | None:
    text = text.strip()
    if not text:
        return None
    if match := _DATE.match(text) or _DATE.match(text[:8]):
        with suppress(ValueError):
            return date(*map(int, match.groups())).isoformat()
    raise _no_date()


def _no_date() -> UsageError:
    return UsageError("a time of custody is not a date", hint="for example 2026-03-09 08:15")


def _grouped(events: Iterator[CustodyEvent], fingerprinter: Fingerprinter) -> list[Custody]:
    """Events by recipient, kind and day, in the order of first appearance."""
    groups: dict[tuple[str, str, str | None], int] = {}
    numbers, prints = [_NOTHING.astype(np.int64)], [_NOTHING]
    while some := list(islice(events, _HASHED)):
        for one in some:
            _must_be_event(one)
        keys = [(one.recipient, _named(one.what), day(one.when)) for one in some]
        numbers.append(np.array([groups.setdefault(key, len(groups)) for key in keys], np.int64))
        prints.append(fingerprinter.waybills([one.waybill for one in some]))
    number, printed = np.concatenate(numbers), np.concatenate(prints)
    order = np.argsort(number, kind="stable")
    parts = np.split(printed[order], np.cumsum(np.bincount(number, minlength=len(groups)))[:-1])
    return [Custody(*key, part) for key, part in zip(groups, parts, strict=bool(groups))]


def _must_be_event(one: object) -> None:
    if not isinstance(one, CustodyEvent) or not all(isinstance(text, str) for text in one[:2]):
        raise UsageError(
            "a custody event is not fit for the ledger",
            hint="CustodyEvent(recipient, waybill, when, what), the first two as text",
        )


def _named(what: str) -> str:
    if (
        not isinstance(what, str)
        or not 1 <= len(what) <= _LONGEST
        or what != what.strip()
        or not what.isprintable()
    ):
        raise UsageError(
            "a kind of custody event is not fit for the ledger",
            hint=f"1 to {_LONGEST} printable characters, for example scan",
        )
    return what

"""Custody: who had records in hand without a marked copy being made for them. SPEC 9.5.5.

A paper label passes through many hands and its mark names only who printed it; who scanned,
sorted, carried or looked it up stands here, as the same keyed fingerprints that issues leave.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracemark.ledger.chain import Json, canonical
from tracemark.ledger.fingerprints import WIDTH, Fingerprints, Wanted, pack
from tracemark.ledger.holdings import distinct_pairs, recipients_of
from tracemark.ledger.issues import summary
from tracemark.ledger.store import Store

CUSTODY = "custody/"  # before the kind of fingerprint
_MOST = 1 << 20  # fingerprints in one entry


@dataclass(frozen=True, slots=True)
class Custody:
    """Waybills that one recipient had in hand.

    Attributes
    ----------
    recipient : str
    what : str
        How: ``scan``, ``sort``, ``deliver``, ``look up``, …
    when : str or None
        The day, ``YYYY-MM-DD``.
    waybills : (n,) uint64
        Fingerprints.
    """

    recipient: str
    what: str
    when: str | None
    waybills: Fingerprints


@dataclass(frozen=True, slots=True)
class Handled:
    """Which ledger entries show that somebody had which of the values asked for.

    Attributes
    ----------
    entry : (m,) int64
        Number of an ``issue`` or ``custody`` entry.
    value : (m,) int64
        Index into the values asked for (the first, where a value was given twice). Pairs of entry
        and value are distinct.
    recipients : dict of int to str
        Whose entry each is.
    """

    entry: NDArray[np.int64]
    value: NDArray[np.int64]
    recipients: dict[int, str]


def record(store: Store, epoch: int, those: Iterable[Custody], known: set[str]) -> int:
    """Add ``custody`` entries with their blobs, all in one write. SPEC 9.5.5.

    Parameters
    ----------
    known : set of str
        Identities (see `identities`) of entries to pass over; those added are added to it.

    Returns
    -------
    int
        Fingerprints recorded.
    """
    recorded = 0
    with store.write() as transaction:
        for one in _in_parts(those):
            blob = pack(one.waybills)
            body = _body(one, epoch, blob)
            identity = _identity(canonical(body))
            if not blob or identity in known:
                continue
            known.add(identity)
            entry = transaction.append("custody", body)
            transaction.execute(
                "INSERT INTO fingerprints (entry, kind, epoch, issue, blob) VALUES (?, ?, ?, ?, ?)",
                (entry, CUSTODY + "waybill", epoch, entry, blob),
            )
            recorded += len(blob) // WIDTH
    return recorded


def identities(store: Store) -> set[str]:
    """What tells all custody entries so far apart: the same statement has the same identity."""
    found: set[str] = set()
    after = 0
    while page := store.rows(
        "SELECT seq, body FROM entries WHERE kind = 'custody' AND seq > ? ORDER BY seq LIMIT 10000",
        (after,),
    ):
        found.update(_identity(body) for _, body in page)
        after = page[-1][0]
    return found


def handled(store: Store, kind: str, epoch: int, values: ArrayLike) -> Handled:
    """Every entry that shows one of the values in somebody's hands.

    Parameters
    ----------
    kind : str
        A kind of fingerprint for issues, or `CUSTODY` and the kind.
    values : (n,) uint64
        Fingerprints; 0 is never found.
    """
    wanted = Wanted(values)
    entry, which = distinct_pairs(store, wanted, kind, epoch)
    owners = dict(recipients_of(store, np.unique(entry).tolist()))
    return Handled(entry, wanted.first[which], owners)


def holdings_of(store: Store, those: Sequence[str], kind: str) -> dict[str, int]:
    """How many values of a kind each of some recipients was issued or had in custody in all.

    A value that came in several entries counts as often.
    """
    marks = ",".join("?" * len(those))
    found = dict.fromkeys(those, 0)
    for sort, of_kind in (("issue", kind), ("custody", CUSTODY + kind)):
        for recipient, size in store.rows(
            "SELECT json_extract(e.body, '$.recipient') AS who, SUM(LENGTH(f.blob))"
            " FROM entries AS e JOIN fingerprints AS f ON f.issue = e.seq AND f.kind = ?"
            f" WHERE e.kind = ? AND json_extract(e.body, '$.recipient') IN ({marks}) GROUP BY who",
            (of_kind, sort, *those),
        ):
            found[recipient] += size // WIDTH
    return found


def _body(one: Custody, epoch: int, blob: bytes) -> dict[str, Json]:
    return {
        "recipient": one.recipient,
        "what": one.what,
        "when": one.when,
        "epoch": epoch,
        "fingerprints": {CUSTODY + "waybill": summary(blob)},
    }


def _identity(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:32]


def _in_parts(those: Iterable[Custody]) -> Iterable[Custody]:
    for one in those:
        for start in range(0, len(one.waybills), _MOST):
            part = one.waybills[start : start + _MOST]
            yield Custody(one.recipient, one.what, one.when, part)

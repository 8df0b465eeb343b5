"""Who was given which of the records in hand. SPEC 9.4.4.

Fingerprint blobs are streamed in batch order and held against the wanted values, so that memory
grows with the answer and never with the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracemark.ledger.fingerprints import WIDTH, Fingerprints, Wanted, unpack
from tracemark.ledger.store import Parameters, Store

_BLOCK = 1 << 20  # values looked up at a time
_PAGES = 32, 256  # blobs fetched at a time, fewest and most
_SMALL = 1 << 20  # bytes of a page, above which the next one has the fewest again
_PAIRS = 1 << 22  # pairs collected before repetitions are dropped


@dataclass(frozen=True, slots=True)
class Holdings:
    """Which recipients were issued which values.

    Attributes
    ----------
    recipients : tuple of str
        Recipients that were issued at least one of the values, in order.
    holder : (m,) int64
        Index into `recipients`, ascending.
    value : (m,) int64
        Index into the values asked for (the first, where a value was given twice). Pairs of
        holder and value are distinct.
    """

    recipients: tuple[str, ...]
    holder: NDArray[np.int64]
    value: NDArray[np.int64]

    def counts(self) -> dict[str, int]:
        """How many distinct values each recipient was issued."""
        numbers = np.bincount(self.holder, minlength=len(self.recipients))
        return dict(zip(self.recipients, numbers.tolist(), strict=True))

    def of(self, recipient: str) -> NDArray[np.int64]:
        """Indexes of the values that one recipient was issued, ascending."""
        if recipient not in self.recipients:
            return np.empty(0, np.int64)
        start, end = np.searchsorted(self.holder, self.recipients.index(recipient) + np.arange(2))
        return self.value[start:end]


def issued(store: Store, kind: str, epoch: int, values: ArrayLike) -> NDArray[np.bool_]:
    """Whether each value was ever issued to anyone: (n,) bool."""
    return _found(store, Wanted(values), kind, epoch, None)


def issued_to(
    store: Store, recipient: str, kind: str, epoch: int, values: ArrayLike
) -> NDArray[np.bool_]:
    """Whether each value was ever issued to one recipient: (n,) bool."""
    return _found(store, Wanted(values), kind, epoch, recipient)


def holders(store: Store, kind: str, epoch: int, values: ArrayLike) -> Holdings:
    """Everyone who was issued any of the values."""
    wanted = Wanted(values)
    width = max(1, len(wanted))
    names: dict[str, int] = {}
    owner: dict[int, int] = {}

    def pairs() -> Iterator[NDArray[np.int64]]:
        for issues, which in _hits(store, wanted, kind, epoch, None):
            hit, inverse = np.unique(issues, return_inverse=True)
            missing = [number for number in hit.tolist() if number not in owner]
            for number, recipient in recipients_of(store, missing):
                owner[number] = names.setdefault(recipient, len(names))
            yield np.array([owner[number] for number in hit.tolist()])[inverse] * width + which

    holder, which = np.divmod(_distinct(pairs()), width)
    return _in_order(list(names), holder, wanted.first[which])


def issues_of(
    store: Store, recipient: str, kind: str, epoch: int, values: ArrayLike
) -> dict[int, int]:
    """One recipient's issues that held any of the values: number of the issue to values in it."""
    wanted = Wanted(values)
    width = max(1, len(wanted))
    hits = _hits(store, wanted, kind, epoch, recipient)
    pairs = _distinct(issues * width + which for issues, which in hits)
    found, counts = np.unique(pairs // width, return_counts=True)
    return dict(zip(found.tolist(), counts.tolist(), strict=True))


def distinct_pairs(
    store: Store, wanted: Wanted, kind: str, epoch: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Issue, and index among the wanted values, of each that was issued, once: two (m,) arrays."""
    width = max(1, len(wanted))
    hits = _hits(store, wanted, kind, epoch, None)
    issues, which = np.divmod(_distinct(issues * width + which for issues, which in hits), width)
    return issues, which


def labels_of(store: Store, recipient: str, epoch: int, most: int) -> list[tuple[int, int]]:
    """A recipient's latest labels that have a number: (issue, fingerprint of the number)."""
    rows = store.rows(
        "SELECT seq, json_extract(body, '$.waybill') FROM entries WHERE kind = 'issue'"
        " AND json_extract(body, '$.recipient') = ? AND json_extract(body, '$.what') = 'label'"
        " AND CAST(json_extract(body, '$.epoch') AS INTEGER) = ?"
        " AND json_extract(body, '$.waybill') IS NOT NULL"
        " ORDER BY seq DESC LIMIT ?",
        (recipient, epoch, most),
    )
    return [(issue, int(word, 16)) for issue, word in rows]


def unnumbered(store: Store, epoch: int, latest: int) -> bool:
    """Whether there are labels of an epoch among the latest issues, and none of them numbered."""
    [(labels, numbers)] = store.rows(
        "SELECT count(*), count(json_extract(body, '$.waybill'))"
        " FROM (SELECT body FROM entries WHERE kind = 'issue' ORDER BY seq DESC LIMIT ?) AS issues"
        " WHERE json_extract(body, '$.what') = 'label'"
        " AND CAST(json_extract(body, '$.epoch') AS INTEGER) = ?",
        (latest, epoch),
    )
    return bool(labels) and not numbers


def _hits(
    store: Store, wanted: Wanted, kind: str, epoch: int, recipient: str | None
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Issue, and index among the wanted values, of each that was issued; may repeat."""
    for block, issues in blocks(store, kind, epoch, recipient):
        at, which = wanted.find(block)
        if len(at):
            yield issues[at], which


def _distinct(parts: Iterable[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Distinct numbers of all parts in order, in memory that goes with their number."""
    held, waiting = np.empty(0, np.int64), 0
    fresh: list[NDArray[np.int64]] = []
    for part in parts:
        fresh.append(part)
        waiting += len(part)
        if waiting > _PAIRS:
            held, fresh, waiting = np.unique(np.concatenate([held, *fresh])), [], 0
    return np.unique(np.concatenate([held, *fresh]))


def _in_order(names: list[str], holder: NDArray[np.int64], value: NDArray[np.int64]) -> Holdings:
    ranking = sorted(range(len(names)), key=names.__getitem__)
    place = np.empty(len(names), np.int64)
    place[ranking] = np.arange(len(names))
    holder = place[holder]
    order = np.lexsort((value, holder))
    return Holdings(tuple(sorted(names)), holder[order], value[order])


def _found(
    store: Store, wanted: Wanted, kind: str, epoch: int, recipient: str | None
) -> NDArray[np.bool_]:
    found = np.zeros(len(wanted), bool)
    for _, which in _hits(store, wanted, kind, epoch, recipient):
        found[which] = True
    return found[wanted.where]


def blocks(
    store: Store, kind: str, epoch: int, recipient: str | None
) -> Iterator[tuple[Fingerprints, NDArray[np.int64]]]:
    """Fingerprints with the issue of each, about a million at a time."""
    blobs: list[bytes] = []
    issues: list[int] = []
    size = 0
    for issue, blob in _blobs(store, kind, epoch, recipient):
        blobs.append(blob)
        issues.append(issue)
        size += len(blob) // WIDTH
        if size >= _BLOCK:
            yield _joined(blobs, issues)
            blobs, issues, size = [], [], 0
    if blobs:
        yield _joined(blobs, issues)


def _joined(blobs: list[bytes], issues: list[int]) -> tuple[Fingerprints, NDArray[np.int64]]:
    lengths = [len(blob) // WIDTH for blob in blobs]
    return unpack(b"".join(blobs)), np.repeat(np.array(issues, np.int64), lengths)


def _blobs(
    store: Store, kind: str, epoch: int, recipient: str | None
) -> Iterator[tuple[int, bytes]]:
    """Issue and blob of each batch, oldest first."""
    if recipient is None:
        yield from _pages(store, "kind = ? AND epoch = ?", (kind, epoch))
        return
    issues = store.rows(
        "SELECT seq FROM entries WHERE kind = 'issue' AND json_extract(body, '$.recipient') = ?",
        (recipient,),
    )
    for (issue,) in issues:
        yield from _pages(store, "issue = ? AND kind = ? AND epoch = ?", (issue, kind, epoch))


def _pages(store: Store, which: str, parameters: Parameters) -> Iterator[tuple[int, bytes]]:
    after, size, (fewest, most) = 0, _PAGES[0], _PAGES
    while page := store.rows(
        f"SELECT n, issue, blob FROM fingerprints WHERE {which} AND n > ? ORDER BY n LIMIT {size}",
        (*parameters, after),
    ):
        for _, issue, blob in page:
            if len(blob) % WIDTH:
                raise store.damage(f"fingerprints of issue {issue} are incomplete")
            yield issue, blob
        after = page[-1][0]
        small = sum(len(blob) for _, _, blob in page) < _SMALL
        size = min(most, 2 * size) if small else fewest


def recipients_of(store: Store, issues: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Number and recipient of each of some ``issue`` or ``custody`` entries."""
    for start in range(0, len(issues), 500):
        some = issues[start : start + 500]
        yield from store.rows(
            "SELECT seq, json_extract(body, '$.recipient') FROM entries"
            f" WHERE seq IN ({','.join('?' * len(some))})",
            some,
        )

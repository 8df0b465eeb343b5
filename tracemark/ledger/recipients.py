"""The register of recipients: versions are added, never changed; the latest counts. SPEC 9.3."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeAlias

from tracemark.errors import UnknownRecipient, UsageError
from tracemark.ledger.chain import canonical
from tracemark.ledger.store import Store, Transaction
from tracemark.model import KINDS, Recipient

Version: TypeAlias = "tuple[str, str, str, str | None]"  # id, name, kind, parent

LONGEST = 200
_BATCH = 50_000
PAGE = 8192  # recipients asked for at a time
_NEXT = "\x01"  # an id with this added comes before every other that comes after it
_BEYOND = "\U0010ffff"  # sorts after every character that an id may hold


def check(recipient: Recipient) -> Version:
    """The recipient's fields, if they are fit for the register.

    Raises
    ------
    UsageError
        An id or parent that is empty, too long, padded or not printable; an unknown kind.
    """
    _check_text("recipient id", recipient.id)
    if recipient.parent is not None:
        _check_text("parent", recipient.parent)
    if recipient.name != "":
        _check_text("name", recipient.name)
    if recipient.kind not in KINDS:
        raise UsageError(
            f"unknown kind of recipient '{recipient.kind}'", hint=f"one of {', '.join(KINDS)}"
        )
    return recipient.id, recipient.name, recipient.kind, recipient.parent


def digest(versions: Iterable[Version]) -> str:
    """Hex SHA-256 of versions in their order, as a canonical JSON array of arrays. SPEC 9.3.2."""
    return hashlib.sha256(canonical([list(version) for version in versions]).encode()).hexdigest()


def add(store: Store, recipients: Iterable[Recipient]) -> int:
    """Register recipients; those known with the same fields are passed over.

    Nothing of a batch of 50,000 is registered if one of it is unfit.

    Returns
    -------
    int
        Versions added.
    """
    source, added = iter(recipients), 0
    while batch := list(islice(source, _BATCH)):
        latest = {version[0]: version for version in map(check, batch)}
        with store.write() as transaction:
            added += _add_batch(transaction, latest)
    return added


def find(store: Store, recipient: str) -> Recipient:
    """The latest version of one recipient. Raises UnknownRecipient."""
    found = store.rows(
        "SELECT id, name, kind, parent FROM recipients WHERE id = ? ORDER BY entry DESC LIMIT 1",
        (recipient,),
    )
    if not found:
        raise UnknownRecipient(
            f"no recipient '{recipient}' in this vault",
            hint="register it with tracemark recipient add",
        )
    return Recipient(*found[0])


def latest(store: Store, prefix: str | None) -> Iterator[Recipient]:
    """Latest versions, in the order of their ids."""
    start, end = _range(prefix)
    while True:
        page = store.rows(
            "SELECT id, name, kind, parent FROM recipients AS r WHERE id >= ? AND id < ?"
            " AND entry = (SELECT MAX(entry) FROM recipients WHERE id = r.id)"
            f" ORDER BY id LIMIT {PAGE}",
            (start, end),
        )
        if not page:
            return
        yield from (Recipient(*row) for row in page)
        start = page[-1][0] + _NEXT


def ids(
    store: Store, prefix: str | None, chunk: int, before: int | None, after: str = ""
) -> Iterator[list[str]]:
    """Ids in order, in lists of at most `chunk`; only those registered before that entry."""
    start, end = _range(prefix)
    if after:
        start = after + _NEXT
    while start < end:
        # asked for by where they end, an index says at once which they are
        stop = _stop(store, start, end, chunk)
        page = store.ids(
            "SELECT id FROM recipients WHERE id >= ? AND id < ? AND entry < ?",
            (start, stop, _limit(before)),
        )
        if page:
            yield list(dict.fromkeys(page))  # one of several versions
        start = stop


def _stop(store: Store, start: str, end: str, chunk: int) -> str:
    """Where a list from `start` on ends: at the id with which the one after it begins, or `end`."""
    found = store.rows(
        "SELECT id FROM recipients WHERE id >= ? AND id < ? ORDER BY id LIMIT 1 OFFSET ?",
        (start, end, chunk),
    )
    if not found:
        return end
    beyond: str = found[0][0]
    return beyond if beyond > start else start + _NEXT


def newest(store: Store) -> int:
    """The entry that registered last; 0 if nobody is registered."""
    found = store.rows("SELECT entry FROM recipients ORDER BY n DESC LIMIT 1")
    return int(found[0][0]) if found else 0


def count(store: Store, prefix: str | None, before: int | None) -> int:
    """How many ids `ids` gives."""
    ((number,),) = store.rows(
        "SELECT COUNT(DISTINCT id) FROM recipients WHERE id >= ? AND id < ? AND entry < ?",
        (*_range(prefix), _limit(before)),
    )
    return int(number)


def at_most(store: Store, prefix: str | None) -> int:
    """How many there are, or more, found in a tenth of the time: who was renamed counts again."""
    where = "WHERE id >= ? AND id < ?" if prefix else ""
    query = f"SELECT COUNT(*) FROM recipients {where}"
    ((number,),) = store.rows(query, _range(prefix) if prefix else ())
    return int(number)


def _add_batch(transaction: Transaction, latest: dict[str, Version]) -> int:
    fresh = _unknown(transaction, latest)
    if fresh:
        entry = transaction.append("recipients", {"count": len(fresh), "sha256": digest(fresh)})
        transaction.executemany(
            f"INSERT INTO recipients (entry, id, name, kind, parent) VALUES ({entry}, ?, ?, ?, ?)",
            fresh,
        )
    return len(fresh)


def _unknown(transaction: Transaction, latest: dict[str, Version]) -> list[Version]:
    """Versions that the register does not hold, ordered by id."""
    wanted = sorted(latest)
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        marks = ",".join("?" * len(some))
        known = transaction.execute(
            f"SELECT id, name, kind, parent FROM recipients WHERE id IN ({marks}) ORDER BY entry",
            some,
        )
        for held in {row[0]: row for row in known}.values():
            if latest[held[0]] == held:
                del latest[held[0]]
    return [latest[name] for name in wanted if name in latest]


def _range(prefix: str | None) -> tuple[str, str]:
    return prefix or "", (prefix or "") + _BEYOND


def _limit(before: int | None) -> int:
    return before if before is not None else 2**62


def _check_text(what: str, text: object) -> None:
    if not isinstance(text, str):
        raise UsageError(f"{what} cannot be a {type(text).__name__}", hint="it is str")
    if not 1 <= len(text) <= LONGEST or text != text.strip() or not text.isprintable():
        raise UsageError(
            f"not a {what}: {text[:40]!a}",
            hint=f"1 to {LONGEST} printable characters, no space at either end",
        )

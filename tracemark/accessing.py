"""From the identifiers of leaked records to who had access to them. SPEC 13.

Joins the ledger with the room `access`. Nothing here sees a mark or a codeword, and nothing here
changes a verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.access.collect import Records
from tracemark.access.cover import Explanation, explain, tolerated
from tracemark.access.evidence import Access, Holder
from tracemark.access.guilt import guilt
from tracemark.access.identifiers import KINDS
from tracemark.keys import EpochKey
from tracemark.ledger import Fingerprinter, Ledger
from tracemark.ledger.custody import CUSTODY

MISSING = 0.1  # part of the evidence that the ledger may lack
NAMED = 10  # recipients named at most
EVENTS = 5  # entries told of each

_Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Who had which record: aligned arrays, with the ledger entry that says so."""

    names: Sequence[str]
    holder: _Ints
    record: _Ints
    entry: _Ints
    custody: NDArray[np.bool_]


def records(keys: Sequence[EpochKey]) -> Records:
    """An empty collection of records, to be filled while the samples are read."""
    return Records([Fingerprinter(key).of for key in keys])


def access(
    ledger: Ledger, keys: Sequence[EpochKey], leaked: Records, among: str | None = None
) -> Access | None:
    """Hold the records against the ledger; None where the samples name no record.

    Only recipients whose id begins with `among` are counted as having had access and named.
    """
    if not len(leaked):
        return None
    pairs, by = _look_up(ledger, keys, leaked)
    # repetitions dropped; how many had each record is counted before `among` narrows the view
    width = len(leaked)
    holder, record = np.divmod(np.unique(pairs.holder * width + pairs.record), width)
    had = np.bincount(record)[record]
    seen = np.array([name.startswith(among or "") for name in pairs.names], bool)[holder]
    holder, record, had = holder[seen], record[seen], had[seen]
    known, record = np.unique(record, return_inverse=True)
    if not len(known):
        return Access(len(leaked), leaked.rows, 0, by)
    held = np.bincount(holder, minlength=len(pairs.names))
    allowed = min(tolerated(len(known), MISSING), len(known) - 1)
    found = explain(holder, record, len(pairs.names), len(known), allowed)
    exclusive = np.bincount(holder[had == 1], minlength=len(pairs.names))
    guilts = guilt(holder, had, len(pairs.names))
    members = _named(found, exclusive)
    total = _all_told(ledger, [pairs.names[one] for one in members])
    # the narrower access fits better: it stands first
    members.sort(key=lambda one: (-held[one], total[pairs.names[one]], pairs.names[one]))
    return Access(
        records=len(leaked),
        of=leaked.rows,
        recognised=len(known),
        by=by,
        recipients=int(np.count_nonzero(held)),
        complete=int(np.count_nonzero(held == len(known))),
        allowed=allowed,
        smallest=found.size,
        least=found.least,
        exact=found.exact,
        alternatives=len(found.sets),
        sets=tuple(tuple(pairs.names[one] for one in some) for some in found.sets)
        if found.exact and members
        else (),
        holders=tuple(
            _holder(ledger, pairs, one, held, exclusive, guilts, total) for one in members
        ),
    )


def _look_up(
    ledger: Ledger, keys: Sequence[EpochKey], leaked: Records
) -> tuple[_Pairs, dict[str, int]]:
    """Every pair of a record and an entry that shows it in somebody's hands. SPEC 13.2.

    A record goes by the strongest kind of identifier that the ledger knows of it.
    """
    names: dict[str, int] = {}
    parts: list[tuple[_Ints, _Ints, _Ints, NDArray[np.bool_]]] = []
    by: dict[str, int] = {}
    settled = np.zeros(len(leaked), bool)
    for kind in KINDS:
        met = np.zeros(len(leaked), bool)
        for place, key in enumerate(keys):
            record, prints = leaked.kind(kind, place)
            open_still = ~settled[record]
            record, prints = record[open_still], prints[open_still]
            for source in (kind, CUSTODY + kind) if len(record) else ():
                # two rows may share a phone: every one of them counts
                values, where = np.unique(prints, return_inverse=True)
                hits = ledger.handled(source, key.epoch, values)
                owner = {
                    entry: names.setdefault(name, len(names))
                    for entry, name in hits.recipients.items()
                }
                entries, entry_of = np.unique(hits.entry, return_inverse=True)
                holders = np.array([owner[one] for one in entries.tolist()], np.int64)[entry_of]
                at, records_at = _joined(hits.value, where, record)
                met[records_at] = True
                custody = np.full(len(at), source != kind)
                parts.append((holders[at], records_at, hits.entry[at], custody))
        settled |= met
        by[kind] = int(np.count_nonzero(met))
    holder, record, entry, custody = (
        np.concatenate([one[place] for one in parts]) for place in range(4)
    )
    return _Pairs(list(names), holder, record, entry, custody), by


def _joined(value: _Ints, where: _Ints, record: _Ints) -> tuple[_Ints, _Ints]:
    """For each hit of a distinct value, every record that has the value.

    Returns
    -------
    at : (m,) int64
        Index of the hit.
    records : (m,) int64
    """
    order = np.argsort(where, kind="stable")
    starts = np.searchsorted(where[order], value)
    counts = np.searchsorted(where[order], value, side="right") - starts
    at = np.repeat(np.arange(len(value)), counts)
    turn = np.arange(len(at)) - np.repeat(np.cumsum(counts) - counts, counts)
    return at, record[order[starts[at] + turn]]


def _named(found: Explanation, exclusive: _Ints) -> list[int]:
    """Who is named. SPEC 13.5: members of the smallest sets, if they are few enough.

    Where not all of the sets could be found, only those of whom every set without gaps needs one:
    the holders of exclusive records.
    """
    if found.exact:
        members = {one for some in found.sets for one in some}
    else:
        members = {*np.flatnonzero(exclusive).tolist()}
    return sorted(members) if len(members) <= NAMED else []


def _all_told(ledger: Ledger, names: Sequence[str]) -> dict[str, int]:
    totals = [ledger.holdings_of(names, kind) for kind in KINDS] if names else []
    return {name: max(total[name] for total in totals) for name in names}


def _holder(
    ledger: Ledger,
    pairs: _Pairs,
    one: int,
    held: _Ints,
    exclusive: _Ints,
    guilts: NDArray[np.float64],
    total: dict[str, int],
) -> Holder:
    mine = pairs.holder == one
    recipient = ledger.recipient(pairs.names[one])
    counts = Counter(pairs.entry[mine].tolist()).most_common(EVENTS)
    return Holder(
        recipient=recipient.id,
        name=recipient.name,
        kind=recipient.kind,
        held=int(held[one]),
        exclusive=int(exclusive[one]),
        issued=len(np.unique(pairs.record[mine & ~pairs.custody])),
        custody=len(np.unique(pairs.record[mine & pairs.custody])),
        all_told=total[recipient.id],
        guilt=float(guilts[one]),
        events=tuple(_event(ledger, number, count) for number, count in counts),
    )


def _event(ledger: Ledger, number: int, count: int) -> dict[str, object]:
    entry = next(ledger.entries(after=number - 1, limit=1))
    when = entry.body["when"] if entry.kind == "custody" else entry.time[:10]
    return {"entry": number, "what": entry.body["what"], "when": when, "records": count}

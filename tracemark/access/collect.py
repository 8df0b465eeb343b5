"""The records of all samples, as fingerprints, in bounded memory. SPEC 13.2."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from tracemark.access.identifiers import Identifiers

KINDS = ("waybill", "phone", "masked")  # from the strongest to the weakest
MOST = 1 << 14  # records looked up
_CHUNK = 1 << 15  # records held as text
_NOTHING = np.empty(0, np.int64)

Hash = Callable[[str, Sequence[str]], NDArray[np.uint64]]


@dataclass(slots=True)
class _Kind:
    """Identifiers of one kind: the record of each, and its fingerprint in each epoch."""

    record: NDArray[np.int64]
    prints: NDArray[np.uint64]  # (epochs, n)

    def of_records(self, kept: NDArray[np.int64]) -> _Kind:
        """Those of some records, (m,) and ascending, which are numbered anew."""
        place = np.searchsorted(kept, self.record).clip(max=max(0, len(kept) - 1))
        there = kept[place] == self.record if len(kept) else np.zeros(len(place), bool)
        return _Kind(place[there], self.prints[:, there])


@dataclass(slots=True)
class _Waiting:
    texts: list[str] = field(default_factory=list)
    record: list[NDArray[np.int64]] = field(default_factory=list)


class Records:
    """Collects records; of more than `MOST` distinct ones a random part, drawn by a keyed hash.

    Parameters
    ----------
    hashes : sequence of callable
        For each epoch, from a kind and texts to (n,) uint64 fingerprints, 0 where there is none.

    Attributes
    ----------
    rows : int
        Rows, or numbers in a text, that had an identifier.
    """

    def __init__(self, hashes: Sequence[Hash]) -> None:
        self.rows = 0
        self._hashes = hashes
        self._waiting = {kind: _Waiting() for kind in KINDS}
        self._count = 0
        self._keys = np.empty(0, np.uint64)
        none = np.empty(0, np.int64), np.empty((len(hashes), 0), np.uint64)
        self._kinds = {kind: _Kind(*none) for kind in KINDS}

    def note(self, *found: Identifiers) -> None:
        """Note some records, but for those that nothing identifies."""
        named = [one for one in found if any(one)]
        self.rows += len(named)
        for start in range(0, len(named), _CHUNK):
            some = named[start : start + _CHUNK]
            for place, waiting in enumerate(self._waiting.values()):
                texts = [one[place] for one in some]
                waiting.texts.extend(chain.from_iterable(texts))
                counts = list(map(len, texts))
                waiting.record.append(np.repeat(np.arange(len(some)) + self._count, counts))
            self._count += len(some)
            if self._count >= _CHUNK:
                self._settle()

    def kind(self, kind: str, epoch: int) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """Record and fingerprint of each identifier of a kind; epochs count from 0."""
        self._settle()
        held = self._kinds[kind]
        return held.record, held.prints[epoch]

    def __len__(self) -> int:
        """Distinct records held; numbers of records are below it."""
        self._settle()
        return len(self._keys)

    def _settle(self) -> None:
        """Take in what waits: hash it, drop records that were there before, thin out."""
        if not self._count:
            return
        offset = len(self._keys)
        keys = np.zeros(self._count, np.uint64)
        for kind in reversed(KINDS):  # the strongest last: it names the record
            waiting = self._waiting[kind]
            prints = np.stack([make(kind, waiting.texts) for make in self._hashes])
            record = np.concatenate([_NOTHING, *waiting.record])
            there = np.flatnonzero(prints[0])[::-1]  # of several, the first
            keys[record[there]] = prints[0, there]
            held = self._kinds[kind]
            self._kinds[kind] = _Kind(
                np.concatenate([held.record, record + offset]),
                np.concatenate([held.prints, prints], axis=1),
            )
            self._waiting[kind] = _Waiting()
        self._count = 0
        everything = np.concatenate([self._keys, keys])
        values, first = np.unique(everything, return_index=True)
        # fingerprints are uniform under the key: the least of them are a fair draw
        kept = np.sort(first[values != 0][:MOST])
        self._keys = everything[kept]
        self._kinds = {kind: held.of_records(kept) for kind, held in self._kinds.items()}

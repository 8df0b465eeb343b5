"""The records of all samples, as fingerprints, in bounded memory. SPEC 13.2."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.access.identifiers import KINDS
from tracemark.access.numbers import Numbers, numbers_of

MOST = 1 << 14  # records looked up
_CHUNK = 1 << 15  # records that wait until they are sorted in
_HIGHEST = np.uint64((1 << 64) - 1)

Hash = Callable[[str, Sequence[str]], NDArray[np.uint64]]


@dataclass(frozen=True, slots=True)
class _Kind:
    """Identifiers of one kind: the record of each, and its fingerprint in each epoch."""

    record: NDArray[np.int64]
    prints: NDArray[np.uint64]  # (epochs, n)

    def of_records(self, chosen: NDArray[np.bool_]) -> _Kind:
        """Those of some records, (records,) bool, which are numbered anew."""
        there = chosen[self.record]
        return _Kind((np.cumsum(chosen) - 1)[self.record[there]], self.prints[:, there])


@dataclass(frozen=True, slots=True)
class Prints:
    """The identifiers of some records as fingerprints.

    Attributes
    ----------
    keys : (records,) uint64
        What tells a record from others: the fingerprint, in the first epoch, of its first
        identifier of the strongest kind; 0 for one that has none.
    kinds : mapping of str to _Kind
        Identifiers by kind, those of a record in order.
    """

    keys: NDArray[np.uint64]
    kinds: Mapping[str, _Kind]

    def __len__(self) -> int:
        return len(self.keys)

    def where(self, chosen: NDArray[np.bool_]) -> Prints:
        """Some of the records; `chosen` is (records,) bool."""
        kinds = {kind: held.of_records(chosen) for kind, held in self.kinds.items()}
        return Prints(self.keys[chosen], kinds)

    def any(
        self, kind: str, told: Callable[[NDArray[np.uint64]], NDArray[np.bool_]]
    ) -> NDArray[np.bool_]:
        """Which records have an identifier of a kind of which something is told: (records,) bool.

        Parameters
        ----------
        kind : str
        told : callable
            From fingerprints of any epoch, (n,) uint64, to (n,) bool.
        """
        held = self.kinds[kind]
        found = np.zeros(len(self), bool)
        for prints in held.prints:
            found[held.record[told(prints)]] = True
        return found


def _together(parts: Sequence[Prints]) -> Prints:
    before = np.cumsum([0, *map(len, parts)])
    kinds = {}
    for kind in KINDS:
        held = [one.kinds[kind] for one in parts]
        record = [one.record + begin for one, begin in zip(held, before, strict=False)]
        prints = np.concatenate([one.prints for one in held], axis=1)
        kinds[kind] = _Kind(np.concatenate(record), prints)
    return Prints(np.concatenate([one.keys for one in parts]), kinds)


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
        self._held = self.printed(numbers_of(()))
        self._waiting: list[Prints] = []
        self._count = 0
        self._highest = _HIGHEST  # no key above it is among the least any more

    def printed(self, numbers: Numbers) -> Prints:
        """Fingerprints of the identifiers of some records."""
        keys, kinds = np.zeros(numbers.records, np.uint64), {}
        for kind in reversed(KINDS):  # the strongest last: it names the record
            record, texts = numbers.kinds[kind]
            prints = self.prints(kind, texts)
            there = np.flatnonzero(prints[0])[::-1]  # of several, the first
            keys[record[there]] = prints[0, there]
            kinds[kind] = _Kind(record, prints)
        return Prints(keys, kinds)

    def prints(self, kind: str, texts: Sequence[str]) -> NDArray[np.uint64]:
        """Fingerprints of some identifiers in each epoch: (epochs, n)."""
        return np.stack([make(kind, texts) for make in self._hashes])

    def take(self, numbers: Numbers, prints: Prints) -> None:
        """Note records with their fingerprints, but for those that nothing identifies."""
        self.rows += numbers.named
        self._waiting.append(prints.where((prints.keys != 0) & (prints.keys <= self._highest)))
        self._count += len(self._waiting[-1])
        if self._count >= _CHUNK:
            self._settle()

    def kind(self, kind: str, epoch: int) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """Record and fingerprint of each identifier of a kind; epochs count from 0."""
        self._settle()
        held = self._held.kinds[kind]
        return held.record, held.prints[epoch]

    def __len__(self) -> int:
        """Distinct records held; numbers of records are below it."""
        self._settle()
        return len(self._held)

    def _settle(self) -> None:
        """Take in what waits: drop records that were there before, thin out."""
        if not self._count:
            return
        everything = _together([self._held, *self._waiting])
        self._waiting, self._count = [], 0
        values, first = np.unique(everything.keys, return_index=True)
        # fingerprints are uniform under the key: the least of them are a fair draw
        kept = np.zeros(len(everything), bool)
        kept[first[:MOST]] = True
        if len(values) >= MOST:
            self._highest = values[MOST - 1]
        self._held = everything.where(kept)

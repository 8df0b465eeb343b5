"""One sample as it will be scored, and the digest that tells one look from another. SPEC 9.6."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.case import SampleReport
from tracemark.decoder.rows import RowReading
from tracemark.errors import UnreadableSample
from tracemark.label_tracing import Mark
from tracemark.loaders import LoadedSample, Sample
from tracemark.model import Reading
from tracemark.showing import Seen, Small

NOTHING = np.empty(0, np.uint64)
Anchors = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class ReadSample:
    """One sample as it will be scored: the slots chosen, and the cells known to be issued."""

    report: SampleReport
    epochs: Sequence[Sequence[Reading]]
    issued: Sequence[Anchors]
    rows: Sequence[Sequence[RowReading]] = ()
    mark: Mark | None = None  # of a picture
    seen: Sequence[Seen] = ()  # of a picture, under each key
    small: Small | None = None  # of a picture
    given: Sample | None = None  # to be read again

    @property
    def slots(self) -> int:
        """How many slots vote, under the key under which most do."""
        return max(sum(map(len, readings)) for readings in self.epochs)


def unreadable(sample: LoadedSample, error: UnreadableSample, epochs: int) -> ReadSample:
    """A sample that takes no part, and why."""
    report = SampleReport(sample.path, sample.sha256, sample.kind, "unreadable", note=str(error))
    return ReadSample(report, [()] * epochs, [NOTHING] * epochs)


def digest(samples: Iterable[Sequence[Sequence[Reading]]]) -> str:
    """A digest of all votes, whatever order the samples came in. SPEC 9.6.

    What made the same samples give other votes, be it an original, a number, a limit, a library or
    the ledger's growth, makes another look.
    """
    parts = []
    for epochs in samples:
        votes = hashlib.sha256()
        for epoch, readings in enumerate(epochs, start=1):
            for one in readings:
                votes.update(f"{epoch} {one.carrier} {len(one)}\n".encode())
                votes.update(one.slots.astype("<u8").tobytes())
                votes.update(one.positions.astype("<i8").tobytes())
                votes.update(one.chips.astype("<f8").tobytes())
        parts.append(votes.digest())
    return hashlib.sha256(b"".join(sorted(parts))).hexdigest()[:32]

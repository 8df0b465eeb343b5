"""The words of samples: tables, texts and what OCR reads, to the slots that are scored. SPEC 6.1.

Nothing here has seen a codeword, so what is chosen is free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from tracemark.access.collect import Records
from tracemark.access.identifiers import identified_in
from tracemark.case import Pilot, SampleReport
from tracemark.codeword import Codebook
from tracemark.collecting import rarely
from tracemark.decoder.pilot import ours, pilot
from tracemark.decoder.rows import RowReading
from tracemark.decoder.tally import by_carrier
from tracemark.decoys import Pool, Spotter
from tracemark.errors import UnreadableSample, UsageError
from tracemark.keys import EpochKey
from tracemark.label_tracing import PILOT_BOUND
from tracemark.ledger import Ledger
from tracemark.loaders import LoadedSample, Sample
from tracemark.model import Reading
from tracemark.profiles import Profile
from tracemark.read_sample import NOTHING, Anchors, ReadSample, unreadable
from tracemark.text.reader import CellReader, CellReadings

CHECK = "check"  # the carrier whose slots show their mask and no chip of a codeword
_FEW = 12  # slots of issued cells from which a pasted text is read by them alone
_CHUNK = 1 << 14  # rows read at a time; cells that repeat among them are parsed once
_PENDING = 1 << 18  # cells read before they are thinned out

Row = tuple[Sequence[str | None], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Cells:
    """One sample under every epoch's key, as it was read; and the decoys that stood in it."""

    sample: LoadedSample
    rows: int
    epochs: Sequence[CellReadings]
    decoys: Sequence[int]
    votes: Sequence[Reading]


@dataclass(frozen=True, slots=True)
class Tables:
    """What reads the cells of samples: their marks, the records they name, and the decoys."""

    keys: Sequence[EpochKey]
    profile: Profile
    reader: Callable[[], CellReader]
    records: Records
    pool: Pool
    expected: Callable[[int, Anchors], NDArray[np.bool_]]

    def read(
        self, sample: LoadedSample, rows: Iterator[Row], tell: Callable[[float], None]
    ) -> Cells | ReadSample:
        """Read the cells of one sample under all keys in one pass, in constant memory."""
        count, spotter, reader = 0, Spotter(self.pool), self.reader()
        try:
            with rarely():
                while chunk := list(islice(rows, _CHUNK)):
                    found = list(identified_in(chunk, pasted=sample.kind == "text"))
                    self.records.note(*found)
                    spotter.note(*found)
                    reader.read_rows([values for _, values in chunk], count + 1)
                    count += len(chunk)
                    tell(sample.part)
                    if len(reader) > _PENDING:
                        reader.thin(self.expected)
        except UnreadableSample as error:
            reader.take()
            return unreadable(sample, error, len(self.keys))
        decoys = spotter.take()
        votes = [
            self.pool.reading(decoys, key.derive("slots/decoy"), self.profile) for key in self.keys
        ]
        return Cells(sample, count - sample.titles, reader.take(), decoys, votes)


def table_of(original: Sample) -> Iterator[Row]:
    """The rows of the table that the copies were made from."""
    loaded = LoadedSample(original, 0)
    if loaded.pictured:
        raise UsageError("the original is a picture", hint="give the table that was exported")
    return loaded.rows()


def issued_cells(ledger: Ledger, book: Codebook, read: Sequence[CellReadings]) -> Anchors:
    """Which cells of all samples were ever issued under an epoch's key, ascending."""
    met = np.unique(np.concatenate([NOTHING, *(one.anchors for one in read)]))
    return met[ledger.issued("anchor", book.epoch, met)]


def weighed(
    cells: Cells,
    books: Sequence[Codebook],
    issued: Sequence[Anchors],
    sure: Sequence[Anchors],
    beside: bool,
) -> ReadSample:
    """Choose between all slots and those of issued cells, and ask the pilot. SPEC 6.1, 6.2.

    Both are chosen from without a codeword, so the choice is free; the pilot pays for it. The
    cells of a table that was given count as issued (SPEC 6.10), and so do those of all decoys: to
    whom a decoy was issued depends on codewords.
    """
    sample = cells.sample
    epochs, pilots, known, rows = [], [], [], []
    guessed = sample.guessed  # the cells of a pasted line are guesses, most of them wrong
    for k, (book, found, of_ours) in enumerate(zip(books, cells.epochs, issued, strict=True)):
        ours_only = found.among(np.union1d(of_ours, sure[k]))
        some = [ours_only.vouched(), ours_only, found]
        for enough in (guessed or beside, beside):
            if enough and sum(map(len, some[-2].readings)) >= _FEW:
                some.pop()
        chosen = max(some, key=lambda one: _clarity(one.readings, book))
        told = [one for one in chosen.layers if len(one) and one.reading.carrier != CHECK]
        epochs.append([one.reading for one in told])
        if cells.decoys:
            epochs[-1].append(cells.votes[k])
        rows.append([RowReading(one.reading, one.rows) for one in told])
        pilots.append(_pilot(chosen.readings, book))
        known.append(np.intersect1d(found.anchors, of_ours))
    best = min(pilots, key=lambda one: one.bound)
    best = replace(best, bound=min(1.0, best.bound * 3 * len(books)))
    report = SampleReport(
        sample.path,
        sample.sha256,
        sample.kind,
        "marked" if best.bound <= PILOT_BOUND else "no mark" if cells.rows else "empty",
        cells.rows,
        max(sum(map(len, readings)) for readings in epochs),
        sum(map(len, known)),
        best,
        note=f"decoys found: {len(cells.decoys)}" if cells.decoys else "",
    )
    return ReadSample(report, epochs, known, rows, given=sample.again)


def _pilot(readings: Sequence[Reading], book: Codebook) -> Pilot:
    """The pilot of one sample: every distinct slot of every carrier once. SPEC 6.2."""
    once = by_carrier(readings)
    votes = [one for one in once if one.carrier != CHECK]
    checks = [one.chips for one in once if one.carrier == CHECK]
    return pilot(
        np.concatenate([np.empty(0, np.int64), *(one.positions for one in votes)]),
        np.concatenate([np.empty(0), *(one.chips for one in votes)]),
        book,
        np.concatenate([np.empty(0), *checks]),
    )


def _clarity(readings: Sequence[Reading], book: Codebook) -> float:
    """How much the readings could say: slots times the square of the part that is ours."""
    found = _pilot(readings, book)
    return found.slots * ours(found, book.profile.rare) ** 2

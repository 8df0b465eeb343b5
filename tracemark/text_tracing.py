"""The words of samples: tables, texts and what OCR reads, to the slots that are scored. SPEC 6.1.

Nothing here has seen a codeword, so what is chosen is free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tracemark.access.collect import Records
from tracemark.access.identifiers import KINDS, identified_in
from tracemark.access.numbers import Numbers, numbers_in, numbers_of
from tracemark.case import Pilot, SampleReport
from tracemark.codeword import Codebook
from tracemark.collecting import rarely
from tracemark.decoder.pilot import ours, pilot
from tracemark.decoder.rows import RowReading
from tracemark.decoder.tally import by_carrier
from tracemark.decoys import Pool
from tracemark.errors import UnreadableSample, UsageError
from tracemark.keys import EpochKey
from tracemark.label_tracing import PILOT_BOUND
from tracemark.ledger import Ledger
from tracemark.loaders import LoadedSample, Sample
from tracemark.loaders.parts import Mixed, Part
from tracemark.model import Reading
from tracemark.profiles import Profile
from tracemark.read_sample import NOTHING, Anchors, ReadSample, unreadable
from tracemark.sieving import Outline, Sieve
from tracemark.text.reader import CellReader, CellReadings

CHECK = "check"  # the carrier whose slots show their mask and no chip of a codeword
_FEW = 12  # slots of issued cells from which a pasted text is read by them alone
_FITTING = 0.5  # of a sample's cells; where fewer are of the table given, that is said
_PENDING = 1 << 18  # cells read before they are thinned out

Row = tuple[Sequence[str | None], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Cells:
    """One sample under every epoch's key, as it was read; and the decoys that stood in it.

    Of a very large table fewer rows were parsed than it has.
    """

    sample: LoadedSample
    rows: int
    parsed: int
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
    outline: Callable[[], Outline | None] | None  # None where all rows are read

    def read(
        self, sample: LoadedSample, parts: Iterator[Part], tell: Callable[[float], None]
    ) -> Cells | ReadSample:
        """Read the cells of one sample under all keys in one pass, in constant memory."""
        count, left_out, decoys, reader = 0, 0, set[int](), self.reader()
        sieve = self.outline and Sieve(self.outline, self.keys[0].derive("sample/rows"))
        try:
            with rarely():
                for part in parts:
                    numbers = _numbers(part, pasted=sample.kind == "text")
                    prints = self.records.printed(numbers)
                    self.records.take(numbers, prints)
                    decoys |= self.pool.among(
                        numbers.kinds["waybill"][1], numbers.kinds["phone"][1]
                    )
                    chosen = np.arange(len(part))
                    if sieve and not sample.guessed:
                        told, gone = sieve.choose(part.lines, prints)
                        reader.forget(gone)
                        chosen = np.flatnonzero(told)
                        left_out += len(part) - len(chosen) + len(gone)
                    cells = part.rows(chosen.tolist())
                    reader.read_rows([values for _, values in cells], count + 1 + chosen)
                    count += len(part)
                    tell(sample.part)
                    if len(reader) > _PENDING:
                        reader.thin(self.expected)
        except UnreadableSample as error:
            reader.take()
            return unreadable(sample, error, len(self.keys))
        votes = [
            self.pool.reading(sorted(decoys), key.derive("slots/decoy"), self.profile)
            for key in self.keys
        ]
        rows = count - sample.titles
        return Cells(sample, rows, rows - left_out, reader.take(), sorted(decoys), votes)


def _numbers(part: Part, *, pasted: bool) -> Numbers:
    """The identifiers of some rows, or of pasted lines. SPEC 13.1."""
    if isinstance(part, Mixed):
        return numbers_of(list(identified_in(part.cells, pasted=pasted)))
    block = part.block
    return numbers_in(block.headers, block.rows, block.column, part.more)


def outline_for(
    ledger: Ledger, records: Records, planted: Sequence[str]
) -> Callable[[], Outline | None]:
    """What numbers the ledger may know, made when it is first asked for. SPEC 6.1.

    Those of all decoys are known: to whom they were issued depends on codewords.
    """

    @cache
    def outline() -> Outline | None:
        made = ledger.outline()
        if made is None:
            return None
        made.add(np.concatenate([records.prints(kind, planted).ravel() for kind in KINDS]))
        return made.may_hold

    return outline


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
    given: Sequence[Anchors] | None,
) -> ReadSample:
    """Choose between all slots and those of issued cells, and ask the pilot. SPEC 6.1, 6.2.

    Both are chosen from without a codeword, so the choice is free; the pilot pays for it. The
    cells of a table that was given count as issued (SPEC 6.10), and so do those of all decoys: to
    whom a decoy was issued depends on codewords. `given` are those of that table.
    """
    sample, beside = cells.sample, given is not None
    epochs, pilots, known, rows = [], [], [], []
    guessed = sample.guessed  # the cells of a pasted line are guesses, most of them wrong
    for k, (book, found, of_ours) in enumerate(zip(books, cells.epochs, issued, strict=True)):
        ours_only = found.among(np.union1d(of_ours, sure[k]))
        some = [ours_only.vouched(), ours_only, found]
        for enough in (guessed or beside, beside):
            if enough and sum(map(len, some[-2].readings)) >= _FEW:
                some.pop()
        asked = [_pilot(one.readings, book) for one in some]
        clearest = max(range(len(some)), key=lambda i: _clarity(asked[i], book))
        chosen = some[clearest]
        told = [one for one in chosen.layers if len(one) and one.reading.carrier != CHECK]
        epochs.append([one.reading for one in told])
        if cells.decoys:
            epochs[-1].append(cells.votes[k])
        rows.append([RowReading(one.reading, one.rows) for one in told])
        pilots.append(asked[clearest])
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
        note=_note(cells, given),
    )
    return ReadSample(report, epochs, known, rows, given=sample.again)


def _note(cells: Cells, given: Sequence[Anchors] | None) -> str:
    """What else is to be said of a sample."""
    if not cells.rows and cells.sample.kind == "pdf":
        return "No text was read in it; its pages were looked at as labels."
    more = _left_out(cells) if given is None else _foreign(cells, given[0])
    if not cells.decoys:
        return more
    if not more:
        return f"Decoys found: {len(cells.decoys)}."
    return f"Decoys found: {len(cells.decoys)}. {more}"


def _left_out(cells: Cells) -> str:
    """How many rows were chosen to be read."""
    if cells.parsed == cells.rows:
        return ""
    return f"Of its rows {cells.parsed} were looked at closely, those with known numbers first."


def _foreign(cells: Cells, given: Anchors) -> str:
    """Whether the table that was given may be another than the sample's."""
    met = cells.epochs[0].anchors
    known = int(np.isin(met, given).sum())
    if known >= _FITTING * len(met):
        return ""
    return f"Of its {len(met):,} cells {known:,} are of the original given."


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


def _clarity(found: Pilot, book: Codebook) -> float:
    """How much readings could say: slots times the square of the part that is ours."""
    return found.slots * ours(found, book.profile.rare) ** 2

"""The tracing corridor: sample → readings → votes → scores → accusations → case. SPEC 6.

One of the two files that join the branches. Until `accuse` is called, nothing here has seen a
codeword: what is chosen before that is free, and what comes after is counted there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracemark import accessing
from tracemark.access.collect import Records
from tracemark.access.identifiers import identified_in
from tracemark.bindings import bindings, overall
from tracemark.case import Accusation, Case, Pilot, RowsOf, SampleReport, Verdict
from tracemark.codeword import Codebook
from tracemark.collecting import rarely
from tracemark.decoder.accuse import Accused, Epoch, Judgement, accuse
from tracemark.decoder.pilot import ours, pilot
from tracemark.decoder.rows import RowReading, rows_of
from tracemark.decoder.tally import by_carrier
from tracemark.decoder.team import Team
from tracemark.decoys import Pool, Spotter
from tracemark.errors import UnreadableSample, UsageError
from tracemark.keys import EpochKey
from tracemark.label_tracing import (
    LEAST_BOUND,
    PILOT_BOUND,
    Clues,
    Mark,
    Originals,
    is_original,
    read_picture,
)
from tracemark.ledger import Ledger, Look
from tracemark.ledger.fingerprints import normal
from tracemark.loaders import LIMITS, Limits, LoadedSample, Sample, open_samples
from tracemark.loaders.sample import reads_pictures
from tracemark.model import Reading
from tracemark.processes import processors
from tracemark.profiles import Profile
from tracemark.revoking import cautions
from tracemark.showing import Seen, attach
from tracemark.text.reader import CellReader, CellReadings
from tracemark.tone_tracing import read_tones

ENOUGH = 100  # slots; below this, finding no mark says little
CHECK = "check"  # the carrier whose slots show their mask and no chip of a codeword
_METHOD = "trace/2"  # changes with everything that decides how votes are scored. SPEC 9.6
_FEW = 12  # slots of issued cells from which a pasted text is read by them alone
_ISSUES = 100  # issues listed with an accusation; a drip of single rows would fill the case file
_CHUNK = 1 << 14  # rows read at a time; cells that repeat among them are parsed once
_PENDING = 1 << 18  # cells read before they are thinned out
_NOTHING = np.empty(0, np.uint64)

Anchors = NDArray[np.uint64]

Progress = Callable[[str, float], None]
Row = tuple[Sequence[str | None], Sequence[str]]


@dataclass(frozen=True, slots=True)
class _Cells:
    """One sample under every epoch's key, as it was read; and the decoys that stood in it."""

    sample: LoadedSample
    rows: int
    epochs: Sequence[CellReadings]
    decoys: Sequence[int]
    votes: Sequence[Reading]


@dataclass(frozen=True, slots=True)
class _Read:
    """One sample as it will be scored: the slots chosen, and the cells known to be issued."""

    report: SampleReport
    epochs: Sequence[Sequence[Reading]]
    issued: Sequence[Anchors]
    rows: Sequence[Sequence[RowReading]] = ()
    mark: Mark | None = None  # of a picture
    seen: Sequence[Seen] = ()  # of a picture, under each key
    given: Sample | None = None  # to be shown again


def trace(
    ledger: Ledger,
    keys: Sequence[EpochKey],
    profile: Profile,
    samples: Sequence[Sample],
    *,
    alpha: float = 1e-6,
    among: str | None = None,
    original: Sample | None = None,
    originals: Originals | None = None,
    waybill: str | Sequence[str | None] | None = None,
    ocr: bool | None = None,
    limits: Limits = LIMITS,
    progress: Progress | None = None,
    decoys: Pool | None = None,
    team: Team | None = None,
) -> Case:
    """Read the samples and accuse those whose copies they are. See `Vault.trace`."""
    tell = progress or (lambda stage, fraction: None)
    if not samples:
        raise UsageError("no sample to trace", hint="give at least one file, text or table")
    if not 0 < alpha < 1:
        raise UsageError(f"alpha {alpha:g} is not between 0 and 1", hint="the default is 1e-6")
    total = ledger.count(among)
    if not total:
        raise UsageError(
            f"no recipient begins with '{among}'" if among else "no recipient is registered",
            hint="tracemark recipient list",
        )
    clues = Clues.of(len(samples), waybill, original, originals)
    books = [Codebook(key, profile) for key in keys]
    # text rules are compiled once there is text
    reader = cache(partial(CellReader, [key.derive("slots/text") for key in keys], profile))
    records = accessing.records(keys)

    # SPEC 6.10: with the table that the copies were made from, damaged cells are found again
    pool = decoys or Pool([], normal)
    planted = [text for row in pool.rows for text in row.values()]
    sure = reader().anchors(planted) if planted else [_NOTHING] * len(keys)
    clues = replace(clues, decoys=planted)
    beside = original is not None and not is_original(original)
    if original is not None and beside:
        sure = [
            np.union1d(*both) for both in zip(sure, reader().beside(_table(original)), strict=True)
        ]

    def expected(index: int, anchors: Anchors) -> NDArray[np.bool_]:
        known = ledger.issued("anchor", books[index].epoch, anchors)
        return known | np.isin(anchors, sure[index])

    tables = _Tables(keys, profile, reader, records, pool, expected)

    # SPEC 6.5: codewords depend on no sample, so they may be drawn meanwhile
    if team:
        team.draw(books, ledger.ids(among), total)

    # SPEC 5.4, 10: read every sample under every key
    words = reads_pictures(ocr)
    found: list[_Cells | _Read] = []
    pictures = 0
    for number, loaded in enumerate(open_samples(samples, limits, ocr=words)):

        def read_so_far(part: float, before: int = number) -> None:
            tell("reading", (before + part) / max(len(samples), before + 1))

        read_so_far(0.0)
        if loaded.pictured:
            pictures += 1
            with loaded.meanwhile(words and not loaded.drawn and processors() > 1):
                found += _seen(loaded, tables, words, ledger, clues)
        else:
            found.append(tables.read(loaded, loaded.rows(), read_so_far))

    clues.used(pictures)

    # SPEC 6.1, 6.2: keep the slots that speak clearest, and ask the pilot
    cells = [one for one in found if isinstance(one, _Cells)]
    issued = [
        _issued(ledger, book, [one.epochs[k] for one in cells]) for k, book in enumerate(books)
    ]
    read = [
        _weighed(one, books, issued, sure, beside) if isinstance(one, _Cells) else one
        for one in found
    ]
    legible = [one for one in read if one.report.status != "unreadable"]
    reports = tuple(one.report for one in read)
    if not legible:
        return Case("unreadable", alpha, total, 0, 0.0, samples=reports, among=among)

    # SPEC 6.8: the case stands in the ledger before anything is scored
    look = ledger.record_case(
        list(dict.fromkeys(one.report.sha256 for one in legible)),
        alpha,
        among or "",
        method=f"{_METHOD}/{_digest(one.epochs for one in legible)}",
    )

    # SPEC 6.4–6.7: score, accuse, look again at what is left
    tell("scoring", 0.0)
    judgement = accuse(
        lambda: _counted(ledger.ids(among, before=look.number), look.candidates, tell),
        look.candidates,
        [Epoch(book, [one.epochs[index] for one in legible]) for index, book in enumerate(books)],
        alpha=look.spends,
        team=team,
    )
    # SPEC 6.11: whose copy each row came from, among the accused
    laid = _laid(read, books, [one.recipient for one in judgement.accused])
    case = _conclude(ledger, books, judgement, alpha, among, read, look, laid)
    # SPEC 13: set apart, and after the verdict stands
    tell("looking up who had access", 1.0)
    case = replace(case, access=accessing.access(ledger, keys, records, among))
    return attach(case, [(one.given, one.seen) for one in read], reader, books, skip=CHECK)


@dataclass(frozen=True, slots=True)
class _Tables:
    """What reads the cells of samples: their marks, the records they name, and the decoys."""

    keys: Sequence[EpochKey]
    profile: Profile
    reader: Callable[[], CellReader]
    records: Records
    pool: Pool
    expected: Callable[[int, Anchors], NDArray[np.bool_]]

    def read(
        self, sample: LoadedSample, rows: Iterator[Row], tell: Callable[[float], None]
    ) -> _Cells | _Read:
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
            return _unreadable(sample, error, len(self.keys))
        decoys = spotter.take()
        votes = [
            self.pool.reading(decoys, key.derive("slots/decoy"), self.profile) for key in self.keys
        ]
        return _Cells(sample, count - sample.titles, reader.take(), decoys, votes)


def _table(original: Sample) -> Iterator[Row]:
    """The rows of the table that the copies were made from."""
    loaded = LoadedSample(original, 0)
    if loaded.pictured:
        raise UsageError("the original is a picture", hint="give the table that was exported")
    return loaded.rows()


def _digest(samples: Iterable[Sequence[Sequence[Reading]]]) -> str:
    """A digest of all votes, whatever order the samples came in. SPEC 9.6.

    What made the same samples give other votes, be it an original, a number, a limit, a library or
    the ledger's growth, makes another look.
    """
    parts = []
    for epochs in samples:
        digest = hashlib.sha256()
        for epoch, readings in enumerate(epochs, start=1):
            for one in readings:
                digest.update(f"{epoch} {one.carrier} {len(one)}\n".encode())
                digest.update(one.slots.astype("<u8").tobytes())
                digest.update(one.positions.astype("<i8").tobytes())
                digest.update(one.chips.astype("<f8").tobytes())
        parts.append(digest.digest())
    return hashlib.sha256(b"".join(sorted(parts))).hexdigest()[:32]


def _seen(
    sample: LoadedSample, tables: _Tables, words: bool, ledger: Ledger, clues: Clues
) -> Sequence[_Cells | _Read]:
    """Read one picture: as labels, its tones, and without a mark what it says. SPEC 10, 11.9, 15.

    The pilot alone decides, and it has seen no codeword.
    """
    try:
        picture = sample.picture()
        labels = read_picture(sample, picture, tables.keys, ledger, clues)
        labels = read_tones(sample, picture, tables.keys, tables.profile, labels)
    except UnreadableSample as error:
        return [_unreadable(sample, error, len(tables.keys))]
    nothing = [_NOTHING] * len(tables.keys)
    found = [
        _Read(one.report, one.epochs, nothing, (), one.mark, one.seen, sample.again)
        for one in labels
    ]
    if found[0].report.status != "no mark":
        return found
    if sample.drawn:  # its text is read with its file
        return []
    if not words:
        report = found[0].report
        note = f"{report.note} Its text was not read; the extra 'ocr' reads it.".strip()
        return [replace(found[0], report=replace(report, note=note))]
    text = tables.read(sample, sample.words(), lambda part: None)
    if not isinstance(text, _Cells) or not text.rows:
        return found
    return [*(one for one in found if one.report.slots), text]  # a weak label still adds up


def _unreadable(sample: LoadedSample, error: UnreadableSample, epochs: int) -> _Read:
    report = SampleReport(sample.path, sample.sha256, sample.kind, "unreadable", note=str(error))
    return _Read(report, [()] * epochs, [_NOTHING] * epochs)


def _issued(ledger: Ledger, book: Codebook, read: Sequence[CellReadings]) -> Anchors:
    """Which cells of all samples were ever issued under an epoch's key, ascending."""
    met = np.unique(np.concatenate([_NOTHING, *(one.anchors for one in read)]))
    return met[ledger.issued("anchor", book.epoch, met)]


def _weighed(
    cells: _Cells,
    books: Sequence[Codebook],
    issued: Sequence[Anchors],
    sure: Sequence[Anchors],
    beside: bool,
) -> _Read:
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
    return _Read(report, epochs, known, rows, given=sample.again)


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


def _laid(
    read: Sequence[_Read], books: Sequence[Codebook], accused: Sequence[str]
) -> list[tuple[RowsOf, ...]]:
    """The rows of all samples laid to each accused. SPEC 6.11."""
    samples = [
        rows_of(number, list(zip(books, one.rows, strict=True)), accused)
        for number, one in enumerate(read)
        if one.rows
    ]
    return [
        tuple(rows for one in samples if (rows := one[who]) is not None)
        for who in range(len(accused))
    ]


def _conclude(
    ledger: Ledger,
    books: Sequence[Codebook],
    judgement: Judgement,
    alpha: float,
    among: str | None,
    read: Sequence[_Read],
    look: Look,
    laid: Sequence[tuple[RowsOf, ...]],
) -> Case:
    """From a judgement to a verdict. SPEC 8."""
    legible = [index for index, one in enumerate(read) if one.report.status != "unreadable"]
    marked = any(one.report.status == "marked" for one in read)
    accusations = tuple(
        replace(_accusation(ledger, books, accused, alpha, look.k, read, legible), rows=rows)
        for accused, rows in zip(judgement.accused, laid, strict=True)
    )
    verdict: Verdict = "identified" if accusations else "inconclusive" if marked else "no mark"
    case = Case(
        verdict,
        alpha,
        judgement.candidates,
        judgement.hypotheses,
        judgement.line,
        accusations,
        tuple(one.report for one in read),
        look.number,
        look.k,
        among,
        {"edges": judgement.edges, "counts": [float(count) for count in judgement.counts]},
    )
    return replace(case, advice=tuple(_advice(case, judgement)))


def _accusation(
    ledger: Ledger,
    books: Sequence[Codebook],
    accused: Accused,
    alpha: float,
    look: int,
    read: Sequence[_Read],
    legible: Sequence[int],
) -> Accusation:
    """Add to an accused recipient what the ledger says about it."""
    recipient = ledger.recipient(accused.recipient)
    # SPEC 10.9: does the mark belong to the waybill it stands on?
    bound = tuple(bindings(ledger, books, accused.recipient, [one.mark for one in read]))
    return Accusation(
        recipient=accused.recipient,
        name=recipient.name,
        kind=recipient.kind,
        # SPEC 6.8: what this look may spend is a part of alpha
        bound=max(LEAST_BOUND, min(alpha, accused.bound * look * (look + 1))),
        score=accused.bits,
        share=accused.share,
        round=accused.round,
        issued=tuple(islice(_issues(ledger, accused.recipient, read), _ISSUES)),
        evidence=tuple(replace(one, sample=legible[one.sample]) for one in accused.evidence),
        binding=overall(bound),
        bindings=bound,
        # SPEC 8.7: marks of a key that got out may be forged
        cautions=tuple(
            cautions(ledger.revocations(), books, accused.recipient, [one.epochs for one in read])
        ),
    )


def _counted(lists: Iterable[Sequence[str]], total: int, tell: Progress) -> Iterator[Sequence[str]]:
    done = 0
    for ids in lists:
        yield ids
        done += len(ids)
        tell("scoring", done / total)


def _issues(ledger: Ledger, recipient: str, read: Sequence[_Read]) -> Iterator[dict[str, Any]]:
    """The recipient's issues that held leaked cells, with how many of them. SPEC 8.2."""
    for epoch, anchors in enumerate(zip(*(one.issued for one in read), strict=True), start=1):
        leaked = np.unique(np.concatenate(anchors))
        for entry, cells in ledger.issues_of(recipient, "anchor", epoch, leaked):
            yield {
                "issue": entry.seq,
                "time": entry.time,
                "what": entry.body["what"],
                "name": entry.body["name"],
                "cells": cells,
            }


def _advice(case: Case, judgement: Judgement) -> Iterator[str]:
    """What would help, for an investigator. SPEC 8.4."""
    if case.verdict == "inconclusive":
        yield "A mark of this vault is present, but it is too weak to name anyone."
        if judgement.attainable < judgement.line:
            yield (
                f"The sample can give {judgement.attainable:.0f} bits at most and"
                f" {judgement.line:.0f} are needed: add more rows from the same source."
            )
        else:
            yield "Add more rows from the same source, or the file as it was first received."
    if case.verdict == "no mark":
        slots = sum(sample.slots for sample in case.samples)
        if slots < ENOUGH:
            found = f"Only {slots} places" if slots else "No place"
            yield f"{found} for a mark: too little to tell. Add more rows, as they were received."
        if any(sample.issued for sample in case.samples):
            yield "Some of these records were issued from this vault, but the mark was not found."
    for accusation in case.accusations:
        for one in accusation.bindings:
            if one.verdict == "contradicted":
                yield (
                    f"The mark in {case.samples[one.sample].path} names {accusation.recipient} but"
                    " does not belong to this waybill: it may have been transplanted from another"
                    " label."
                )
    if any(sample.status == "unreadable" for sample in case.samples):
        yield "Some samples could not be read; they took no part."

"""The tracing corridor: sample → readings → votes → scores → accusations → case. SPEC 6.

One of the two files that join the branches. Until `accuse` is called, nothing here has seen a
codeword: what is chosen before that is free, and what comes after is counted there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracemark import accessing
from tracemark.access.collect import Records
from tracemark.case import Accusation, Case, Pilot, SampleReport, Verdict
from tracemark.codeword import Codebook
from tracemark.decoder.accuse import Accused, Epoch, Judgement, accuse
from tracemark.decoder.pilot import ours, pilot
from tracemark.decoder.tally import by_carrier
from tracemark.errors import UnreadableSample, UsageError
from tracemark.keys import EpochKey
from tracemark.ledger import Ledger, Look
from tracemark.loaders import LIMITS, Limits, LoadedSample, Sample, open_samples
from tracemark.loaders.sample import reads_pictures
from tracemark.model import Reading
from tracemark.profiles import Profile
from tracemark.text.reader import CellReader, CellReadings

ENOUGH = 100  # slots; below this, finding no mark says little
PILOT_BOUND = 1e-4  # a sample counts as marked where the pilot's bound is below this
LEAST_BOUND = 1e-300  # what a float can still say
CHECK = "check"  # the carrier whose slots show their mask and no chip of a codeword
_METHOD = "text/1"
_FEW = 12  # slots of issued cells from which a pasted text is read by them alone
_ISSUES = 100  # issues listed with an accusation; a drip of single rows would fill the case file
_NOTHING = np.empty(0, np.uint64)

Anchors = NDArray[np.uint64]

Progress = Callable[[str, float], None]
Row = tuple[Sequence[str | None], Sequence[str]]


@dataclass(frozen=True, slots=True)
class _Cells:
    """One sample under every epoch's key, as it was read."""

    sample: LoadedSample
    rows: int
    epochs: Sequence[CellReadings]


@dataclass(frozen=True, slots=True)
class _Read:
    """One sample as it will be scored: the slots chosen, and the cells known to be issued."""

    report: SampleReport
    epochs: Sequence[Sequence[Reading]]
    issued: Sequence[Anchors]


def trace(
    ledger: Ledger,
    keys: Sequence[EpochKey],
    profile: Profile,
    samples: Sequence[Sample],
    *,
    alpha: float = 1e-6,
    among: str | None = None,
    ocr: bool | None = None,
    limits: Limits = LIMITS,
    progress: Progress | None = None,
) -> Case:
    """Read the samples and accuse those whose copies they are. See `Vault.trace`."""
    tell = progress or (lambda stage, fraction: None)
    if not samples:
        raise UsageError("no sample to trace", hint="give at least one file, text or table")
    if not 0 < alpha < 1:
        raise UsageError(f"alpha {alpha:g} is not between 0 and 1", hint="the default is 1e-6")
    if not ledger.count(among):
        raise UsageError(
            f"no recipient begins with '{among}'" if among else "no recipient is registered",
            hint="tracemark recipient list",
        )
    books = [Codebook(key, profile) for key in keys]
    reader = CellReader([key.derive("slots/text") for key in keys], profile)
    records = accessing.records(keys)

    # SPEC 5.4, 10: read every sample under every key
    words = reads_pictures(ocr)
    found: list[_Cells | _Read] = []
    for number, loaded in enumerate(open_samples(samples, limits)):
        tell("reading", number / max(len(samples), number + 1))
        if loaded.pictured:
            found.append(_seen(loaded, keys, reader, words, records))
        else:
            found.append(_cells(loaded, reader, loaded.rows(), records))

    # SPEC 6.1, 6.2: keep the slots that speak clearest, and ask the pilot
    cells = [one for one in found if isinstance(one, _Cells)]
    issued = [
        _issued(ledger, book, [one.epochs[k] for one in cells]) for k, book in enumerate(books)
    ]
    read = [_weighed(one, books, issued) if isinstance(one, _Cells) else one for one in found]
    legible = [one for one in read if one.report.status != "unreadable"]
    reports = tuple(one.report for one in read)
    if not legible:
        return Case("unreadable", alpha, ledger.count(among), 0, 0.0, samples=reports, among=among)

    # SPEC 6.8: the case stands in the ledger before anything is scored
    look = ledger.record_case(
        [one.report.sha256 for one in legible], alpha, among or "", method=_METHOD
    )

    # SPEC 6.4–6.7: score, accuse, look again at what is left
    tell("scoring", 0.0)
    judgement = accuse(
        lambda: _counted(ledger.ids(among, before=look.number), look.candidates, tell),
        look.candidates,
        [Epoch(book, [one.epochs[index] for one in legible]) for index, book in enumerate(books)],
        alpha=look.spends,
    )
    case = _conclude(ledger, judgement, alpha, among, read, look)
    # SPEC 13: set apart, and after the verdict stands
    tell("looking up who had access", 1.0)
    return replace(case, access=accessing.access(ledger, keys, records, among))


def _cells(
    sample: LoadedSample, reader: CellReader, rows: Iterator[Row], records: Records
) -> _Cells | _Read:
    """Read the cells of one sample under all keys in one pass."""
    count = 0
    try:
        for headers, values in rows:
            count += 1
            if sample.kind == "text":
                records.line(max(values, key=len, default=""))
            else:
                records.row(headers, values)
            for text in values:
                reader.read(text)
    except UnreadableSample as error:
        return _unreadable(sample, error, len(reader.take()))
    return _Cells(sample, count - sample.titles, reader.take())


def _seen(
    sample: LoadedSample,
    keys: Sequence[EpochKey],
    reader: CellReader,
    words: bool,
    records: Records,
) -> _Cells | _Read:
    """Read one picture: as a label, and where no mark is found, what it says. SPEC 11.9.

    The pilot alone decides, and it has seen no codeword.
    """
    label = _picture(sample, keys)
    if label.report.status != "no mark":
        return label
    if not words:
        note = f"{label.report.note} Its text was not read.".strip()
        return replace(label, report=replace(label.report, note=note))
    text = _cells(sample, reader, sample.words(), records)
    return text if isinstance(text, _Cells) and text.rows else label


def _picture(sample: LoadedSample, keys: Sequence[EpochKey]) -> _Read:
    """Read one picture under all keys. SPEC 10.

    The pose is found by the pilot: it has seen no codeword, but many poses were tried for it.
    """
    from tracemark import label  # late: most programs mark rows only

    try:
        picture = sample.picture()
        found = [label.read(picture, key.derive("slots/label")) for key in keys]
    except UnreadableSample as error:
        return _unreadable(sample, error, len(keys))
    best = max(found, key=lambda one: one.pilot)
    slots = sum(map(len, best.readings))
    tail = math.erfc(best.pilot / math.sqrt(2)) / 2
    test = Pilot(0, 0, max(LEAST_BOUND, min(1.0, tail * sum(one.poses for one in found))))
    report = SampleReport(
        sample.path,
        sample.sha256,
        sample.kind,
        "marked" if test.bound <= PILOT_BOUND else "no mark",
        slots=slots,
        pilot=test,
        note=best.why,
    )
    return _Read(report, [one.readings for one in found], [_NOTHING] * len(keys))


def _unreadable(sample: LoadedSample, error: UnreadableSample, epochs: int) -> _Read:
    report = SampleReport(sample.path, sample.sha256, sample.kind, "unreadable", note=str(error))
    return _Read(report, [()] * epochs, [_NOTHING] * epochs)


def _issued(ledger: Ledger, book: Codebook, read: Sequence[CellReadings]) -> Anchors:
    """Which cells of all samples were ever issued under an epoch's key, ascending."""
    met = np.unique(np.concatenate([_NOTHING, *(one.anchors for one in read)]))
    return met[ledger.issued("anchor", book.epoch, met)]


def _weighed(cells: _Cells, books: Sequence[Codebook], issued: Sequence[Anchors]) -> _Read:
    """Choose between all slots and those of issued cells, and ask the pilot. SPEC 6.1, 6.2.

    Both are chosen from without a codeword, so the choice is free; the pilot pays for it.
    """
    sample = cells.sample
    epochs, pilots, known = [], [], []
    for book, found, of_ours in zip(books, cells.epochs, issued, strict=True):
        everything = [layer.reading for layer in found.layers]
        ours_only = [layer.among(of_ours) for layer in found.layers]
        if sample.guessed and sum(map(len, ours_only)) >= _FEW:
            chosen = ours_only  # the cells of a pasted line are guesses, most of them wrong
        else:
            chosen = max((ours_only, everything), key=lambda some: _clarity(some, book))
        epochs.append([one for one in chosen if len(one) and one.carrier != CHECK])
        pilots.append(_pilot(chosen, book))
        known.append(np.intersect1d(found.anchors, of_ours))
    best = min(pilots, key=lambda one: one.bound)
    best = replace(best, bound=min(1.0, best.bound * 2 * len(books)))
    report = SampleReport(
        sample.path,
        sample.sha256,
        sample.kind,
        "marked" if best.bound <= PILOT_BOUND else "no mark" if cells.rows else "empty",
        cells.rows,
        max(sum(map(len, readings)) for readings in epochs),
        sum(map(len, known)),
        best,
    )
    return _Read(report, epochs, known)


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


def _conclude(
    ledger: Ledger,
    judgement: Judgement,
    alpha: float,
    among: str | None,
    read: Sequence[_Read],
    look: Look,
) -> Case:
    """From a judgement to a verdict. SPEC 8."""
    legible = [index for index, one in enumerate(read) if one.report.status != "unreadable"]
    marked = any(one.report.status == "marked" for one in read)
    accusations = tuple(
        _accusation(ledger, accused, alpha, look.k, read, legible) for accused in judgement.accused
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
    accused: Accused,
    alpha: float,
    look: int,
    read: Sequence[_Read],
    legible: Sequence[int],
) -> Accusation:
    """Add to an accused recipient what the ledger says about it."""
    recipient = ledger.recipient(accused.recipient)
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
    if any(sample.status == "unreadable" for sample in case.samples):
        yield "Some samples could not be read; they took no part."

"""From a judgement to a verdict, and what the ledger adds to it. SPEC 8."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from tracemark.bindings import bindings, overall
from tracemark.case import Accusation, Case, RowsOf, SampleReport, Verdict
from tracemark.codeword import Codebook
from tracemark.decoder.accuse import Accused, Judgement
from tracemark.decoder.rows import rows_of
from tracemark.label_tracing import LEAST_BOUND
from tracemark.ledger import Ledger, Look
from tracemark.read_sample import ReadSample
from tracemark.revoking import cautions

_ENOUGH = 100  # slots; below this, finding no mark says little
_FEW_IN = 20  # times as many rows as places for a mark: more of them would hold no more
_TELLS = 14.0  # bits for an accused recipient by which a sample shows a mark: chance below 1e-4
_BY_THE_ACCUSED = (
    "that it is marked is told by what it shows of the accused; the pattern alone would be too weak"
)
_ISSUES = 100  # issues listed with an accusation; a drip of single rows would fill the case file


def laid_to(
    read: Sequence[ReadSample], books: Sequence[Codebook], accused: Sequence[str]
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


def conclude(
    ledger: Ledger,
    books: Sequence[Codebook],
    judgement: Judgement,
    alpha: float,
    among: str | None,
    read: Sequence[ReadSample],
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
        _told(read, judgement, legible),
        look.number,
        look.k,
        among,
        {"edges": judgement.edges, "counts": [float(count) for count in judgement.counts]},
    )
    return replace(case, advice=tuple(_advice(case, judgement)))


def _told(
    read: Sequence[ReadSample], judgement: Judgement, legible: Sequence[int]
) -> tuple[SampleReport, ...]:
    """What is said of each sample: one that speaks for an accused recipient is marked. SPEC 8.1."""
    reports = [one.report for one in read]
    for place, index in enumerate(legible):
        bits = max((accused.samples[place] for accused in judgement.accused), default=0.0)
        if reports[index].status == "no mark" and bits >= _TELLS:
            reports[index] = replace(reports[index], status="marked")
            if read[index].seen:
                slots = read[index].slots
                reports[index] = replace(reports[index], slots=slots, note=_BY_THE_ACCUSED)
    return tuple(reports)


def _accusation(
    ledger: Ledger,
    books: Sequence[Codebook],
    accused: Accused,
    alpha: float,
    look: int,
    read: Sequence[ReadSample],
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


def _issues(ledger: Ledger, recipient: str, read: Sequence[ReadSample]) -> Iterator[dict[str, Any]]:
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
    if case.verdict == "inconclusive" and judgement.elsewhere:
        yield (
            "A clear mark of this vault is present, as of one copy, but it is of none of the"
            f" {case.candidates:,} recipients compared."
        )
        if case.among:
            yield "Compare more recipients: ask again with a shorter prefix, or without one."
        else:
            yield (
                "Its recipient is missing here: look for a newer copy of this ledger, and for"
                " accounts that were never registered in it."
            )
    elif case.verdict == "inconclusive":
        yield "A mark of this vault is present, but it is too weak to name anyone."
        if judgement.attainable < judgement.line:
            yield (
                f"The sample can give {judgement.attainable:.0f} bits at most and"
                f" {judgement.line:.0f} are needed: add more rows from the same source."
            )
        else:
            yield "Add more rows from the same source, or the file as it was first received."
    written = [one for one in case.samples if one.rows or one.kind != "picture"]
    if case.verdict == "no mark" and written:
        slots, rows = (sum(getattr(one, n) for one in written) for n in ("slots", "rows"))
        if _FEW_IN * slots < rows and rows >= _ENOUGH:
            yield (
                f"In {rows:,} rows there are {slots:,} places where a mark could have stayed: these"
                " texts carry one in invisible characters or not at all, and those do not survive"
                " everything."
            )
            yield "More rows cannot help: trace the file as it was first received."
        elif slots < _ENOUGH:
            found = f"Only {slots} places" if slots else "No place"
            yield f"{found} for a mark: too little to tell. Add more rows, as they were received."
        if any(sample.issued for sample in written):
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

"""Does the mark belong to the waybill it was found on? Asked after an accusation. SPEC 10.9.

The accused recipient's codeword is known by now, so nothing here may change who is accused.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tracemark.case import Binding, BindingVerdict
from tracemark.codeword import Codebook
from tracemark.decoder.pilot import binomial_tail
from tracemark.decoder.tally import agreement
from tracemark.label_tracing import Mark
from tracemark.ledger import Ledger
from tracemark.model import Reading

LINE = 1e-4  # a tail below this says that something is not by chance
_TOO_FEW = "too few slots that are bound to a number were read"
_UNNUMBERED = "the mark was made without a waybill number, so it belongs to none"


def bindings(
    ledger: Ledger, books: Sequence[Codebook], recipient: str, marks: Sequence[Mark | None]
) -> Iterator[Binding]:
    """What each picture that speaks of an accused recipient says about its waybill.

    Parameters
    ----------
    ledger : Ledger
    books : sequence of Codebook
        One for each epoch.
    recipient : str
    marks : sequence of Mark or None
        One for each sample; None for a sample that is no picture.
    """
    for sample, mark in enumerate(marks):
        for epoch, book in enumerate(books):
            if mark is not None and mark.free:
                found = _binding(ledger, book, recipient, mark, epoch, sample)
                if found is not None:
                    yield found


def overall(found: Sequence[Binding]) -> BindingVerdict | Literal[""]:
    """One verdict of several: a contradiction is not outvoted."""
    said = {one.verdict for one in found}
    order: tuple[BindingVerdict, ...] = ("contradicted", "confirmed", "not checked")
    return next((verdict for verdict in order if verdict in said), "")


def _binding(
    ledger: Ledger, book: Codebook, recipient: str, mark: Mark, epoch: int, sample: int
) -> Binding | None:
    """What one picture says under one epoch; None where it does not speak of the recipient."""
    from tracemark.label.binding import UNBOUND  # late: most programs mark rows only

    codeword = book.codeword(recipient)
    counts = [agreement(reading, codeword, book.biases)[:2] for reading in mark.free[epoch]]
    agreeing, read = (sum(column) for column in zip(*counts, strict=True)) if counts else (0, 0)
    if not read or math.exp(binomial_tail(read, agreeing)) > LINE:
        return None
    bound = [_shown(reading) for reading in mark.bound[epoch]]
    slots, words = sum(map(len, bound)), mark.words[epoch]
    best = int(_under(bound, codeword, mark.keys[epoch], words).max(initial=0))
    said = Binding(sample, "not checked", mark.source, slots, best, note=mark.why)
    if words:
        held = ledger.holds(recipient, "waybill", book.epoch, words)
        said = replace(
            said,
            by_chance=_tail(slots, best, len(words)),
            if_bound=hypergeometric_tail(read + slots, agreeing + best, slots, best),
            issued=bool(held.any()),
        )
        if said.by_chance <= LINE:
            return replace(said, verdict="confirmed")
    # the number is unknown, or the mark is not of it: of which label of theirs is it?
    labels = [(None, UNBOUND), *ledger.labels_of(recipient, book.epoch)]
    shows = _under(bound, codeword, mark.keys[epoch], [word for _, word in labels])
    top = int(np.argmax(shows))
    if _tail(slots, int(shows[top]), len(labels)) <= LINE:
        said = replace(said, issue=labels[top][0])
        if labels[top][1] == UNBOUND:
            return replace(said, note=_UNNUMBERED)
    if said.if_bound <= LINE:
        return replace(said, verdict="contradicted")
    return replace(said, note=said.note or _TOO_FEW)


def _under(
    bound: Sequence[Reading], codeword: NDArray[np.uint8], key: bytes, words: Sequence[int]
) -> NDArray[np.int64]:
    """How many bound slots show the codeword, under each word."""
    from tracemark.label import binding  # late: most programs mark rows only

    counts = [binding.agreeing(reading, codeword, key, words) for reading in bound]
    return np.asarray(np.sum([np.zeros(len(words), np.int64), *counts], axis=0))


def _tail(slots: int, agreeing: int, tried: int) -> float:
    """P(so many agree under any of the words tried), if the mark was made for none of them."""
    return min(1.0, tried * math.exp(binomial_tail(slots, agreeing)))


def _shown(reading: Reading) -> Reading:
    """A reading without its erasures."""
    read = reading.chips != 0
    return Reading(
        reading.carrier, reading.slots[read], reading.positions[read], reading.chips[read]
    )


def hypergeometric_tail(total: int, good: int, drawn: int, found: int) -> float:
    """P(X <= found) for X the good ones among `drawn` of `total`, of which `good` are good."""

    def ways(n: int, k: int) -> float:
        return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

    least = max(0, drawn - (total - good))
    logs = [
        ways(good, k) + ways(total - good, drawn - k) - ways(total, drawn)
        for k in range(least, min(found, good, drawn) + 1)
    ]
    return min(1.0, math.fsum(map(math.exp, logs)))

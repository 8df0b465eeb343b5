"""The tracing corridor: sample → readings → votes → scores → accusations → case. SPEC 6.

Until `accuse` is called, nothing here has seen a codeword: what is chosen before that is free, and
what comes after is counted there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tracemark import accessing
from tracemark.arguments import is_path
from tracemark.case import Case
from tracemark.codeword import Codebook
from tracemark.concluding import conclude, laid_to
from tracemark.decoder.accuse import Epoch, accuse
from tracemark.decoder.team import Team
from tracemark.decoys import Pool
from tracemark.errors import UnreadableSample, UsageError
from tracemark.keys import EpochKey
from tracemark.label_tracing import Clues, Originals, is_original, read_picture
from tracemark.ledger import Ledger
from tracemark.ledger.fingerprints import normal
from tracemark.loaders import LIMITS, Limits, LoadedSample, Sample, open_samples
from tracemark.loaders.parts import in_parts
from tracemark.loaders.sample import reads_pictures
from tracemark.processes import processors
from tracemark.profiles import Profile
from tracemark.read_sample import NOTHING, Anchors, ReadSample, digest, unreadable
from tracemark.showing import MOST, attach, small
from tracemark.text.reader import CellReader
from tracemark.text_tracing import (
    CHECK,
    Cells,
    Tables,
    issued_cells,
    outline_for,
    table_of,
    weighed,
)
from tracemark.tone_tracing import tones_meanwhile, with_tones

__all__ = ["Team", "trace"]

_METHOD = "trace/3"  # changes with everything that decides how votes are scored. SPEC 9.6

Progress = Callable[[str, float], None]


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
    about = ledger.at_most(among)
    if not about:
        raise UsageError(
            f"no recipient begins with '{among}'" if among else "no recipient is registered",
            hint="tracemark recipient list",
        )
    for one in (*samples, original):
        if isinstance(one, Path) and not is_path(one):
            raise UsageError("a sample is a path that cannot be", hint="give a file")
    clues = Clues.of(len(samples), waybill, original, originals)
    books = [Codebook(key, profile) for key in keys]
    # text rules are compiled once there is text
    reader = cache(partial(CellReader, [key.derive("slots/text") for key in keys], profile))
    records = accessing.records(keys)

    # SPEC 6.10: with the table that the copies were made from, damaged cells are found again
    pool = decoys or Pool([], normal)
    planted = [text for row in pool.rows for text in row.values()]
    sure = reader().anchors(planted) if planted else [NOTHING] * len(keys)
    clues = replace(clues, decoys=planted)
    given = None
    if original is not None and not is_original(original):
        given = reader().beside(table_of(original))
        sure = [np.union1d(*both) for both in zip(sure, given, strict=True)]

    def expected(index: int, anchors: Anchors) -> NDArray[np.bool_]:
        known = ledger.issued("anchor", books[index].epoch, anchors)
        return known | np.isin(anchors, sure[index])

    outline = None if given else outline_for(ledger, records, planted)
    tables = Tables(keys, profile, reader, records, pool, expected, outline)

    # SPEC 6.5: codewords depend on no sample, so they may be drawn meanwhile
    listing = ledger.listing(among)
    if team:
        team.draw(books, listing.now(), about)

    # SPEC 5.4, 10: read every sample under every key
    words = reads_pictures(ocr)
    found: list[Cells | ReadSample] = []
    pictures = 0
    for number, loaded in enumerate(open_samples(samples, limits, ocr=words)):

        def read_so_far(part: float, before: int = number) -> None:
            tell("reading", (before + part) / max(len(samples), before + 1))

        read_so_far(0.0)
        if loaded.pictured:
            pictures += 1
            with loaded.meanwhile(words and not loaded.drawn and processors() > 1):
                shown = sum(isinstance(one, ReadSample) and one.small is not None for one in found)
                found += _seen(loaded, tables, words, ledger, clues, show=shown < MOST)
        else:
            found.append(tables.read(loaded, loaded.parts(), read_so_far))

    clues.used(pictures)

    # SPEC 6.1, 6.2: keep the slots that speak clearest, and ask the pilot
    cells = [one for one in found if isinstance(one, Cells)]
    issued = [
        issued_cells(ledger, book, [one.epochs[k] for one in cells]) for k, book in enumerate(books)
    ]
    read = [
        weighed(one, books, issued, sure, given) if isinstance(one, Cells) else one for one in found
    ]
    legible = [one for one in read if one.report.status != "unreadable"]
    reports = tuple(one.report for one in read)
    if not legible:
        total = ledger.count(among)
        return Case("unreadable", alpha, total, 0, 0.0, samples=reports, among=among)

    # SPEC 6.8: the case stands in the ledger before anything is scored
    look = ledger.record_case(
        list(dict.fromkeys(one.report.sha256 for one in legible)),
        alpha,
        among or "",
        method=f"{_METHOD}/{digest(one.epochs for one in legible)}",
    )

    # SPEC 6.4–6.7: score, accuse, look again at what is left
    tell("scoring", 0.0)
    judgement = accuse(
        lambda: _counted(listing.before(look.number), look.candidates, tell),
        look.candidates,
        [Epoch(book, [one.epochs[index] for one in legible]) for index, book in enumerate(books)],
        alpha=look.spends,
        team=team,
    )
    # SPEC 6.11: whose copy each row came from, among the accused
    laid = laid_to(read, books, [one.recipient for one in judgement.accused])
    case = conclude(ledger, books, judgement, alpha, among, read, look, laid)
    # SPEC 13: set apart, and after the verdict stands
    tell("looking up who had access", 1.0)
    case = replace(case, access=accessing.access(ledger, keys, records, among))
    return attach(
        case, [(one.given, one.small, one.seen) for one in read], reader, books, skip=CHECK
    )


def _seen(
    sample: LoadedSample, tables: Tables, words: bool, ledger: Ledger, clues: Clues, *, show: bool
) -> Sequence[Cells | ReadSample]:
    """Read one picture: as labels, its tones, and without a mark what it says. SPEC 10, 11.9, 15.

    The pilot alone decides, and it has seen no codeword.
    """
    try:
        picture = sample.picture()
        with tones_meanwhile(picture, tables.keys, tables.profile) as tones:
            labels = read_picture(sample, picture, tables.keys, ledger, clues)
            shown = small(picture) if show else None
            labels = with_tones(sample, labels, tones())
    except UnreadableSample as error:
        return [unreadable(sample, error, len(tables.keys))]
    nothing = [NOTHING] * len(tables.keys)
    found = [
        ReadSample(one.report, one.epochs, nothing, (), one.mark, one.seen, shown, sample.again)
        for one in labels
    ]
    if found[0].report.status != "no mark":
        return found
    if sample.drawn:  # its text is read with its file
        return []
    if not words:
        report = found[0].report
        return [replace(found[0], report=replace(report, note=_unread(report.note)))]
    text = tables.read(sample, in_parts(sample.words()), lambda part: None)
    if not isinstance(text, Cells) or not text.rows:
        return found
    return [*(one for one in found if one.slots), text]  # a weak label still adds up


def _unread(note: str) -> str:
    """What is said of a picture whose text might show more."""
    if not note:
        return "Its text was not read; the extra 'ocr' reads it."
    return f"{note}. Its text was not read; the extra 'ocr' reads it."


def _counted(lists: Iterable[Sequence[str]], total: int, tell: Progress) -> Iterator[Sequence[str]]:
    done = 0
    for ids in lists:
        yield ids
        done += len(ids)
        tell("scoring", done / total)

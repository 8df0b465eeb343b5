"""One table by several processes: workers mark its blocks, this one tells the ledger. SPEC 7.

A worker is handed an issuing key for the one recipient (SPEC 3.6): it can mark for that recipient
and do nothing else. What it marked leaves in the order of the table, after the ledger holds it.
"""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context

from tracemark.errors import UnreadableSample
from tracemark.issuing import issuing_key
from tracemark.keys import EpochKey, parse_keys
from tracemark.marking import MarkedPart, RowMarker, mark_block, mark_part, parts_of
from tracemark.processes import MOST
from tracemark.profiles import PROFILES, Profile
from tracemark.tables import Document
from tracemark.tables.block import Block

_AHEAD = 3  # blocks to a worker that may wait, so that memory does not grow with the table


@dataclass(frozen=True, slots=True)
class Wish:
    """For whom and how all rows of a table are marked."""

    to: str
    columns: Mapping[str, str] | None
    policy: str
    encoding: str

    def marker(self, key: EpochKey, profile: Profile) -> RowMarker:
        """What marks so."""
        return RowMarker(
            key,
            profile,
            self.to,
            columns=self.columns,
            policy=self.policy,
            encoding=self.encoding,
        )


def marked_apart(
    document: Document,
    marker: RowMarker,
    wish: Wish,
    keys: Sequence[EpochKey],
    profile: Profile,
    workers: int,
) -> Generator[MarkedPart, None, None]:
    """The parts of a document, blocks marked by so many workers; whatever is no block, here."""
    workers = min(workers, MOST)
    pool = ProcessPoolExecutor(
        workers,
        get_context("spawn"),
        _begin,
        (issuing_key(keys, profile, [wish.to]), profile.name, wish),
    )
    waiting: deque[Future[MarkedPart]] = deque()
    try:
        for part in parts_of(document):
            if isinstance(part, Block):
                waiting.append(pool.submit(_work, part))
            else:
                waiting.append(_done(mark_part(part, document, marker)))
            if len(waiting) >= _AHEAD * workers:
                yield _noted(waiting.popleft(), marker)
        while waiting:
            yield _noted(waiting.popleft(), marker)
    except BrokenProcessPool:
        raise UnreadableSample(
            f"{document.name}: a process that marks rows has ended; too little memory, perhaps",
            hint="mark it with fewer processes (--jobs 1)",
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _noted(found: Future[MarkedPart], marker: RowMarker) -> MarkedPart:
    part = found.result()
    marker.note_used(part.used)
    return part


def _done(part: MarkedPart) -> Future[MarkedPart]:
    future: Future[MarkedPart] = Future()
    future.set_result(part)
    return future


_HELD: list[RowMarker] = []  # a worker's own


def _begin(key: str, profile: str, wish: Wish) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that waits for this one ends it
    _HELD.append(wish.marker(parse_keys(key, where="the table")[-1], PROFILES[profile]))


def _work(block: Block) -> MarkedPart:
    return mark_block(block, _HELD[0])

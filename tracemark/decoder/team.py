"""Other processors' help with scoring many candidates: the same sums, in processes of their own.

Codewords do not depend on what was read. Helpers draw them while samples are still being read;
afterwards they score them, and draw more. What no helper has time for is scored here, and so is
what one fails to score: the case is the same, digit for digit. As many as there is room for are
kept where they were drawn, for the next pass and the next case.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from itertools import chain, islice
from types import TracebackType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tracemark.codeword import Codebook, Handed
from tracemark.decoder.helpers import Helper
from tracemark.decoder.search import Drawn, Panel, Scorer, chunked
from tracemark.decoder.supply import Supply
from tracemark.processes import processors

Ids: TypeAlias = Sequence[str]
Scores: TypeAlias = NDArray[np.float64]

MANY = 100_000  # candidates from which starting a process is worth its time
ROOM = 384 << 20  # bytes of codewords that are kept, here and by all helpers together
_MOST = 3  # helpers
_SEEN = 8  # chunks that are seen before any is started: fewer may come than announced
_DRAWN = 8  # chunks that a helper has drawn already and may be asked for at a time
_FRESH = 4  # chunks at a time, where it has to draw
_WAITING = 64  # chunks that may wait for an earlier one
_HERE = -1  # this process, which has no number in the team


class Team:
    """The helpers of one case after the other. A context: once it is left, no process is.

    Nobody is started before there are many candidates and a second processor.
    """

    def __init__(self) -> None:
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._books: list[Handed] = []
        self._helpers: list[Helper] = []
        self._supply = Supply((), 1, 0)
        self._drawn: dict[int, Drawn] = {}  # by chunk, what was drawn here

    def __enter__(self) -> Team:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def rest(self) -> None:
        """Draw nothing until the next case; keep what was drawn."""
        self._supply.stop()

    def end(self) -> None:
        """Leave no process."""
        self._supply.stop()
        for helper in self._helpers:
            helper.end()

    def draw(self, books: Sequence[Codebook], candidates: Iterable[Ids], number: int) -> None:
        """Begin to draw codewords, in the background, but for those kept since an earlier case.

        Parameters
        ----------
        books : sequence of Codebook
            One for each epoch that may turn up.
        candidates : iterable of sequences of str
            Ids in lists of any length; gone through by a thread.
        number : int
            About how many there are.
        """
        chunks = chunked(candidates)
        first = list(islice(chunks, _SEEN + 1)) if number >= MANY and books else []
        if len(first) <= _SEEN:
            return
        over = [book.hand_over() for book in books]
        if over != self._books or any(helper.broken for helper in self._helpers):
            self.end()
            self._begin_anew()
            each = sum(book.profile.length // 8 for book in books)
            self._books, self._supply = over, Supply((), 1, ROOM // each)
        self._supply.offer(chain(first, chunks), number, [book.epoch for book in books])
        if not self._helpers:
            self._start(books)
        for helper in self._helpers:
            helper.weigh([Panel(book, []) for book in books])
            helper.draw_ahead(self._supply)

    def scan(
        self, candidates: Iterable[Ids], panels: Sequence[Panel], *, number: int = 0
    ) -> Iterator[tuple[Ids, Scores]]:
        """Yield candidates with their scores, block by block, in the order they came.

        Parameters
        ----------
        candidates : iterable of sequences of str
            Recipient ids in lists of any length.
        panels : sequence of Panel
            One for each epoch, all with the same number of groups; in a later pass no epoch that
            the first had not.
        number : int
            About how many candidates there are: of few, all are scored here.

        Yields
        ------
        (ids, log_e)
            log_e : (n, groups, epochs) float64, natural logarithms of e-values.
        """
        self._supply.stop([panel.codebook.epoch for panel in panels])
        for helper in self._helpers:
            helper.weigh(panels)
        scorer = Scorer(panels)
        waiting: deque[tuple[Ids, Future[Scores | None] | Scores]] = deque()
        for count, ids in enumerate(chunked(candidates)):
            if count == _SEEN and number >= MANY and not self._helpers:
                self._start([panel.codebook for panel in panels])
                for helper in self._helpers:
                    helper.weigh(panels)
            waiting.append((ids, self._scored(ids, scorer)))
            while waiting and (len(waiting) > _WAITING or _ready(waiting[0][1])):
                yield _taken(*waiting.popleft(), scorer)
        while waiting:
            yield _taken(*waiting.popleft(), scorer)

    def _start(self, books: Sequence[Codebook]) -> None:
        self._helpers += [Helper(number, books) for number in range(min(_MOST, processors() - 1))]

    def _scored(self, ids: Ids, scorer: Scorer) -> Future[Scores | None] | Scores:
        """Scores, or those that whoever holds these codewords will give."""
        process, chunk = self._supply.home(ids) or self._settled(ids)
        if process == _HERE:
            return scorer.weigh(self._codewords(ids, chunk, scorer))
        helper = self._helpers[process]
        if helper.given >= _DRAWN:
            return scorer.score(ids)
        return helper.score(ids if chunk is None else chunk, len(ids))

    def _settled(self, ids: Ids) -> tuple[int, int | None]:
        """Who is to draw these, and the number under which they are kept, if there is room."""
        idle = (number for number, one in enumerate(self._helpers) if one.given < _FRESH)
        process = next(idle, _HERE)
        chunk = self._supply.keep(ids, process)
        if chunk is not None and process != _HERE:
            self._helpers[process].draw(chunk, ids)
        return process, chunk

    def _codewords(self, ids: Ids, chunk: int | None, scorer: Scorer) -> Drawn:
        if chunk is None:
            return scorer.draw(ids)
        if chunk not in self._drawn:
            self._drawn[chunk] = scorer.draw(ids)
        return self._drawn[chunk]


def _ready(scores: Future[Scores | None] | Scores) -> bool:
    return not isinstance(scores, Future) or scores.done()


def _taken(ids: Ids, scores: Future[Scores | None] | Scores, scorer: Scorer) -> tuple[Ids, Scores]:
    """A chunk with its scores; a helper that broke off gave none, and they are worked out here."""
    found = scores.result() if isinstance(scores, Future) else scores
    return ids, scorer.score(ids) if found is None else found

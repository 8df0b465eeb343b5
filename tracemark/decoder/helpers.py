"""Other processors' help with scoring many candidates: the same sums, in processes of their own.

Drawing a codeword is one call of a hash function, during which a thread would keep all others
waiting; so it takes processes. A helper is handed the weights, draws codewords and sends scores
back through a pipe. Where none can be had, or one breaks off, its share is scored here: the case is
the same, digit for digit.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tracemark.decoder.search import Panel, Scorer, chunked

Ids: TypeAlias = Sequence[str]
Scores: TypeAlias = NDArray[np.float64]

MANY = 100_000  # candidates from which starting a process is worth its time
_MOST = 3  # helpers
_SEEN = 8192  # candidates that are scored before any is started: fewer may come than announced
_AHEAD = 4  # chunks that a helper may be given at a time
_WAITING = 64  # chunks that may wait for an earlier one


def scan(
    candidates: Iterable[Ids], panels: Sequence[Panel], *, number: int = 0
) -> Iterator[tuple[Ids, Scores]]:
    """Yield candidates with their scores, block by block, in the order they came.

    Parameters
    ----------
    candidates : iterable of sequences of str
        Recipient ids in lists of any length.
    panels : sequence of Panel
        One for each epoch; all with the same number of groups.
    number : int
        About how many candidates there are: of few, all are scored here.

    Yields
    ------
    (ids, log_e)
        log_e : (n, groups, epochs) float64, natural logarithms of e-values.
    """
    scorer = Scorer(panels)
    with ExitStack() as stack:
        helpers: list[_Helper] = []
        wanted = min(_MOST, _processors() - 1) if number >= MANY else 0
        seen = 0
        waiting: deque[tuple[Ids, Future[Scores | None] | Scores]] = deque()
        for ids in chunked(candidates):
            if wanted > len(helpers) and seen >= _SEEN:
                helpers = [_Helper(panels, stack) for _ in range(wanted)]
            seen += len(ids)
            idle = next((one for one in helpers if one.given < _AHEAD), None)
            waiting.append((ids, scorer.score(ids) if idle is None else idle.give(ids)))
            while waiting and (len(waiting) > _WAITING or _ready(waiting[0][1])):
                yield _taken(*waiting.popleft(), scorer)
        while waiting:
            yield _taken(*waiting.popleft(), scorer)


def _ready(scores: Future[Scores | None] | Scores) -> bool:
    return not isinstance(scores, Future) or scores.done()


def _taken(ids: Ids, scores: Future[Scores | None] | Scores, scorer: Scorer) -> tuple[Ids, Scores]:
    """A chunk with its scores; a helper that broke off gave none, and they are worked out here."""
    found = scores.result() if isinstance(scores, Future) else scores
    return ids, scorer.score(ids) if found is None else found


def _processors() -> int:
    """How many this process may use; one where it could not start another Python."""
    if getattr(sys, "frozen", False) or not sys.executable:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Helper:
    """A process that scores, and the thread that talks to it."""

    def __init__(self, panels: Sequence[Panel], stack: ExitStack) -> None:
        self._futures: list[Future[Scores | None]] = []
        self._shape = (len(panels[0].groups), len(panels)) if panels else (0, 0)
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = ThreadPoolExecutor(1)
        stack.callback(self._end)
        self._thread.submit(self._start, panels)

    @property
    def given(self) -> int:
        """How many chunks it has not answered yet."""
        self._futures = [future for future in self._futures if not future.done()]
        return len(self._futures)

    def give(self, ids: Ids) -> Future[Scores | None]:
        """Have a chunk scored."""
        self._futures.append(self._thread.submit(self._ask, ids))
        return self._futures[-1]

    def _start(self, panels: Sequence[Panel]) -> None:
        kept = {name: value for name, value in os.environ.items() if name[:10] != "TRACEMARK_"}
        try:
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-m", "tracemark.decoder.helper"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
            self._tell([(panel.codebook.hand_over(), panel.groups) for panel in panels])
        except OSError:
            self._stop()

    def _tell(self, what: object) -> None:
        if self._child is not None and self._child.stdin is not None:
            pickle.dump(what, self._child.stdin, pickle.HIGHEST_PROTOCOL)
            self._child.stdin.flush()

    def _ask(self, ids: Ids) -> Scores | None:
        """Scores of a chunk, or None of a child that is not there any more."""
        if self._child is None or self._child.stdout is None:
            return None
        shape = (len(ids), *self._shape)
        try:
            self._tell(list(ids))
            answer = self._child.stdout.read(8 * int(np.prod(shape)))
        except (OSError, ValueError):
            return None
        if len(answer) < 8 * int(np.prod(shape)):
            return None
        return np.frombuffer(answer).reshape(shape)

    def _end(self) -> None:
        self._thread.shutdown(cancel_futures=True)  # what it is at, starting included, ends first
        self._stop()

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.communicate()

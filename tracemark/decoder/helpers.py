"""A process that draws codewords and scores them, and the threads that talk to it.

Drawing a codeword is one call of a hash function, during which a thread would keep all others
waiting; so it takes a process. One thread gives orders and another takes answers: the next order
lies there when an answer is done, and the process waits for neither.
"""

from __future__ import annotations

import pickle
import subprocess
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tracemark.codeword import Codebook
from tracemark.decoder.search import Panel
from tracemark.decoder.supply import Supply
from tracemark.processes import stand_back, started

Scores: TypeAlias = NDArray[np.float64]

_BEHIND = 4  # reading goes first on a busy machine; what a helper has no time for is scored here


class Helper:
    """Starts at once, and is told what to weigh before anything else.

    Parameters
    ----------
    number : int
        Its number in the team.
    books : sequence of Codebook
        One for each epoch.
    """

    def __init__(self, number: int, books: Sequence[Codebook]) -> None:
        self._number = number
        self._futures: list[Future[Scores | None]] = []
        self._shape = (0, 0)
        self._numbers = count()
        self._child: subprocess.Popen[bytes] | None = None
        self._orders, self._answers = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
        self._orders.submit(self._start, books)

    @property
    def broken(self) -> bool:
        """Whether its process broke off, or was never started; asked when it is idle."""
        return self._child is None or self._child.poll() is not None

    @property
    def given(self) -> int:
        """How many chunks it has not answered yet."""
        self._futures = [future for future in self._futures if not future.done()]
        return len(self._futures)

    def weigh(self, panels: Sequence[Panel]) -> None:
        """Hand over the weights of one pass."""
        self._shape = (len(panels[0].groups), len(panels)) if panels else (0, 0)
        told = [(panel.codebook.epoch, panel.groups) for panel in panels]
        self._orders.submit(self._tell, ("weigh", told))

    def draw_ahead(self, supply: Supply) -> None:
        """Have drawn whatever the supply hands out, until it stops."""
        # a ledger that cannot be read ends drawing ahead here; whoever scores will say so
        self._orders.submit(self._draw_ahead, supply)

    def draw(self, chunk: int, ids: Sequence[str]) -> None:
        """Have codewords drawn and kept under a number."""
        self._orders.submit(self._tell, ("draw", (chunk, list(ids))))

    def score(self, what: int | Sequence[str], size: int) -> Future[Scores | None]:
        """Have a chunk scored: its number, if it was drawn, else its ids.

        None comes back of a process that broke off.
        """
        asked = what if isinstance(what, int) else list(what)
        number = next(self._numbers)
        told = self._orders.submit(self._tell, ("score", (number, asked)))
        shape = (size, *self._shape)
        self._futures.append(self._answers.submit(self._answer, told, number, shape))
        return self._futures[-1]

    def end(self) -> None:
        """Leave nothing behind, whatever it is at."""
        self._kill()
        self._answers.shutdown(wait=False, cancel_futures=True)
        self._orders.shutdown(cancel_futures=True)  # what it is at, starting included, ends first
        self._kill()
        self._answers.shutdown()

    def _start(self, books: Sequence[Codebook]) -> None:
        try:
            self._child = started("tracemark.decoder.helper")
        except OSError:
            return
        stand_back(self._child.pid, _BEHIND)
        self._tell([book.hand_over() for book in books])

    def _draw_ahead(self, supply: Supply) -> None:
        while self._child and (chunk := supply.take(self._number)):
            if not self._tell(("draw", chunk)):
                break

    def _tell(self, what: object) -> bool:
        """Whether there was somebody to be told."""
        child = self._child
        if child is None or child.stdin is None:
            return False
        try:
            pickle.dump(what, child.stdin, pickle.HIGHEST_PROTOCOL)
            child.stdin.flush()
        except (OSError, ValueError):  # it broke off; it was ended
            return False
        return True

    def _answer(
        self, told: Future[bool], number: int, shape: tuple[int, int, int]
    ) -> Scores | None:
        """The answer to the order of this number; none if it is another's, or not whole.

        Whether it was told is asked first: before that the process may not have been started.
        """
        if not told.result() or self._child is None or self._child.stdout is None:
            return None
        size = 8 * int(np.prod(shape))
        try:
            answer = self._child.stdout.read(8 + size)
        except (OSError, ValueError):
            return None
        if len(answer) < 8 + size or int.from_bytes(answer[:8], "little") != number:
            return None
        return np.frombuffer(answer, np.float64, offset=8).reshape(shape)

    def _kill(self) -> None:
        child = self._child
        if child is not None:
            child.kill()
            child.communicate()

"""A file that is parsed in the background, while it is found out whether it has to be at all."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, Lock
from typing import TypeAlias

from tracemark.loaders.apart import Cells
from tracemark.processes import stand_back

Rows: TypeAlias = Sequence[Cells | None]
Parse: TypeAlias = Callable[[Callable[[subprocess.Popen[bytes]], None]], Iterable[Cells | None]]

PATIENCE = 4.0  # seconds of processor time: a label's mark is usually found sooner
_BEHIND = 10  # it may be for nothing
_GLANCE = 0.1  # seconds from one look at the clock to the next


@contextmanager
def meanwhile(parse: Parse, patience: float = PATIENCE) -> Iterator[Callable[[], Rows]]:
    """Begin after a while, or when the rows are asked for; leave no process behind.

    When it begins depends on what else the machine does; what is read does not.

    Parameters
    ----------
    parse : callable
        Gives rows from a process, which it hands to the function that it is called with.
    patience : float
        Seconds of this process' own time, which do not pass while it waits for a busy machine.

    Yields
    ------
    callable
        Gives all rows, or raises what parsing raised.
    """
    lock, wanted, over = Lock(), Event(), Event()
    children: list[subprocess.Popen[bytes]] = []

    def watch(child: subprocess.Popen[bytes]) -> None:
        with lock:
            children.append(child)
            stand_back(child.pid, _BEHIND)
            if over.is_set():
                child.kill()

    def read() -> Rows:
        start = time.process_time()
        while time.process_time() < start + patience and not wanted.wait(_GLANCE):
            pass
        return [] if over.is_set() else list(parse(watch))

    def rows() -> Rows:
        wanted.set()
        return reading.result()

    with ThreadPoolExecutor(1) as thread:
        reading = thread.submit(read)
        try:
            yield rows
        finally:
            with lock:
                over.set()
                wanted.set()
                for child in children:
                    child.kill()

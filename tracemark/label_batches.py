"""Many label files at once: workers mark them, this process tells the ledger. SPEC 7.

A worker is handed an issuing key for the one recipient (SPEC 3.6): it can mark for that recipient
and do nothing else. Copies leave in the order of the files, each after the ledger holds it.
"""

from __future__ import annotations

import io
import os
import signal
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import Any, cast

from PIL import Image

from tracemark.errors import UnreadableSample, UsageError
from tracemark.issuing import issuing_key
from tracemark.keys import EpochKey, parse_keys
from tracemark.label_file_verbs import LabelFile, LabelFileVerbs, MarkedFile
from tracemark.ledger import Ledger
from tracemark.pictures import open_picture
from tracemark.processes import MOST
from tracemark.profiles import PROFILES, Profile

_AHEAD = 3  # files to a worker that may wait, so that memory does not grow with their number


@dataclass(frozen=True, slots=True)
class Wish:
    """For whom and how all files of a batch are marked."""

    to: str
    profile: str
    dpi: float | None
    again: bool


class Noted:
    """Stands where a ledger would, and keeps what that is to be told."""

    def __init__(self) -> None:
        self.told: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def recipient(self, _: str) -> None:
        """Known: the process that owns the ledger has asked."""

    def issue_at_once(self, *what: Any, **how: Any) -> None:
        """Keep one issue."""
        self.told.append((what, how))


class Bench(LabelFileVerbs):
    """Marks labels without a ledger."""

    def __init__(self, keys: list[EpochKey], profile: Profile) -> None:
        self.noted = Noted()
        self.profile, self._keys = profile, keys
        self._ledger = cast(Ledger, self.noted)  # of which it uses these two verbs


def mark_files(
    files: Iterable[LabelFile],
    wish: Wish,
    keys: list[EpochKey],
    profile: Profile,
    ledger: Ledger,
    workers: int,
) -> Generator[MarkedFile, None, None]:
    """Mark files in order, with so many workers; see `Vault.mark_label_files`."""
    ledger.recipient(wish.to)  # raises UnknownRecipient
    done = (
        _here(files, wish, keys, profile)
        if workers < 2
        else _apart(files, wish, keys, profile, workers)
    )
    with closing(done):  # whoever stops asking ends the workers
        for marked, told in done:
            for what, how in told:
                ledger.issue_at_once(*what, **how)
            yield marked


def _label_files(files: Iterable[LabelFile]) -> Iterator[LabelFile]:
    for file in files:
        if not isinstance(file, LabelFile):
            raise UsageError(
                f"a label to be marked cannot be a {type(file).__name__}",
                hint="a LabelFile(path) each",
            )
        yield file


Answer = tuple[MarkedFile, list[tuple[tuple[Any, ...], dict[str, Any]]]]


def _here(
    files: Iterable[LabelFile], wish: Wish, keys: list[EpochKey], profile: Profile
) -> Generator[Answer, None, None]:
    for file in _label_files(files):
        yield _marked(file, wish, keys, profile)


def _apart(
    files: Iterable[LabelFile], wish: Wish, keys: list[EpochKey], profile: Profile, workers: int
) -> Generator[Answer, None, None]:
    workers = min(workers, MOST)
    pool = ProcessPoolExecutor(
        workers,
        get_context("spawn"),
        _begin,
        (issuing_key(keys, profile, [wish.to]), profile.name),
    )
    waiting: deque[Future[Answer]] = deque()
    try:
        for file in _label_files(files):
            with _uninterrupted():  # what is started here is not, from its first moment on
                waiting.append(pool.submit(_work, file, wish))
            if len(waiting) >= _AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool:
        raise UnreadableSample(
            "a process that marks labels has ended: a damaged file, or too little memory",
            hint="mark the files one at a time (--jobs 1) to see which",
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Keep Ctrl-C back from this thread, and for good from the processes that it starts here.

    A terminal sends it to all of them; a worker that is still importing would say so at length.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_HELD: list[tuple[list[EpochKey], Profile]] = []  # a worker's own


def _begin(key: str, profile: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that waits for this one ends it
    Thread(target=_end_with_parent, daemon=True).start()
    _HELD.append((list(parse_keys(key, where="the batch")), PROFILES[profile]))


def _end_with_parent() -> None:
    """Nobody would end this process if the one that waits for it were killed."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(file: LabelFile, wish: Wish) -> Answer:
    return _marked(file, wish, *_HELD[0])


def _marked(file: LabelFile, wish: Wish, keys: list[EpochKey], profile: Profile) -> Answer:
    name = file.name or os.fsencode(file.path).decode(errors="backslashreplace")
    bench, sink = Bench(keys, profile), io.BytesIO()
    with file.path.open("rb") as source:
        labels = bench.mark_label_file(
            source,
            sink,
            wish.to,
            file.waybill,
            wish.profile,
            name=name,
            dpi=wish.dpi,
            again=wish.again,
            rendered=_opened(file.rendered),
        )
    return MarkedFile(file.path, sink.getvalue(), labels), bench.noted.told


def _opened(path: Path | None) -> Image.Image | None:
    if path is None:
        return None
    with path.open("rb") as file:
        return open_picture(file, name=str(path))

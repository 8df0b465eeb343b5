"""Between a server that awaits and a marker that reads and writes files."""

from __future__ import annotations

import queue
import tempfile
import threading
from collections.abc import Iterator
from typing import Self

from tracemark.errors import UnreadableSample

BLOCK = 1 << 18
_WAITING = 16  # blocks held before the sender has to wait
_PATIENCE = 60.0  # seconds without a byte after which a sender is given up


class Inflow:
    """A request's body as a file: blocks are put in by one thread and read by another."""

    def __init__(self) -> None:
        self._blocks: queue.Queue[bytes | None] = queue.Queue(_WAITING)
        self._rest = b""
        self._ended = False
        self._abandoned = False
        self._broken = ""

    def put(self, block: bytes) -> None:
        """Add a block; wait while many are unread. Nothing happens once the reader is done."""
        while block and not self._abandoned:
            try:
                return self._blocks.put(block, timeout=0.5)
            except queue.Full:
                continue

    def end(self, broken: str = "") -> None:
        """Say that no more comes; `broken` says why, where the body is not whole."""
        self._broken = broken
        while not self._abandoned:
            try:
                return self._blocks.put(None, timeout=0.5)
            except queue.Full:
                continue

    def __exit__(self, *_: object) -> None:
        """Nobody reads any more: whoever puts blocks in need not wait."""
        self._abandoned = True

    def __enter__(self) -> Self:
        return self

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes, at least one; none at the end.

        Raises
        ------
        UnreadableSample
            If the body broke off.
        """
        if not self._rest and not self._ended:
            try:
                block = self._blocks.get(timeout=_PATIENCE)
            except queue.Empty:
                block, self._broken = None, f"nothing came for {_PATIENCE:.0f} seconds"
            self._ended = block is None
            self._rest = block or b""
        if self._ended and self._broken:
            raise UnreadableSample(
                f"the body is not whole: {self._broken}", hint="send the request again"
            )
        cut = len(self._rest) if size < 0 else size
        block, self._rest = self._rest[:cut], self._rest[cut:]
        return block


class Outflow:
    """What has been marked, kept in a temporary file until it is sent.

    The sender need not wait for the receiver: a client that reads nothing before it has sent all
    is served as well as one that reads along.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="tracemark-")  # noqa: SIM115
        self._size = 0
        self._done = False
        self._error: BaseException | None = None
        self._changed = threading.Condition()

    def write(self, block: bytes, /) -> int:
        """Add a block."""
        with self._changed:
            self._file.seek(self._size)
            self._file.write(block)
            self._size += len(block)
            self._changed.notify_all()
        return len(block)

    def flush(self) -> None:
        """Nothing is held back."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> bool:
        """This was all; or an error stopped it, which is raised where the copy is read."""
        with self._changed:
            self._done, self._error = True, error
            self._changed.notify_all()
        return True

    def begun(self) -> None:
        """Wait until something was written or all is done; raise what stopped it before."""
        with self._changed:
            self._changed.wait_for(lambda: self._size > 0 or self._done)
            if self._error and not self._size:
                self._file.close()
                raise self._error

    def blocks(self) -> Iterator[bytes]:
        """What is written, as it comes.

        Raises
        ------
        Exception
            What stopped the writer: the answer must break off where the copy does.
        """
        place = 0
        with self._file:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._size > place or self._done)  # noqa: B023
                    self._file.seek(place)
                    block = self._file.read(BLOCK)
                    if not block and self._error:
                        raise self._error
                if not block:
                    return
                place += len(block)
                yield block

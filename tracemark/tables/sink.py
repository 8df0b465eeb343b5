"""Output that appears whole or not at all. SPEC 11.7."""

from __future__ import annotations

import errno
import io
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from tracemark.arguments import checked, must_not_replace
from tracemark.errors import UsageError
from tracemark.tables.source import Writable


def write(sink: Writable, data: bytes) -> None:
    """Write all of it, also to a raw file: that takes a part at times, and says how much."""
    while isinstance(taken := sink.write(data), int) and taken < len(data):
        if taken < 1:
            raise OSError(errno.EIO, "the output takes no more")
        data = data[taken:]
    if taken is None and isinstance(sink, io.RawIOBase):
        raise BlockingIOError(errno.EAGAIN, "the output is not made to wait")


@checked
@contextmanager
def open_output(target: Path | str, *, like: Path | None = None) -> Iterator[BinaryIO]:
    """A binary file that takes its place when the block ends, and is removed if it fails.

    What is written goes to a new file in the target's folder, which replaces the target in one
    step; so the target may be the very file that is being read. A pipe or a device is written
    directly, and so is standard output.

    Parameters
    ----------
    target : Path or str
        Where to write; ``-`` is standard output.
    like : Path, optional
        The file whose permissions a new target gets. An existing target keeps its own.

    Raises
    ------
    UsageError
        Where the target cannot be written.
    """
    if str(target) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(os.path.realpath(target))
    with _refusals(path):
        must_not_replace(path)
        is_device = path.exists() and not path.is_file() and not path.is_dir()
    if is_device:
        with io.BufferedWriter(_Raw(path, path)) as device:
            yield device
        return
    beside = path.parent / f".{secrets.token_hex(8)}.part"
    try:
        with io.BufferedWriter(_Raw(beside, path, new=True)) as file:
            yield file
            with _refusals(path):
                _keep_mode(path, like, beside)
                file.flush()
                os.fsync(file.fileno())
        with _refusals(path):
            beside.replace(path)
            _settle(path.parent)
    finally:
        beside.unlink(missing_ok=True)


class _Raw(io.RawIOBase):
    """A file whose refusals name the target, not the file beside it."""

    def __init__(self, path: Path, target: Path, *, new: bool = False) -> None:
        super().__init__()
        self._target = target
        with _refusals(target):
            if target.is_dir():
                raise IsADirectoryError(errno.EISDIR, "it is a folder")
            self._file = path.open("xb" if new else "wb", buffering=0)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._file.fileno()

    def write(self, data: Any, /) -> int | None:
        with _refusals(self._target):
            return self._file.write(data)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._file.close()


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """Turn what the system refuses into one line that says what and where."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as fault:
        raise UsageError(
            f"cannot write {path}: {fault.strerror or fault}",
            hint="check that the folder exists, has room and may be written",
        ) from None


def _keep_mode(path: Path, like: Path | None, beside: Path) -> None:
    model = path if path.exists() else like
    if model is not None and model.is_file():
        beside.chmod(stat.S_IMODE(model.stat().st_mode))


def _settle(folder: Path) -> None:
    """Make the new name itself durable, where folders can be synced."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

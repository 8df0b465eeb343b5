"""Files and pipes: ``-`` is stdin or stdout, and an output file appears whole or not at all."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import typer

import tracemark

from .terminal import READER_LEFT

PIPE = Path("-")

_KINDS = (  # names that files of one kind go by
    *(".csv", ".tsv .tab", ".json", ".jsonl .ndjson", ".xlsx", ".xls", ".ods", ".parquet"),
    *(".png", ".jpg .jpeg", ".bmp", ".tif .tiff", ".webp", ".gif", ".pdf", ".zpl"),
)


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """A file, or stdin for ``-``, open for reading bytes."""
    if path == PIPE:
        yield sys.stdin.buffer
        return
    must_end(path)
    with path.open("rb") as file:
        yield file


def must_end(path: Path) -> None:
    """Raise UnreadableSample for a device: some, as /dev/zero, have no end."""
    if path.is_char_device():
        raise tracemark.UnreadableSample(f"{name_of(path)} is a device", hint="give a file")


def name_of(path: Path) -> str:
    """What to call a file in messages and in the ledger; bytes that are no text are escaped."""
    return "stdin" if path == PIPE else spelled(path)


def spelled(path: Path) -> str:
    """The path as text; bytes that are none are escaped."""
    return os.fsencode(path).decode(errors="backslashreplace")


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """A file that appears when all went well; ``-`` is stdout, whose reader may leave early."""
    try:
        with tracemark.open_output(path) as sink:
            yield sink
    except BrokenPipeError:
        raise typer.Exit(READER_LEFT) from None


def must_suit(output: Path, suffix: str) -> None:
    """Raise UsageError if a file's name promises another kind than it will hold."""
    kinds = {one: kind for kind in _KINDS for one in kind.split()}
    held, said = kinds.get(suffix.lower()), kinds.get(output.suffix.lower())
    if held and said and held != said:
        raise tracemark.UsageError(
            f"{output} would hold {suffix}, and its name says otherwise",
            hint=f"name it {output.with_suffix(suffix).name}",
        )


@contextmanager
def as_file(path: Path) -> Iterator[Path]:
    """The path of a file; what comes from a pipe is kept in a temporary file while needed."""
    if path != PIPE and not path.is_fifo():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="tracemark-") as folder:
        held = Path(folder) / "stdin"
        with reading(path) as source, held.open("wb") as file:
            shutil.copyfileobj(source, file)
        yield held


class Watched:
    """A binary file that reports how much of it has been read.

    Parameters
    ----------
    source : binary file
    report : callable
        Called with a stage (empty) and the part that has been read, 0 to 1.
    """

    def __init__(self, source: BinaryIO, report: Callable[[str, float], None]) -> None:
        self._source = source
        self._report = report
        self._done = 0
        try:
            self._size = os.fstat(source.fileno()).st_size
        except (OSError, ValueError):
            self._size = 0

    def read(self, size: int = -1, /) -> bytes:
        """Read as the file does."""
        block = self._source.read(size)
        self._done += len(block or b"")
        self._report("", min(1.0, self._done / self._size) if self._size else 0.0)
        return block

"""Files and pipes: ``-`` is stdin or stdout, and an output file appears whole or not at all."""

from __future__ import annotations

import csv
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import typer

import tracemark

from .terminal import READER_LEFT

PIPE = Path("-")

_TEXT = ".txt"
# names that files of one kind go by; of those that are no text, how they begin
_TEXTS = (".csv", ".tsv .tab", ".json", ".jsonl .ndjson", ".zpl .prn")
_OTHERS = {
    ".xlsx": rb"PK\x03\x04",
    ".ods": rb"PK\x03\x04",
    ".xls": rb"\xd0\xcf\x11\xe0",
    ".parquet": rb"PAR1",
    ".pdf": rb"%PDF-",
    ".png": rb"\x89PNG",
    ".jpg .jpeg": rb"\xff\xd8\xff",
    ".bmp": rb"BM.{4}\x00{4}",
    ".tif .tiff": rb"II\*\x00|MM\x00\*",
}
_UNWRITTEN = (
    ".webp",
    ".gif",
    ".avif",
    ".heic .heif",
)  # no copy is of these kinds, and marking says so


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


def must_spare(outputs: Iterable[Path], sources: Iterable[Path]) -> None:
    """Raise UsageError if an output would take the place of a file that is read, by any name."""
    read = {_identity(source) for source in sources} - {None}
    for output in outputs:
        if output != PIPE and _identity(output) in read:
            raise tracemark.UsageError(
                f"cannot write {output}: it is read here, and would be lost",
                hint="name another file",
            )


def same_file(one: Path, other: Path) -> bool:
    """Whether two names are of one file, also of one that is not there yet."""
    found = _identity(one)
    return one.resolve() == other.resolve() or (found is not None and found == _identity(other))


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file it is, whatever it is called; None of one that is not there, or no file."""
    try:
        found = os.fstat(sys.stdin.fileno()) if path == PIPE else path.stat()
    except (OSError, ValueError):  # a stream without a file
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None


def must_suit(output: Path, held: str) -> None:
    """Raise UsageError if a file's name promises another kind than it will hold.

    `held` is a file's suffix, "" if it is not known. Which text a file holds is for its name to
    say; a text in the name of a workbook, or the reverse, cannot be opened by anyone.
    """
    here, said = _kind(held), _kind(output.suffix)
    if held and said and here != said and not (held == _TEXT and said in _TEXTS):
        raise tracemark.UsageError(
            f"{output} would hold {held}, and its name says otherwise",
            hint=f"name it {output.with_suffix(held).name}",
        )


def must_be_like(output: Path, source: Path) -> None:
    """The same for the copy of a file, which is of its kind; named as its original, it may be."""
    if output.suffix.lower() != source.suffix.lower():
        must_suit(output, _held(source))


def _kind(suffix: str) -> str:
    """All the names of a kind; "" of one that is not known."""
    kinds = (*_TEXTS, *_OTHERS, *_UNWRITTEN)
    return next((kind for kind in kinds if suffix.lower() in kind.split()), "")


def _held(source: Path) -> str:
    """The suffix of what a file holds, by how it begins; of a text by its name; "" if unclear."""
    head = _head(source)
    if not head:
        return ""
    suffix, kind = source.suffix.lower(), _kind(source.suffix)
    begun = [one for one, start in _OTHERS.items() if re.match(start, head, re.DOTALL)]
    if kind in begun or (kind in _TEXTS and not begun):
        return suffix
    if begun:
        # many kinds are zip archives; a name that is none of ours may be that of another
        return begun[0].split()[0] if kind or len(begun) == 1 else ""
    return "" if b"\0" in head else _TEXT


def _head(source: Path) -> bytes:
    """How a file begins, or what comes by a pipe, which can still be read; empty if unknown."""
    if source == PIPE:
        stdin = sys.stdin.buffer
        return stdin.peek(1024)[:1024] if isinstance(stdin, BufferedReader) else b""
    if not source.is_file():
        return b""
    with source.open("rb") as file:
        return file.read(1024)


def csv_lines(text: TextIO) -> Any:
    """A reader of CSV parted by what its header is: comma, semicolon, tab or bar."""
    header = text.readline()
    outside = re.sub('"[^"]*"', "", header)
    delimiter = max(",;\t|", key=outside.count)
    return csv.reader(chain([header], text), delimiter=delimiter, strict=True)


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

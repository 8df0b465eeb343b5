"""All rules of what this program prints, and of how it ends, in one place.

Results go to stdout; progress, errors and hints go to stderr. Nothing is coloured, text fits 80
columns, and what comes from outside (file names, recipients' names) cannot send control codes.
What the program says is put in the language of `words` here; JSON and marked texts are not.
"""

from __future__ import annotations

import errno
import io
import json
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from getpass import getpass
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import Any, TextIO

import typer
from rich.cells import cell_len, chop_cells

import tracemark

from .words import labelled, language, told

DONE, NOBODY, USAGE, TROUBLE, INTERRUPTED, READER_LEFT, TERMINATED = 0, 1, 2, 3, 130, 141, 143
WIDTH = 80

_OPENING, _CLOSING = "（“‘《〈「『【", "，。、；：！？）”’》〉」』】"
_WIDE = "\u2e80-\u2fff\u3005-\u3007\u3040-\u9fff\uac00-\ud7a3\uf900-\ufaff"
_UNIT = re.compile(  # what stays together on a line, and the space before it
    rf"(\s*)((?:[{_OPENING}]*(?:[{_WIDE}]|[^\s{_WIDE}{_OPENING}{_CLOSING}]+)|[{_OPENING}]+)?"
    rf"[{_CLOSING}]*)"
)


def hold_streams() -> None:
    """Put something where a shell has closed a stream (``>&-``), which the next file would take.

    What is read or written there is refused as by a closed one; messages go nowhere.
    """
    for name, way in (("stdin", os.O_WRONLY), ("stdout", os.O_RDONLY), ("stderr", os.O_WRONLY)):
        if getattr(sys, name) is None:
            handle = os.open(os.devnull, way)
            raw = io.FileIO(handle, "r" if name == "stdin" else "w")
            buffer = io.BufferedReader(raw) if name == "stdin" else io.BufferedWriter(raw)
            setattr(sys, name, io.TextIOWrapper(buffer, encoding="utf-8"))


def guarded(action: Callable[[], int | None]) -> int:
    """Run an action and turn every failure it may meet into two lines and an exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = action() or DONE
        _flush(sys.stdout)
        return status
    except typer.TyperException as error:
        return _usage(error)
    except tracemark.TracemarkError as error:
        return fail(str(error), error.hint, status=_status(error))
    except BrokenPipeError:
        return READER_LEFT
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except UnicodeEncodeError:
        return fail("an argument is not UTF-8 text", "check how it was typed", status=USAGE)
    except OSError as error:
        return fail(_what_the_system_said(error), _system_hint(error), status=TROUBLE)


def _status(error: tracemark.TracemarkError) -> int:
    wrong_call = isinstance(error, tracemark.UsageError | tracemark.MissingExtra)
    return USAGE if wrong_call else TROUBLE


def _usage(error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "tracemark"
    return fail(error.format_message(), f"{command} --help", status=USAGE)


def _what_the_system_said(error: OSError) -> str:
    reason = (error.strerror or str(error)).lower()
    return f"{error.filename}: {reason}" if error.filename else reason


def _system_hint(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "check the path; a file of that name is not there"
    if isinstance(error, PermissionError):
        return "check who owns the file and its folder, and who may write there"
    if isinstance(error, IsADirectoryError):
        return "that is a folder: name the files in it"
    if error.errno == errno.ENOSPC:
        return "make room there, or write elsewhere, and run it again"
    return "check the path and its disk, and run it again"


def last_resort(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Say that this program is at fault, without what it was working on, and end with status 3.

    An exception that nobody expected would end with status 1, which says that nobody is named.
    """
    if issubclass(kind, KeyboardInterrupt):
        os._exit(INTERRUPTED)
    if os.environ.get("TRACEMARK_DEBUG"):
        sys.__excepthook__(kind, error, trace)
    where = [f"{Path(at.f_code.co_filename).name}:{line}" for at, line in walk_tb(trace)]
    what = f"a fault in this program: {kind.__name__} at {where[-1]}"
    fail(what, "please report it; TRACEMARK_DEBUG=1 shows more", status=TROUBLE)
    _flush(sys.stdout)
    os._exit(TROUBLE)


def fail(message: str, hint: str = "", *, status: int) -> int:
    """Print one line for the error and one for the hint on stderr; hand the status back."""
    _write(sys.stderr, _one_line(labelled("tracemark: error", message)))
    if hint:
        _write(sys.stderr, _one_line(labelled("hint", hint)))
    return status


def note(message: str) -> None:
    """Print a remark on stderr that is no error."""
    _write(sys.stderr, f"tracemark: {_one_line(told(message))}")


def note_json(value: Any) -> None:
    """Print a result as JSON on stderr, where stdout holds something else."""
    _write(sys.stderr, json.dumps(value, ensure_ascii=False, indent=2))


def say(text: str = "", *, theirs: bool = False) -> None:
    """Print a line of the result; one that only names what came from outside is ``theirs``."""
    _write(sys.stdout, printable(text if theirs else told(text)))


def print_as_it_is(text: str) -> None:
    """Print a text that is itself the result, every character as it is."""
    _write(sys.stdout, text, end="")


def say_wrapped(text: str, *, indent: str = "") -> None:
    """Print a paragraph of the result, wrapped to 80 columns."""
    for line in wrapped(printable(told(text)), WIDTH - len(indent)):
        say(indent + line, theirs=True)


def say_json(value: Any) -> None:
    """Print a result as JSON, readable without Unicode escapes."""
    _write(sys.stdout, json.dumps(value, ensure_ascii=False, indent=2))


def say_json_line(value: Any) -> None:
    """Print one result of many as one line of JSON."""
    _write(sys.stdout, json.dumps(value, ensure_ascii=False))


def say_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print aligned columns; numbers stand to the right, and the last column may be cut.

    Parameters
    ----------
    headers : sequence of str
    rows : iterable of sequences
        Each as long as the headers; every value is printed by `str`.
    """
    headers = list(map(told, headers))
    cells = [[printable(str(value)) for value in row] for row in rows]
    numeric = [
        bool(cells) and all(_is_number(row[column]) for row in cells)
        for column in range(len(headers))
    ]
    widths = [max(map(cell_len, column)) for column in zip(headers, *cells, strict=True)]
    for row in [headers, *cells]:
        line = "  ".join(
            _padded(value, width, right)
            for value, width, right in zip(row, widths, numeric, strict=True)
        )
        say(line.rstrip(), theirs=True)


def say_facts(
    facts: Iterable[tuple[str, object]], *, indent: str = "  ", theirs: bool = False
) -> None:
    """Print names and values, the values under one another and wrapped to 80 columns.

    Facts that came from outside are ``theirs`` and printed as they are.
    """
    held = [
        (name, str(value)) if theirs else (told(name), told(str(value))) for name, value in facts
    ]
    held = [(name, printable(value)) for name, value in held]
    column = max((cell_len(name) for name, _ in held), default=0) + 2
    for name, value in held:
        first = indent + _padded(name, column, right=False)
        for line in wrapped(value, WIDTH - len(indent) - column) or [""]:
            say((first + line).rstrip(), theirs=True)
            first = " " * (len(indent) + column)


def printable(text: str) -> str:
    """The text with control and direction characters written as escapes."""
    if text.isprintable():
        return text
    return "".join(_escaped(c) for c in text)


def _escaped(character: str) -> str:
    if character.isprintable() or character == "\u3000":
        return character
    joins = unicodedata.category(character) == "Cf" and character in "\u200c\u200d"
    return character if joins else character.encode("unicode_escape").decode("ascii")


def at_terminal() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask_passphrase(path: Path) -> str | None:
    """Ask for the passphrase of a key file, if a person is there; nothing typed is shown."""
    asked = told(f"passphrase of {printable(str(path))}:")
    return getpass(f"{asked} ") if at_terminal() else None


def probability(value: float) -> str:
    """A bound as it is read aloud: 0.04, 1e-06, 3.2e-41, ≤1e-300."""
    if value <= 1e-300:
        return "≤1e-300"
    return f"{value:.2g}"


def chance(value: float) -> str:
    """The same for a person to whom exponents say little: in Chinese, 小于 10⁴⁰ 分之一."""
    return tracemark.words.odds(value, "zh") if language() == "zh" else probability(value)


@contextmanager
def progress(what: str) -> Iterator[Callable[[str, float], None]]:
    """Show on stderr how far long work has come, if a person is looking.

    Yields
    ------
    callable
        To be called with the stage and the part of it that is done, 0 to 1.
    """
    if not sys.stderr.isatty():
        yield lambda _stage, _part: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(told(what), total=1.0)
        yield lambda stage, part: bar.update(task, description=told(stage or what), completed=part)


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most so many columns; wide characters take two.

    A line ends at a space or beside a wide character, but not before a mark that closes.
    """
    lines, line = [], ""
    for space, unit in _UNIT.findall(text.strip()):
        gap = " " * bool(space and line)
        if not line or cell_len(line + gap + unit) <= width:
            line += gap + unit
        else:
            lines.append(line)
            line = unit
        while cell_len(line) > width:
            first, *others = chop_cells(line, width)
            lines.append(first)
            line = "".join(others)
    return [*lines, line] if line else lines


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "").isdigit() or text in ("", "-")


def _padded(text: str, width: int, right: bool) -> str:
    gap = " " * (width - cell_len(text))
    return gap + text if right else text + gap


def _one_line(text: str) -> str:
    return printable(" ".join(text.split()))


def _write(stream: TextIO, line: str, end: str = "\n") -> None:
    with _heard(stream):
        stream.write(line + end)
        if stream is sys.stderr:
            stream.flush()


def _flush(stream: TextIO) -> None:
    with _heard(stream):
        stream.flush()


@contextmanager
def _heard(stream: TextIO) -> Iterator[None]:
    """Where the reader has left (``| head``), the rest goes nowhere, quietly."""
    try:
        yield
    except OSError as error:
        _let_go(stream)
        if not isinstance(error, BrokenPipeError):
            error.filename = "stdout" if stream is sys.stdout else "stderr"
            raise


def _let_go(stream: TextIO) -> None:
    """Send what is left in the stream's buffer nowhere, so that it cannot fail once more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)

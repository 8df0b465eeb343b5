"""Parsing strangers' files in a process of its own, within limits. SPEC 11.9.

A parser that crashes, hangs or grows takes its own process with it and nothing else. What comes
back are rows of plain texts, one JSON line each.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from threading import Timer

from tracemark.errors import MissingExtra, UnreadableSample
from tracemark.loaders.limits import Limits
from tracemark.processes import surroundings

Cells = list[str]


def rows_apart(
    form: str,
    path: Path,
    name: str,
    limits: Limits,
    watch: Callable[[subprocess.Popen[bytes]], None] | None = None,
) -> Iterator[Cells | None]:
    """Rows of a file, parsed elsewhere.

    Parameters
    ----------
    form : str
        A parser's name: see `tracemark.loaders.child`.
    path : Path
    name : str
        The file, for messages.
    limits : Limits
    watch : callable, optional
        Handed the process as soon as there is one: another thread may end it.

    Yields
    ------
    list of str, or None
        The cells of a row; None where another table begins.

    Raises
    ------
    MissingExtra
        If the library for this form is not installed.
    UnreadableSample
        If the file is broken, or costs more than the limits allow.
    """
    job = {"form": form, "path": str(path.absolute()), "limits": asdict(limits)}
    with subprocess.Popen(  # noqa: S603 (this very Python, no shell)
        [sys.executable, "-P", "-m", "tracemark.loaders.child", json.dumps(job)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=surroundings(),  # a stranger's file is parsed there
    ) as child:
        if watch:
            watch(child)
        timer = Timer(limits.seconds, child.kill)  # for where processor time cannot be limited
        if os.name != "posix":
            timer.start()
        try:
            yield from _answers(child, name)
        finally:
            timer.cancel()
            child.kill()


def _answers(child: subprocess.Popen[bytes], name: str) -> Iterator[Cells | None]:
    for line in child.stdout or ():
        answer = _parsed(line)
        if not isinstance(answer, dict):
            yield answer
        elif extra := answer.get("extra"):
            raise MissingExtra(extra, f"{name}: {answer['what']}")
        elif fault := answer.get("fault"):
            raise UnreadableSample(f"{name}: {fault}", hint=answer["hint"])
        else:
            return
    raise UnreadableSample(
        f"{name}: its parser broke off: a damaged file, or one beyond the limits of time or memory",
        hint="ask for the file as first received, or raise the limits",
    )


def _parsed(line: bytes) -> Cells | dict[str, str] | None:
    try:
        answer: Cells | dict[str, str] | None = json.loads(line)
    except ValueError:  # the last line of a process that was killed
        return {"fault": "its parser broke off", "hint": "ask for the file as first received"}
    return answer

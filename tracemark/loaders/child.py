"""The process in which a stranger's file is parsed. Run by `apart`; not to be imported. SPEC 11.9.

It is handed a job as JSON and writes one JSON line for each row: a list of texts, null where
another table begins, and at the end an object that says how it went.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from tracemark.errors import MissingExtra, UnreadableSample
from tracemark.loaders.limits import Limits

Parser = Callable[[Path, Limits], Iterator[list[str] | None]]

PARSERS = {
    "html": "markup",
    "document": "markup",
    "workbook": "workbook",
    "pdf": "pdf",
    "scans": "scans",
    "pages": "pages",
    "zpl": "zpl",
    "labels": "zpl.labels",
    "columnar": "columnar",
    "ocr": "ocr",
}


def main(job: str) -> None:
    """Parse the file of one job."""
    given = json.loads(job)
    limits = Limits(**given["limits"])
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # a library that prints cannot break the protocol
    _confine(limits)
    try:
        room, _, verb = PARSERS[given["form"]].partition(".")
        parse = cast(Parser, getattr(import_module(f"tracemark.loaders.{room}"), verb or "rows"))
        for row in parse(Path(given["path"]), limits):
            print(json.dumps(row and _bounded(row, limits)), file=answers)
        print("{}", file=answers)
    except MissingExtra as error:
        what = str(error).partition(" needs the extra")[0]
        print(json.dumps({"extra": error.extra, "what": what}), file=answers)
    except UnreadableSample as error:
        print(json.dumps({"fault": str(error), "hint": error.hint}), file=answers)
    answers.flush()
    os._exit(0)  # no library's farewell may spoil what was read


def _bounded(row: list[str], limits: Limits) -> list[str]:
    if len(row) > limits.width:
        raise UnreadableSample(
            f"a row has more than {limits.width} cells", hint="raise the limit 'width'"
        )
    return [cell[: limits.cell] for cell in row]


def _confine(limits: Limits) -> None:
    """Bound processor time and memory, where the system can."""
    try:
        resource: Any = import_module("resource")
    except ImportError:
        return
    for what, most in (
        (resource.RLIMIT_CPU, limits.seconds),
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (allowed, hard))


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.flush()
    main(sys.argv[1])

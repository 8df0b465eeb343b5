"""A long run: each trial is a line of a log, so that it can be broken off and gone on with.

A trial carries the state of the code that it was made with; those of another state are left out of
the tables, unless they are asked for by name.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]

Trial = dict[str, Any]


def options_of(parser: argparse.ArgumentParser) -> None:
    """The options that `logged` obeys."""
    parser.add_argument("--log", type=Path, help="one line for each trial; gone on with")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after these")
    parser.add_argument("--also", default="", help="states whose trials count, with commas between")


def state(*parts: str) -> str:
    """A digest of the files and folders that a trial's outcome depends on."""
    digest = hashlib.sha256()
    for part in parts:
        whole = ROOT / part
        for path in sorted(whole.rglob("*.py")) if whole.is_dir() else [whole]:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def logged(
    options: argparse.Namespace, mine: Trial, run: Callable[[list[Trial]], Iterator[Trial]]
) -> list[Trial]:
    """All trials of this state, those of earlier runs among them.

    `run` is given what is there and yields what is missing.
    """
    log = options.log or Path(tempfile.mkstemp(suffix=".jsonl")[1])
    others = {key: value for key, value in mine.items() if key != "state"}
    states = {mine.get("state"), *filter(None, options.also.split(","))}
    done = [
        trial
        for trial in _lines(log)
        if trial.get("state") in states and trial.items() >= others.items()
    ]
    end = time.monotonic() + 60 * options.minutes
    with log.open("a", encoding="utf-8") as file:
        for trial in run(done):
            done.append(mine | trial)
            file.write(json.dumps(done[-1]) + "\n")
            file.flush()
            if time.monotonic() > end:
                break
    return done


def _lines(log: Path) -> Iterable[Trial]:
    if not log.exists():
        return []
    return map(json.loads, log.read_text(encoding="utf-8").splitlines())

"""How fast a large pile of rows is traced, one in five of them ours.

    python -m benchmarks.pile --rows 1000000 5000000

The rows are 40,000 invented orders, again and again with other digits. Processor time is held
against one pass of Python's csv module over the same file; peak memory is that of the process, so
that the first size given should be the smallest.
"""

from __future__ import annotations

import argparse
import csv
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TypeVar

import tracemark
from tracemark_cli.sample_orders import orders

BASE, ONE_IN = 40_000, 5
OWNER = "acct:000123"

_T = TypeVar("_T")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[200_000])
    options = parser.parse_args()
    base = [list(row.values()) for row in orders(BASE, random.SystemRandom().randrange(1 << 40))]
    headers = list(next(iter(orders(1, 1))))
    print(
        "| rows | MB | csv pass, µs a row | times csv reader | times csv reader + writer "
        "| peak memory, MB |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for rows in options.rows:
        with tempfile.TemporaryDirectory() as name:
            print(measured(Path(name), base, headers, rows), flush=True)


def measured(folder: Path, base: list[list[str]], headers: list[str], rows: int) -> str:
    """One line of the table."""
    vault = tracemark.Vault.create(folder / "vault")
    vault.add_recipients(f"acct:{number:06d}" for number in range(1000))
    ours, marked, leak = folder / "ours.csv", folder / "marked.csv", folder / "leak.csv"
    write(ours, headers, islice(copies(base), rows // ONE_IN))
    with ours.open("rb") as source, marked.open("wb") as sink:
        vault.mark_table(source, sink, to=OWNER, name=ours.name)
    write(leak, headers, mixed(marked, copies(base)))

    def read() -> None:
        with leak.open(newline="") as file:
            for _ in csv.reader(file):
                pass

    def copy() -> None:
        with leak.open(newline="") as file, ours.open("w", newline="") as out:
            csv.writer(out).writerows(csv.reader(file))

    before, _ = timed(read)
    both, _ = timed(copy)
    seconds, case = timed(lambda: vault.trace(leak))
    after, _ = timed(read)
    if [accusation.recipient for accusation in case.accusations] != [OWNER]:
        raise SystemExit(f"traced wrongly among {rows} rows")
    once = (before + after) / 2
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"| {rows:,} | {leak.stat().st_size / 1e6:,.0f} | {once / rows * 1e6:.2f} "
        f"| {seconds / once:.1f} | {seconds / both:.1f} | {peak:,.0f} |"
    )


def copies(base: list[list[str]]) -> Iterator[list[str]]:
    """The rows without end, each time with the digits exchanged for others."""
    digits = "0123456789"
    while True:
        other = str.maketrans(digits, "".join(random.SystemRandom().sample(digits, 10)))
        for row in base:
            yield [cell.translate(other) for cell in row]


def mixed(marked: Path, foreign: Iterator[list[str]]) -> Iterator[list[str]]:
    """Our rows, foreign ones behind each of them."""
    with marked.open(newline="") as file:
        for row in islice(csv.reader(file), 1, None):
            yield row
            yield from islice(foreign, ONE_IN - 1)


def write(path: Path, headers: list[str], rows: Iterator[list[str]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([headers])
        csv.writer(file).writerows(rows)


def timed(work: Callable[[], _T]) -> tuple[float, _T]:
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


if __name__ == "__main__":
    main()

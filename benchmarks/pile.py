"""How fast a large pile of rows is traced, one in five of them ours unless told otherwise.

    python -m benchmarks.pile --rows 1000000 5000000
    python -m benchmarks.pile --rows 1000000 --one-in 1000 --washed

The rows are 40,000 invented orders, again and again with other digits. Time is held against one
pass of Python's csv module over the same file, of this process's processors and on the clock; peak
memory is that of tracing, which has a process to itself.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import resource
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import tracemark
from benchmarks import leaks
from tracemark_cli.sample_orders import orders

BASE = 40_000
OWNER = "acct:000123"

_T = TypeVar("_T")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[200_000])
    parser.add_argument("--one-in", type=int, default=5, help="so many rows to one of ours")
    parser.add_argument("--washed", action="store_true", help="our rows washed of all but wording")
    options = parser.parse_args()
    base = [list(row.values()) for row in orders(BASE, random.SystemRandom().randrange(1 << 40))]
    headers = list(next(iter(orders(1, 1))))
    print(
        "| rows | ours | MB | csv pass, µs a row | times csv reader: processor, clock "
        "| times csv reader + writer | bits | peak memory, MB |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for rows in options.rows:
        with tempfile.TemporaryDirectory() as name:
            change = leaks.washed if options.washed else str
            leak = piled(Path(name), base, headers, rows, options.one_in, change)
            with ProcessPoolExecutor(1, get_context("spawn")) as apart:
                line = apart.submit(measured, Path(name), leak, rows).result()
            print(line.format(ours=rows // options.one_in), flush=True)


def piled(
    folder: Path,
    base: list[list[str]],
    headers: list[str],
    rows: int,
    one_in: int,
    change: Callable[[str], str],
) -> Path:
    """A vault, and a pile with rows of its copy."""
    ours, marked, leak = folder / "ours.csv", folder / "marked.csv", folder / "leak.csv"
    write(ours, headers, islice(copies(base), rows // one_in))
    with tracemark.Vault.create(folder / "vault") as vault:
        vault.add_recipients(f"acct:{number:06d}" for number in range(1000))
        with ours.open("rb") as source, marked.open("wb") as sink:
            vault.mark_table(source, sink, to=OWNER, name=ours.name)
    write(leak, headers, mixed(marked, copies(base), one_in, change))
    return leak


def measured(folder: Path, leak: Path, rows: int) -> str:
    """One line of the table."""

    def read() -> None:
        with leak.open(newline="") as file:
            for _ in csv.reader(file):
                pass

    def copy() -> None:
        with leak.open(newline="") as file, (folder / "copy.csv").open("w", newline="") as out:
            csv.writer(out).writerows(csv.reader(file))

    before, _ = timed(read)
    both, _ = timed(copy)
    with tracemark.Vault.open(folder / "vault") as vault:
        spent, case = timed(lambda: vault.trace(leak))
    after, _ = timed(read)
    if [accusation.recipient for accusation in case.accusations] != [OWNER]:
        raise SystemExit(f"traced wrongly among {rows} rows")
    once = [(a + b) / 2 for a, b in zip(before, after, strict=True)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"| {rows:,} | {{ours:,}} | {leak.stat().st_size / 1e6:,.0f} | {once[0] / rows * 1e6:.2f} "
        f"| {spent[0] / once[0]:.1f}, {spent[1] / once[1]:.1f} | {spent[0] / both[0]:.1f} "
        f"| {case.accusations[0].score:,.0f} | {peak:,.0f} |"
    )


def copies(base: list[list[str]]) -> Iterator[list[str]]:
    """The rows without end, each time with the digits exchanged for others."""
    digits = "0123456789"
    while True:
        other = str.maketrans(digits, "".join(random.SystemRandom().sample(digits, 10)))
        for row in base:
            yield [cell.translate(other) for cell in row]


def mixed(
    marked: Path, foreign: Iterator[list[str]], one_in: int, change: Callable[[str], str]
) -> Iterator[list[str]]:
    """Our rows, foreign ones behind each of them."""
    with marked.open(newline="") as file:
        for row in islice(csv.reader(file), 1, None):
            yield [change(cell) for cell in row]
            for other in islice(foreign, one_in - 1):
                yield [change(cell) for cell in other]


def write(path: Path, headers: list[str], rows: Iterator[list[str]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([headers])
        csv.writer(file).writerows(rows)


def timed(work: Callable[[], _T]) -> tuple[tuple[float, float], _T]:
    """Seconds of processors, helpers' included, and on the clock."""

    def now() -> tuple[float, float]:
        times = os.times()
        return sum(times[:4]), times.elapsed

    start = now()
    result = work()
    end = now()
    return (end[0] - start[0], end[1] - start[1]), result


if __name__ == "__main__":
    main()

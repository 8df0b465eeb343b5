"""Traces leaked rows among a million recipients: the tables of docs/results-text.md.

    python -m benchmarks.text --trials 100 --nulls 1000 -o docs/results-text.md

Every trial draws fresh orders, a fresh recipient and a fresh leak. The line is that of N recipients
(all of them are registered); to save hours, a trial scores the true recipient and a few hundred
others instead of all N, which changes neither anyone's score nor the line. `--full K` scores all N
in K trials of each channel.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

import tracemark
from benchmarks import leaks
from benchmarks.common import N, recipient, some_candidates, wilson
from benchmarks.leaks import Row
from tracemark_cli.sample_orders import orders

ADDRESS = "收货地址"


@dataclass(frozen=True)
class Channel:
    """One line of the table: rows issued, and what the tracer is handed."""

    name: str
    issued: int
    leak: leaks.Leak
    target: str


def _subset(count: int) -> leaks.Leak:
    return lambda rows, rng, folder: leaks.write_csv(leaks.some(rows, count, rng), folder / "s.csv")


def _changed(count: int, change: Callable[[str, random.Random], str]) -> leaks.Leak:
    def leak(rows: Sequence[Row], rng: random.Random, folder: Path) -> Path:
        kept = leaks.some(rows, count, rng)
        changed = leaks.each_cell(kept, lambda text: change(text, rng))
        return leaks.write_csv(changed, folder / "changed.csv")

    return leak


def _merged(times: int, change: Callable[[str], str] = str) -> leaks.Leak:
    def leak(rows: Sequence[Row], rng: random.Random, folder: Path) -> Path:
        foreign = list(orders(len(rows) * times, rng.randrange(1 << 40)))
        pile = leaks.each_cell([*rows, *foreign], change)
        rng.shuffle(pile)
        return leaks.write_csv(pile, folder / "merged.csv")

    return leak


def _gbk(rows: Sequence[Row], rng: random.Random, folder: Path) -> Path:
    return leaks.write_csv(rows, folder / "gbk.csv", "gbk", rng.choice(["ignore", "replace"]))


def _reordered(rows: Sequence[Row], rng: random.Random, folder: Path) -> Path:
    names = list(rows[0])
    rng.shuffle(names)
    kept = [{name: row[name] for name in names} for row in rows]
    rng.shuffle(kept)
    return leaks.as_json(kept, folder / "export.json")


def _address(rows: Sequence[Row], rng: random.Random, folder: Path) -> str:
    return rng.choice([row for row in rows if row[ADDRESS]])[ADDRESS]


def _addresses(change: Callable[[str], str]) -> leaks.Leak:
    def leak(rows: Sequence[Row], rng: random.Random, folder: Path) -> Path:
        kept = [{name: row[name] for name in ("订单号", ADDRESS)} for row in rows]
        return leaks.write_csv(
            [{**row, ADDRESS: change(row[ADDRESS])} for row in kept], folder / "addresses.csv"
        )

    return leak


CHANNELS = [
    Channel("export, 200 rows, as JSON, reordered", 200, _reordered, "100"),
    Channel("export, 200 rows, invisible stripped", 200,
            _changed(200, lambda t, r: leaks.stripped(t)), "100"),
    Channel("export, 200 rows, converted to GBK", 200, _gbk, "100"),
    Channel("export, 200 rows merged with 2,000 foreign", 200, _merged(10), "100"),
    Channel("the same, invisible stripped", 200, _merged(10, leaks.stripped), "100"),
    Channel("50 rows as copied", 1000, _subset(50), "100"),
    Channel("20 rows as copied", 1000, _subset(20), "100"),
    Channel("10 rows as copied", 1000, _subset(10), "99"),
    Channel("5 rows as copied", 1000, _subset(5), "98"),
    Channel("50 rows pasted without header", 1000,
            lambda rows, rng, folder: leaks.pasted(leaks.some(rows, 50, rng)), "100"),
    Channel("one address as copied", 50, _address, "90"),
    Channel("200 rows washed", 1000, _changed(200, lambda t, r: leaks.washed(t)), "100"),
    Channel("50 rows washed", 1000, _changed(50, lambda t, r: leaks.washed(t)), "98"),
    Channel("20 rows washed", 1000, _changed(20, lambda t, r: leaks.washed(t)), "90"),
    Channel("200 rows retyped, 0.5 % typos", 1000, _changed(200, leaks.retyped), "100"),
    Channel("50 rows retyped, 0.5 % typos", 1000, _changed(50, leaks.retyped), "95"),
    Channel("20 rows retyped, 0.5 % typos", 1000, _changed(20, leaks.retyped), "85"),
    Channel("50 rows retyped, 2 % errors, as by OCR", 1000,
            _changed(50, lambda t, r: leaks.retyped(t, r, 0.02)), "90"),
    Channel("1,000 addresses standardised, nothing else", 1000, _addresses(leaks.standardised),
            "100"),
    Channel("1,000 addresses cut after the road, nothing else", 1000, _addresses(leaks.cut), "100"),
]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--full", type=int, default=1, help="trials a channel that score all N")
    parser.add_argument("--nulls", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=None, help="fresh by default")
    parser.add_argument("--only", default="", help="channels whose name contains this")
    parser.add_argument("--big", action="store_true", help="also 200,000 rows in 1,000,000")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
    lines = []
    for line in chain(survival(options, seed), [""], nulls(options.nulls, seed)):
        print(line, flush=True)
        lines.append(line)
    if options.output:
        options.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


def survival(options: argparse.Namespace, seed: int) -> Iterator[str]:
    yield f"Seed {seed}, N = {N:,}, alpha = 1e-6."
    yield ""
    yield "| leak | identified | n | 95 % Wilson | target % | wrong | bits, median | line |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        vault = tracemark.Vault.create(folder / "vault", key=random.Random(seed).randbytes(32))
        vault.add_recipients(recipient(i) for i in range(N))
        for index, channel in enumerate(CHANNELS):
            if options.only in channel.name:
                yield measure(vault, channel, options, random.Random(f"{seed}/{index}"), folder)
        if options.big:
            yield from big(vault, random.Random(seed), folder)


def measure(
    vault: tracemark.Vault,
    channel: Channel,
    options: argparse.Namespace,
    rng: random.Random,
    folder: Path,
) -> str:
    right = wrong = 0
    bits, line = [], 0.0
    for trial in range(options.trials):
        to = recipient(rng.randrange(N))
        marked = list(vault.mark_rows(orders(channel.issued, rng.randrange(1 << 40)), to=to))
        sample = channel.leak(marked, rng, folder)
        with some_candidates(vault, to, rng=rng, all_of_them=trial < options.full):
            case = vault.trace(sample)
        named = [accusation.recipient for accusation in case.accusations]
        right += to in named
        wrong += any(name != to for name in named)
        bits += [a.score for a in case.accusations if a.recipient == to] or [0.0]
        line = case.line
    low, high = wilson(right, options.trials)
    return (
        f"| {channel.name} | {100 * right / options.trials:.0f} % | {options.trials} "
        f"| {100 * low:.1f}–{100 * high:.1f} | {channel.target} | {wrong} "
        f"| {np.median(bits):.0f} | {line:.1f} |"
    )


def big(vault: tracemark.Vault, rng: random.Random, folder: Path) -> Iterator[str]:
    to = recipient(rng.randrange(N))
    rows = list(vault.mark_rows(orders(200_000, rng.randrange(1 << 40)), to=to))
    pile = leaks.each_cell([*rows, *orders(800_000, rng.randrange(1 << 40))], leaks.stripped)
    rng.shuffle(pile)
    path = leaks.write_csv(pile, folder / "big.csv")
    start = time.perf_counter()
    case = vault.trace(path)
    seconds = time.perf_counter() - start
    named = [a.recipient for a in case.accusations]
    yield (
        f"| 200,000 rows in 1,000,000, invisible stripped ({seconds:.0f} s) "
        f"| {100 if to in named else 0} % | 1 | | 100 | {int(any(n != to for n in named))} "
        f"| {case.accusations[0].score if named else 0:.0f} | {case.line:.1f} |"
    )


def nulls(count: int, seed: int) -> Iterator[str]:
    """Unmarked tables, tables of another key, and marks moved to other rows: who is accused?"""
    rng = random.Random(f"{seed}/nulls")
    verdicts: dict[str, dict[str, int]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        vault = tracemark.Vault.create(folder / "vault", key=rng.randbytes(32))
        other = tracemark.Vault.create(folder / "other", key=rng.randbytes(32))
        for one in (vault, other):
            one.add_recipients(recipient(i) for i in range(1000))
        for trial in range(count):
            kind = ("foreign, never marked", "another vault's mark", "marks transplanted",
                    "foreign, washed")[trial % 4]  # fmt: skip
            size = rng.choice([1, 5, 20, 50, 200])
            rows = list(orders(size, rng.randrange(1 << 40)))
            if kind == "another vault's mark":
                rows = list(other.mark_rows(rows, to=recipient(rng.randrange(1000))))
            elif kind == "foreign, washed":
                rows = leaks.each_cell(rows, leaks.washed)
            elif kind == "marks transplanted":
                donor = orders(size, rng.randrange(1 << 40))
                marked = vault.mark_rows(donor, to=recipient(rng.randrange(1000)))
                rows = [transplant(a, b) for a, b in zip(marked, rows, strict=True)]
            case = vault.trace(leaks.write_csv(rows, folder / "null.csv"))
            tally = verdicts.setdefault(kind, {})
            tally[case.verdict] = tally.get(case.verdict, 0) + 1
    yield f"Null tables: {count}, 1,000 candidates scored in each, alpha = 1e-6."
    yield ""
    yield "| what | no mark | inconclusive | identified |"
    yield "| --- | --- | --- | --- |"
    for kind, tally in verdicts.items():
        yield (
            f"| {kind} | {tally.get('no mark', 0)} | {tally.get('inconclusive', 0)} "
            f"| {tally.get('identified', 0)} |"
        )


def transplant(donor: Row, host: Row) -> Row:
    """Put the donor's invisible characters into the host's cells, at the same places."""
    result = {}
    for name, text in host.items():
        out = list(text)
        for index, character in enumerate(donor[name]):
            if leaks.stripped(character) == "" and index <= len(out):
                out.insert(index, character)
        result[name] = "".join(out)
    return result


if __name__ == "__main__":
    main()

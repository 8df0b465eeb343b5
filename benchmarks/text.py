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
from itertools import chain, product
from pathlib import Path

import numpy as np

import tracemark
from benchmarks import colluders, leaks
from benchmarks.common import N, recipient, some_candidates, wilson
from benchmarks.leaks import Row
from tracemark.codeword import Codebook
from tracemark.text import CellReader
from tracemark_cli.sample_orders import orders

ADDRESS = "收货地址"


@dataclass(frozen=True)
class Channel:
    """One line of the table.

    Attributes
    ----------
    name : str
    rows : int
        Rows that leak, of 1,000 issued (of as many, if more leak).
    leak : callable
        What the tracer is handed of them.
    target : str
        What is to be reached, in per cent.
    kept : tuple of str
        The layers that such a leak can keep, for the limit.
    """

    name: str
    rows: int
    leak: leaks.Leak
    target: str
    kept: tuple[str, ...] = ("typography", "wording")


_ALL = ("invisible", "typography", "wording")
_WORDS = ("wording",)


def _as_csv(rows: Sequence[Row], rng: random.Random, folder: Path) -> Path:
    return leaks.write_csv(rows, folder / "some.csv")


def _changed(change: Callable[[str, random.Random], str], column: str = "") -> leaks.Leak:
    """Every cell changed, or those of one column, and the others washed."""

    def leak(rows: Sequence[Row], rng: random.Random, folder: Path) -> Path:
        changed = [
            {
                name: change(text, rng) if column in ("", name) else leaks.washed(text)
                for name, text in row.items()
            }
            for row in rows
        ]
        return leaks.write_csv(changed, folder / "changed.csv")

    return leak


def _merged(count: int, change: Callable[[str], str] = str) -> leaks.Leak:
    def leak(rows: Sequence[Row], rng: random.Random, folder: Path) -> Path:
        foreign = list(orders(count, rng.randrange(1 << 40)))
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


def _joined(rows: Sequence[Row], rng: random.Random, folder: Path) -> Path:
    joined = [{"x": " ".join(leaks.washed(text) for text in row.values())} for row in rows]
    return leaks.write_csv(joined, folder / "joined.csv")


def _pasted(rows: Sequence[Row], rng: random.Random, folder: Path) -> str:
    return leaks.pasted(rows)


def _address(rows: Sequence[Row], rng: random.Random, folder: Path) -> str:
    return next(row for row in rows if row[ADDRESS])[ADDRESS]


def _washed(text: str, rng: random.Random) -> str:
    return leaks.washed(text)


CHANNELS = [
    Channel("export, 200 rows, as JSON, reordered", 200, _reordered, "100", _ALL),
    Channel("export, 200 rows, invisible stripped", 200,
            _changed(lambda t, r: leaks.stripped(t)), "100"),
    Channel("export, 200 rows, converted to GBK", 200, _gbk, "100"),
    Channel("export, 200 rows merged with 2,000 foreign", 200, _merged(2000), "100", _ALL),
    Channel("the same, invisible stripped", 200, _merged(2000, leaks.stripped), "100"),
    Channel("50 rows as copied", 50, _as_csv, "100", _ALL),
    Channel("20 rows as copied", 20, _as_csv, "100", _ALL),
    Channel("10 rows as copied", 10, _as_csv, "99", _ALL),
    Channel("5 rows as copied", 5, _as_csv, "98", _ALL),
    Channel("50 rows pasted without header", 50, _pasted, "100", _ALL),
    Channel("one address as copied", 20, _address, "90", _ALL),
    Channel("200 rows washed", 200, _changed(_washed), "100", _WORDS),
    Channel("50 rows washed", 50, _changed(_washed), "98", _WORDS),
    Channel("20 rows washed", 20, _changed(_washed), "90", _WORDS),
    Channel("200 rows retyped, 0.5 % typos", 200, _changed(leaks.retyped), "100", _WORDS),
    Channel("50 rows retyped, 0.5 % typos", 50, _changed(leaks.retyped), "95", _WORDS),
    Channel("20 rows retyped, 0.5 % typos", 20, _changed(leaks.retyped), "85", _WORDS),
    Channel("50 rows retyped, 2 % typos", 50,
            _changed(lambda t, r: leaks.retyped(t, r, 0.02)), "", _WORDS),
    Channel("50 rows read by a machine, 3 % errors", 50, _changed(leaks.scanned), "90", _WORDS),
    Channel("50 rows washed, all columns joined", 50, _joined, "", _WORDS),
    Channel("50 rows washed among 5,000 foreign", 50, _merged(5000, leaks.washed), "100", _WORDS),
    Channel("export, 1,000 rows, addresses cut behind the road", 1000,
            _changed(lambda t, r: leaks.cut(t), ADDRESS), "100", _WORDS),
    Channel("export, 1,000 rows, addresses standardised", 1000,
            _changed(lambda t, r: leaks.standardised(t), ADDRESS), "100", _WORDS),
]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--full", type=int, default=1, help="trials a channel that score all N")
    parser.add_argument("--nulls", type=int, default=1000)
    parser.add_argument("--colluding", type=int, default=10, help="trials of each strategy")
    parser.add_argument("--seed", type=int, default=None, help="fresh by default")
    parser.add_argument("--only", default="", help="channels whose name contains this")
    parser.add_argument("--big", action="store_true", help="also 200,000 rows in 1,000,000")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
    lines = []
    tables = chain(
        survival(options, seed),
        ["", *collusion(options, seed)] if options.colluding else [],
        ["", *nulls(options.nulls, seed)] if options.nulls else [],
    )
    for line in tables:
        print(line, flush=True)
        lines.append(line)
    if options.output:
        options.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


def survival(options: argparse.Namespace, seed: int) -> Iterator[str]:
    yield f"Seed {seed}, N = {N:,}, alpha = 1e-6."
    yield ""
    yield (
        "| leak | blind % | with the original % | n | 95 % Wilson, blind; original | target % "
        "| wrong | bits, blind; original | of the limit % |"
    )
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
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
    right, wrong = [0, 0], 0
    bits: list[list[float]] = [[], []]
    reached: list[list[float]] = [[], []]
    for trial in range(options.trials):
        to = recipient(rng.randrange(N))
        table = list(orders(max(1000, channel.rows), rng.randrange(1 << 40)))
        kept = leaks.some(list(vault.mark_rows(table, to=to)), channel.rows, rng)
        sample = channel.leak(kept, rng, folder)
        if channel.leak is _address:
            kept = [{ADDRESS: next(row for row in kept if row[ADDRESS])[ADDRESS]}]
        most = limit(vault, kept, to, channel.kept)
        for kind, original in enumerate((None, table)):
            with some_candidates(vault, to, rng=rng, all_of_them=trial < options.full and not kind):
                case = vault.trace(sample, original=original)
            named = [accusation.recipient for accusation in case.accusations]
            right[kind] += to in named
            wrong += any(name != to for name in named)
            score = next((a.score for a in case.accusations if a.recipient == to), 0.0)
            bits[kind].append(score)
            reached[kind].append(score / most)
    ranges = ["–".join(f"{100 * end:.0f}" for end in wilson(r, options.trials)) for r in right]
    shares = [f"{100 * r / options.trials:.0f}" for r in right]
    return (
        f"| {channel.name} | {shares[0]} | {shares[1]} | {options.trials} | {'; '.join(ranges)} "
        f"| {channel.target} | {wrong} | {'; '.join(f'{np.median(b):.0f}' for b in bits)} "
        f"| {'; '.join(f'{100 * np.median(r):.0f}' for r in reached)} |"
    )


def limit(vault: tracemark.Vault, rows: Sequence[Row], to: str, kept: Sequence[str]) -> float:
    """Bits that the undamaged rows give to a reader who knows every chip for certain."""
    book = Codebook(vault._keys[-1], vault.profile)
    reader = CellReader([vault._keys[-1].derive("slots/text")], vault.profile)
    reader.read_rows([list(row.values()) for row in rows])
    [found] = reader.take()
    shown = [one.positions for one in found.readings if one.carrier in kept]
    positions = np.unique(np.concatenate([np.empty(0, np.int64), *shown]))
    ones, chance = book.codeword(to)[positions] == 1, book.biases[positions]
    return max(1.0, float(-np.log2(np.where(ones, chance, 1 - chance)).sum()))


def collusion(options: argparse.Namespace, seed: int) -> Iterator[str]:
    """Accounts that compare a full export of 1,000 rows; every innocent of 255 is looked at."""
    yield "Full exports of 1,000 rows, compared slot by slot, invisible characters stripped."
    yield ""
    yield "| accounts | strategy | at least one named, blind; original % | all % | n | wrong |"
    yield "| --- | --- | --- | --- | --- | --- |"
    rng = random.Random(f"{seed}/collusion")
    with tempfile.TemporaryDirectory() as name:
        vault = tracemark.Vault.create(Path(name) / "vault", key=rng.randbytes(32))
        vault.add_recipients(recipient(i) for i in range(N))
        for crowd, strategy in product((2, 3, 5), colluders.STRATEGIES):
            some, every, wrong = [0, 0], [0, 0], 0
            for _ in range(options.colluding):
                who = [recipient(i) for i in rng.sample(range(N), crowd)]
                table = list(orders(1000, rng.randrange(1 << 40)))
                copies = [list(vault.mark_rows(table, to=one)) for one in who]
                sample = colluders.collude(copies, strategy, rng)
                for kind, original in enumerate((None, table)):
                    with some_candidates(vault, *who, rng=rng, all_of_them=False):
                        case = vault.trace(sample, original=original)
                    named = {accusation.recipient for accusation in case.accusations}
                    some[kind] += bool(named & {*who})
                    every[kind] += named >= {*who}
                    wrong += bool(named - {*who})
            one, all_ = (
                "; ".join(f"{100 * hit / options.colluding:.0f}" for hit in hits)
                for hits in (some, every)
            )
            yield f"| {crowd} | {strategy} | {one} | {all_} | {options.colluding} | {wrong} |"


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
    """Tables of nobody, and the innocents of a copy: who is accused, who scores how much?"""
    rng = random.Random(f"{seed}/nulls")
    verdicts: dict[str, dict[str, int]] = {}
    scores = np.zeros(60, np.int64)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        vault = tracemark.Vault.create(folder / "vault", key=rng.randbytes(32))
        other = tracemark.Vault.create(folder / "other", key=rng.randbytes(32))
        for one in (vault, other):
            one.add_recipients(recipient(i) for i in range(1000))
        for trial in range(count):
            kind = ("foreign, never marked", "another vault's mark", "marks transplanted",
                    "foreign, washed", "a copy, and its innocents")[trial % 5]  # fmt: skip
            size = rng.choice([1, 5, 20, 50, 200])
            rows = list(orders(size, rng.randrange(1 << 40)))
            table = rows
            if kind == "another vault's mark":
                rows = list(other.mark_rows(rows, to=recipient(rng.randrange(1000))))
            elif kind == "foreign, washed":
                rows = leaks.each_cell(rows, leaks.washed)
            elif kind == "marks transplanted":
                donor = orders(size, rng.randrange(1 << 40))
                marked = vault.mark_rows(donor, to=recipient(rng.randrange(1000)))
                rows = [transplant(a, b) for a, b in zip(marked, rows, strict=True)]
            true = recipient(rng.randrange(1000))
            if kind == "a copy, and its innocents":
                rows = leaks.each_cell(list(vault.mark_rows(rows, to=true)), leaks.stripped)
            sample = leaks.write_csv(rows, folder / "null.csv")
            case = vault.trace(sample, original=table if trial % 2 else None)
            named = [accusation.recipient for accusation in case.accusations]
            own = [a.score for a in case.accusations if a.recipient == true]
            scores += np.array(case.histogram["counts"], np.int64)
            scores -= np.histogram(np.clip(own, -60, 60), case.histogram["edges"])[0]
            verdict = case.verdict if named != [true] else "no innocent"
            tally = verdicts.setdefault(kind, {})
            tally[verdict] = tally.get(verdict, 0) + 1
    yield f"Null tables: {count}, half of them beside the original, 1,000 candidates, alpha = 1e-6."
    yield ""
    yield "| what | no mark | inconclusive | its recipient alone | an innocent |"
    yield "| --- | --- | --- | --- | --- |"
    for kind, tally in verdicts.items():
        row = (
            tally.get(one, 0) for one in ("no mark", "inconclusive", "no innocent", "identified")
        )
        yield f"| {kind} | {' | '.join(map(str, row))} |"
    yield ""
    yield from calibration(scores)


def calibration(scores: np.ndarray) -> Iterator[str]:
    """Innocents' e-values against the bound that they are used with: P(e >= 2^b) <= 2^-b."""
    total = int(scores.sum())
    yield f"Scores of {total:,} innocents in the cases that could be scored:"
    yield ""
    yield "| bits | share of innocents at or above | the bound, 2^-bits |"
    yield "| --- | --- | --- |"
    for bits in (0, 2, 4, 6, 8, 10, 12, 14, 16, 20):
        above = int(scores[30 + bits // 2 :].sum())
        yield f"| {bits} | {above / max(1, total):.2e} ({above:,}) | {2.0**-bits:.2e} |"


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

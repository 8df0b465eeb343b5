"""Traces leaked rows among a million recipients: the tables of docs/results-text.md.

    python -m benchmarks.text --trials 100 --colluding 50 --nulls 10000 --log text.jsonl

Every trial draws fresh orders, a fresh recipient and a fresh leak, traced blind and then beside the
original table. The line is that of N recipients (all of them are registered); to save hours, a
trial scores the true recipient and a few hundred others instead of all N, which changes neither
anyone's score nor the line. `--full K` scores all N in the first K trials of each channel.

Trials go round the channels, with those of accounts that compare and of nobody's tables in between.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from pathlib import Path

import numpy as np

import tracemark
from benchmarks import colluders, leaks
from benchmarks.calibration import plot, shares
from benchmarks.common import N, recipient, some_candidates, wilson
from benchmarks.leaks import ADDRESS, Row
from benchmarks.text_channels import CHANNELS, Channel, address
from benchmarks.text_nulls import Nulls, null_tables, scores_of
from benchmarks.trials import Trial, logged, options_of, state
from tracemark.codeword import Codebook
from tracemark.text import CellReader
from tracemark_cli.sample_orders import orders

CODE = ("tracemark/text", "tracemark/decoder", "tracemark/text_tracing.py", "tracemark/decoys.py")
CROWDS = list(product((2, 3, 5), colluders.STRATEGIES))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=100, help="of each channel")
    parser.add_argument("--full", type=int, default=0, help="trials a channel that score all N")
    parser.add_argument("--nulls", type=int, default=0, help="tables that nobody was issued")
    parser.add_argument("--colluding", type=int, default=0, help="trials of each strategy")
    parser.add_argument("--seed", type=int, default=None, help="fresh by default")
    parser.add_argument("--only", default="", help="channels whose name contains this")
    options_of(parser)
    parser.add_argument("--plot", type=Path, help="SVG to write: innocents against the bound")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
    mine = {"state": state(*CODE, "benchmarks/leaks.py")}
    done = logged(options, mine, lambda done: run(options, seed, done))
    text = "\n".join(tables(done)) + "\n"
    print(text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    if options.plot:
        scores = scores_of([one for one in done if one["channel"] == "null"])
        said = f"{sum(scores):,} innocents against null tables"
        options.plot.write_text(plot(shares(scores, 2), said), encoding="utf-8")


def run(options: argparse.Namespace, seed: int, done: Sequence[Trial]) -> Iterator[Trial]:
    """Go round the channels, the crowds and the nulls until each has its trials."""
    have = Counter(trial["channel"] for trial in done)
    channels = [one for one in CHANNELS if options.only in one.name]
    with tempfile.TemporaryDirectory() as name:
        vault = tracemark.Vault.create(Path(name) / "vault", key=random.Random(seed).randbytes(32))
        vault.add_recipients(recipient(i) for i in range(N))
        from_ = {"seed": seed}
        nobody = Nulls(Path(name), seed)
        turns = max(options.trials, options.colluding, min(options.nulls, 100))
        for turn in range(turns):
            for channel in channels if turn < options.trials else ():
                if have[channel.name] <= turn:
                    rng = random.Random(f"{seed}/{channel.name}/{turn}")
                    yield from_ | leaked(vault, channel, rng, Path(name), turn < options.full)
            for crowd, strategy in CROWDS if turn < options.colluding else ():
                if have[f"{crowd} {strategy}"] <= turn:
                    rng = random.Random(f"{seed}/{crowd} {strategy}/{turn}")
                    yield from_ | colluded(vault, crowd, strategy, rng)
            for number in range(turn * options.nulls // turns, (turn + 1) * options.nulls // turns):
                if have["null"] <= number:
                    yield from_ | nobody.trial(number)
        nobody.close()
        vault.close()


def leaked(
    vault: tracemark.Vault, channel: Channel, rng: random.Random, folder: Path, full: bool
) -> Trial:
    """Mark fresh rows, leak them, trace them: blind, and beside the original."""
    to = recipient(rng.randrange(N))
    table = list(orders(max(1000, channel.rows), rng.randrange(1 << 40)))
    kept = leaks.some(list(vault.mark_rows(table, to=to)), channel.rows, rng)
    sample = channel.leak(kept, rng, folder)
    if channel.leak is address:
        kept = [{ADDRESS: next(row for row in kept if row[ADDRESS])[ADDRESS]}]
    most = limit(vault, kept, to, channel.kept)
    trial: Trial = {"channel": channel.name, "named": [], "wrong": 0, "bits": [], "reached": []}
    for original in (None, table):
        with some_candidates(to, rng=rng, all_of_them=full and original is None):
            case = vault.trace(sample, original=original)
        named = {accusation.recipient: accusation.score for accusation in case.accusations}
        score = named.get(to, 0.0)
        trial["named"].append(to in named)
        trial["wrong"] += any(name != to for name in named)
        trial["bits"].append(round(score, 1))
        trial["reached"].append(round(score / most, 3))
    return trial


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


def colluded(vault: tracemark.Vault, crowd: int, strategy: str, rng: random.Random) -> Trial:
    """Accounts that compare a full export of 1,000 rows; every innocent of 255 is looked at."""
    who = [recipient(i) for i in rng.sample(range(N), crowd)]
    table = list(orders(1000, rng.randrange(1 << 40)))
    copies = [list(vault.mark_rows(table, to=one)) for one in who]
    sample = colluders.collude(copies, strategy, rng)
    trial: Trial = {"channel": f"{crowd} {strategy}", "named": [], "all": [], "wrong": 0}
    for original in (None, table):
        with some_candidates(*who, rng=rng, all_of_them=False):
            case = vault.trace(sample, original=original)
        named = {accusation.recipient for accusation in case.accusations}
        trial["named"].append(bool(named & {*who}))
        trial["all"].append(named >= {*who})
        trial["wrong"] += bool(named - {*who})
    return trial


def tables(trials: Iterable[Trial]) -> Iterator[str]:
    by_channel: dict[str, list[Trial]] = {}
    for trial in trials:
        by_channel.setdefault(trial["channel"], []).append(trial)
    yield f"N = {N:,}, alpha = 1e-6."
    yield ""
    yield (
        "| leak | blind % | with the original % | n | 95 % Wilson, blind; original | target % "
        "| wrong | bits, blind; original | of the limit % |"
    )
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for channel in CHANNELS:
        if some := by_channel.get(channel.name):
            yield _line(channel, some)
    crowds = [
        (crowd, strategy, some)
        for crowd, strategy in CROWDS
        if (some := by_channel.get(f"{crowd} {strategy}"))
    ]
    if crowds:
        yield ""
        yield "Full exports of 1,000 rows, compared slot by slot, invisible characters stripped."
        yield ""
        yield (
            "| accounts | strategy | at least one named, blind; original % | 95 % Wilson "
            "| all % | n | wrong |"
        )
        yield "| --- | --- | --- | --- | --- | --- | --- |"
        for crowd, strategy, some in crowds:
            yield (
                f"| {crowd} | {strategy} | {'; '.join(_shares(some, 'named'))} "
                f"| {'; '.join(_ranges(some, 'named'))} | {'; '.join(_shares(some, 'all'))} "
                f"| {len(some)} | {sum(one['wrong'] for one in some)} |"
            )
    if nobodys := by_channel.get("null"):
        yield ""
        yield from null_tables(nobodys)


def _line(channel: Channel, trials: Sequence[Trial]) -> str:
    bits, reached = (np.median([one[what] for one in trials], axis=0) for what in _FIGURES)
    return (
        f"| {channel.name} | {' | '.join(_shares(trials, 'named'))} | {len(trials)} "
        f"| {'; '.join(_ranges(trials, 'named'))} | {channel.target} "
        f"| {sum(one['wrong'] for one in trials)} | {'; '.join(f'{b:.0f}' for b in bits)} "
        f"| {'; '.join(f'{100 * r:.0f}' for r in reached)} |"
    )


_FIGURES = ("bits", "reached")


def _hits(trials: Sequence[Trial], what: str) -> list[int]:
    return [sum(one[what][kind] for one in trials) for kind in (0, 1)]


def _shares(trials: Sequence[Trial], what: str) -> list[str]:
    return [f"{100 * hits / len(trials):.0f}" for hits in _hits(trials, what)]


def _ranges(trials: Sequence[Trial], what: str) -> list[str]:
    ends = [wilson(hits, len(trials)) for hits in _hits(trials, what)]
    return [f"{100 * low:.0f}–{100 * high:.0f}" for low, high in ends]


if __name__ == "__main__":
    main()

"""Which codewords stand up to collusion? The simulation behind the profile's length and biases.

    python benchmarks/collusion.py choose     compare lengths and biases by the worst strategy
    python benchmarks/collusion.py table      the profile in use, every strategy

A few recipients compare their copies slot by slot. At each slot each of them has one of two forms,
its codeword's bit under a mask of the slot; where the forms differ they choose one by a strategy,
where they agree they can only keep it. N = 1,000,000 recipients and alpha = 1e-6 are in the line
that an e-value must pass, which is exact, so that a million need not be scored: the colluders are
scored, and some innocents beside them to see that none comes near.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.decoder.accuse import split
from tracemark.decoder.hypotheses import hypotheses
from tracemark.model import Votes

Bits = NDArray[np.uint8]
Floats = NDArray[np.float64]
Strategy = Callable[[Bits, np.random.Generator], NDArray[np.intp]]

N, ALPHA = 1_000_000, 1e-6
ROW = 3  # slots that a row of an export offers


# A strategy is handed the forms, (colluders, slots): 0 the form of the original, 1 the changed one.
# It answers whose form to show at each slot.


def mix_slots(forms: Bits, rng: np.random.Generator) -> NDArray[np.intp]:
    """Every slot from a colluder drawn by lot."""
    return rng.integers(0, len(forms), forms.shape[1])


def mix_rows(forms: Bits, rng: np.random.Generator) -> NDArray[np.intp]:
    """Every row from a colluder drawn by lot: no comparison at all."""
    rows = -(-forms.shape[1] // ROW)
    return np.repeat(rng.integers(0, len(forms), rows), ROW)[: forms.shape[1]]


def majority(forms: Bits, rng: np.random.Generator) -> NDArray[np.intp]:
    """The form that most of them have."""
    return _showing(forms, 2 * forms.sum(axis=0) + rng.random(forms.shape[1]) > len(forms) + 0.5)


def minority(forms: Bits, rng: np.random.Generator) -> NDArray[np.intp]:
    """The form that the fewest of them have, wherever they differ."""
    return _showing(forms, 2 * forms.sum(axis=0) + rng.random(forms.shape[1]) < len(forms) + 0.5)


def original(forms: Bits, rng: np.random.Generator) -> NDArray[np.intp]:
    """The original's form, wherever one of them has it."""
    return _showing(forms, np.zeros(forms.shape[1], np.bool_))


def changed(forms: Bits, rng: np.random.Generator) -> NDArray[np.intp]:
    """The conspicuous form, wherever one of them has it."""
    return _showing(forms, np.ones(forms.shape[1], np.bool_))


def _showing(forms: Bits, wanted: NDArray[np.bool_]) -> NDArray[np.intp]:
    """A colluder who has the wanted form, or any where none has."""
    return np.argmax(forms == wanted, axis=0)


STRATEGIES: tuple[Strategy, ...] = (mix_slots, mix_rows, majority, minority, original, changed)


@dataclass(frozen=True)
class Code:
    """A kind of codeword: its positions, and the chances of the rare symbol, in equal parts."""

    name: str
    length: int
    rare: tuple[float, ...]

    def biases(self, rng: np.random.Generator) -> Floats:
        rare = np.resize(self.rare, self.length)
        return np.where(rng.random(self.length) < 0.5, rare, 1 - rare)


@dataclass
class Tally:
    """What became of the runs of one setting."""

    runs: int = 0
    some: int = 0
    all: int = 0
    wrong: int = 0  # runs that accused an innocent
    innocents: int = 0  # scored in all
    nearest: float = -math.inf  # the highest score of an innocent, in bits


def wilson(hits: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson interval of a proportion, 95 % unless told."""
    centre, half = hits + z * z / 2, z * math.sqrt(hits * (n - hits) / n + z * z / 4)
    return (centre - half) / (n + z * z), (centre + half) / (n + z * z)


def leak(
    words: Bits, slots: int, strategy: Strategy, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Votes of a leak of so many slots by these colluders: ones, zeros, (L,) each."""
    length = words.shape[1]
    positions = rng.integers(0, length, slots)
    masks = rng.integers(0, 2, slots, dtype=np.uint8)
    forms = words[:, positions] ^ masks
    shown = forms[strategy(forms, rng), np.arange(slots)] ^ masks
    ones = np.bincount(positions, shown, length)
    return ones, np.bincount(positions, minlength=length) - ones


def run(
    code: Code,
    colluders: int,
    slots: int,
    strategy: Strategy,
    rng: np.random.Generator,
    innocents: int,
) -> tuple[int, float, bool]:
    """One leak, all rounds. Colluders named, the nearest innocent in bits, an innocent named?"""
    biases = code.biases(rng)
    words = (rng.random((colluders + innocents, code.length)) < biases).astype(np.uint8)
    ones, zeros = leak(words[:colluders], slots, strategy, rng)
    named = np.zeros(len(words), np.bool_)
    nearest = -math.inf
    bits = words.astype(np.float32)
    for part in split(ALPHA):
        need = math.log(N / part)
        known = words[named] if named.any() else None
        weighed = hypotheses(Votes(ones, zeros), biases, need=need, known=known)
        log_e = weighed.log_e(bits @ weighed.steps)
        nearest = max(nearest, float(log_e[colluders:].max()) / math.log(2))
        fresh = (log_e >= need) & ~named
        if not fresh.any():
            break
        named |= fresh
    return int(named[:colluders].sum()), nearest, bool(named[colluders:].any())


def simulate(
    code: Code, colluders: int, slots: int, strategy: Strategy, options: argparse.Namespace
) -> Tally:
    tally = Tally()
    for number in range(options.runs):
        seeds = [options.seed, colluders, slots, STRATEGIES.index(strategy), number]
        named, nearest, wrong = run(
            code, colluders, slots, strategy, np.random.default_rng(seeds), options.innocents
        )
        tally.runs += 1
        tally.some += named > 0
        tally.all += named == colluders
        tally.wrong += wrong
        tally.innocents += options.innocents
        tally.nearest = max(tally.nearest, nearest)
    return tally


EIGHTH, QUARTER, HALF = 1 / 8, 1 / 4, 1 / 2
RARE = {
    "1/2": (HALF,),
    "1/4": (QUARTER,),
    "7/32": (7 / 32,),
    "3/16": (3 / 16,),
    "1/8": (EIGHTH,),
    "1/4, 1/2": (QUARTER, HALF),
    "1/8, 1/4": (EIGHTH, QUARTER),
    "1/8, 1/2": (EIGHTH, HALF),
    "1/8, 1/8, 1/2": (EIGHTH, EIGHTH, HALF),
    "1/8, 1/4, 1/2": (EIGHTH, QUARTER, HALF),
}


def choose(options: argparse.Namespace) -> Iterator[str]:
    """Compare codes by the worst strategy against each."""
    settings = [(1, 60), (3, 500), (3, 1_200), (5, 1_200), (5, 3_000), (5, 30_000)]
    heads = [f"{colluders} × {slots:,}" for colluders, slots in settings]
    yield "| length | rare | " + " | ".join(heads) + " |"
    yield "| --- | --- |" + " --- |" * len(heads)
    for length in options.lengths:
        for name, rare in RARE.items():
            cells = []
            for colluders, slots in settings:
                tallies = [
                    (simulate(Code(name, length, rare), colluders, slots, s, options), s)
                    for s in (STRATEGIES if colluders > 1 else STRATEGIES[:1])
                ]
                worst, strategy = min(tallies, key=lambda t: (t[0].some, t[0].all))
                share = 100 * worst.some / worst.runs
                name_it = f" {strategy.__name__}" if colluders > 1 and share < 100 else ""
                cells.append(f"{share:.0f}{name_it}")
            yield f"| {length:,} | {name} | " + " | ".join(cells) + " |"


def table(options: argparse.Namespace) -> Iterator[str]:
    """One code against every strategy: % of runs that name somebody / everybody."""
    code = Code(options.code, options.lengths[0], RARE[options.code])
    heads = [strategy.__name__.replace("_", " ") for strategy in STRATEGIES]
    yield "| accounts | slots | " + " | ".join(heads) + " | worst, interval | innocents, nearest |"
    yield "| --- | --- |" + " --- |" * (len(heads) + 2)
    total = Tally()
    for colluders in (1, 2, 3, 4, 5):
        for slots in (400, 800, 1_500, 3_000, 8_000, 30_000):
            cells, tallies = [], []
            for strategy in STRATEGIES if colluders > 1 else STRATEGIES[:1]:
                t = simulate(code, colluders, slots, strategy, options)
                tallies.append(t)
                cells.append(f"{100 * t.some / t.runs:.0f} / {100 * t.all / t.runs:.0f}")
                total.runs += t.runs
                total.wrong += t.wrong
                total.innocents += t.innocents
            cells += [""] * (len(STRATEGIES) - len(cells))
            low, high = wilson(min(t.some for t in tallies), options.runs)
            nearest = max(t.nearest for t in tallies)
            yield (
                f"| {colluders} | {slots:,} | {' | '.join(cells)} "
                f"| {100 * low:.0f}–{100 * high:.0f} % | {nearest:.1f} |"
            )
    yield ""
    yield f"{total.runs:,} runs, {total.innocents:,} innocents scored, {total.wrong} accused."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["choose", "table"])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--innocents", type=int, default=500, help="scored in each run")
    parser.add_argument("--lengths", type=int, nargs="+", default=[2048, 3072, 4096])
    parser.add_argument("--code", choices=RARE, default="1/8, 1/2", help="for the table")
    parser.add_argument("--seed", type=int, default=20261121)
    options = parser.parse_args()
    started = time.perf_counter()
    for line in (choose if options.what == "choose" else table)(options):
        print(line, flush=True)
    print(f"\n{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()

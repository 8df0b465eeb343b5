"""Which codewords stand up to collusion? The simulation behind the profile's length and biases.

    python benchmarks/collusion.py choose            compare lengths and biases (half an hour)
    python benchmarks/collusion.py table             the table of docs/design-notes/collusion.md

A few recipients compare their copies slot by slot. At each slot each of them shows one of two forms,
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

N, ALPHA, INNOCENTS = 1_000_000, 1e-6, 2_000
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
    """A kind of codeword: biased positions, and the chance of the rare symbol at each."""

    name: str
    length: int
    rare: tuple[float, ...]

    def biases(self, rng: np.random.Generator) -> Floats:
        rare = rng.choice(self.rare, self.length)
        return np.where(rng.random(self.length) < 0.5, rare, 1 - rare)


@dataclass
class Tally:
    """What became of the runs of one setting."""

    runs: int = 0
    some: int = 0
    all: int = 0
    innocents: int = 0
    nearest: float = -math.inf  # the innocent's score that came nearest, in bits

    def __str__(self) -> str:
        low, high = wilson(self.some, self.runs)
        return (
            f"{100 * self.some / self.runs:5.1f} % ({100 * low:.0f}–{100 * high:.0f}) "
            f"all {100 * self.all / self.runs:5.1f} %"
        )


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
    code: Code, colluders: int, slots: int, strategy: Strategy, rng: np.random.Generator
) -> tuple[int, float, bool]:
    """One leak, all rounds. Colluders named, the nearest innocent in bits, an innocent named?"""
    biases = code.biases(rng)
    words = (rng.random((colluders + INNOCENTS, code.length)) < biases).astype(np.uint8)
    ones, zeros = leak(words[:colluders], slots, strategy, rng)
    named = np.zeros(len(words), np.bool_)
    nearest = -math.inf
    for part in split(ALPHA):
        need = math.log(N / part)
        known = words[named] if named.any() else None
        weights = hypotheses(Votes(ones, zeros), biases, need=need, known=known)
        log_e = weights.log_e(words.astype(np.float32) @ weights.steps)
        nearest = max(nearest, float(log_e[colluders:].max()) / math.log(2))
        fresh = (log_e >= need) & ~named
        if not fresh.any():
            break
        named |= fresh
    return int(named[:colluders].sum()), nearest, bool(named[colluders:].any())


def simulate(
    code: Code, colluders: int, slots: int, strategy: Strategy, runs: int, seed: int
) -> Tally:
    tally = Tally()
    for number in range(runs):
        rng = np.random.default_rng([seed, colluders, slots, STRATEGIES.index(strategy), number])
        named, nearest, wrong = run(code, colluders, slots, strategy, rng)
        tally.runs += 1
        tally.some += named > 0
        tally.all += named == colluders
        tally.innocents += wrong
        tally.nearest = max(tally.nearest, nearest)
    return tally


RARE = {
    "1/8": (1 / 8,),
    "3/16": (3 / 16,),
    "7/32": (7 / 32,),
    "1/4": (1 / 4,),
    "1/8 and 1/2": (1 / 8, 1 / 8, 1 / 2),
    "1/2": (1 / 2,),
}


def choose(runs: int, seed: int) -> Iterator[str]:
    """Compare codes by the worst strategy against each."""
    yield "| length | rare | 1 × 100 | 3 × 800 | 3 × 3,000 | 5 × 3,000 | 5 × 8,000 | 5 × 30,000 |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    settings = [(1, 60), (3, 800), (3, 3_000), (5, 3_000), (5, 8_000), (5, 30_000)]
    for length in (1024, 2048, 4096):
        for name, rare in RARE.items():
            cells = []
            for colluders, slots in settings:
                tallies = [
                    (simulate(Code(name, length, rare), colluders, slots, s, runs, seed), s)
                    for s in (STRATEGIES if colluders > 1 else STRATEGIES[:1])
                ]
                worst, strategy = min(tallies, key=lambda t: (t[0].some, t[0].all))
                cells.append(f"{100 * worst.some / worst.runs:.0f} {strategy.__name__}")
            yield f"| {length} | {name} | " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["choose", "table"])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=20261121)
    options = parser.parse_args()
    started = time.perf_counter()
    for line in choose(options.runs, options.seed):
        print(line, flush=True)
    print(f"\n{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()

"""Null vote vectors through the decoder: nobody innocent may be named, and the bound must hold.

    python benchmarks/null_votes.py --vectors 1000000

Each vector comes from something that holds no copy of any candidate: foreign files, washed files,
leaks and collusions of recipients outside the candidates, at all sizes, hard and soft. A few fresh
innocents are scored against each. Accusations are counted at the line of a million candidates and
alpha = 1e-6, and at lines low enough to be reached, where they must stay below alpha.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tracemark.codeword import Codebook
from tracemark.decoder.hypotheses import hypotheses
from tracemark.keys import EpochKey
from tracemark.model import Votes
from tracemark.profiles import CURRENT

CANDIDATES = 20
LINES = [(20, 0.1), (20, 0.01), (20, 0.001), (1_000_000, 1e-6)]  # (N, alpha)

Maker = Callable[[Codebook, NDArray[np.int64], np.random.Generator], NDArray[np.float64]]


def draw(book: Codebook, n: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    return (rng.random((n, len(book.biases))) < book.biases).astype(np.uint8)


def foreign(book: Codebook, at: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
    return rng.choice([-1.0, 1.0], len(at))


def one_sided(
    book: Codebook, at: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.float64]:
    return np.full(len(at), rng.choice([-1.0, 1.0]))


def stranger(
    book: Codebook, at: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.float64]:
    return 2.0 * draw(book, 1, rng)[0, at] - 1


def strangers(
    book: Codebook, at: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.float64]:
    words = draw(book, int(rng.integers(2, 6)), rng)[:, at]
    return 2.0 * words[rng.integers(0, len(words), len(at)), np.arange(len(at))] - 1


def faint(book: Codebook, at: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
    return np.round(np.clip(rng.normal(0, 0.4, len(at)), -1, 1), 1)


MAKERS: tuple[Maker, ...] = (foreign, one_sided, stranger, strangers, faint)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vectors", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    book = Codebook(EpochKey(1, bytes(range(32))), CURRENT)
    hits = dict.fromkeys(LINES, 0)
    highest = -math.inf
    started = time.perf_counter()
    for number in range(options.vectors):
        make = MAKERS[number % len(MAKERS)]
        slots = int(10 ** rng.uniform(1, 3))
        positions = rng.integers(0, CURRENT.length, slots)
        votes = Votes.empty(CURRENT.length)
        votes.add(positions, make(book, positions, rng))
        words = draw(book, CANDIDATES, rng).astype(np.float32)
        # the weights are drawn up for one of the lines; all four are read off the same scores
        candidates, alpha = LINES[number % len(LINES)]
        weighed = hypotheses(votes, book.biases, need=math.log(candidates / alpha))
        best = float(weighed.log_e(words @ weighed.steps).max())
        highest = max(highest, best)
        for line in LINES:
            hits[line] += best >= math.log(line[0] / line[1])
    print("| N | alpha | vectors | accusing somebody | share |")
    print("| --- | --- | --- | --- | --- |")
    for (candidates, alpha), count in hits.items():
        share = count / options.vectors
        print(f"| {candidates:,} | {alpha:g} | {options.vectors:,} | {count} | {share:.2g} |")
    spent = time.perf_counter() - started
    print(f"\nHighest score {highest / math.log(2):.1f} bits; {spent:.0f} s.")


if __name__ == "__main__":
    main()

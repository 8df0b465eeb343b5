"""Null vote vectors through the decoder: nobody innocent may be named, and the bound must hold.

    python -m benchmarks.null_votes --vectors 1000000 --log nulls.jsonl --plot nulls.svg

Each vector comes from something that holds no copy of any candidate: foreign files, washed files,
leaks and collusions of recipients outside the candidates, at all sizes, hard and soft. A few fresh
innocents are scored against each. Accusations are counted at the line of a million candidates and
alpha = 1e-6, and at lines low enough to be reached, where they must stay below alpha. Every
thousand vectors are a line of the log, under a seed of their own, so that a long run can be broken
off and gone on with.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibration import plot, shares
from tracemark.codeword import Codebook
from tracemark.decoder.hypotheses import hypotheses
from tracemark.keys import EpochKey
from tracemark.model import Votes
from tracemark.profiles import CURRENT

CANDIDATES = 20
LINES = [(20, 0.1), (20, 0.01), (20, 0.001), (1_000_000, 1e-6)]  # (N, alpha)
BATCH = 1000
BITS = 48  # scores are counted bit by bit, those of 0 and less in the first place

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
    return np.asarray(2.0 * draw(book, 1, rng)[0, at] - 1, np.float64)


def strangers(
    book: Codebook, at: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.float64]:
    words = draw(book, int(rng.integers(2, 6)), rng)[:, at]
    shown = words[rng.integers(0, len(words), len(at)), np.arange(len(at))]
    return np.asarray(2.0 * shown - 1, np.float64)


def faint(book: Codebook, at: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
    return np.round(np.clip(rng.normal(0, 0.4, len(at)), -1, 1), 1)


MAKERS: tuple[Maker, ...] = (foreign, one_sided, stranger, strangers, faint)


def batch(book: Codebook, vectors: int, seed: int) -> dict[str, object]:
    """Score fresh innocents against so many vectors."""
    rng = np.random.default_rng(seed)
    hits = [0] * len(LINES)
    scores = np.zeros(BITS, np.int64)
    for number in range(vectors):
        make = MAKERS[number % len(MAKERS)]
        slots = int(10 ** rng.uniform(1, 3))
        positions = rng.integers(0, CURRENT.length, slots)
        votes = Votes.empty(CURRENT.length)
        votes.add(positions, make(book, positions, rng))
        words = draw(book, CANDIDATES, rng).astype(np.float32)
        # the weights are drawn up for one of the lines; all four are read off the same scores
        candidates, alpha = LINES[number % len(LINES)]
        weighed = hypotheses(votes, book.biases, need=math.log(candidates / alpha))
        found = weighed.log_e(words @ weighed.steps)
        bits = np.clip(np.floor(found / math.log(2)), 0, BITS - 1)
        scores += np.bincount(bits.astype(np.int64), minlength=BITS)
        for place, (many, line) in enumerate(LINES):
            hits[place] += bool(found.max() >= math.log(many / line))
    return {"seed": seed, "vectors": vectors, "hits": hits, "scores": scores.tolist()}


def table(vectors: int, hits: list[int], scores: list[int]) -> Iterator[str]:
    yield f"{vectors:,} null vectors, {CANDIDATES} fresh innocents against each."
    yield ""
    yield "| N | alpha | vectors accusing somebody | share |"
    yield "| --- | --- | --- | --- |"
    for (candidates, alpha), count in zip(LINES, hits, strict=True):
        yield f"| {candidates:,} | {alpha:g} | {count:,} | {count / vectors:.2g} |"
    yield ""
    yield "| bits | innocents at or above | share | the bound |"
    yield "| --- | --- | --- | --- |"
    for bits, share in shares(scores):
        yield f"| {bits} | {share * sum(scores):,.0f} | {share:.2g} | {2.0**-bits:.2g} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vectors", type=int, default=20_000, help="with those of the log")
    parser.add_argument("--log", type=Path, help="one line for each batch; gone on with")
    parser.add_argument("--plot", type=Path, help="SVG to write")
    options = parser.parse_args()
    book = Codebook(EpochKey(1, bytes(range(32))), CURRENT)
    log = options.log or Path(tempfile.mkstemp(suffix=".jsonl")[1])
    done = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    vectors = sum(one["vectors"] for one in done)
    started = time.process_time()
    with log.open("a") as file:
        while vectors < options.vectors:
            done.append(batch(book, BATCH, random.SystemRandom().randrange(1 << 60)))
            file.write(json.dumps(done[-1]) + "\n")
            file.flush()
            vectors += BATCH
    hits = np.sum([one["hits"] for one in done], axis=0).tolist()
    scores = np.sum([one["scores"] for one in done], axis=0).tolist()
    print("\n".join(table(vectors, hits, scores)))
    print(f"\n{time.process_time() - started:.0f} s of processor time.")
    if options.plot:
        options.plot.write_text(
            plot(shares(scores), f"{sum(scores):,} innocents against {vectors:,} null vectors"),
            encoding="utf-8",
        )


if __name__ == "__main__":
    main()

"""The suite notices a broken bound: three mistakes of published code, each measured to fail."""

from __future__ import annotations

import math

import numpy as np

from tracemark.decoder.hypotheses import hypotheses
from tracemark.model import Votes

from .nulls import book, coins, draw, keeps, reading

CANDIDATES, ALPHA, TRIALS = 50, 0.01, 400


def test_a_threshold_fitted_to_the_scores_accuses_somebody_every_time():
    """mean + 2.5 std of the candidates' own scores."""
    rng = np.random.default_rng(31)
    hits = 0
    for number in range(TRIALS):
        codebook = book(seed=number + 1)
        votes = coins(codebook, rng)
        scores = draw(codebook, CANDIDATES, rng) @ (votes.ones - votes.zeros)
        hits += bool((scores > scores.mean() + 2.5 * scores.std()).any())
    assert not keeps(hits, TRIALS, ALPHA)


def test_the_best_of_many_samples_without_counting_them_is_too_much():
    """Each of 30 samples held against its own line as if it were the only one.

    Eight uniform chips: an innocent who agrees with all of them, one in 256, passes.
    """
    rng = np.random.default_rng(32)
    candidates, alpha, trials = 10, 0.2, 30
    line = math.log(candidates / alpha)
    averaged = best = 0
    for number in range(trials):
        codebook = book(seed=number + 1)
        words = draw(codebook, candidates, rng).astype(np.float32)
        logs = []
        for _ in range(30):
            votes = Votes.empty(codebook.profile.length)
            votes.add(256 + rng.permutation(64)[:8], rng.choice([-1.0, 1.0], 8))
            weighed = hypotheses(votes, codebook.biases, need=line)
            logs.append(weighed.log_e(words @ weighed.steps))
        best += bool((np.max(logs, axis=0) >= line).any())
        averaged += bool((np.log(np.mean(np.exp(logs), axis=0)) >= line).any())
    assert not keeps(best, trials, alpha)
    assert keeps(averaged, trials, alpha)


def test_ranks_taken_for_ids_name_innocents():
    """The guilty one's score passes the line; the index into the sorted scores names another."""
    rng = np.random.default_rng(33)
    wrong = right = 0
    for number in range(60):
        codebook = book(seed=number + 1)
        words = draw(codebook, CANDIDATES, rng)
        guilty = int(rng.integers(CANDIDATES))
        sample = reading(codebook, words[[guilty]], 300, rng)
        votes = Votes.empty(codebook.profile.length)
        votes.add(sample.positions, sample.chips)
        weighed = hypotheses(votes, codebook.biases, need=math.log(CANDIDATES / ALPHA))
        log_e = weighed.log_e(words.astype(np.float32) @ weighed.steps)
        line = math.log(CANDIDATES / ALPHA)
        wrong += bool(np.any(np.flatnonzero(np.sort(log_e)[::-1] >= line) != guilty))
        right += bool(np.any(np.flatnonzero(log_e >= line) != guilty))
    assert not keeps(wrong, 60, ALPHA)
    assert keeps(right, 60, ALPHA)


def test_the_check_itself_lets_honest_rates_pass():
    """Rates at the bound are believed, twice the bound is not."""
    assert keeps(10, 1_000, 0.01)
    assert keeps(20, 1_000, 0.01)
    assert not keeps(40, 1_000, 0.01)

"""Innocents are accused no more often than alpha says: many kinds of samples, large alpha."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tracemark.decoder.accuse import Epoch, accuse
from tracemark.decoder.hypotheses import hypotheses
from tracemark.decoder.search import Panel
from tracemark.decoder.team import Team
from tracemark.model import Reading
from tracemark.profiles import CURRENT

from .nulls import NULLS, SMALL, book, draw, keeps, reading

POPULATIONS = 150  # of fresh innocents, held against each sample
VECTORS = 12


def e_values_of_innocents(make, candidates, alpha, seed):
    """ln e of innocents under null samples: (VECTORS * POPULATIONS, candidates)."""
    rng = np.random.default_rng([seed, NULLS.index(make), candidates])
    found = []
    for number in range(VECTORS):
        codebook = book(seed=number + 1)
        need = math.log(candidates / alpha)
        weighed = hypotheses(make(codebook, rng), codebook.biases, need=need)
        words = draw(codebook, POPULATIONS * candidates, rng).astype(np.float32)
        found.append(weighed.log_e(words @ weighed.steps).reshape(POPULATIONS, candidates))
    return np.concatenate(found)


@pytest.mark.parametrize("make", NULLS, ids=lambda m: m.__name__)
@pytest.mark.parametrize(("candidates", "alpha"), [(20, 0.1), (60, 0.01)])
def test_false_accusations_keep_the_bound(make, candidates, alpha):
    """1,800 cases of each kind; hits are cases in which anybody at all is accused."""
    log_e = e_values_of_innocents(make, candidates, alpha, seed=11)
    hits = int((log_e.max(axis=1) >= math.log(candidates / alpha)).sum())
    assert keeps(hits, len(log_e), alpha)


@pytest.mark.parametrize("make", NULLS, ids=lambda m: m.__name__)
def test_innocents_e_values_average_to_one_or_less(make):
    """Capped at 20, so that the average settles: E[min(e, 20)] <= 1, within 5 standard errors."""
    e = np.minimum(np.exp(e_values_of_innocents(make, 20, 0.1, seed=12)), 20).ravel()
    assert e.mean() <= 1 + 5 * e.std() / math.sqrt(len(e))


def test_scores_of_real_codewords_follow_the_same_law():
    """HMAC codewords of 40,000 innocents: P(e >= t) <= 1/t, and nobody near 1e6."""
    codebook = book(CURRENT, seed=9)
    rng = np.random.default_rng(9)
    sample = reading(codebook, draw(codebook, 3, rng), 4_000, rng)
    votes = _votes(codebook, sample)
    panel = Panel(codebook, [hypotheses(votes, codebook.biases, need=40.0)])
    ids = [f"account:{n}" for n in range(40_000)]
    log_e = np.concatenate([e[:, 0, 0] for _, e in Team().scan([ids], [panel])])
    for bits in range(1, 14):
        hits = int((log_e >= bits * math.log(2)).sum())
        assert keeps(hits, len(ids), 2.0**-bits)
    assert log_e.max() < math.log(1e6)


def _votes(codebook, sample):
    from tracemark.decoder.tally import tally

    return tally([sample], codebook)


def whole_case(rng, number, alpha, candidates=12):
    """One case through everything: samples, epochs, guilty and innocent. Innocents accused."""
    epochs_in_use = int(rng.integers(1, 4))
    samples = int(rng.integers(1, 4))
    guilty = int(rng.integers(0, 4))
    names = [f"{number}/{n}" for n in range(candidates)]
    epochs = []
    for index in range(epochs_in_use):
        codebook = book(SMALL, seed=number + 1, epoch=index + 1)
        words = np.stack([codebook.codeword(n) for n in names])
        read = []
        for sample in range(samples):
            slots = int(rng.integers(20, 800))
            culprits = words[:guilty] if guilty else draw(codebook, 2, rng)
            one = reading(codebook, culprits, slots, rng, noise=float(rng.choice([0, 0.3, 0.9])))
            read.append([one] if sample == 0 or rng.random() < 0.8 else [_nothing()])
        epochs.append(Epoch(codebook, read))
    judgement = accuse(lambda: [names], candidates, epochs, alpha=alpha)
    accused = {a.recipient for a in judgement.accused}
    return len(accused & set(names[:guilty])), len(accused & set(names[guilty:]))


def _nothing():
    return Reading("wording", np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0))


@pytest.mark.parametrize("alpha", [0.3, 0.01])
def test_whole_cases_accuse_innocents_no_more_often_than_alpha(alpha):
    """120 cases of several samples, epochs, guilty and rounds; and most of the guilty are found."""
    rng = np.random.default_rng(int(alpha * 1000))
    outcomes = [whole_case(rng, number, alpha) for number in range(120)]
    assert keeps(sum(innocent > 0 for _, innocent in outcomes), len(outcomes), alpha)
    assert sum(found for found, _ in outcomes) > 60


def test_later_rounds_keep_the_bound_given_the_accused():
    """After two true accusations, innocents' e-values under the new weights obey Markov."""
    rng = np.random.default_rng(21)
    hits = trials = 0
    for number in range(15):
        codebook = book(seed=100 + number)
        guilty = draw(codebook, 4, rng)
        votes = _votes(codebook, reading(codebook, guilty, 1_000, rng))
        weighed = hypotheses(votes, codebook.biases, need=7.0, known=guilty[:2])
        words = draw(codebook, 4_000, rng).astype(np.float32)
        hits += int((weighed.log_e(words @ weighed.steps) >= math.log(100)).sum())
        trials += len(words)
    assert keeps(hits, trials, 0.01)

"""The e-values hold their bound exactly: every codeword of a short code is enumerated."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracemark.decoder.hypotheses import Hypotheses, hypotheses, log_average
from tracemark.model import Votes

from .nulls import every_codeword

LENGTH = 9
BIASES = np.array([0.125, 0.875, 0.25, 0.75, 0.75, 0.25, 0.5, 0.5, 0.2113])
WORDS, CHANCES = every_codeword(BIASES)

counts = st.one_of(
    st.just(0.0),
    st.integers(0, 5).map(float),
    st.floats(0, 30),
    st.floats(0, 1e7),
)
vectors = st.lists(counts, min_size=LENGTH, max_size=LENGTH).map(np.array)
known = st.lists(st.integers(0, 2**LENGTH - 1), min_size=0, max_size=9)
needs = st.floats(1.0, 60.0)


def e_values(weighed: Hypotheses) -> np.ndarray:
    return np.exp(weighed.log_e(WORDS.astype(np.float32) @ weighed.steps))


@settings(max_examples=150, deadline=None)
@given(vectors, vectors, known, needs)
def test_an_innocents_e_value_has_mean_one(ones, zeros, accused, need):
    """Whatever the votes, and whoever is accused already, the mean over all codewords is 1."""
    words = WORDS[accused] if accused else None
    weighed = hypotheses(Votes(ones, zeros), BIASES, need=need, known=words)
    assert weighed.weights.sum() == pytest.approx(1)
    mean = CHANCES @ e_values(weighed)
    assert mean == pytest.approx(1, rel=1e-9 if weighed.exact is None else 1e-6)
    assert mean <= 1 + 1e-9


@settings(max_examples=50, deadline=None)
@given(vectors, vectors, needs)
def test_large_e_values_are_as_rare_as_markov_says(ones, zeros, need):
    """P(e >= t) <= 1/t at every t that is taken, and nobody exceeds what is attainable."""
    weighed = hypotheses(Votes(ones, zeros), BIASES, need=need)
    e = e_values(weighed)
    order = np.argsort(-e)
    tails = np.cumsum(CHANCES[order])
    assert np.all(tails <= (1 + 1e-9) / e[order])
    assert math.log(e.max()) <= weighed.attainable + 1e-9


@settings(max_examples=50, deadline=None)
@given(vectors, vectors, needs)
def test_weights_are_whole_steps_that_add_up_exactly_in_float32(ones, zeros, need):
    """So that no machine, and no order of summation, gives another score."""
    weighed = hypotheses(Votes(ones, zeros), BIASES, need=need)
    assert np.array_equal(weighed.steps, np.round(weighed.steps))
    assert 4096 * np.abs(weighed.steps).max() < 2**24


def test_taking_the_best_hypothesis_without_counting_it_is_noticed():
    """Broken on purpose: the largest e-value instead of the average has a mean above 1."""
    rng = np.random.default_rng(4)
    ones, zeros = rng.integers(0, 4, LENGTH) * 1.0, rng.integers(0, 4, LENGTH) * 1.0
    weighed = hypotheses(Votes(ones, zeros), BIASES, need=10)
    logs = WORDS @ (weighed.steps[:, : len(weighed.weights)] / 128.0) - weighed.log_mean
    assert CHANCES @ np.exp(logs.max(axis=1)) > 1.05
    assert CHANCES @ np.exp(log_average(logs, weighed.weights)) == pytest.approx(1)


def test_tuning_on_the_candidates_codeword_is_noticed():
    """Broken on purpose: votes flipped to suit the codeword at hand have a mean far above 1."""
    rng = np.random.default_rng(5)
    ones = rng.integers(0, 2, LENGTH) * 1.0
    weighed = hypotheses(Votes(ones, 1 - ones), BIASES, need=10)
    turned = hypotheses(Votes(1 - ones, ones), BIASES, need=10)
    assert CHANCES @ np.maximum(e_values(weighed), e_values(turned)) > 1.05

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracemark.decoder.exact import exact_line


def distribution(terms):
    """P(sum = least + i), by plain convolution: all terms positive, so every digit counts."""
    least, chances = 0, np.ones(1)
    for d, p in terms:
        one = np.zeros(abs(d) + 1)
        one[0], one[-1] = (1 - p, p) if d > 0 else (p, 1 - p)
        chances = np.convolve(chances, one)
        least += min(d, 0)
    return least, chances


def tail(terms, line):
    least, chances = distribution(terms)
    return float(chances[max(0, line - least) :].sum())


def lines(terms, target):
    d, p = (np.array(column, float) for column in zip(*terms, strict=True))
    return exact_line(d, p, np.ones(len(d)), target)


terms = st.lists(
    st.tuples(st.integers(-20, 20).filter(bool), st.sampled_from([0.125, 0.25, 0.5, 0.75, 0.875])),
    min_size=1,
    max_size=40,
)


@settings(max_examples=200, deadline=None)
@given(terms, st.floats(0.1, 40))
def test_the_line_is_the_lowest_that_is_rare_enough(terms, target):
    found = lines(terms, target)
    _least, chances = distribution(terms)
    if found is None:
        # no sum at all is that rare: not even the largest
        assert math.log(chances[-1]) > -target - 1e-5
        return
    line, log_tail = found
    assert log_tail <= -target
    assert math.log(tail(terms, line)) <= log_tail <= math.log(tail(terms, line)) + 2e-6
    assert math.log(tail(terms, line - 1)) > -target - 1e-5


@pytest.mark.parametrize("target", [5, 28, 60])
def test_a_tail_of_many_terms_is_right_to_a_millionth(target):
    """600 terms; down to exp(-60), far below what a plain transform could see."""
    rng = np.random.default_rng(target)
    terms = [(int(d), float(p)) for d, p in zip(
        rng.choice([-30, -12, -5, 4, 9, 25, 60], 600), rng.choice([0.125, 0.5, 0.875], 600),
        strict=True,
    )]  # fmt: skip
    line, log_tail = lines(terms, target)
    assert math.log(tail(terms, line)) <= log_tail <= math.log(tail(terms, line)) + 2e-6
    assert log_tail > -target - 1


def test_like_positions_may_be_counted_instead_of_listed():
    d, p = np.array([3.0, -2.0]), np.array([0.5, 0.125])
    together = exact_line(d, p, np.array([50.0, 30.0]), 12.0)
    apart = exact_line(np.repeat(d, [50, 30]), np.repeat(p, [50, 30]), np.ones(80), 12.0)
    assert together == apart


def test_without_terms_there_is_no_line():
    assert exact_line(np.zeros(3), np.full(3, 0.5), np.ones(3), 5.0) is None

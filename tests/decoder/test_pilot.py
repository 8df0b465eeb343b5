from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracemark.codeword import Codebook
from tracemark.decoder.pilot import binomial_tail, ours, pilot
from tracemark.keys import EpochKey
from tracemark.profiles import CURRENT

BOOK = Codebook(EpochKey(1, bytes(range(32))), CURRENT)


@given(st.integers(1, 400), st.data())
def test_the_tail_is_exact(n, data):
    """Against whole-number arithmetic."""
    k = data.draw(st.integers(-2, n + 2))
    exact = sum(math.comb(n, i) for i in range(max(k, 0), n + 1)) / 2**n
    assert math.exp(binomial_tail(n, k)) == pytest.approx(exact, rel=1e-9, abs=0)


@pytest.mark.parametrize("n", [10**5, 10**7])
@pytest.mark.parametrize("deviations", [0, 1, 5, 30, 100])
def test_the_tail_of_many_coins_follows_the_normal_law(n, deviations):
    """ln P within 1 % and a little of the normal tail with its third-order term."""
    k = math.ceil(n / 2 + deviations * math.sqrt(n) / 2)
    z = (2 * k - 1 - n) / math.sqrt(n)
    # ln Q(z), from the continued fraction where erfc underflows
    normal = (
        math.log(math.erfc(z / math.sqrt(2)) / 2)
        if z < 30
        else -z * z / 2 - math.log(z * math.sqrt(2 * math.pi)) - 1 / z**2
    )
    assert binomial_tail(n, k) == pytest.approx(normal - z**4 / (12 * n), rel=0.01, abs=1e-3)


def shown(slots: int, noise: float, seed: int):
    rng = np.random.default_rng(seed)
    positions = rng.integers(0, CURRENT.length, slots)
    bits = BOOK.codeword(f"station:{seed}")[positions].astype(int)
    bits = np.where(rng.random(slots) < noise, rng.integers(0, 2, slots), bits)
    return positions, 2.0 * bits - 1


def test_a_marked_copy_is_ours_whoever_received_it():
    for seed in range(20):
        found = pilot(*shown(400, 0.0, seed), BOOK)
        assert found.bound < 1e-6
        assert 0.7 < ours(found, CURRENT.rare) <= 1.0


def test_noise_is_ours_no_more_often_than_the_bound_says():
    """2,000 foreign samples: bounds below 1 % in about 1 %."""
    bounds = [pilot(*shown(60, 1.0, seed), BOOK).bound for seed in range(2_000)]
    assert np.mean(np.array(bounds) < 0.01) < 0.02
    assert np.mean(np.array(bounds) < 0.5) < 0.56


def test_soft_chips_use_hoeffdings_bound():
    positions, chips = shown(600, 0.2, 3)
    hard = pilot(positions, chips, BOOK)
    soft = pilot(positions, chips * 0.5, BOOK)
    assert soft.agreeing == hard.agreeing
    assert hard.bound < soft.bound < 1e-3


def test_erasures_and_uniform_positions_take_no_part():
    uniform = np.arange(CURRENT.biased, CURRENT.length)
    assert pilot(uniform, np.ones(len(uniform)), BOOK).bound == 1.0
    assert pilot(np.arange(50), np.zeros(50), BOOK).slots == 0


def test_the_part_that_is_ours_is_estimated():
    found = pilot(*shown(20_000, 0.6, 1), BOOK)
    assert ours(found, CURRENT.rare) == pytest.approx(0.4, abs=0.05)
    assert ours(pilot(np.zeros(0, int), np.zeros(0), BOOK), CURRENT.rare) == 0.0

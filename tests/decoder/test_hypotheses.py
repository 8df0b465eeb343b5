from __future__ import annotations

import math

import numpy as np
import pytest

from tracemark.codeword import Codebook
from tracemark.decoder.accuse import split
from tracemark.decoder.hypotheses import STEP, hypotheses
from tracemark.decoder.shares import explained
from tracemark.decoder.stories import Tables, coin, fresh_tables, majority, minority, mix, stories
from tracemark.keys import EpochKey
from tracemark.model import Votes
from tracemark.profiles import CURRENT

BOOK = Codebook(EpochKey(1, bytes(range(32))), CURRENT)
NEED = math.log(2e12)


def leak(words, slots, seed, rule=mix, noise=0.0):
    """Votes of a leak of these codewords under a rule of the stories."""
    rng = np.random.default_rng(seed)
    positions = rng.integers(0, words.shape[1], slots)
    chance = rule(words.sum(axis=0)[positions].astype(float), len(words))
    shown = rng.random(slots) < np.where(rng.random(slots) < noise, 0.5, chance)
    votes = Votes.empty(words.shape[1])
    votes.add(positions, np.where(shown, 1.0, -1.0))
    return votes


def words(*names):
    return np.stack([BOOK.codeword(name) for name in names])


def bits(weighed, codewords):
    return weighed.log_e(codewords.astype(np.float32) @ weighed.steps) / math.log(2)


@pytest.mark.parametrize("rule", [mix, coin, majority, minority])
def test_a_rule_keeps_what_all_have_and_is_fair_between_the_forms(rule):
    """The marking assumption; and turning all bits over turns the answer over."""
    for crowd in (2, 3, 4, 5, 8):
        ones = np.arange(crowd + 1.0)
        shown = rule(ones, crowd)
        assert shown[0] == 0 and shown[-1] == 1
        assert np.allclose(shown + shown[::-1], 1)


@pytest.mark.parametrize("accused", [0, 1, 2, 5, 8, 40])
def test_priors_sum_to_one_whoever_is_accused(accused):
    assert math.fsum(s.prior for s in stories(accused)) == pytest.approx(1)


def test_states_are_a_distribution():
    """Of every level of every story."""
    table: Tables = fresh_tables((0.25, 0.5))
    sums = np.add.reduceat(np.exp(table.state), table.first, axis=-1)
    assert np.allclose(sums, 1)
    assert len(table.names) == len(table.prior) == len(table.first)
    assert table.prior.sum() == pytest.approx(1)


def clean(chips):
    """Votes of so many uniform chips, and the codeword they were read from."""
    word = words("account:1")
    run = slice(CURRENT.biased, CURRENT.biased + chips)
    votes = Votes.empty(CURRENT.length)
    votes.ones[run], votes.zeros[run] = word[0, run], 1 - word[0, run]
    return votes, word


def test_forty_one_clean_chips_name_one_of_a_million():
    """A uniform chip carries one bit; 40 bits are the least at alpha = 1e-6, 41 are enough."""
    need = math.log(1e6 / split(1e-6)[0])
    for chips, named in ((40, False), (41, True), (45, True)):
        votes, word = clean(chips)
        found = bits(hypotheses(votes, BOOK.biases, need=need), word)[0]
        assert (found >= need / math.log(2)) == named
        assert found <= chips


def test_strong_evidence_is_worth_nearly_its_information():
    """200 chips: the average over hypotheses costs a few bits, not a share."""
    votes, word = clean(200)
    assert 195 < bits(hypotheses(votes, BOOK.biases, need=NEED), word)[0] < 200


def test_noise_lowers_the_score_and_foreign_votes_do_not_bury_it():
    word = words("account:2")
    clean = bits(hypotheses(leak(word, 600, 1), BOOK.biases, need=NEED), word)[0]
    noisy = bits(hypotheses(leak(word, 600, 1, noise=0.4), BOOK.biases, need=NEED), word)[0]
    buried = bits(hypotheses(leak(word, 60_000, 1, noise=0.9), BOOK.biases, need=NEED), word)[0]
    assert clean > 300
    assert 60 < noisy < clean
    assert buried > 60


def test_the_story_that_explains_the_votes_is_kept():
    """Noise at its level; a crowd by its rule. Chosen without the candidate's codeword."""
    alone = hypotheses(leak(words("account:3"), 20_000, 2), BOOK.biases, need=NEED)
    assert any(name.startswith("one alone, noise 0.004") for name in alone.names)
    three = leak(words("account:3", "account:4", "account:5"), 20_000, 3, rule=minority)
    assert "3 by minority, noise 0.01" in hypotheses(three, BOOK.biases, need=NEED).names


@pytest.mark.parametrize("rule", [mix, coin, majority, minority])
def test_colluders_stand_out_under_every_rule(rule):
    crowd = words("account:6", "account:7", "account:8")
    weighed = hypotheses(leak(crowd, 8_000, 4, rule=rule), BOOK.biases, need=NEED)
    assert bits(weighed, crowd).max() > 60
    assert bits(weighed, words(*(f"station:{n}" for n in range(200)))).max() < 20


def test_what_the_accused_explain_names_nobody_again_and_the_rest_comes_out():
    """A tenth of the sample is another's: unseen at first, it stands out in the second round."""
    big, small = words("account:9"), words("account:10")
    votes = leak(big, 4_000, 5) + leak(small, 500, 6)
    second = hypotheses(votes, BOOK.biases, need=NEED, known=big)
    assert bits(second, small)[0] > 60
    only = hypotheses(leak(big, 4_000, 5), BOOK.biases, need=NEED, known=big)
    assert bits(only, words(*(f"station:{n}" for n in range(200)))).max() < 20


def test_a_million_votes_at_a_position_overflow_nothing():
    rng = np.random.default_rng(7)
    votes = Votes(rng.integers(0, 10**6, CURRENT.length) * 1.0, np.full(CURRENT.length, 1e6))
    weighed = hypotheses(votes, BOOK.biases, need=NEED)
    assert np.isfinite(weighed.log_mean).all()
    assert np.abs(weighed.steps).max() * STEP <= 8
    assert np.isfinite(bits(weighed, words("account:11"))).all()


def test_fewer_stories_can_be_kept():
    votes = leak(words("account:12"), 100, 8)
    assert len(hypotheses(votes, BOOK.biases, need=NEED, keep=3).weights) == 5


def test_shares_are_found():
    """A blend of 60 %, 25 % and 15 % noise."""
    crowd = words("account:13", "account:14", "account:15")
    votes = leak(crowd[:1], 6_000, 9) + leak(crowd[1:2], 2_500, 10)
    votes = votes + leak(crowd[:1], 1_500, 11, noise=1.0)
    shares = explained(votes.ones, votes.zeros, BOOK.biases, crowd)
    assert shares == pytest.approx([0.60, 0.25, 0.0], abs=0.06)
    nothing = np.zeros(CURRENT.length)
    assert explained(nothing, nothing, BOOK.biases, crowd).tolist() == [0, 0, 0]


@pytest.mark.parametrize(("number", "mean"), [(300, 0.6), (1000, 0.5)])
def test_faint_votes_keep_what_they_are_worth(number, mean):
    """Chips of known strength in noise: most of the bits that the best scale gets of them."""
    p, shares = BOOK.biases, []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        word = rng.random(CURRENT.length) < p
        at = rng.choice(CURRENT.length, number, replace=False)
        value = mean * np.where(word[at], 1, -1) + rng.standard_normal(number)
        chips = np.clip(value / np.sqrt(np.square(value).mean()), -1, 1)
        votes = Votes.empty(CURRENT.length)
        votes.add(at, chips)
        weighed = hypotheses(votes, p, need=math.log(1e12))
        told = weighed.log_e(word[None].astype(np.float32) @ weighed.steps)[0]
        best = max(
            np.log(np.where(word[at], one, 1 - one) / (p[at] * (2 * one - 1) + 1 - one)).sum()
            for one in (1 / (1 + np.exp(-scale * chips)) for scale in np.linspace(0.2, 10, 40))
        )
        shares.append(told / best)
    assert np.mean(shares) > 0.8

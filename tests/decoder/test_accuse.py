from __future__ import annotations

import math

import numpy as np
import pytest

from tracemark.codeword import Codebook
from tracemark.decoder.accuse import ROUNDS, Epoch, accuse, split
from tracemark.errors import UsageError
from tracemark.keys import EpochKey
from tracemark.model import Reading
from tracemark.profiles import CURRENT

BOOKS = [Codebook(EpochKey(epoch, bytes([epoch]) * 32), CURRENT) for epoch in (1, 2, 3)]
IDS = [f"account:{n}" for n in range(2_000)]
ALPHA = 1e-6 * len(IDS) / 1e6  # the line that a million candidates would have at 1e-6


def leak(names, slots, seed, *, book=BOOKS[0], noise=0.0, carrier="wording"):
    """Slots of a copy, or of several mixed slot by slot; a part of the votes are coins."""
    rng = np.random.default_rng(seed)
    words = np.stack([book.codeword(name) for name in names])
    positions = rng.integers(0, CURRENT.length, slots)
    shown = words[rng.integers(0, len(names), slots), positions]
    shown = np.where(rng.random(slots) < noise, rng.integers(0, 2, slots), shown)
    return Reading(
        carrier, rng.integers(0, 2**63, slots).astype(np.uint64), positions, 2.0 * shown - 1
    )


def judge(samples, *, books=BOOKS[:1], ids=IDS, alpha=ALPHA):
    """Samples of readings per epoch."""
    epochs = [Epoch(book, read) for book, read in zip(books, samples, strict=True)]
    return accuse(lambda: [ids[:700], ids[700:]], len(ids), epochs, alpha=alpha)


def names(judgement):
    return {a.recipient for a in judgement.accused}


def test_a_single_leak_names_its_recipient_and_nobody_else():
    judgement = judge([[[leak(["account:7"], 300, 1, noise=0.1)]]])
    (accused,) = judgement.accused
    assert accused.recipient == "account:7"
    assert accused.round == 1
    assert accused.bits > judgement.line
    assert accused.bound < ALPHA
    assert accused.share > 0.7
    (evidence,) = accused.evidence
    assert (evidence.sample, evidence.carrier, evidence.read) == (0, "wording", 300)
    assert evidence.agreeing > 270 > 240 > evidence.expected
    assert judgement.candidates == len(IDS)
    assert sum(judgement.counts) == len(IDS)
    assert len(judgement.edges) == len(judgement.counts) + 1


def test_three_colluders_are_named_by_later_rounds_too():
    guilty = {"account:1", "account:2", "account:3"}
    assert names(judge([[[leak(sorted(guilty), 6_000, 2)]]])) == guilty


def test_a_small_part_of_a_merged_leak_comes_out():
    """90 % one account's export, 10 % another's, both in one file."""
    judgement = judge([[[leak(["account:1"], 9_000, 3), leak(["account:2"], 1_000, 4)]]])
    assert names(judgement) == {"account:1", "account:2"}
    shares = {a.recipient: a.share for a in judgement.accused}
    assert shares["account:1"] == pytest.approx(0.9, abs=0.05)
    assert shares["account:2"] == pytest.approx(0.1, abs=0.05)


def test_weak_samples_of_one_leaker_add_up():
    """None of four photographs names anyone; together they do."""
    weak = [[leak(["account:5"], 40, seed, carrier="nubs")] for seed in range(4)]
    assert not any(names(judge([[one]])) for one in weak)
    judgement = judge([weak])
    assert names(judgement) == {"account:5"}
    assert len(judgement.accused[0].samples) == 4
    assert {e.sample for e in judgement.accused[0].evidence} == {0, 1, 2, 3}


def test_samples_of_many_leakers_do_not_bury_one_another():
    guilty = [f"account:{n}" for n in range(40)]
    assert names(judge([[[leak([name], 160, 50)] for name in guilty]])) == set(guilty)


def test_epochs_add_up():
    """Half of the leak was issued under the first key and half under the third."""
    first, third = leak(["account:8"], 40, 1), leak(["account:8"], 40, 2, book=BOOKS[2])
    assert not names(judge([[[first]]]))
    judgement = judge([[[first]], [[]], [[third]]], books=BOOKS)
    assert names(judgement) == {"account:8"}
    assert judgement.accused[0].evidence[0].read == 80


def test_nothing_read_or_too_little_accuses_nobody_and_draws_no_codeword():
    def candidates():
        raise AssertionError("no candidate can pass")

    for sample in ([], [leak(["account:1"], 20, 5)]):
        judgement = accuse(candidates, 1_000_000, [Epoch(BOOKS[0], [sample])], alpha=1e-6)
        assert judgement.accused == ()
        assert judgement.attainable < judgement.line == pytest.approx(math.log2(1e12 / 0.75))
        assert sum(judgement.counts) == 0


def test_codewords_are_drawn_again_only_if_there_is_something_left_to_explain():
    """One pass for a single leak; more for a merged one."""
    for readings, least, most in (
        ([leak(["account:1"], 3_000, 1, noise=0.05)], 1, 1),
        ([leak(["account:1"], 3_000, 1), leak(["account:2"], 600, 2)], 2, 3),
    ):
        passes = []
        accuse(
            lambda passes=passes: passes.append(1) or [IDS],
            len(IDS),
            [Epoch(BOOKS[0], [readings])],
            alpha=ALPHA,
        )
        assert least <= len(passes) <= most


def test_foreign_votes_accuse_nobody():
    for seed in range(5):
        assert judge([[[leak(["stranger"], 4_000, seed)]]]).accused == ()


def test_no_candidates_no_accusation():
    assert accuse(list, 0, [Epoch(BOOKS[0], [[leak(["a"], 500, 1)]])], alpha=1e-6).accused == ()


@pytest.mark.parametrize("alpha", [0, 1, -1, 2])
def test_alpha_must_be_a_chance(alpha):
    with pytest.raises(UsageError, match="alpha"):
        judge([[[leak(["account:1"], 50, 1)]]], alpha=alpha)


def test_more_candidates_than_announced_are_refused():
    """The bound is stated for their number."""
    epochs = [Epoch(BOOKS[0], [[leak(["account:1"], 500, 1)]])]
    with pytest.raises(UsageError, match="2000 came"):
        accuse(lambda: [IDS], 1_000, epochs, alpha=1e-6)


@pytest.mark.parametrize("alpha", [1e-6, 0.1])
def test_the_rounds_together_spend_alpha(alpha):
    parts = split(alpha)
    assert len(parts) == ROUNDS
    assert math.fsum(parts) == pytest.approx(alpha)
    assert parts[0] == pytest.approx(0.75 * alpha)
    assert parts == sorted(parts, reverse=True)


def test_the_bound_of_a_later_round_counts_what_that_round_may_spend():
    """A score of b bits in round k is worth N / (part of alpha) / 2**b."""
    judgement = judge([[[leak(["account:1", "account:2", "account:3"], 2_000, 2)]]])
    for accused in judgement.accused:
        part = split(1.0)[accused.round - 1]
        assert accused.bound == pytest.approx(len(IDS) / part / 2**accused.bits)


def test_the_same_case_gives_the_same_answer():
    sample = [leak(["account:1", "account:2"], 900, 6)]
    assert judge([[sample]]) == judge([[sample]])

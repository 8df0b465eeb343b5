from __future__ import annotations

import numpy as np
import pytest

from tracemark.codeword import Codebook
from tracemark.decoder.tally import agreement, by_carrier, distinct, tally
from tracemark.keys import EpochKey
from tracemark.model import Reading
from tracemark.profiles import CURRENT

BOOK = Codebook(EpochKey(1, bytes(range(32))), CURRENT)


def reading(slots, positions, chips, carrier="wording"):
    return Reading(
        carrier,
        np.array(slots, np.uint64),
        np.array(positions, np.int64),
        np.array(chips, np.float64),
    )


def test_a_slot_read_many_times_is_one_vote():
    """A row that stands a thousand times in a leak counts once."""
    once = distinct(
        [reading([7, 9], [3, 4], [1, -1]), reading([7] * 1_000, [3] * 1_000, [1] * 1_000)]
    )
    assert once.slots.tolist() == [7, 9]
    assert once.positions.tolist() == [3, 4]
    assert once.chips.tolist() == [1, -1]


def test_a_slot_read_differently_is_worth_the_mean():
    assert distinct([reading([5, 5, 5, 5], [0] * 4, [1, 1, 1, -1])]).chips.tolist() == [0.5]


def test_slots_of_different_carriers_are_different_slots():
    readings = [reading([1], [0], [1], "wording"), reading([1], [0], [1], "invisible")]
    assert [r.carrier for r in by_carrier(readings)] == ["invisible", "wording"]
    votes = tally(readings, BOOK)
    assert votes.counts == {"invisible": 1, "wording": 1}
    assert votes.ones[0] == pytest.approx(2)


def test_nothing_read_is_no_vote():
    assert len(distinct([])) == 0
    assert tally([], BOOK).total == 0


def test_a_carrier_that_reads_as_noise_counts_for_little():
    """Its fidelity is taken from the pilot, so this looks at no codeword."""
    rng = np.random.default_rng(1)
    positions = rng.integers(0, CURRENT.biased, 2_000)
    bits = BOOK.codeword("terminal:1")[positions]
    slots = np.arange(2_000)
    clean = reading(slots, positions, 2.0 * bits - 1, "wording")
    noise = reading(slots, positions, rng.choice([-1.0, 1.0], 2_000), "nubs")
    votes = tally([clean, noise], BOOK)
    assert 2_000 * 0.99 < votes.total < 2_000 * 1.2
    assert tally([clean], BOOK).total == pytest.approx(2_000)


def test_agreement_is_held_against_chance():
    biases = np.array([0.25, 0.75, 0.5])
    one = reading([1, 2, 3, 4], [0, 1, 2, 2], [1, 1, -0.5, 0])
    assert agreement(one, np.array([1, 0, 0], np.uint8), biases) == (2, 3, 0.25 + 0.75 + 0.5)

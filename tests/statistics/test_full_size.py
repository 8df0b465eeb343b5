"""At N = 1,000,000 and alpha = 1e-6 nobody innocent may be named, in any null at hand."""

import numpy as np
import pytest

from tracemark.codeword import Codebook
from tracemark.decoder.accuse import Epoch, accuse
from tracemark.keys import EpochKey
from tracemark.model import Reading
from tracemark.profiles import CURRENT

N = 1_000_000
BOOK = Codebook(EpochKey(1, bytes(range(32))), CURRENT)


def shown_by(recipients, slots, rng) -> Reading:
    """Slots in which each shows the bit of one of these recipients, by lot."""
    words = np.stack([BOOK.codeword(one) for one in recipients])
    positions = rng.integers(0, CURRENT.length, slots)
    bits = words[rng.integers(0, len(words), slots), positions]
    return Reading("x", np.arange(slots, dtype=np.uint64), positions, 2.0 * bits - 1)


def coins(slots, rng) -> Reading:
    """Slots of something never marked."""
    positions = rng.integers(0, CURRENT.length, slots)
    chips = rng.choice([-1.0, 1.0], slots)
    return Reading("x", np.arange(slots, dtype=np.uint64), positions, chips)


def test_a_whole_million_is_scored_and_nobody_innocent_named():
    """Three strangers' copies mixed, 3,000 slots, against every one of a million innocents."""
    sample = shown_by(["guilty:1", "guilty:2", "guilty:3"], 3000, np.random.default_rng(1))
    candidates = ([f"acct:{n:07d}" for n in range(s, s + 10_000)] for s in range(0, N, 10_000))
    judgement = accuse(lambda: candidates, N, [Epoch(BOOK, [[sample]])], alpha=1e-6)
    assert not judgement.accused
    assert sum(judgement.counts) == N


@pytest.mark.parametrize("null", ["coins", "others"])
def test_no_null_vote_vector_names_anyone(null):
    """250 null vote vectors of each kind, against 300 innocents each, at the line of a million."""
    rng = np.random.default_rng(2)
    innocents = [f"acct:{n:07d}" for n in range(300)]
    for trial in range(250):
        slots = int(rng.choice([40, 200, 1000, 5000]))
        guilty = [f"guilty:{trial}:{n}" for n in range(rng.integers(1, 6))]
        sample = coins(slots, rng) if null == "coins" else shown_by(guilty, slots, rng)
        judgement = accuse(lambda: [innocents], N, [Epoch(BOOK, [[sample]])], alpha=1e-6)
        assert not judgement.accused

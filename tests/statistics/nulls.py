"""Samples that hold no copy of any candidate, and the check whether a rate keeps a bound.

Codewords of candidates are drawn after the votes: that is what innocent means, and it lets many
populations be held against one sample.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tracemark.codeword import Codebook
from tracemark.keys import EpochKey
from tracemark.model import Reading, Votes
from tracemark.profiles import Profile

SMALL = Profile(name="test", biased=256, uniform=64, planes=2)

Maker = Callable[[Codebook, np.random.Generator], Votes]


def book(profile: Profile = SMALL, seed: int = 1, epoch: int = 1) -> Codebook:
    """A codebook under an invented key."""
    return Codebook(EpochKey(epoch, seed.to_bytes(32, "big")), profile)


def draw(codebook: Codebook, n: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Codewords of n innocents: (n, L)."""
    biases = codebook.biases
    return (rng.random((n, len(biases))) < biases).astype(np.uint8)


def votes_of(codebook: Codebook, positions: NDArray[np.int64], ones: NDArray[np.bool_]) -> Votes:
    """Hard votes."""
    votes = Votes.empty(codebook.profile.length)
    votes.add(positions, np.where(ones, 1.0, -1.0))
    return votes


def coins(codebook: Codebook, rng: np.random.Generator) -> Votes:
    """A foreign file: every slot a fair coin."""
    n = int(rng.integers(1, 2_000))
    positions = rng.integers(0, codebook.profile.length, n)
    return votes_of(codebook, positions, rng.random(n) < 0.5)


def all_ones(codebook: Codebook, rng: np.random.Generator) -> Votes:
    """A washed file: every slot shows the same."""
    n = int(rng.integers(1, 2_000))
    positions = rng.integers(0, codebook.profile.length, n)
    return votes_of(codebook, positions, np.ones(n, np.bool_))


def pattern(codebook: Codebook, rng: np.random.Generator) -> Votes:
    """Somebody who learnt the biases shows the common symbol everywhere."""
    positions = rng.integers(0, codebook.profile.length, int(rng.integers(1, 2_000)))
    return votes_of(codebook, positions, codebook.biases[positions] > 0.5)


def rare_only(codebook: Codebook, rng: np.random.Generator) -> Votes:
    """... or the rare symbol everywhere."""
    positions = rng.integers(0, codebook.profile.biased, int(rng.integers(1, 2_000)))
    return votes_of(codebook, positions, codebook.biases[positions] < 0.5)


def copied(codebook: Codebook, rng: np.random.Generator) -> Votes:
    """A true leak of a recipient who is not among the candidates."""
    positions = rng.integers(0, codebook.profile.length, int(rng.integers(1, 2_000)))
    word = draw(codebook, 1, rng)[0]
    return votes_of(codebook, positions, word[positions] == 1)


def collusion(codebook: Codebook, rng: np.random.Generator) -> Votes:
    """Several who are not among the candidates compare their copies and show the minority."""
    words = draw(codebook, int(rng.integers(2, 7)), rng)
    positions = rng.integers(0, codebook.profile.length, int(rng.integers(1, 3_000)))
    count = words.sum(axis=0)[positions]
    shown = np.where(count % len(words) == 0, count > 0, 2 * count < len(words))
    return votes_of(codebook, positions, shown)


def one_position(codebook: Codebook, rng: np.random.Generator) -> Votes:
    """Everything at a single position, a thousand times."""
    positions = np.full(1_000, rng.integers(0, codebook.profile.length))
    return votes_of(codebook, positions, np.ones(1_000, np.bool_))


def duplicated(codebook: Codebook, rng: np.random.Generator) -> Votes:
    """A few slots, each counted a hundred thousand times."""
    votes = coins(codebook, rng)
    return Votes(votes.ones * 1e5, votes.zeros * 1e5)


def faint(codebook: Codebook, rng: np.random.Generator) -> Votes:
    """Soft chips of a photo: weak, and a little correlated."""
    n = int(rng.integers(1, 2_000))
    votes = Votes.empty(codebook.profile.length)
    drift = np.clip(np.cumsum(rng.normal(0, 0.1, n)), -1, 1)
    chips = np.clip(0.3 * rng.normal(size=n) + 0.3 * drift, -1, 1)
    votes.add(rng.integers(0, codebook.profile.length, n), chips)
    return votes


NULLS: tuple[Maker, ...] = (
    coins, all_ones, pattern, rare_only, copied, collusion, one_position, duplicated, faint,
)  # fmt: skip


def reading(
    codebook: Codebook,
    words: NDArray[np.uint8],
    slots: int,
    rng: np.random.Generator,
    *,
    noise: float = 0.0,
    carrier: str = "wording",
) -> Reading:
    """A leak of so many slots, each from one of these codewords, a part of them coins."""
    positions = rng.integers(0, codebook.profile.length, slots)
    shown = words[rng.integers(0, len(words), slots), positions]
    shown = np.where(rng.random(slots) < noise, rng.integers(0, 2, slots), shown)
    identities = rng.integers(0, 2**63, slots).astype(np.uint64)
    return Reading(carrier, identities, positions, 2.0 * shown - 1.0)


def keeps(hits: int, trials: int, bound: float, doubt: float = 1e-6) -> bool:
    """Are so many hits believable where the true rate is at most `bound`?

    True unless the chance of so many is below `doubt`: exact upper tail of the binomial.
    """
    if hits == 0:
        return True
    if hits > trials * bound:
        logs = [
            math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
            + k * math.log(bound) + (trials - k) * math.log1p(-bound)
            for k in range(hits, trials + 1)
        ]  # fmt: skip
        return math.fsum(map(math.exp, logs)) >= doubt
    return True


def every_codeword(biases: NDArray[np.float64]) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """All 2**L codewords, (2**L, L), and the chance of each."""
    length = len(biases)
    words = (np.arange(2**length)[:, None] >> np.arange(length)) & 1
    chances = np.where(words == 1, biases, 1 - biases).prod(axis=1)
    return words.astype(np.uint8), chances

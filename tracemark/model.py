"""The nouns that both corridors share: recipients, readings, votes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

KINDS = ("account", "station", "terminal", "courier")


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a copy can be released to. No personal data belongs here: an id is a business key."""

    id: str
    name: str = ""
    kind: str = "account"
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What one carrier read in one sample: one row for each slot occurrence. SPEC 5.4.

    Attributes
    ----------
    carrier : str
        ``invisible``, ``typography``, ``wording``, ``nubs``, …
    slots : (n,) uint64
        Identity of the slot; the same slot read twice has the same number.
    positions : (n,) int64
        Position of the codeword the slot is mapped to.
    chips : (n,) float64
        The unmasked reading in [-1, 1]: +1 for a clear 1, -1 for a clear 0, 0 an erasure.
    """

    carrier: str
    slots: NDArray[np.uint64]
    positions: NDArray[np.int64]
    chips: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.slots)


@dataclass(slots=True)
class Votes:
    """Votes for each position, summed over distinct slots. SPEC 6.1.

    Attributes
    ----------
    ones, zeros : (L,) float64
        Sum of the weights of votes for 1 and for 0 at each position; an erasure adds to neither.
    """

    ones: NDArray[np.float64]
    zeros: NDArray[np.float64]
    counts: dict[str, int] = field(default_factory=dict)

    @classmethod
    def empty(cls, length: int) -> Votes:
        """No votes yet, for codewords of `length` positions."""
        return cls(np.zeros(length), np.zeros(length))

    def add(self, positions: NDArray[np.int64], chips: NDArray[np.float64]) -> None:
        """Add chips in [-1, 1] at positions; both (n,)."""
        length = len(self.ones)
        self.ones += np.bincount(positions, np.maximum(chips, 0), length)
        self.zeros += np.bincount(positions, np.maximum(-chips, 0), length)

    def __add__(self, other: Votes) -> Votes:
        counts = {
            name: self.counts.get(name, 0) + other.counts.get(name, 0)
            for name in {*self.counts, *other.counts}
        }
        return Votes(self.ones + other.ones, self.zeros + other.zeros, counts)

    @property
    def total(self) -> float:
        """Sum of all weights."""
        return float(self.ones.sum() + self.zeros.sum())


@dataclass(frozen=True, slots=True)
class Unseen:
    """What a label holds beside its picture. SPEC 11.13.

    Attributes
    ----------
    off : (H, W) bool
        Dots that must not be touched.
    told : bytes
        What tells it from other labels of the same picture.
    """

    off: NDArray[np.bool_]
    told: bytes = b""

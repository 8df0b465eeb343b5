"""What the survival benchmarks share: a million recipients, and an interval for what was seen."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar
from unittest.mock import patch

from tracemark.ledger.listing import Listing

N = 1_000_000

T = TypeVar("T")


@contextmanager
def some_candidates(*to: str, rng: random.Random, all_of_them: bool) -> Iterator[None]:
    """Score the true recipients and 255 others, in any vault; the line stays that of all N."""
    if all_of_them:
        yield
        return
    few = sorted({*to, *(recipient(rng.randrange(N)) for _ in range(255))})
    with patch.multiple(Listing, now=lambda self: [few], before=lambda self, entry: [few]):
        yield


def recipient(index: int) -> str:
    return f"acct:{index:07d}"


def wilson(successes: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's score interval (1927)."""
    p = successes / trials
    middle = p + z * z / (2 * trials)
    spread = z * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return (middle - spread) / scale, (middle + spread) / scale


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What `work` gives, and the processor seconds it took, its processes' included."""
    start = sum(os.times()[:4])
    value = work()
    return value, sum(os.times()[:4]) - start

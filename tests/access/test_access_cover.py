"""Smallest explaining sets, held against trying out every set."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest

from tracemark.access import cover
from tracemark.access.cover import explain, tolerated
from tracemark.access.guilt import guilt


def pairs(had: list[set[int]]) -> tuple[np.ndarray, np.ndarray]:
    holder = [k for k, those in enumerate(had) for _ in those]
    record = [one for those in had for one in sorted(those)]
    return np.array(holder, np.int64), np.array(record, np.int64)


def tried_out(had: list[set[int]], records: int, allowed: int) -> tuple[int, set[tuple[int, ...]]]:
    for size in range(1, len(had) + 1):
        found = {
            some
            for some in combinations(range(len(had)), size)
            if len(set().union(*(had[k] for k in some))) >= records - allowed
        }
        if found:
            return size, found
    raise AssertionError("nothing explains the records")


@pytest.mark.parametrize("allowed", [0, 1, 3])
def test_all_smallest_sets_are_found(allowed: int) -> None:
    rng = np.random.default_rng(20260309 + allowed)
    sizes = set()
    for _ in range(60):
        records, recipients = int(rng.integers(4, 13)), int(rng.integers(3, 12))
        had = [set(np.flatnonzero(rng.random(records) < 0.35).tolist()) for _ in range(recipients)]
        for record in range(records):
            had[int(rng.integers(recipients))].add(record)
        size, sets = tried_out(had, records, allowed)
        found = explain(*pairs(had), recipients, records, allowed)
        if size <= cover.LARGEST:
            assert found.exact
            assert (found.size, found.least, set(found.sets)) == (size, size, sets)
            for some, left in zip(found.sets, found.unexplained, strict=True):
                assert left == records - len(set().union(*(had[k] for k in some)))
        else:
            assert not found.exact
            assert cover.LARGEST < found.least <= size <= found.size
        sizes.add(size)
    assert sizes >= ({1, 2} if allowed == 3 else {1, 2, 3})


def test_beyond_four_recipients_the_size_is_a_bound() -> None:
    """Twelve stations with records of their own: no set is smaller, and the bound says no less."""
    had = [{3 * k, 3 * k + 1, 3 * k + 2} for k in range(12)]
    found = explain(*pairs(had), 12, 36)
    assert not found.exact
    assert found.least == 5
    assert found.size == 12
    assert set(found.sets[0]) == set(range(12))


def test_a_search_that_is_too_long_ends_with_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cover, "MOST_STEPS", 5)
    rng = np.random.default_rng(3)
    had = [set(np.flatnonzero(rng.random(60) < 0.3).tolist()) for _ in range(60)]
    found = explain(*pairs(had), 60, 60)
    assert not found.exact
    assert found.least <= found.size
    assert len(set().union(*(had[k] for k in found.sets[0]))) == 60


def test_recipients_with_the_same_access_are_alternatives() -> None:
    found = explain(*pairs([{0, 1, 2}, {0, 1, 2}, {0}]), 3, 3)
    assert found.sets == ((0,), (1,))
    assert found.unexplained == (0, 0)


@pytest.mark.parametrize(("records", "missing"), [(1, 0.1), (30, 0.1), (30, 0.02), (300, 0.1)])
def test_what_is_tolerated_is_a_binomial_quantile(records: int, missing: float) -> None:
    def beyond(q: int) -> float:
        chance = Fraction(missing)
        ways = (
            math.comb(records, k) * chance**k * (1 - chance) ** (records - k) for k in range(q + 1)
        )
        return float(1 - sum(ways))

    q = tolerated(records, missing)
    assert beyond(q) <= 0.01
    assert q == 0 or beyond(q - 1) > 0.01


def test_guilt_is_that_of_the_paper() -> None:
    """Agents had {t1, t2} and {t1, t3}; all three leaked, p = 0.2: each 1 − 0.6·0.2."""
    holder, had = np.array([0, 0, 1, 1]), np.array([2, 1, 2, 1])
    assert guilt(holder, had, 2, p=0.2) == pytest.approx([1 - 0.6 * 0.2] * 2)
    assert guilt(holder, had, 3, p=1.0).tolist() == [0.0, 0.0, 0.0]
    assert guilt(holder, had, 2, p=0.0) == pytest.approx([1.0, 1.0])

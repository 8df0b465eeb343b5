"""Many small moves at once are worth what each is by itself."""

from __future__ import annotations

import numpy as np
import pytest

from tests.label.hosts import KEY
from tracemark.label.fit import _FIRST, _LATER, _miss
from tracemark.label.lattice import KINDS, LEVEL, Lattice
from tracemark.label.tries import fits

LATTICE = Lattice(KEY)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("tries", [_FIRST, _LATER], ids=["first", "later"])
def test_every_try_is_worth_what_it_is_alone(axis, tries):
    rng = np.random.default_rng(3)
    sides = rng.choice(np.flatnonzero(LEVEL[:KINDS] == (axis == 0)), 700)
    cells = rng.uniform(-20, 300, (700, 2))
    weights = rng.uniform(0, 1, 700)
    terms = np.stack([np.ones(700), *rng.uniform(-1, 1, (2, 700))])
    found = fits(tries, terms, cells, sides, weights, LATTICE, axis=axis, width=0.1)
    assert found.shape == (len(tries),)
    for index in range(0, len(tries), 13):
        moved = cells.copy()
        moved[:, axis] += tries[index] @ terms
        miss, on = _miss(moved, sides, LATTICE)
        near = np.maximum(1 - (miss / 0.1) ** 2, 0)
        assert found[index] == pytest.approx(weights @ np.where(on, near, -near), abs=0.02)

"""What is not done for a label that is plain enough: every trace of a photo waits for it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import ImageFilter

from tests.label.hosts import KEY, codeword, label, noted
from tracemark.label import look, reading, rest
from tracemark.label.bumps import Bumps
from tracemark.label.lattice import FREE_X, SIDES, lattice_of
from tracemark.label.lens import Lens
from tracemark.label.levels import Levels
from tracemark.label.marking import embed
from tracemark.label.pose import MapSearch
from tracemark.label.search import poses

MARKED = embed(label(), codeword(1), KEY)[0].convert("L")


def test_only_rivals_of_the_plainest_pose_are_settled():
    view = Levels.of(MARKED).view(1.0)
    plain = poses(view, MapSearch(lattice_of(KEY).on))
    assert len(plain.poses) == 1
    doubtful = poses(view, MapSearch(lattice_of(bytes(reversed(KEY))).on))
    assert len(doubtful.poses) == 3  # chance has no favourite
    assert plain.strength > 2 * doubtful.strength


def test_a_clear_label_is_not_looked_at_closer(monkeypatch):
    looks = noted(monkeypatch, look, "_closer", lambda found, lattice: found.strength)
    clear = reading.read(MARKED, KEY)
    assert clear.pilot >= 25
    assert not looks
    blurred = MARKED.filter(ImageFilter.GaussianBlur(3))
    assert reading.read(blurred, KEY).pilot > reading.LOCKED
    assert looks
    assert max(looks) < 25


@pytest.mark.parametrize(("edges", "sought"), [(0.0, False), (0.5, True)])
def test_a_table_with_a_grain_is_not_taken_for_another_label(edges, sought):
    """Specks alone are anywhere; what was printed has edges too."""
    rng = np.random.default_rng(1)
    own, beside = rng.uniform(0, 400, (600, 2)), rng.uniform(500, 900, (600, 2))
    sides = rng.integers(0, SIDES, 1200)
    sides[600:][rng.random(600) >= edges] = FREE_X
    bumps = Bumps(np.concatenate([own, beside]), np.ones(1200), sides)
    view = SimpleNamespace(lens=Lens(), scale=1.0, bumps=bumps)
    inside = np.zeros((1000, 1000), bool)
    inside[:450, :450] = True
    assert (rest.beside(view, inside) is not None) == sought

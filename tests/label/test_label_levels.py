"""What of a picture is made once, and for whom."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.label.hosts import KEY, codeword, label, noted
from tracemark.label import embed, levels, read_under
from tracemark.label.combs import find_combs
from tracemark.label.levels import Levels
from tracemark.label.reading import LOCKED

OTHER = bytes(reversed(KEY))
MARKED = embed(label(), codeword(1), KEY)[0].convert("L")


def test_views_are_made_once_for_all_keys(monkeypatch):
    """A key that finds nothing asks for every scale and half; the second gets the same views."""
    made = noted(monkeypatch, levels, "clear_view", lambda dark, scale, *_: (dark.tobytes(), scale))
    part = MARKED.crop((0, 0, 400, 300))
    first, second = read_under(part, [OTHER, OTHER])
    assert made and len(set(made)) == len(made)
    assert first[0].trail == second[0].trail
    assert first[0].pilot == second[0].pilot < LOCKED


def test_a_picture_near_a_level_is_seen_as_it_is():
    scales = Levels(np.full((1700, 900), 255, np.uint8)).groups()
    assert scales[0] == [1.0]
    assert scales[1] == pytest.approx([2400 / 1700])


def test_the_coarse_scales_of_a_cut_out_come_first():
    assert max(Levels(np.full((500, 400), 255, np.uint8)).groups()[0]) == 1.0


def test_scales_stay_within_bounds():
    for side in (20, 300, 1280, 8000):
        groups = Levels(np.full((side, side), 255, np.uint8)).groups()
        assert all(1 / 8 < scale < 3 for scales in groups for scale in scales)


@pytest.mark.parametrize("size", [(1, 1), (5000, 3), (640, 480)])
def test_an_empty_picture_is_not_legible(size):
    assert not Levels.of(Image.new("L", size, 200)).legible


@pytest.mark.parametrize("span", [0.0, 0.4, 3.0, 20.0])
def test_bumps_in_one_spot_make_no_comb(span):
    """A few are left where a label was painted over."""
    assert find_combs(np.linspace(500, 500 + span, 40), np.ones(40), 3) == []


@pytest.mark.parametrize(
    ("longest", "scale"), [(800, 2.0), (1280, 1.875), (2300, 1.0), (4000, 1.0), (8000, 0.512)]
)
def test_halves_are_looked_at_where_two_labels_would_be_legible(longest, scale):
    picture = Levels(np.full((longest, 600), 255, np.uint8))
    assert picture.of_halves == pytest.approx(scale)


def test_a_picture_is_halved_where_it_is_emptiest():
    """Between two blots, along whichever side they lie, and each half knows where it was."""
    wide = np.full((300, 1000), 255, np.uint8)
    wide[50:250:4, 50:430] = 0
    wide[50:250:4, 560:950] = 0
    for picture in (wide, wide.T.copy()):
        first, second = Levels(picture).halves
        across = picture.shape[1] > picture.shape[0]
        cut = first.picture.shape[1 if across else 0]
        assert 430 < cut < 560
        assert second.corner == ((cut, 0) if across else (0, cut))
        assert first.picture.size + second.picture.size == picture.size

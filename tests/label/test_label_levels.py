"""What of a picture is made once, and for whom."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.label.hosts import KEY, codeword, label
from tracemark.label import embed, levels, read_under
from tracemark.label.levels import GROUPS, Levels
from tracemark.label.pose import find_combs
from tracemark.label.reading import LOCKED
from tracemark.label.view import view_of

OTHER = bytes(reversed(KEY))
MARKED = embed(label(), codeword(1), KEY)[0].convert("L")


def test_views_are_made_once_for_all_keys(monkeypatch):
    """A key that finds nothing asks for every scale; the second one gets the same views."""
    made = []

    def counted(gray, *rest):
        made.append(max(gray.shape))
        return view_of(gray, *rest)

    monkeypatch.setattr(levels, "view_of", counted)
    part = MARKED.crop((0, 0, 400, 300))
    first, second = read_under(part, [OTHER, OTHER])
    assert made and len(set(made)) == len(made)
    assert first[0].trail == second[0].trail
    assert first[0].pilot == second[0].pilot < LOCKED


def test_a_picture_near_a_level_is_seen_as_it_is():
    picture = Levels(np.full((1700, 900), 255, np.uint8))
    assert picture.scales((1600,)) == [1.0]
    assert picture.scales((2400, 1066)) == pytest.approx([2400 / 1700, 1066 / 1700])


def test_scales_stay_within_bounds():
    for side in (20, 300, 1280, 8000):
        picture = Levels(np.full((side, side), 255, np.uint8))
        assert all(1 / 8 < scale < 4 for group in GROUPS for scale in picture.scales(group))


@pytest.mark.parametrize("size", [(1, 1), (5000, 3), (640, 480)])
def test_an_empty_picture_is_not_legible(size):
    assert not Levels.of(Image.new("L", size, 200)).legible


@pytest.mark.parametrize("span", [0.0, 0.4, 3.0, 20.0])
def test_bumps_in_one_spot_make_no_comb(span):
    """A few are left where a label was painted over."""
    assert find_combs(np.linspace(500, 500 + span, 40), np.ones(40), 3) == []

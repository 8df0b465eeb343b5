"""What of a picture is made once, and for whom."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.label.hosts import KEY, codeword, label
from tracemark.label import embed, read_all, read_under
from tracemark.label.levels import GROUPS, Levels
from tracemark.label.pose import find_combs

OTHER = bytes(reversed(KEY))
MARKED = embed(label(), codeword(1), KEY)[0].convert("L")


def test_several_keys_read_what_each_reads_alone():
    """The views are shared; the readings are the same, digit for digit."""
    small = MARKED.crop((0, 0, MARKED.width, MARKED.height // 2))
    for key, together in zip((KEY, OTHER), read_under(small, [KEY, OTHER]), strict=True):
        alone = read_all(small, key)
        assert [one.trail for one in together] == [one.trail for one in alone]
        assert [one.pilot for one in together] == [one.pilot for one in alone]
        for one, other in zip(together, alone, strict=True):
            for mine, its in zip(one.readings, other.readings, strict=True):
                assert np.array_equal(mine.slots, its.slots)
                assert np.array_equal(mine.chips, its.chips)


def test_a_picture_near_a_level_is_seen_as_it_is():
    levels = Levels(np.full((1700, 900), 255, np.uint8))
    assert levels.scales((1600,)) == [1.0]
    assert levels.scales((2400, 1066)) == pytest.approx([2400 / 1700, 1066 / 1700])


def test_scales_stay_within_bounds():
    for side in (20, 300, 1280, 8000):
        levels = Levels(np.full((side, side), 255, np.uint8))
        assert all(1 / 8 < scale < 4 for group in GROUPS for scale in levels.scales(group))


@pytest.mark.parametrize("size", [(1, 1), (5000, 3), (640, 480)])
def test_an_empty_picture_is_not_legible(size):
    assert not Levels.of(Image.new("L", size, 200)).legible


@pytest.mark.parametrize("span", [0.0, 0.4, 3.0, 20.0])
def test_bumps_in_one_spot_make_no_comb(span):
    """A few are left where a label was painted over."""
    assert find_combs(np.linspace(500, 500 + span, 40), np.ones(40), 3) == []

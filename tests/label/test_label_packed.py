"""Dots packed into words say what they said one by one."""

import numpy as np
import pytest

from tracemark.label.packed import Packed, below, beside, places, runs

SIZES = [(1, 1), (3, 63), (2, 64), (5, 65), (7, 128), (9, 130)]


def unpacked(words: np.ndarray, width: int) -> np.ndarray:
    return np.unpackbits(words.view(np.uint8), axis=1, bitorder="little", count=width) > 0


def masks():
    rng = np.random.default_rng(3)
    for size in SIZES:
        yield rng.random(size) < 0.4


def test_dots_are_found_where_they_are():
    for mask in masks():
        for ours, theirs in zip(places(Packed(mask).words), np.nonzero(mask), strict=True):
            assert ours.tolist() == theirs.tolist()


@pytest.mark.parametrize("step", [-63, -9, -1, 0, 1, 8, 63])
def test_a_step_aside_or_down_sees_nothing_beyond_the_label(step):
    for mask in masks():
        height, width = mask.shape
        wide = np.pad(mask, ((70, 70), (70, 70)))
        words = Packed(mask).words
        aside = wide[70 : 70 + height, 70 + step : 70 + step + width]
        down = wide[70 + step : 70 + step + height, 70 : 70 + width]
        assert (unpacked(beside(words, step), width) == aside).all()
        assert (unpacked(below(words, step), width) == down).all()


@pytest.mark.parametrize("count", [1, 2, 3, 8, 12])
def test_a_run_is_all_or_any_of_its_dots(count):
    for mask in masks():
        width = mask.shape[1]
        wide = np.pad(mask, ((0, 0), (0, count)))
        parts = [wide[:, step : step + width] for step in range(count)]
        words = Packed(mask).words
        for join in (np.bitwise_and, np.bitwise_or):
            assert (unpacked(runs(words, count, join), width) == join.reduce(parts)).all()

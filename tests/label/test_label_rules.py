"""Rules of one dot that a median filter wiped out, and what it left of their nubs."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import ImageFilter

from tests.label.hosts import KEY, agreement, codeword, label
from tracemark.label import embed, read
from tracemark.label.rules import redrawn

BITS = codeword(1)


@pytest.mark.parametrize("seed", [3, 4])
def test_a_label_without_its_rules_is_read(seed):
    """The median takes every rule, and the specks left of the nubs still name the recipient."""
    host = label(seed, rule=1)
    filtered = embed(host, BITS, KEY)[0].convert("L").filter(ImageFilter.MedianFilter(3))
    rule = np.asarray(filtered)[110, 8:600] < 128
    assert np.count_nonzero(rule) < 0.3 * len(rule)
    assert agreement(read(filtered, KEY), BITS) > 7.4


def specks(rows: list[int]) -> np.ndarray:
    """Specks of 2 x 2 pixels, 17 pixels apart, with their upper line at these rows."""
    dark = np.zeros((60, 40 + 17 * len(rows)), np.float32)
    for index, row in enumerate(rows):
        dark[row : row + 2, 20 + 17 * index : 22 + 17 * index] = 1
    return dark


def test_specks_about_one_line_are_strung_on_it():
    """Specks that reach up from a line and down from it show where the rule was."""
    dark = specks([30, 29, 29, 30, 30, 29, 30, 29])
    out = redrawn(dark, 1.0, 2)
    assert out[30, 20:140].min() == 1
    assert np.array_equal(np.delete(out, 30, 0), np.delete(dark, 30, 0))
    assert np.array_equal(redrawn(np.ascontiguousarray(dark.T), 1.0, 2), out.T)


@pytest.mark.parametrize("rows", [[30] * 8, [30, 29, 29], [30, 20, 40, 29, 25, 33, 30, 36]])
def test_other_specks_are_left_alone(rows):
    """Specks all on one height, too few, or here and there were on no rule."""
    dark = specks(rows)
    assert redrawn(dark, 1.0, 2) is dark


def test_print_is_no_rule():
    """Where there is ink beside the line, the specks on it are parts of letters."""
    dark = specks([30, 29, 29, 30, 30, 29, 30, 29])
    dark[33, ::3] = 1
    dark[27, 1::3] = 1
    assert redrawn(dark, 1.0, 2) is dark

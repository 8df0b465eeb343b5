"""Parts of one label that no single pose holds are read as one label, and named once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.label.hosts import KEY, SEEN, agreement, codeword, label
from tracemark.label.marking import embed
from tracemark.label.reading import LabelReading, _whole, read_all
from tracemark.label.rest import area, without
from tracemark.model import Reading

BITS = codeword(1)
MARKED = embed(label(), BITS, KEY)[0].convert("L").resize((912, 1560), Image.Resampling.BICUBIC)
CUT = 640


def pushed(by: int, down: int = 0) -> Image.Image:
    """Torn across, the lower part pushed aside."""
    table = Image.new("L", (1300, 1900), 255)
    table.paste(MARKED.crop((0, 0, 912, CUT)), (150, 60))
    table.paste(MARKED.crop((0, CUT, 912, 1560)), (150 + by, 60 + CUT + down))
    return table


@pytest.mark.parametrize("by", [30, -40])
def test_a_label_in_two_parts_is_one_label(by):
    """About two cells: no pose fits both parts, and both are the same label."""
    (whole,) = read_all(pushed(by), KEY)
    assert "more of it" in whole.trail
    assert agreement(whole, BITS) > SEEN
    assert len(whole.places) == sum(map(len, whole.readings))
    low, high = whole.outline.min(0), whole.outline.max(0)
    assert low[1] < 160 and high[1] > 1500, "the outline is that of both"
    (upper,) = read_all(pushed(by).crop((0, 0, 1300, 60 + CUT)), KEY)
    assert len(whole.places) > 1.5 * len(upper.places)


def test_what_is_painted_over_has_no_edge():
    """Seen upright, the steps of a slanting edge stand in rows, as marks do."""
    corners = np.array([[200, 300], [600, 270], [640, 700], [240, 730]], np.float32)
    inside = area(np.zeros((900, 900), np.uint8), corners)
    picture = np.full((900, 900), 90, np.uint8)
    picture[330:650, 260:580] = 230
    painted = without(picture, inside).astype(int)
    assert painted[450, 450] == 230 and painted[0, 0] == 90
    for axis in (0, 1):
        assert np.abs(np.diff(painted, axis=axis)).max() < 20


def test_a_part_that_lies_elsewhere_is_a_label_of_its_own():
    """Eight cells off: that may as well be another."""
    upper, lower = read_all(pushed(145, 60), KEY)
    assert "label 2 of this picture" in lower.trail
    assert {agreement(one, BITS) > SEEN for one in (upper, lower)} == {True}


@pytest.mark.parametrize(("chips", "enough"), [(35, True), (25, False)])
def test_whether_slots_are_too_few_is_asked_of_all_parts_together(chips, enough):
    slots = np.arange(chips)
    reading = Reading("nubs", slots.astype(np.uint64), slots, np.ones(chips))
    part = LabelReading([reading], why="too few slots", outline=np.eye(2, dtype=np.float32))
    (whole,) = _whole([part, replace(part, more=True)])
    assert bool(whole.why) != enough and (enough or f"{2 * chips} clear ones" in whole.why)

"""Labels in pictures that do not show them as they are: in a mirror, or as dots strewn."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from tests.label.hosts import KEY, agreement, codeword, label, noted
from tracemark.label import reading
from tracemark.label.levels import Levels
from tracemark.label.marking import embed
from tracemark.label.reading import LOCKED, LabelReading, read, read_all, read_under

BITS = codeword(1)
MARKED = embed(label(), BITS, KEY)[0].convert("L")
OTHER = bytes(reversed(KEY))


def strewn(size: float) -> Image.Image:
    """A scan of grey paper that the scanner made black and white by strewing dots."""
    grown = [round(side * size) for side in MARKED.size]
    scan = MARKED.resize(grown, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(0.6))
    return scan.point(lambda shade: 40 + shade * 185 // 255).convert("1")


def places(found: LabelReading) -> dict[int, np.ndarray]:
    """Where each slot stands."""
    slots = np.concatenate([part.slots for part in found.readings]).tolist()
    return dict(zip(slots, found.places, strict=True))


def test_a_mirrored_label_is_read_and_its_places_are_the_pictures_own():
    straight, [turned] = read(MARKED, KEY), read_all(ImageOps.mirror(MARKED), KEY)
    assert agreement(turned, BITS) > 10
    assert turned.outline is not None and straight.outline is not None
    assert turned.poses > straight.poses
    assert (straight.way, turned.way) == ("", "read as in a mirror")
    there = places(straight)
    gaps = [
        np.abs(there[slot] - (MARKED.width - 1 - x, y)).max()
        for slot, (x, y) in places(turned).items()
        if slot in there
    ]
    assert len(gaps) > 100
    assert np.median(gaps) < 1


def test_a_part_of_a_mirrored_picture_knows_where_it_stands():
    picture = Levels(np.full((300, 500), 255, np.uint8)).mirrored
    part = picture.part((100, 50, 200, 150))
    found = part.given(np.array([[0.0, 0.0], [10.0, 5.0]], np.float32))
    assert found.tolist() == [[399, 50], [389, 55]]


def test_nobody_looks_in_a_mirror_for_marks_of_another_key(monkeypatch):
    """It would take as long again, and marks that fit no key are a daily sight."""
    looked = noted(monkeypatch, reading, "_either_way", lambda levels, key: levels.mirror)
    [[found]] = read_under(MARKED, [OTHER])
    assert found.pilot < LOCKED < found.comb
    assert looked == [None]
    read_under(ImageOps.mirror(MARKED), [OTHER, KEY])
    assert looked[1:] == [None, None, MARKED.width - 1, MARKED.width - 1]


def test_a_scan_in_strewn_dots_is_read_softened():
    """Its dots break the edges that marks stand on; softened, it is a scan in grey."""
    scan = strewn(1.1)
    alone = next(reading._labels(Levels.of(scan), KEY))
    assert not alone.readings
    found = read(scan, KEY)
    assert agreement(found, BITS) > 10
    assert found.poses > alone.poses
    assert found.way.startswith("read softened")


def test_strewn_dots_are_told_from_print():
    assert Levels.of(strewn(1.1)).strewn
    for clean in (MARKED, strewn(1.1).convert("L").filter(ImageFilter.GaussianBlur(1))):
        assert not Levels.of(clean).strewn


def test_of_a_strewn_picture_the_clearer_way_is_taken():
    """Large enough, it is read as it is, and no worse for having been softened as well."""
    scan = strewn(1.3)
    alone = next(reading._labels(Levels.of(scan), KEY))
    assert alone.readings
    assert read(scan, KEY).pilot >= alone.pilot


def test_what_was_seen_is_told_without_looking_in_another_way():
    """A negative or a softened picture stands up anew, for which giving up should not wait."""
    picture = Levels.of(MARKED)
    assert picture.seen == []
    view = picture.view(1.0)
    assert picture.seen[0] is view
    assert not {"inverted", "softened"} & set(vars(picture))


def test_a_pilot_just_below_the_limit_does_not_read_as_if_it_had_reached_it(monkeypatch):
    monkeypatch.setattr(reading._Search, "strength", 6.499)
    search = reading._Search(Levels.of(MARKED), None, None, None, poses=1.0)
    assert "at 6.4 deviations and 6.5 are" in reading._why(search)

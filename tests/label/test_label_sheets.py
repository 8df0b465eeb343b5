"""Labels in pictures of more than a label: photos in windows, with boxes drawn over them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.label.hosts import KEY, SEEN, agreement, codeword, label
from tracemark.label import levels, reading
from tracemark.label.marking import embed
from tracemark.label.sheets import sheets

BITS, OTHERS = codeword(1), codeword(2)
MARKED = embed(label(), BITS, KEY)[0].convert("L")
LEFT = [(190, 120), (640, 170), (610, 890), (130, 800)]  # corners in a photo, clockwise
RIGHT = [(80, 190), (560, 90), (640, 790), (190, 880)]


def photo(marked: Image.Image, corners: list[tuple[int, int]]) -> Image.Image:
    """760 x 1000 pixels of a label on a table, seen from aside."""
    rows = []
    ends = [(0, 0), (marked.width, 0), marked.size, (0, marked.height)]
    for (x, y), (u, v) in zip(corners, ends, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    terms = np.linalg.solve(np.array(rows, float), np.ravel(ends).astype(float))
    size, how = (760, 1000), Image.Transform.PERSPECTIVE
    paper = marked.point(lambda shade: 40 + shade * 170 // 255)
    there = paper.transform(size, how, tuple(terms), Image.Resampling.BICUBIC)
    area = Image.new("L", marked.size, 255).transform(size, how, tuple(terms))
    grain = np.random.default_rng(7).normal(90, 3, size[::-1])
    table = Image.fromarray(grain.clip(0, 255).astype(np.uint8))
    table.paste(there, mask=area)
    return table


def window(*photos: Image.Image) -> Image.Image:
    """A screen with a list of chats, and photos in one of them."""
    screen = Image.new("L", (360 + 800 * len(photos), 1140), 245)
    draw = ImageDraw.Draw(screen)
    draw.rectangle((0, 0, 60, 1140), fill=45)
    for row in range(15):
        draw.rectangle((80, 20 + 75 * row, 125, 65 + 75 * row), fill=100 + 9 * row)
        draw.text((140, 30 + 75 * row), f"group {row}, order please", fill=60)
        draw.line((60, 80 + 75 * row, 320, 80 + 75 * row), fill=205)
    for number, one in enumerate(photos):
        screen.paste(one, (340 + 800 * number, 70))
    return screen


def test_sheets_are_found_where_they_lie():
    found = sheets(np.asarray(window(photo(MARKED, LEFT), photo(MARKED, RIGHT))))
    wanted = []
    for at, corners in ((340, LEFT), (1140, RIGHT)):
        x, y = np.transpose(corners)
        wanted.append((at + x.min(), 70 + y.min(), at + x.max(), 70 + y.max()))
    assert len(found) == 2
    for box, there in zip(sorted(found), wanted, strict=True):
        assert np.abs(np.subtract(box, there)).max() < 45
        assert box[0] < there[0] and box[3] > there[3], "with a rim"


@pytest.mark.parametrize(
    "picture",
    [
        MARKED,
        photo(MARKED, [(20, 20), (740, 30), (730, 980), (30, 970)]),
        photo(Image.new("L", MARKED.size, 255), LEFT),
        Image.new("L", (500, 700), 128),
    ],
    ids=["a label", "a photo full of it", "blank paper", "nothing"],
)
def test_no_sheet_is_found_where_none_is_a_part(picture):
    assert sheets(np.asarray(picture)) == []


def test_photos_in_a_window_are_labels_of_their_own(monkeypatch):
    """The edges of the window, and of one photo, say nothing about how the other label stands."""
    other = embed(label(3), OTHERS, KEY)[0].convert("L")
    screen = window(photo(MARKED, LEFT), photo(other, RIGHT))
    found = reading.read_all(screen, KEY)
    assert len(found) == 2
    seen = sorted(found, key=lambda one: one.outline.mean(0)[0])
    assert [agreement(one, bits) > SEEN for one, bits in zip(seen, (BITS, OTHERS), strict=True)]
    assert max(agreement(seen[0], OTHERS), agreement(seen[1], BITS)) < 4
    assert "label 2 of this picture" in found[1].trail
    (left, right) = (one.outline for one in seen)
    assert left[:, 0].max() < 1000 and right[:, 0].min() > 1200, "in the whole picture's pixels"
    monkeypatch.setattr(levels, "sheets", lambda picture: [])
    (lost,) = reading.read_all(screen, KEY)
    assert not lost.locked


def test_a_photo_with_boxes_drawn_over_it_stands_as_what_is_askew_in_it(monkeypatch):
    picture = photo(MARKED, [(60, 200), (600, 60), (720, 760), (230, 940)])
    draw = ImageDraw.Draw(picture)
    boxes = [(170, 330, 560, 470), (150, 480, 470, 560), (150, 570, 590, 650), (200, 660, 500, 760)]
    boxes += [(20 + 120 * number, 20, 100 + 120 * number, 60) for number in range(6)]
    for number, box in enumerate(boxes):
        draw.rectangle(box, fill=(255, 0)[number % 2] if number < 4 else 220)
    (found,) = reading.read_all(picture, KEY)
    assert agreement(found, BITS) > SEEN
    monkeypatch.setattr(levels.Levels, "askew", None)
    (lost,) = reading.read_all(picture, KEY)
    assert not lost.locked

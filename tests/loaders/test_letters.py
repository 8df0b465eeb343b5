from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageFont

from tracemark.loaders.letters import reading_scale


def page(size: int, *, width: int = 2400, height: int = 3000) -> Image.Image:
    """A page of one text in letters of so many pixels."""
    picture = Image.new("L", (width, height), 245)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size)
    for top in range(size, height - 2 * size, 2 * size):
        draw.text((size, top), "Order 4711 to Harbour Road 12, Flat 5, " * 9, 30, font=font)
    return picture


def test_large_letters_are_read_at_a_smaller_size():
    scales = [reading_scale(page(size)) for size in (48, 64)]
    assert all(scale is not None and 1600 / 3000 <= scale < 0.9 for scale in scales)
    assert scales == sorted(scales, reverse=True)


@pytest.mark.parametrize("size", [14, 20])
def test_small_letters_are_read_at_their_own_size(size):
    assert reading_scale(page(size)) == 1


def test_never_under_what_is_always_shown():
    scale = reading_scale(page(220, width=3000, height=4000))
    assert scale is None or scale >= 1600 / 4000


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_nothing_to_read(shade):
    assert reading_scale(Image.new("RGB", (1200, 900), (shade,) * 3)) is None
    assert reading_scale(Image.linear_gradient("L").resize((3000, 2000))) is None


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (3, 3)])
def test_the_smallest_pictures(size):
    assert reading_scale(Image.new("L", size, 200)) is None

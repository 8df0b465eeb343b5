"""Reading labels blind."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont, ImageOps

from tests.label.hosts import KEY, SEEN, agreement, codeword, label
from tracemark.label import embed, read, read_all
from tracemark.label.lattice import PERIOD
from tracemark.label.levels import Levels
from tracemark.label.reading import LOCKED

HOST = label()
BITS = codeword(1)
COPY, PLACEMENT = embed(HOST, BITS, KEY)
MARKED = COPY.convert("L")


def scaled(image: Image.Image, factor: float) -> Image.Image:
    size = (round(image.width * factor), round(image.height * factor))
    return image.resize(size, Image.Resampling.BICUBIC)


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(io.BytesIO(file.getvalue()))


def photographed(image: Image.Image) -> Image.Image:
    """Seen from the side, turned a little, unevenly lit, grainy, compressed."""
    large = scaled(image, 2)
    w, h = large.size
    seen = large.transform(
        (w + 200, h + 100),
        Image.Transform.PERSPECTIVE,
        (1.06, 0.09, -120, -0.08, 1.12, 40, 6e-5, 1.2e-4),
        Image.Resampling.BICUBIC,
        fillcolor=90,
    )
    light = np.linspace(0.65, 0.95, seen.width)[None, :]
    grain = np.random.default_rng(5).normal(0, 4, (seen.height, seen.width))
    pixels = np.clip(30 + 0.8 * np.asarray(seen) * light + grain, 0, 255)
    return jpeg(scaled(Image.fromarray(pixels.astype(np.uint8)), 0.6), 75)


CHANNELS = {
    "as it is": lambda image: image,
    "JPEG 50": lambda image: jpeg(image, 50),
    "half size": lambda image: scaled(image, 0.5),
    "half as large again": lambda image: scaled(image, 1.5),
    "turned": lambda image: image.rotate(33, Image.Resampling.BICUBIC, expand=True, fillcolor=255),
    "upside down": lambda image: image.rotate(180),
    "on its side": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "kept quarter": lambda image: image.crop((20, 130, 560, 420)),
    "inverted grey range": lambda image: image.point(lambda value: 70 + value // 3),
    "photographed": photographed,
}


@pytest.mark.parametrize("name", CHANNELS)
def test_a_marked_label_is_read(name):
    """The chips single out the recipient among a million; a stranger's codeword stays at noise."""
    reading = read(CHANNELS[name](MARKED), KEY)
    assert reading.why == ""
    assert reading.pilot > LOCKED
    assert agreement(reading, BITS) > SEEN
    assert abs(agreement(reading, codeword(99))) < 5


@pytest.mark.parametrize("name", ["as it is", "turned", "photographed"])
@pytest.mark.parametrize("host", ["unmarked", "another key"])
def test_what_is_not_ours_is_not_read(name, host):
    """An unmarked label and another vault's label give no pose, and chips of nobody if any."""
    image = HOST.convert("L") if host == "unmarked" else embed(HOST, BITS, b"other")[0].convert("L")
    reading = read(CHANNELS[name](image), KEY)
    assert reading.why.split(":")[0] in ("no mark found", "pose lost", "pilot weak")
    assert "; try" in reading.why
    assert reading.pilot < LOCKED and not reading.locked
    assert bool(reading.readings) == (reading.why.split(":")[0] == "pilot weak")
    assert all(abs(agreement(reading, codeword(n))) < 5 for n in range(20) if reading.readings)


def test_reading_twice_gives_the_same_chips():
    """Reading is a function of picture and key."""
    first, second = read(MARKED, KEY).readings[0], read(MARKED, KEY).readings[0]
    assert np.array_equal(first.slots, second.slots)
    assert np.array_equal(first.chips, second.chips)


def test_chips_are_within_their_range():
    """Chips are in [-1, 1] and stand at codeword positions of bias one half."""
    part = read(MARKED, KEY).readings[0]
    assert np.abs(part.chips).max() <= 1
    assert len(part.slots) == len(part.positions) == len(part.chips)


def test_two_recipients_copies_show_the_same_slots():
    """Where the slots are says nothing about the recipient: copies differ in chips alone."""
    other = codeword(2)
    part = read(embed(HOST, other, KEY)[0], KEY)
    assert agreement(part, other) > SEEN
    assert abs(agreement(part, BITS)) < 5


@pytest.mark.parametrize("size", [(1, 1), (1, 100_000), (100_000, 1), (40, 40), (900, 600)])
@pytest.mark.parametrize("shade", [0, 128, 255])
def test_pictures_of_nothing_say_so(size, shade):
    """No picture is too small, too thin or too dull to be turned away in a word."""
    reading = read(Image.new("L", size, shade), KEY)
    assert reading.readings == []
    assert reading.why.startswith("no label found")


def test_noise_is_not_a_label():
    """Random dots give no pose."""
    noise = np.random.default_rng(1).integers(0, 256, (700, 500)).astype(np.uint8)
    assert read(Image.fromarray(noise), KEY).readings == []


def test_places_are_where_the_slots_stand():
    """Each place lies in the lattice cell that its slot names, in the picture as it is seen."""
    lying = scaled(MARKED, 1.5).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be seen, turn a quarter clockwise
    file = io.BytesIO()
    lying.save(file, "PNG", exif=exif.tobytes())
    reading = read(Image.open(file), KEY)
    slots = np.concatenate([part.slots for part in reading.readings]).astype(np.int64)
    dots = (reading.places + 0.5) / 1.5 + PLACEMENT.origin
    cells = np.floor(dots / PLACEMENT.geometry.pitch).astype(int) % PERIOD
    assert len(slots) == len(cells)
    right = (cells[:, 0] == slots % PERIOD) & (cells[:, 1] == slots // PERIOD % PERIOD)
    assert right.mean() > 0.98
    assert reading.outline.min() > -30
    assert (reading.outline.max(0) < np.array(MARKED.size) * 1.5 + 30).all()


def test_two_labels_in_one_picture_are_read_apart():
    """Each label of a picture gives a reading of its own, with the place where it lies."""
    other = codeword(2)
    table = Image.new("L", (1500, 1200), 120)
    table.paste(MARKED, (60, 80))
    table.paste(embed(label(3), other, KEY)[0].convert("L").rotate(180), (800, 100))
    readings = read_all(table, KEY)
    assert len(readings) == 2
    by_place = sorted(readings, key=lambda one: one.outline[:, 0].mean())
    for reading, bits in zip(by_place, (BITS, other), strict=True):
        assert agreement(reading, bits) > SEEN
    assert by_place[0].outline[:, 0].max() < by_place[1].outline[:, 0].min()


@pytest.mark.parametrize(("first", "second"), [(9, -9), (4, -7)])
def test_labels_that_lie_askew_are_read_apart(first, second):
    """Edges that lean two ways fit no one stand; each half of the picture has its own."""
    other = codeword(2)
    table = Image.new("L", (1800, 1200), 120)
    slip = embed(label(3), other, KEY)[0].convert("L")
    for picture, angle, left in ((MARKED, first, 40), (slip, second, 920)):
        turned = picture.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=120)
        table.paste(turned, (left, 60))
    readings = sorted(read_all(table, KEY), key=lambda one: one.outline[:, 0].mean())
    assert len(readings) == 2
    for reading, bits in zip(readings, (BITS, other), strict=True):
        assert agreement(reading, bits) > SEEN


def depth_16(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image, np.uint16) * 257)


def floating(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image, np.float32) / 255)


@pytest.mark.parametrize(
    "change",
    [depth_16, floating, lambda image: image.convert("CMYK")],
    ids=["16-bit", "floating", "CMYK"],
)
def test_modes_of_scanners_and_presses_are_read(change):
    """A picture is read whatever the depth and the colours it is kept in."""
    assert agreement(read(change(MARKED), KEY), BITS) > SEEN


def test_a_negative_is_read_as_what_it_is_of():
    """Light on dark: whoever turns the colours round is no safer for it."""
    reading = read(ImageOps.invert(scaled(MARKED, 1.5)), KEY)
    assert agreement(reading, BITS) > SEEN


def test_a_label_amid_light_writing_on_dark_is_read_as_it_is():
    """Most of what stands out is a dark window's; the poses that its negative cost are counted."""
    screen = Image.new("L", (2600, 1300), 20)
    draw, font = ImageDraw.Draw(screen), ImageFont.load_default(18)
    for line in range(0, 1260, 24):
        draw.text((700, line), "files of the depot " * 14, font=font, fill=210)
    screen.paste(MARKED.convert("L"), (30, 120))
    levels = Levels.of(screen)
    assert levels.negative
    reading = read(screen, KEY)
    assert agreement(reading, BITS) > SEEN
    assert reading.poses > read(screen.crop((0, 60, 680, 1220)), KEY).poses


def test_what_is_dark_on_light_is_no_negative():
    for picture in (scaled(MARKED, 1.5), MARKED.convert("L").point(lambda shade: shade // 4)):
        assert not Levels.of(picture).negative
        assert Levels.of(ImageOps.invert(picture)).negative

"""Reading beside the original: what blind reading loses, and what must not be believed."""

import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw

import tracemark
import tracemark.label
from tests.label.hosts import KEY, agreement, codeword, label
from tests.label.test_label_reading import SEEN, jpeg, photographed, scaled
from tracemark.label import BesideReading, embed, read, read_beside

HOST = label()
BITS = codeword(1)
MARKED = embed(HOST, BITS, KEY)[0].convert("L")

CROPS = {
    "kept tenth, turned": lambda image: image.crop((20, 560, 430, 730)).rotate(
        4, Image.Resampling.BICUBIC, fillcolor=255
    ),
    "kept tenth, small": lambda image: jpeg(scaled(image.crop((20, 340, 320, 500)), 0.6), 60),
    "photographed": photographed,
}


def once(reader):
    """The reader, for which each picture is read once: reading is a function of its arguments."""
    known = {}

    def reading(picture, *rest):
        sign = (picture.size, picture.tobytes())
        if sign not in known:
            known[sign] = reader(picture, *rest)
        return known[sign]

    return reading


@pytest.fixture(autouse=True)
def opencv():
    pytest.importorskip("cv2", reason="needs the extra 'photo'")


@pytest.mark.parametrize("name", CROPS)
def test_what_is_read_beside_the_original(name):
    """A tenth of the label, too little for blind reading, has nubs enough where they must be."""
    [reading] = read_beside(CROPS[name](MARKED), HOST, [KEY])
    assert isinstance(reading, BesideReading) and reading.pilot > 6
    assert agreement(reading, BITS) > (SEEN if name == "photographed" else 5.5)
    assert abs(agreement(reading, codeword(99))) < 5


def test_beside_the_original_more_is_read_than_blind():
    """Of the same small crop."""
    crop = CROPS["kept tenth, small"](MARKED)
    [beside], blind = read_beside(crop, HOST, [KEY]), read(crop, KEY)
    assert beside.pilot > blind.pilot
    assert agreement(beside, BITS) > agreement(blind, BITS) + 1


def test_another_key_finds_nothing_beside_the_original():
    """Nor does the right key in an unmarked copy."""
    crop = (20, 560, 430, 730)
    for picture, key in ((MARKED, b"another"), (HOST, KEY)):
        [reading] = read_beside(picture.crop(crop), HOST, [key])
        assert not reading.locked and reading.why


def test_an_original_that_was_drawn_again_still_helps():
    """A changed line makes it another picture than the one marked; it still gives the pose."""
    again = HOST.copy()
    ImageDraw.Draw(again).rectangle((24, 865, 300, 900), fill=1)
    [reading] = read_beside(photographed(MARKED), again, [KEY])
    assert not isinstance(reading, BesideReading) and agreement(reading, BITS) > SEEN


def test_a_picture_of_something_else_is_not_laid_on_the_original():
    noise = np.random.default_rng(1).integers(0, 256, (700, 500)).astype(np.uint8)
    for picture in (Image.fromarray(noise), Image.new("L", (300, 300), 255)):
        [reading] = read_beside(picture, HOST, [KEY])
        assert not reading.readings and "does not show the original" in reading.why


def test_the_vault_asks_for_the_original_by_number(tmp_path):
    """`originals=` is called with the number; what it does not have is read blind."""
    asked = []

    def originals(number):
        asked.append(number)
        return {"YT7712345678901": HOST}[number]

    with tracemark.Vault.create(tmp_path / "vault", key=bytes(32)) as vault:
        vault.add_recipients(["acct:1", "acct:2"])
        marked = vault.mark_label(HOST, to="acct:1", waybill="YT7712345678901")
    HOST.save(tmp_path / "original.png", dpi=HOST.info["dpi"])
    crop = marked.crop((20, 130, 590, 600))
    with tracemark.Vault.open(tmp_path / "vault", originals) as vault:
        case = vault.trace(crop, waybill="YT7712345678901")
        assert asked == ["YT7712345678901"]
        assert [one.recipient for one in case.accusations] == ["acct:1"]
        assert case.samples[0].note == "read beside the original"
        assert case.accusations[0].binding == "confirmed"
        by_file = vault.trace(crop, original=tmp_path / "original.png")
        assert by_file.samples[0].note == "read beside the original"
        assert by_file.look == 2  # another original is another question
        assert vault.trace(crop, waybill="YT0000000000000").samples[0].note == ""


def test_three_photos_too_weak_alone_identify_together(tmp_path, monkeypatch):
    """Scraps of two words each name nobody; as one case they name the account."""
    for name in ("read", "read_beside"):
        monkeypatch.setattr(f"tracemark.label.{name}", once(getattr(tracemark.label, name)))
    boxes = ((20, 470, 290, 560), (20, 230, 330, 315), (20, 160, 260, 245))
    with tracemark.Vault.create(tmp_path / "vault", key=bytes(range(32))) as vault:
        vault.add_recipients(f"acct:{number:04}" for number in range(1000))
        marked = vault.mark_label(label(7), to="acct:0042", waybill="YT7712345678901")
        brought = {"original": label(7), "waybill": "YT7712345678901"}
        scraps = [marked.crop(box) for box in boxes]
        for scrap in scraps:
            alone = vault.trace(scrap, **brought)
            assert not alone.accusations and alone.samples[0].slots > 8
    with tracemark.Vault.create(tmp_path / "fresh", key=bytes(range(32))) as vault:
        vault.add_recipients(f"acct:{number:04}" for number in range(1000))
        case = vault.trace(*scraps, **brought)
        assert [one.recipient for one in case.accusations] == ["acct:0042"]


def test_the_extra_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(tracemark.MissingExtra):
        read_beside(MARKED, HOST, [KEY])

"""The example renderer: labels as a thermal printer is sent them."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("segno", reason="needs the extra 'bench'")

from examples import waybill as example
from examples.waybill import LAYOUTS, SIZES, chinese_font, code128, fields, waybill

EVERY = [*itertools.product(SIZES, (203, 300), LAYOUTS)]


@pytest.fixture
def no_chinese_font(monkeypatch):
    """A machine without any Chinese font."""
    monkeypatch.setenv("TRACEMARK_FONT", "/nowhere/font.ttc")
    for cached in (example.chinese_font, example.font):
        cached.cache_clear()
    yield
    monkeypatch.undo()
    for cached in (example.chinese_font, example.font):
        cached.cache_clear()


@pytest.mark.parametrize(("size", "dpi", "layout"), EVERY)
def test_a_label_is_one_bit_has_its_size_on_paper_and_a_plausible_share_of_ink(size, dpi, layout):
    image = waybill(5, size=size, dpi=dpi, layout=layout)
    assert image.mode == "1"
    on_paper = np.array(image.size) / image.info["dpi"][0] * 25.4
    assert np.abs(on_paper - SIZES[size]).max() < 0.1
    assert 0.03 < 1 - np.asarray(image).mean() < 0.3


def test_the_same_seed_gives_the_same_label_and_another_seed_another():
    first, again, other = waybill(5), waybill(5), waybill(6)
    assert first.tobytes() == again.tobytes() != other.tobytes()


def test_privacy_fields_are_masked():
    for seed in range(200):
        what = fields(seed)
        assert what["手机"][3:7] == what["寄件电话"][3:7] == "****"


def test_without_a_chinese_font_labels_are_english(no_chinese_font):
    assert chinese_font() is None
    assert fields(5)["语言"] == "en"
    assert waybill(5).size == (608, 1040)


def test_without_a_chinese_font_chinese_fields_are_refused_with_the_way_out(no_chinese_font):
    with pytest.raises(FileNotFoundError, match="fonts-wqy-microhei"):
        waybill(fields(5, "zh"))


@pytest.mark.parametrize(("size", "dpi", "layout"), EVERY)
def test_the_number_and_the_qr_code_are_read_from_the_file(size, dpi, layout):
    zxingcpp = pytest.importorskip("zxingcpp", reason="needs the extra 'bench'")
    for seed in range(3):
        what = fields(seed, "en")
        image = waybill(what, size=size, dpi=dpi, layout=layout)
        read = {code.text for code in zxingcpp.read_barcodes(image.convert("L"))}
        assert {what["运单号"], f"https://t.example/{what['运单号']}"} <= read


@pytest.mark.parametrize("text", ["7", "AB", "12", "YT1", "YT12", "SF1234567890123", "a~ 99"])
def test_code_128_says_what_it_was_given(text):
    zxingcpp = pytest.importorskip("zxingcpp", reason="needs the extra 'bench'")
    quiet = [False] * 10
    row = np.array([*quiet, *code128(text), *quiet])
    bars = np.tile(np.where(row, 0, 255).astype(np.uint8), (40, 1)).repeat(2, axis=1)
    (code,) = zxingcpp.read_barcodes(bars)
    assert code.text == text


def test_the_command_writes_a_file_with_its_resolution(tmp_path: Path):
    script = Path(example.__file__)
    command = [sys.executable, script, tmp_path / "a.png", "--seed", "7", "--size", "4x6"]
    subprocess.run(command, check=True)
    with Image.open(tmp_path / "a.png") as image:
        assert image.mode == "1"
        assert image.info["dpi"] == pytest.approx((203.2, 203.2))

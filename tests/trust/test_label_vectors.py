"""Labels, pictures and tiles of the first frozen release are read by this one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

import tracemark
from tests.tone.hosts import covered, table
from tests.vectors import make_label

VECTORS = Path(__file__).parents[1] / "vectors"
LABELS = ("discreet", "default", "robust", "300dpi", "fine")


@pytest.fixture(scope="module")
def vault(tmp_path_factory):
    """The vault of the vectors, among whose recipients the right one is to be found."""
    folder = tmp_path_factory.mktemp("vectors") / "vault"
    with tracemark.Vault.create(folder, key=make_label.KEY) as made:
        made.add_recipients([make_label.TO, *(f"station:{n:04d}" for n in range(500))])
        yield made


def test_the_lattices_are_as_published():
    assert json.loads(make_label.FILE.read_text("utf-8")) == make_label.made()


@pytest.mark.parametrize("name", LABELS)
def test_a_label_marked_then_is_read_now(vault, name):
    number = None if name == "robust" else make_label.NUMBER
    case = vault.trace(VECTORS / f"label-1-{name}.png", waybill=number, ocr=False)
    assert [one.recipient for one in case.accusations] == [make_label.TO]
    assert case.accusations[0].score > 80
    if number:
        assert case.accusations[0].binding == "confirmed"


@pytest.mark.parametrize("name", LABELS)
def test_a_label_marked_then_is_not_marked_again(vault, name):
    with (
        Image.open(VECTORS / f"label-1-{name}.png") as label,
        pytest.raises(tracemark.AlreadyMarked),
    ):
        vault.mark_label(label, to="station:0001")


def test_tones_marked_then_are_read_now(vault):
    case = vault.trace(VECTORS / "label-1-tones.png", ocr=False)
    assert [one.recipient for one in case.accusations] == [make_label.TO]


def test_a_tile_made_then_is_read_now(vault):
    with Image.open(VECTORS / "label-1-tile.png") as tile:
        page = covered(table(5, (900, 640)), tile.copy())
    case = vault.trace(page, ocr=False)
    assert [one.recipient for one in case.accusations] == [make_label.TO]

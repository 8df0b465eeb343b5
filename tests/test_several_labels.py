"""One photo of two labels of different recipients: each is named, each by its own label."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tracemark

pytest.importorskip("segno", reason="needs the extra 'bench'")

from examples.waybill import waybill


@pytest.fixture
def vault(tmp_path: Path) -> tracemark.Vault:
    made = tracemark.Vault.create(tmp_path / "vault", key=bytes(range(32)))
    made.add_recipients(f"station:{number}" for number in range(300))
    return made


def desk(vault: tracemark.Vault) -> Image.Image:
    """Two labels beside one another on a grey desk."""
    table = Image.new("L", (2300, 1500), 140)
    for place, (seed, to) in enumerate(((5, "station:7"), (6, "station:8"))):
        label = vault.mark_label(waybill(seed, size="100x150", dpi=203, layout="ruled"), to=to)
        table.paste(label.convert("L"), (150 + 1080 * place, 150))
    noise = np.random.default_rng(3).normal(0, 3, (1500, 2300))
    return Image.fromarray(np.clip(np.asarray(table) + noise, 0, 255).astype(np.uint8))


def test_two_labels_in_one_photo_name_two_recipients(vault: tracemark.Vault) -> None:
    case = vault.trace(desk(vault))
    assert {one.recipient for one in case.accusations} == {"station:7", "station:8"}
    assert [one.path for one in case.samples] == ["picture 1", "picture 1 (label 2)"]
    assert len({one.sha256 for one in case.samples}) == 1
    assert {shown.sample for shown in case.exhibits} == {0, 1}


def test_a_picture_in_an_archive_is_read_and_shown(vault: tracemark.Vault, tmp_path: Path) -> None:
    label = vault.mark_label(waybill(5, size="100x150", dpi=203), to="station:9")
    held = io.BytesIO()
    label.save(held, "PNG", dpi=(203, 203))
    with zipfile.ZipFile(tmp_path / "mail.zip", "w") as archive:
        archive.writestr("photo.png", held.getvalue())
    case = vault.trace(tmp_path / "mail.zip")
    assert [one.recipient for one in case.accusations] == ["station:9"]
    (shown,) = case.exhibits
    assert shown.size == label.size and shown.places

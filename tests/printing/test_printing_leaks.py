"""A leaked PDF is read as text, and those of its pages that may be labels as pictures."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

import tracemark
from tracemark.loaders import LIMITS
from tracemark.loaders.pages import pages
from tracemark.loaders.sample import LoadedSample

pytest.importorskip("segno", reason="needs the extra 'bench'")

from examples.waybill import waybill

pytest.importorskip("pikepdf")
pytest.importorskip("pypdfium2")

from tests.printing import made


@pytest.fixture
def vault(tmp_path: Path) -> tracemark.Vault:
    opened = tracemark.Vault.create(tmp_path / "vault", key=bytes(range(32)))
    opened.add_recipients(f"station:{number}" for number in range(300))
    return opened


def test_a_pdf_without_text_says_so(vault: tracemark.Vault, tmp_path: Path) -> None:
    Image.new("L", (300, 200), 255).save(tmp_path / "scan.pdf")
    [sample] = vault.trace(tmp_path / "scan.pdf", ocr=False).samples
    assert "looked at as labels" in sample.note


def test_pages_of_a_leaked_pdf_name_their_recipients(
    vault: tracemark.Vault, tmp_path: Path
) -> None:
    whole = vault.mark_label_pdf(made.pdf([waybill(64), waybill(65)]), "station:9")
    with zipfile.ZipFile(tmp_path / "mail.zip", "w") as archive:
        archive.writestr("labels.pdf", whole)
    case = vault.trace(tmp_path / "mail.zip", ocr=False, limits=replace(LIMITS, labels=1))
    assert [one.recipient for one in case.accusations] == ["station:9"]
    inside = f"{tmp_path / 'mail.zip'}/labels.pdf"
    assert [(one.path, one.kind, one.status) for one in case.samples[1:]] == [
        (f"{inside} (page 1)", "picture", "marked"),
        (f"{inside} (page 2)", "picture", "unreadable"),
    ]
    assert "limit" not in case.samples[1].note
    assert len({one.sha256 for one in case.samples}) == 1


def test_a_label_put_in_smaller_than_it_is(vault: tracemark.Vault, tmp_path: Path) -> None:
    """Its dots would not survive 300 dpi: a page is drawn as finely as its picture is."""
    marked = vault.mark_label(waybill(66), "station:9")
    (tmp_path / "a.pdf").write_bytes(made.pdf([marked.convert("1")], dpi=203 / 0.5))
    whole = LoadedSample(tmp_path / "a.pdf", 1)
    assert list(whole.rows())
    assert [one.picture().size for one in pages(whole, LIMITS)] == [
        pytest.approx(marked.size, abs=1)
    ]
    case = vault.trace(tmp_path / "a.pdf", ocr=False)
    assert [one.recipient for one in case.accusations] == ["station:9"]


def test_a_page_without_a_mark_is_no_sample(vault: tracemark.Vault, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(made.pdf([Image.new("1", (400, 300), 1)]))
    case = vault.trace(tmp_path / "a.pdf", ocr=False)
    assert [one.path for one in case.samples] == [str(tmp_path / "a.pdf")]
    assert case.accusations == ()

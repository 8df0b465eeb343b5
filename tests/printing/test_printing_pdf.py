"""PDFs of labels: dots are laid over the pages, and everything else stays."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from shutil import which

import numpy as np
import pytest
from PIL import Image

import tracemark

pytest.importorskip("segno", reason="needs the extra 'bench'")

from examples.waybill import waybill

pikepdf = pytest.importorskip("pikepdf")
pdfium = pytest.importorskip("pypdfium2")

from tests.printing import made  # noqa: E402
from tracemark.printing import pdf  # noqa: E402


@pytest.fixture
def vault(tmp_path: Path) -> tracemark.Vault:
    opened = tracemark.Vault.create(tmp_path / "vault", key=bytes(range(32)))
    opened.add_recipients(f"station:{number}" for number in range(300))
    return opened


def words(data: bytes) -> list[str]:
    return [page.get_textpage().get_text_range() for page in pdfium.PdfDocument(data)]


def boxes(data: bytes) -> list[object]:
    with pikepdf.open(io.BytesIO(data)) as document:
        return [
            ([float(x) for x in page.mediabox], [float(x) for x in page.cropbox], page.rotation)
            for page in document.pages
        ]


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_only_the_dots_of_the_mark_are_added(vault: tracemark.Vault, turned: int) -> None:
    """Drawn again at the printer's resolution, a page differs in the mark's dots and no other."""
    data = made.pdf([waybill(61), None], turned=turned)
    marked = vault.mark_label_pdf(data, "station:7")
    assert boxes(marked) == boxes(data)
    assert words(marked) == words(data)
    assert made.WORDS in words(marked)[1]
    pairs = zip(pdf.pages(data, name="in"), pdf.pages(marked, name="out"), strict=True)
    for before, after in pairs:
        # nubs and dots, but no tones: an overlay of black dots could not show them
        alone = vault._marked(before, "station:7", None, "default", None, False).image
        wanted = np.asarray(alone) != np.asarray(before)
        assert wanted.any()
        drawn = np.asarray(after).astype(int) - np.asarray(before)
        assert not drawn[~wanted].any()
        assert not np.asarray(after)[wanted].any()  # black


@pytest.mark.skipif(which("pdftoppm") is None, reason="Poppler is not installed")
def test_another_renderer_draws_the_same_mark(vault: tracemark.Vault, tmp_path: Path) -> None:
    path = tmp_path / "marked.pdf"
    path.write_bytes(vault.mark_label_pdf(made.pdf([waybill(62)], turned=90), "station:8"))
    subprocess.run(
        ["pdftoppm", "-r", "300", "-gray", "-png", "-singlefile", path, tmp_path / "drawn"],
        check=True,
    )
    case = vault.trace(Image.open(tmp_path / "drawn.png"))
    assert [one.recipient for one in case.accusations] == ["station:8"]


def test_the_ledger_has_an_issue_for_each_page(vault: tracemark.Vault) -> None:
    data = made.pdf([waybill(61), waybill(63)])
    vault.mark_label_pdf(data, "station:7", ["SF1234567890", "SF1234567891"])
    issues = list(vault.ledger_entries("issue"))
    assert [entry.body["what"] for entry in issues] == ["label", "label"]
    assert next(vault.custody_of("SF1234567891")).seq == issues[1].seq


def test_a_poor_page_is_named_and_nothing_is_recorded(vault: tracemark.Vault) -> None:
    data = made.pdf([waybill(61), Image.new("1", (60, 60), 1)])
    with pytest.raises(tracemark.HostTooSmall, match="on page 2"):
        vault.mark_label_pdf(data, "station:7")
    assert not list(vault.ledger_entries("issue"))


def test_a_marked_pdf_is_refused(vault: tracemark.Vault) -> None:
    marked = vault.mark_label_pdf(made.pdf([None, waybill(61)]), "station:7")
    with pytest.raises(tracemark.AlreadyMarked, match=r"page [12]:"):
        vault.mark_label_pdf(marked, "station:8")
    assert vault.mark_label_pdf(marked, "station:8", again=True) != marked


def test_marking_twice_gives_the_same_bytes(vault: tracemark.Vault) -> None:
    data = made.pdf([waybill(61)])
    assert vault.mark_label_pdf(data, "station:7") == vault.mark_label_pdf(data, "station:7")


@pytest.mark.parametrize("numbers", ["SF1234567890", ["SF1234567890"] * 3])
def test_waybill_numbers_are_counted(vault: tracemark.Vault, numbers: str | list[str]) -> None:
    with pytest.raises(tracemark.UsageError, match="for 2 pages"):
        vault.mark_label_pdf(made.pdf([waybill(61), None]), "station:7", numbers)


def saved(data: bytes, **options: object) -> bytes:
    held = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as document:
        document.save(held, **options)
    return held.getvalue()


def signed(data: bytes) -> bytes:
    held = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as document:
        document.Root.AcroForm = pikepdf.Dictionary(SigFlags=3, Fields=pikepdf.Array())
        document.save(held)
    return held.getvalue()


@pytest.mark.parametrize(
    ("spoil", "kind", "says"),
    [
        (lambda data: data[:200], tracemark.UnreadableSample, "broken"),
        (lambda data: b"%PDF-1.7\n" + bytes(300), tracemark.UnreadableSample, "broken"),
        (
            lambda data: saved(data, encryption=pikepdf.Encryption(user="u", owner="o")),
            tracemark.UnreadableSample,
            "password",
        ),
        (
            lambda data: saved(data, encryption=pikepdf.Encryption(user="", owner="o")),
            tracemark.UsageError,
            "encrypted",
        ),
        (signed, tracemark.UsageError, "signed"),
    ],
)
def test_what_cannot_be_marked_is_refused(vault: tracemark.Vault, spoil, kind, says) -> None:
    with pytest.raises(kind, match=says):
        vault.mark_label_pdf(spoil(made.pdf([waybill(61)])), "station:7")
    assert not list(vault.ledger_entries("issue"))


def test_a_page_that_is_no_label_is_refused(vault: tracemark.Vault) -> None:
    data = made.pdf([waybill(61)])
    with pytest.raises(tracemark.UnreadableSample, match="page 1 of"):
        vault.mark_label_pdf(data, "station:7", dpi=5000)


@pytest.mark.parametrize("size", ["76x130", "100x150", "100x180", "4x6"])
def test_a_page_of_whole_dots_is_drawn_dot_for_dot(size: str) -> None:
    """Sizes in points are rounded; a dot more in width would smear every line of the label."""
    label = waybill(66, size=size)
    held = io.BytesIO()
    label.save(held, "PDF", resolution=203)
    [page] = pdf.pages(held.getvalue(), name="it")
    assert page.size == label.size
    assert (np.asarray(page) == np.asarray(label.convert("L"))).all()

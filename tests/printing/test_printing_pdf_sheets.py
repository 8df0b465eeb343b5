"""A label on a larger sheet: marks stand on the label, for that is what is cut out and leaks."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

import tracemark

pytest.importorskip("segno", reason="needs the extra 'bench'")

from examples.waybill import waybill

pikepdf = pytest.importorskip("pikepdf")
pytest.importorskip("pypdfium2")

from tracemark.printing import pdf  # noqa: E402

DPI = 203
A4 = (210, 297)  # mm
_POINTS = 72 / 25.4


def sheet(*labels: tuple[Image.Image, int, int], words: tuple[int, int] | None = None) -> bytes:
    """A page of A4 with labels at so many millimetres from its upper left corner, and a letter."""
    document, names = pikepdf.new(), pikepdf.Name
    width, height = (side * _POINTS for side in A4)
    page = document.add_blank_page(page_size=(width, height))
    pictures, drawn = pikepdf.Dictionary(), []
    for number, (label, left, top) in enumerate(labels):
        pictures[f"/L{number}"] = document.make_stream(
            np.packbits(np.asarray(label), axis=1).tobytes(),
            Type=names.XObject,
            Subtype=names.Image,
            Width=label.width,
            Height=label.height,
            ColorSpace=names.DeviceGray,
            BitsPerComponent=1,
        )
        wide, tall = (side * 72 / DPI for side in label.size)
        x, y = left * _POINTS, height - top * _POINTS - tall
        drawn.append(f"q {wide} 0 0 {tall} {x} {y} cm /L{number} Do Q")
    for line in range(20 if words else 0):
        x, y = words[0] * _POINTS, height - (words[1] + 5 * line) * _POINTS
        drawn.append(f"BT /F 9 Tf {x} {y} Td (keep this part of the sheet for returns) Tj ET")
    font = pikepdf.Dictionary(Type=names.Font, Subtype=names.Type1, BaseFont=names.Helvetica)
    page.obj["/Resources"] = pikepdf.Dictionary(XObject=pictures, Font=pikepdf.Dictionary(F=font))
    page.contents_add("\n".join(drawn).encode())
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


def drawn(data: bytes) -> np.ndarray:
    [page] = pdf.pages(data, DPI, name="it")
    return np.asarray(page) < 128


def box(label: Image.Image, left: int, top: int, rim: int = 0) -> tuple[slice, slice]:
    """The dots of a label on its sheet, with so many millimetres about it."""
    x, y = (round(side * DPI / 25.4) for side in (left, top))
    more = round(rim * DPI / 25.4)
    return (
        slice(max(y - more, 0), y + label.height + more),
        slice(max(x - more, 0), x + label.width + more),
    )


@pytest.fixture
def vault(tmp_path: Path) -> tracemark.Vault:
    opened = tracemark.Vault.create(tmp_path / "vault", key=bytes(range(32)))
    opened.add_recipients(f"station:{number}" for number in range(300))
    return opened


@pytest.mark.parametrize(
    ("left", "top", "words"), [(8, 8, None), (6, 6, (12, 160)), (120, 150, (12, 20))]
)
def test_marks_stand_where_the_label_is(
    vault: tracemark.Vault, left: int, top: int, words: tuple[int, int] | None
) -> None:
    label = waybill(71 + left)
    data = sheet((label, left, top), words=words)
    marked = vault.mark_label_pdf(data, "station:7")
    changed = drawn(marked) ^ drawn(data)
    inside, near = box(label, left, top), box(label, left, top, rim=4)
    assert changed.sum() > 300
    assert not changed.sum() - changed[near].sum()
    assert changed[inside].sum() > 0.9 * changed.sum()
    with pytest.raises(tracemark.AlreadyMarked, match="page 1"):
        vault.mark_label_pdf(marked, "station:8")


def test_the_label_alone_is_traced(vault: tracemark.Vault, tmp_path: Path) -> None:
    label = waybill(82, size="100x150", layout="sparse")
    data = sheet((label, 6, 6), words=(12, 170))
    page = drawn(vault.mark_label_pdf(data, "station:9"))
    case = vault.trace(Image.fromarray(~page[box(label, 6, 6, rim=2)]), ocr=False)
    assert [one.recipient for one in case.accusations] == ["station:9"]


def test_every_label_of_a_sheet_is_marked(vault: tracemark.Vault) -> None:
    places = [(8, 8), (108, 8), (8, 153), (108, 153)]
    labels = [(waybill(90 + left + top), left, top) for left, top in places]
    data = sheet(*labels)
    changed = drawn(vault.mark_label_pdf(data, "station:7")) ^ drawn(data)
    assert all(changed[box(*one)].sum() > 300 for one in labels)


def test_a_letter_with_a_small_code_is_marked_whole(vault: tracemark.Vault) -> None:
    data = sheet((waybill(95).crop((0, 40, 320, 140)), 12, 12), words=(12, 120))
    changed = drawn(vault.mark_label_pdf(data, "station:7")) ^ drawn(data)
    assert changed[changed.shape[0] // 3 :].sum() > 100


def test_a_part_without_edges_leaves_the_rest_of_the_page(vault: tracemark.Vault) -> None:
    """A code and round spots are no host for nubs; the words beside them are."""
    part = Image.new("1", (480, 480), 1)
    part.paste(waybill(95).crop((0, 40, 320, 140)), (60, 0))
    draw = ImageDraw.Draw(part)
    for spot in range(0, 480, 40):
        draw.ellipse((spot, spot, spot + 9, spot + 9), fill=0)
    data = sheet((part, 12, 12), words=(12, 120))
    changed = drawn(vault.mark_label_pdf(data, "station:7", profile="discreet")) ^ drawn(data)
    assert changed[changed.shape[0] // 3 :].sum() > 100

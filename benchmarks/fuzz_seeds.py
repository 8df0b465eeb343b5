"""Whole small files of every kind, for `benchmarks.fuzz` to damage."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from importlib import import_module
from typing import Any

from PIL import Image

from tracemark_cli.sample_orders import orders

EXIF = Image.Exif()
EXIF.update({0x0112: 6, 0x010F: "camera", 0x011A: 72.0, 0x0132: "2026:01:01 00:00:00"})
PICTURES = {
    "png": ("1", {"exif": EXIF}),
    "jpeg": ("RGB", {"quality": 60, "exif": EXIF}),
    "webp": ("RGB", {"exif": EXIF}),
    "tiff": ("L", {"compression": "tiff_lzw", "dpi": (203, 203), "exif": EXIF}),
    "bmp": ("L", {}),
    "gif": ("P", {}),
}
ZPL = """^XA^CI28^PW609^LL800^FO40,40^A0N,40,40^FD北苑街道1号^FS
^FO40,120^BY2^BCN,80,Y^FD7312345678901^FS^FO40,260^GB500,0,4^FS
^FO40,300^BQN,2,4^FDQA,7312345678901^FS^FO300,300^GFA,24,24,3,:Z64:eJz7/58EAAAnDwzz:0^FS
^FO40,500^GFA,24,24,3,FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00FF00^FS^XZ"""


def seeds() -> dict[str, bytes]:
    """One whole small file of each kind."""
    rows = [{key: str(value) for key, value in row.items()} for row in orders(6, 1)]
    lines = [",".join(f'"{cell}"' for cell in row.values()) for row in rows]
    cells = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in row.values()) + "</tr>" for row in rows
    )
    made = {
        "csv": ("\n".join([",".join(rows[0]), *lines])).encode(),
        "json": json.dumps(rows, ensure_ascii=False).encode(),
        "jsonl": "\n".join(json.dumps(row) for row in rows).encode(),
        "text": "\n".join(" ".join(row.values()) for row in rows).encode("gbk", "replace"),
        "html": f"<!DOCTYPE html><html><body><table>{cells}</table></body></html>".encode(),
        "xlsx": workbook(rows),
        "document": zipped({"word/document.xml": b"<w:p><w:r><w:t>\xe5\xbc\xa0</w:t></w:r></w:p>"}),
        "pdf": PDF,
    }
    made["zpl"] = ZPL.encode()
    made |= {kind: picture(kind, *how) for kind, how in PICTURES.items()}
    made["archive"] = zipped({"a.csv": made["csv"], "b.html": made["html"]})
    made["gzip"] = gzip.compress(made["csv"])
    try:
        arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
        held = io.BytesIO()
        parquet.write_table(arrow.Table.from_pylist(rows), held)
        made["columnar"] = held.getvalue()
    except ImportError:
        pass
    return made


def picture(kind: str, mode: str, how: dict[str, Any]) -> bytes:
    """A small picture: a ramp with a frame."""
    ramp = Image.linear_gradient("L").resize((61, 43))
    ramp.paste(0, (5, 5, 50, 8))
    held = io.BytesIO()
    ramp.convert(mode).save(held, kind, **how)
    return held.getvalue()


def zipped(parts: dict[str, bytes]) -> bytes:
    """A ZIP file of these parts."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return held.getvalue()


def workbook(rows: list[dict[str, str]]) -> bytes:
    """A workbook of shared and inline strings, by hand: nothing else is needed to fuzz."""
    texts = [*rows[0], *(cell for row in rows for cell in row.values())]
    shared = "".join(f"<si><t>{text.replace('&', '').replace('<', '')}</t></si>" for text in texts)
    width, kind = (
        len(rows[0]),
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    )
    body = "".join(
        f'<row r="{line + 1}">'
        + "".join(f'<c t="s"><v>{line * width + column}</v></c>' for column in range(width))
        + '<c t="inlineStr"><is><t>北苑街道1号</t></is></c><c><v>1.38E+10</v></c></row>'
        for line in range(len(rows) + 1)
    )
    relations = [("worksheet", "s.xml"), ("sharedStrings", "t.xml")]
    return zipped(
        {
            "[Content_Types].xml": b"<Types/>",
            "_rels/.rels": f'<Relationships><Relationship Id="a" Type="{kind}/officeDocument"'
            ' Target="xl/workbook.xml"/></Relationships>'.encode(),
            "xl/workbook.xml": b'<workbook><sheets><sheet name="a" r:id="r0"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": (
                "<Relationships>"
                + "".join(
                    f'<Relationship Id="r{n}" Type="{kind}/{what}" Target="{target}"/>'
                    for n, (what, target) in enumerate(relations)
                )
                + "</Relationships>"
            ).encode(),
            "xl/s.xml": f"<worksheet><sheetData>{body}</sheetData></worksheet>".encode(),
            "xl/t.xml": f'<sst count="9" uniqueCount="9">{shared}</sst>'.encode(),
        }
    )


PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Resources<</Font<</F 5 0 R>>>>/Contents 4 0 R
>>endobj
4 0 obj<</Length 44>>stream
BT /F 12 Tf 20 100 Td (5 Main St, Apt 5) Tj ET
endstream endobj
5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
trailer<</Root 1 0 R/Size 6>>
"""

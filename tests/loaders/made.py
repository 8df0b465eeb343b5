"""Files of every form, made by hand from rows."""

from __future__ import annotations

import html
import io
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape

Rows = Sequence[dict[str, str]]

_KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_ROOT = f"""<?xml version="1.0" encoding="UTF-8"?><Relationships>
<Relationship Id="a" Type="{_KIND}/officeDocument" Target="xl/workbook.xml"/></Relationships>"""
_BOOK = """<workbook><sheets>{}</sheets></workbook>"""
_LINK = '<Relationship Id="{}" Type="{}/{}" Target="{}"/>'


def page(rows: Rows) -> str:
    """A web page with the rows in a table, and a remark beside it."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in rows[0])
    body = "".join(
        "<tr>" + "".join(f"<td class=c>{html.escape(cell)}</td>" for cell in row.values()) + "</tr>"
        for row in rows
    )
    return (
        f"<!doctype html><html><head><style>td{{}}</style><script>var a='<td>';</script></head>"
        f"<body><p>导出<br>完成</p><table><tr>{head}</tr>{body}</table></body></html>"
    )


def csv(rows: Rows) -> str:
    """The rows as CSV, all cells quoted."""
    lines = [list(rows[0]), *(list(row.values()) for row in rows)]
    return "".join(
        ",".join('"' + c.replace('"', '""') + '"' for c in line) + "\n" for line in lines
    )


def document(rows: Rows) -> bytes:
    """A word processor's document with the rows in a table."""
    body = "".join(
        "<w:tr>"
        + "".join(
            f"<w:tc><w:p><w:r><w:t>{escape(c)}</w:t></w:r></w:p></w:tc>" for c in row.values()
        )
        + "</w:tr>"
        for row in rows
    )
    return zipped({"word/document.xml": f"<w:document><w:tbl>{body}</w:tbl></w:document>".encode()})


def zipped(parts: dict[str, bytes]) -> bytes:
    """A ZIP file of parts."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 5, 6, 7, 8, 10)), data)
    return held.getvalue()


def workbook(
    sheets: dict[str, str], texts: Sequence[str] = (), others: dict[str, bytes] | None = None
) -> bytes:
    """An XLSX file.

    Parameters
    ----------
    sheets : dict of str to str
        Name of a sheet to the XML of its rows.
    texts : sequence of str
        The XML within each shared string.
    others : dict of str to bytes, optional
        Further parts.
    """
    names = [f"worksheets/sheet{n}.xml" for n in range(1, len(sheets) + 1)]
    links = [_LINK.format(f"rId{n}", _KIND, "worksheet", one) for n, one in enumerate(names)]
    shared = "".join(f"<si>{text}</si>" for text in texts)
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n + 1}" r:id="rId{n}"/>' for n, name in enumerate(sheets)
    )
    parts = {
        "[Content_Types].xml": b"<Types/>",
        "_rels/.rels": _ROOT.encode(),
        "xl/workbook.xml": _BOOK.format(listed).encode(),
        "xl/_rels/workbook.xml.rels": (
            "<Relationships>"
            + "".join(links)
            + _LINK.format("s", _KIND, "sharedStrings", "/xl/sharedStrings.xml")
            + "</Relationships>"
        ).encode(),
        "xl/sharedStrings.xml": (
            f'<sst count="{len(texts)}" uniqueCount="{len(texts)}">{shared}</sst>'
        ).encode(),
    }
    for name, rows in zip(names, sheets.values(), strict=True):
        parts[f"xl/{name}"] = f"<worksheet><sheetData>{rows}</sheetData></worksheet>".encode()
    return zipped({**parts, **(others or {})})


def rows_of_strings(rows: Rows) -> str:
    """The XML of a sheet's rows, all cells in place."""
    lines = [list(rows[0]), *(list(row.values()) for row in rows)]
    return "".join(
        f'<row r="{n}">'
        + "".join(f'<c t="inlineStr"><is><t>{escape(cell)}</t></is></c>' for cell in line)
        + "</row>"
        for n, line in enumerate(lines, start=1)
    )


def pdf(pages: Sequence[Sequence[tuple[int, int, str]]]) -> bytes:
    """A PDF with texts at places, 9 points high, in a Chinese font that is not embedded."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"",
        b"<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H"
        b"/DescendantFonts[4 0 R]>>",
        b"<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/CIDSystemInfo<</Registry(Adobe)"
        b"/Ordering(GB1)/Supplement 4>>/DW 1000/W[1 95 500]/FontDescriptor 5 0 R>>",
        b"<</Type/FontDescriptor/FontName/STSong-Light/Flags 4/FontBBox[0 -200 1000 900]"
        b"/ItalicAngle 0/Ascent 880/Descent -120/CapHeight 700/StemV 80>>",
    ]
    kids = []
    for texts in pages:
        shown = b" ".join(
            b"1 0 0 1 %d %d Tm <%s> Tj" % (x, y, text.encode("utf-16-be").hex().encode())
            for x, y, text in texts
        )
        body = b"BT /F 9 Tf " + shown + b" ET"
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(body), body))
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 842 595]/Resources<</Font<</F 3 0 R>>>>"
            b"/Contents %d 0 R>>" % len(objects)
        )
        kids.append(len(objects))
    refs = b" ".join(b"%d 0 R" % kid for kid in kids)
    objects[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(kids), refs)
    out, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj%sendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    out_of = b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    return (
        out + out_of + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (size, len(out))
    )


def wrapped(rows: Rows, width: int) -> list[list[tuple[int, int, str]]]:
    """Names, phones and addresses on pages, the addresses wrapped after so many characters."""
    pages: list[list[tuple[int, int, str]]] = [[]]
    y = 560
    for row in rows:
        address = row["收货地址"]
        lines = [address[at : at + width] for at in range(0, len(address), width)]
        if y < 60 + 11 * len(lines):
            pages.append([])
            y = 560
        pages[-1] += [(20, y, row["收件人"]), (90, y, row["手机"])]
        pages[-1] += [(200, y - 11 * n, line) for n, line in enumerate(lines)]
        y -= 11 * len(lines) + 8
    return pages

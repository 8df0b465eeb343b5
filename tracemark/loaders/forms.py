"""What a file is, by its first bytes, whatever its name says. SPEC 11.9."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Literal

from tracemark.pictures import is_picture
from tracemark.printing.streams import is_zpl
from tracemark.tables import encoding

Form = Literal[
    "picture", "pdf", "zpl", "workbook", "columnar", "archive", "document", "html", "table"
]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_COLUMNAR = (b"PAR1", b"ARROW1\x00\x00", b"\xff\xff\xff\xff")
PACKED = {b"\x1f\x8b\x08": "gzip", b"BZh": "bz2", b"\xfd7zXZ\x00": "lzma"}
_WORKBOOK = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")
_MARKUP = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<\?mso[^>]*>\s*)?(?:<!--.{0,2000}?-->\s*)*"
    r"<(?:!doctype\s+html|html|head|body|meta|table|tbody|thead|tr|div|style|ul|ol|section|p"
    r"|(?:ss:)?workbook)[\s>/]",
    re.IGNORECASE | re.DOTALL,
)
_HEAD = 1 << 14


def form_of(path: Path) -> Form:
    """Tell the form of a file; what cannot be opened is called a table, and fails as one.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if is_picture(path):
        return "picture"
    if b"%PDF-" in head[:1024] and not head.startswith(b"PK\x03\x04"):  # may hold one as it is
        return "pdf"
    if is_zpl(head):
        return "zpl"
    if head.startswith(_OLE):
        return "workbook"
    if head.startswith(_COLUMNAR):
        return "columnar"
    if head.startswith(tuple(PACKED)):
        return "archive"
    if head.startswith(b"PK\x03\x04"):
        return _zipped(path)
    return "html" if is_markup(head) else "table"


def is_markup(head: bytes) -> bool:
    """Whether the first bytes are those of a web page, or of a workbook written as XML."""
    if b"<" not in head[:4096]:
        return False
    codec = encoding.codec_of(encoding.detect(head))
    text = head.decode(codec, "replace").removeprefix(encoding.BOM)
    return _MARKUP.match(text) is not None


def _zipped(path: Path) -> Form:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return "archive"
    if names.intersection(_WORKBOOK):
        return "workbook"
    return "document" if "word/document.xml" in names else "archive"

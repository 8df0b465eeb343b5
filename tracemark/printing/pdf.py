"""PDF pages as their printer's dots, and dots laid over them. SPEC 11.12.

pdfium draws the pages, qpdf writes them; all that stood in the file stays as it is.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from threading import Lock
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from tracemark.errors import MissingExtra, UnreadableSample, UsageError
from tracemark.masks import Mask

if TYPE_CHECKING:
    from PIL import Image


DPI = 203.0
MAGIC = b"%PDF-"
_POINTS = 72  # to the inch
_MOST_DOTS = 40_000_000  # of a page: A4 at 600 dpi has 35 million
_SLACK = 1 - 5e-5  # a page of 608.0003 dots is one of 608: a dot more would smear all that it draws
_SIGNED = 1  # bit of SigFlags
_LOCK = Lock()  # pdfium draws for one thread at a time


def is_pdf(head: bytes) -> bool:
    """Whether a file of which these are the first bytes is a PDF."""
    return MAGIC in head[:1024]


def count(data: bytes, *, name: str) -> int:
    """How many pages there are. Raises MissingExtra and UnreadableSample, as `pages` does."""
    pdfium = _library("pypdfium2")
    try:
        with _LOCK, closing(pdfium.PdfDocument(data)) as document:
            return len(document)
    except pdfium.PdfiumError as error:
        raise _unreadable(name, 0, "password" in str(error).lower()) from None


def pages(data: bytes, dpi: float = DPI, *, name: str) -> Iterator[Image.Image]:
    """Every page as a printer of this resolution would print it.

    Parameters
    ----------
    data : bytes
        The PDF.
    dpi : float
        Dots to the inch.
    name : str
        Of the file, for messages.

    Yields
    ------
    PIL image
        Of mode L, with its resolution: as many dots wide as its width in points times dpi / 72,
        rounded up (but for 0.05 per mille of it), and as high in the same way.

    Raises
    ------
    MissingExtra
        Without the extra ``pdf``.
    UnreadableSample
        If the file is broken or locked, or a page is too large for a label.
    """
    pdfium = _library("pypdfium2")
    number = 0
    try:
        with _LOCK:
            document = pdfium.PdfDocument(data)
            last = len(document)
        for number in range(1, last + 1):
            with _LOCK:
                picture = _drawn(document[number - 1], dpi, f"{name}: page {number}")
            yield picture
        with _LOCK:
            document.close()
    except pdfium.PdfiumError as error:
        raise _unreadable(name, number, "password" in str(error).lower()) from None


def _drawn(page: Any, dpi: float, name: str) -> Image.Image:
    scale = _SLACK * dpi / _POINTS
    width, height = (side * scale for side in page.get_size())
    if not 1 <= width * height <= _MOST_DOTS:
        raise UnreadableSample(
            f"{name} of {width:.0f} x {height:.0f} dots is no label",
            hint="a page is printed as one label; check --dpi",
        )
    with closing(page), closing(page.render(scale=scale, grayscale=True)) as bitmap:
        picture: Image.Image = bitmap.to_pil().copy()
    picture.info["dpi"] = (dpi, dpi)
    return picture


def overlay(data: bytes, added: Iterable[Mask], *, name: str) -> bytes:
    """The PDF with dots of ink laid over its pages.

    Parameters
    ----------
    data : bytes
        The PDF.
    added : iterable of (H, W) bool
        For each page the dots to add, as `pages` drew it.
    name : str
        Of the file, for messages.

    Returns
    -------
    bytes
        Each page with one image mask more. Text, fonts, pictures, page boxes, links and metadata
        are those of `data`.

    Raises
    ------
    MissingExtra, UnreadableSample
        As in `pages`.
    UsageError
        If the file is encrypted or signed, so that it cannot be changed and stay what it is.
    """
    pikepdf = _library("pikepdf")
    try:
        with pikepdf.open(io.BytesIO(data)) as document:
            _check(document, name)
            for page, dots in zip(document.pages, added, strict=True):
                _lay(pikepdf, document, page, dots)
            written = io.BytesIO()
            document.save(written, deterministic_id=True)
    except pikepdf.PasswordError:
        raise _unreadable(name, 0, locked=True) from None
    except pikepdf.PdfError:
        raise _unreadable(name, 0, locked=False) from None
    return written.getvalue()


def _check(document: Any, name: str) -> None:
    form = document.Root.get("/AcroForm")
    if document.is_encrypted:
        raise UsageError(f"{name}: the PDF is encrypted", hint="save it without encryption")
    if form is not None and int(form.get("/SigFlags", 0)) & _SIGNED:
        raise UsageError(
            f"{name}: the PDF is signed, and a mark would break its signature",
            hint="mark it before it is signed",
        )


def _lay(pikepdf: ModuleType, document: Any, page: Any, dots: Mask) -> None:
    """Add one image mask, as large as the page, behind all that the page draws."""
    height, width = dots.shape
    # a sample of 0 is painted
    mask = document.make_stream(
        zlib.compress(np.packbits(~dots, axis=1).tobytes(), 9),
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=width,
        Height=height,
        ImageMask=True,
        BitsPerComponent=1,
        Filter=pikepdf.Name.FlateDecode,
    )
    name = _named(pikepdf, page, mask)
    # what the page draws may leave its graphics state changed, or saved and not restored
    operators = [str(one.operator) for one in pikepdf.parse_content_stream(page, "q Q")]
    unclosed = max(0, operators.count("q") - operators.count("Q"))
    placed = " ".join(f"{number:.6f}" for number in _placed(page))
    page.contents_add(b"q\n", prepend=True)
    page.contents_add(
        f"{' Q' * (unclosed + 1)}\n/Artifact BMC q 0 g {placed} cm {name} Do Q EMC\n".encode()
    )


def _named(pikepdf: ModuleType, page: Any, mask: Any) -> str:
    """Enter a picture among the page's own resources, which may have been another's as well."""
    node = page.obj
    while "/Resources" not in node and "/Parent" in node:
        node = node.Parent
    resources = pikepdf.Dictionary(node.get("/Resources", {}))
    pictures = pikepdf.Dictionary(resources.get("/XObject", {}))
    name = next(f"/Dots{n}" for n in range(len(pictures) + 1) if f"/Dots{n}" not in pictures)
    pictures[name] = mask
    resources["/XObject"] = pictures
    page.obj["/Resources"] = resources
    return name


def _placed(page: Any) -> tuple[float, ...]:
    """The matrix that lays the unit square over the page as it is shown, turned as it is."""
    (left, right), (low, high) = (
        (max(min(crop), min(media)), min(max(crop), max(media)))
        for crop, media in (
            (
                [float(side) for side in box[axis::2]]
                for box in map(list, (page.cropbox, page.mediabox))
            )
            for axis in (0, 1)
        )
    )
    wide, tall = right - left, high - low
    return {
        0: (wide, 0.0, 0.0, tall, left, low),
        90: (0.0, tall, -wide, 0.0, right, low),
        180: (-wide, 0.0, 0.0, -tall, right, high),
        270: (0.0, -tall, wide, 0.0, left, high),
    }[page.rotation % 360]


def _library(name: str) -> ModuleType:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError:
        raise MissingExtra("pdf", "a PDF") from None


def _unreadable(name: str, number: int, locked: bool) -> UnreadableSample:
    where = f"{name}: page {number}" if number else name
    return UnreadableSample(
        f"{where}: the PDF is locked by a password" if locked else f"{where}: a broken PDF",
        hint="save it without the password" if locked else "print it to a new PDF",
    )

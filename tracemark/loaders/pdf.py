"""The text of a PDF's pages. SPEC 11.9."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tracemark.errors import MissingExtra, UnreadableSample
from tracemark.loaders import layout
from tracemark.loaders.limits import Limits

_GAP = 0.6  # of the type's height; a wider one parts two cells


Look = Callable[[Any], list[layout.Piece]]
Read = Callable[[int, Any], Iterator[list[str] | None]]


def rows(path: Path, limits: Limits, look: Look | None = None) -> Iterator[list[str] | None]:
    """Lines of all pages, each as the cells that it may consist of.

    Pages without text are left to `look`, if it is given.
    """

    def read(number: int, page: Any) -> Iterator[list[str] | None]:
        pieces = _pieces(page)
        if not pieces and look is not None:
            pieces = look(page)
        yield from layout.rows(pieces)

    return each_page(path, limits, read)


def each_page(path: Path, limits: Limits, read: Read) -> Iterator[list[str] | None]:
    """What is read of all pages; `read` is handed the number of each, from 1, and the page."""
    try:
        import pypdfium2 as pdfium
    except ImportError:
        raise MissingExtra("pdf", "a PDF") from None
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        locked = "password" in str(error).lower()
        raise UnreadableSample(
            "the PDF is locked by a password" if locked else "a broken PDF",
            hint="save it without the password" if locked else "ask for the file as received",
        ) from None
    if len(document) > limits.pages:
        raise UnreadableSample(
            f"{len(document)} pages, more than {limits.pages}", hint="raise the limit 'pages'"
        )
    for number in range(len(document)):
        try:
            page = document[number]
            yield from read(number + 1, page)
            page.close()
        except pdfium.PdfiumError:  # one broken page does not hide the others
            continue


def _pieces(page: Any) -> list[layout.Piece]:
    """Runs of characters that follow one another on a line without a gap."""
    text = page.get_textpage()
    found: list[layout.Piece] = []
    run, left, right, top, bottom = "", 0.0, 0.0, 0.0, 0.0
    for number in range(text.count_chars()):
        character = text.get_text_range(number, 1)
        if character in ("\r", "\n"):
            continue
        x0, y0, x1, y1 = text.get_charbox(number, loose=True)
        size = max(y1 - y0, 1e-3)
        on = run and -size < x0 - right < _GAP * size and abs(y0 - bottom) < size / 2
        if not on:
            found.append(layout.Piece(left, -top, right, -bottom, run.strip()))
            run, left, top, bottom = "", x0, y1, y0
        run, right = run + character, max(x1, right if on else x1)
        if not character.isspace():
            top, bottom = max(top, y1), min(bottom, y0)
    found.append(layout.Piece(left, -top, right, -bottom, run.strip()))
    text.close()
    return [piece for piece in found if piece.text]

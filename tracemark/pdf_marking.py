"""PDF pages, marked label by label. SPEC 11.12; a part of the marking corridor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracemark.errors import AlreadyMarked, HostTooSmall, UsageError
from tracemark.label import label_area
from tracemark.label.raster import dots
from tracemark.label_marking import MarkedLabel
from tracemark.printing import pdf

Mark = Callable[[Image.Image, str | None], MarkedLabel]


def mark(
    data: bytes,
    waybills: str | Sequence[str | None] | None,
    mark_one: Mark,
    *,
    name: str,
    dpi: float,
) -> tuple[bytes, list[MarkedLabel]]:
    """Mark the label of every page.

    Parameters
    ----------
    data : bytes
        The PDF.
    waybills : str, sequence of str or None, optional
        The number of the only page's label, or one for each page.
    mark_one : callable
        Marks one picture.
    name : str
        For messages.
    dpi : float
        Resolution of the printer.

    Returns
    -------
    (bytes, list of MarkedLabel)
        The marked PDF, and what the ledger is told of each page.

    Raises
    ------
    HostTooSmall, AlreadyMarked, UsageError, UnreadableSample, MissingExtra
        Each says which page it is about.
    """
    count = pdf.count(data, name=name)
    numbers = [waybills] if isinstance(waybills, str) else list(waybills or [None] * count)
    if len(numbers) != count:
        raise UsageError(
            f"{name}: {len(numbers)} waybill numbers for {count} pages",
            hint="give one number for each page, in their order",
        )
    issued: list[MarkedLabel] = []

    def added() -> Iterator[NDArray[np.bool_]]:
        for page, picture in enumerate(pdf.pages(data, dpi, name=name), start=1):
            with _named(page, name):
                one, changed = _marked(picture, numbers[page - 1], dpi, mark_one)
            issued.append(one)
            yield changed

    return pdf.overlay(data, added(), name=name), issued


def _marked(
    page: Image.Image, number: str | None, dpi: float, mark_one: Mark
) -> tuple[MarkedLabel, NDArray[np.bool_]]:
    """Mark where the page's label is, and say which of the page's dots that changes."""
    whole = slice(0, page.height), slice(0, page.width)
    rows, columns = area = label_area(dots(page), dpi)
    part = page.crop((columns.start, rows.start, columns.stop, rows.stop))
    part.info = dict(page.info)
    try:
        marked = mark_one(part, number)
    except HostTooSmall:
        if area == whole:
            raise
        (rows, columns), part = whole, page  # a code in the corner of a letter
        marked = mark_one(part, number)
    changed = np.zeros((page.height, page.width), bool)
    changed[rows, columns] = np.asarray(marked.image) != np.asarray(part)
    return marked, changed


@contextmanager
def _named(page: int, name: str) -> Iterator[None]:
    """Say in a refusal which page it is about."""
    try:
        yield
    except HostTooSmall as error:
        what = f"chips on page {page} of {name}"
        raise HostTooSmall(
            needed=error.needed, found=error.found, what=what, hint=error.hint
        ) from None
    except (AlreadyMarked, UsageError) as error:
        raise type(error)(f"{name}: page {page}: {error}", hint=error.hint) from None

"""ZPL streams, marked label by label. SPEC 11.13; a part of the marking corridor."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracemark.errors import AlreadyMarked, HostTooSmall, UsageError
from tracemark.label.raster import dots
from tracemark.label_marking import MarkedLabel
from tracemark.model import Unseen
from tracemark.printing import zpl

Mark = Callable[[Image.Image, str | None, Unseen], MarkedLabel]

T = TypeVar("T", str, Image.Image)

CODE = "code"  # instead of a number: each label's is that of its own barcode


def mark(
    data: bytes,
    waybills: str | Sequence[str | None] | None,
    renderings: Image.Image | Sequence[Image.Image | None] | None,
    mark_one: Mark,
    *,
    name: str,
    dpi: float | None = None,
) -> tuple[bytes, list[MarkedLabel]]:
    """Mark every label of a stream.

    Parameters
    ----------
    data : bytes
        The stream.
    waybills : str, sequence of str or None, optional
        The number of the only label, one for each, or `CODE`; by default that of a label's own
        codes, if they hold one number only.
    renderings : PIL image, sequence of PIL image or None, optional
        What the printer makes of the only label, or of each.
    mark_one : callable
        Marks one picture.
    name : str
        For messages.
    dpi : float, optional
        The printer's resolution, for places that are not in dots.

    Returns
    -------
    (bytes, list of MarkedLabel)
        The marked stream, and what the ledger is told of each label.

    Raises
    ------
    HostTooSmall, AlreadyMarked, UsageError, UnreadableSample
        Each says which label of the stream it is about.
    """
    labels = zpl.labels(data, name=name, dpi=dpi)
    numbers: Sequence[str | None]
    if waybills == CODE:
        numbers = [max(one.numbers(), key=len, default=None) for one in labels]
    elif waybills is None:
        numbers = [_only(one.numbers()) for one in labels]
    else:
        numbers = _each(waybills, labels, name, "waybill numbers")
    pictures = _each(renderings, labels, name, "renderings")
    issued: list[MarkedLabel] = []

    def added() -> Iterator[tuple[zpl.Format, zpl.Drawing, NDArray[np.bool_]]]:
        for place, (label, number, picture) in enumerate(
            zip(labels, numbers, pictures, strict=True), 1
        ):
            here = f"{name}: label {place}" if len(labels) > 1 else name
            with _named(here, picture is None):
                if picture is None:
                    drawing = zpl.drawn(label, here)
                else:
                    drawing = zpl.beside(label, dots(picture), here)
                told = hashlib.sha256(data[label.start : label.end]).digest()
                unseen = Unseen(drawing.off, told if picture is None else b"")
                host = Image.fromarray(~drawing.ink)
                marked = mark_one(host, number, unseen)
            issued.append(marked)
            yield label, drawing, dots(marked.image) & ~drawing.ink

    return zpl.overlaid(data, added()), issued


def _each(
    given: T | Sequence[T | None] | None, labels: Sequence[zpl.Format], name: str, what: str
) -> Sequence[T | None]:
    """One for each label."""
    if given is None:
        return [None] * len(labels)
    each = list(given) if isinstance(given, Sequence) and not isinstance(given, str) else [given]
    if len(each) != len(labels):
        raise UsageError(
            f"{name}: {len(each)} {what} for {len(labels)} labels",
            hint="give one for each label, in their order",
        )
    return each


def _only(numbers: Sequence[str]) -> str | None:
    """A number that stands alone."""
    return numbers[0] if len(numbers) == 1 else None


@contextmanager
def _named(where: str, alone: bool) -> Iterator[None]:
    """Say in a refusal which label it is about, and what would help."""
    try:
        yield
    except HostTooSmall as error:
        hint = (
            "give the printer's own preview of it (rendered, --rendered)" if alone else error.hint
        )
        raise HostTooSmall(
            needed=error.needed, found=error.found, what=f"chips on {where}", hint=hint
        ) from None
    except AlreadyMarked as error:
        raise AlreadyMarked(f"{where}: {error}", hint=error.hint) from None
    except UsageError as error:
        message = str(error)
        raise UsageError(
            message if message.startswith(where) else f"{where}: {message}", hint=error.hint
        ) from None

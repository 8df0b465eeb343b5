"""ZPL II streams as their labels' dots, and dots laid over them. SPEC 11.13.

Every byte of a stream stays; each label gets one graphic more.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tracemark.errors import UnreadableSample
from tracemark.masks import Mask
from tracemark.printing.streams import MOST_BYTES
from tracemark.printing.zpl.drawing import Drawing, beside, drawn
from tracemark.printing.zpl.formats import formats
from tracemark.printing.zpl.graphics import packed
from tracemark.printing.zpl.items import Format

__all__ = ["Drawing", "Format", "beside", "drawn", "labels", "overlaid"]

MOST_LABELS = 10_000


def labels(
    data: bytes, *, name: str, most: int = MOST_LABELS, dpi: float | None = None
) -> list[Format]:
    """The labels of a stream; those that print nothing are left out.

    Parameters
    ----------
    data : bytes
    name : str
        For messages.
    most : int
    dpi : float, optional
        The printer's resolution, for places that are not in dots.

    Raises
    ------
    UnreadableSample
        If there is none, or more of them than `most`.
    """
    if len(data) > MOST_BYTES:
        raise UnreadableSample(f"{name}: {len(data)} bytes of ZPL", hint="split it by labels")
    found: list[Format] = []
    for one in formats(data, dpi):
        if one.items and one.last:
            found.append(one)
        if len(found) > most:
            raise UnreadableSample(f"{name}: more than {most} labels", hint="split it by labels")
    if not found:
        raise UnreadableSample(
            f"{name}: no label in the ZPL",
            hint="it has whole ones, from ^XA to ^XZ, and those that recall a stored format (^XF)",
        )
    return found


def overlaid(data: bytes, added: Iterable[tuple[Format, Drawing, Mask]]) -> bytes:
    """The stream with dots of ink laid over its labels.

    Parameters
    ----------
    data : bytes
        The stream.
    added : iterable of (Format, Drawing, (H, W) bool)
        Labels in their order, each with its drawing and the dots of that to add; none of them
        where the drawing says `off`.
    """
    parts, at = [], 0
    for label, drawing, dots in added:
        parts += [data[at : label.last], _graphic(label, drawing, dots)]
        at = label.last
    return b"".join([*parts, data[at:]])


def _graphic(label: Format, drawing: Drawing, dots: Mask) -> bytes:
    """One field of one graphic, as large as it must be."""
    rows, columns = np.flatnonzero(dots.any(1)), np.flatnonzero(dots.any(0))
    if not len(rows):
        return b""
    top, left = int(rows[0]), int(columns[0])
    cut = dots[top : rows[-1] + 1, left : columns[-1] + 1]
    x, y = left + drawing.left - label.home[0], top + drawing.top - label.home[1]
    caret, comma = label.prefixes.caret, label.prefixes.comma
    place = [b"%d" % x, b"%d" % y, *([b"0"] if label.right else [])]
    field = [b"FO" + comma.join(place), b"GF" + packed(cut, comma), b"FS"]
    if label.units:  # in dots, and then as it was
        wanted = [*label.units.split(comma), b"", b""][2].strip()
        before = comma.join([b"MUD", wanted, wanted] if wanted else [b"MUD"])
        field = [before, *field, b"MU" + label.units]
    return caret.join([b"", *field])

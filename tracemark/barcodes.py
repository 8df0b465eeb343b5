"""Numbers in a picture's barcodes and 2-D codes, by zxing-cpp (the extra ``photo``)."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
from PIL import Image

from tracemark.errors import MissingExtra

_WORD = re.compile(r"[0-9A-Za-z]{6,40}")
_MOST = 32  # numbers of one picture that are looked up
_LONGEST = 4096  # pixels; a larger picture is made smaller first


def numbers(picture: Image.Image) -> list[str]:
    """What could be a waybill number in the codes of a picture, in the order they are found.

    Parameters
    ----------
    picture : PIL image
        Of any mode, upright.

    Returns
    -------
    list of str
        The text of each code, and the runs of letters and digits in it; at most 32, each once.

    Raises
    ------
    MissingExtra
        Without the extra ``photo``.
    """
    try:
        import zxingcpp
    except ImportError:
        raise MissingExtra("photo", "reading barcodes") from None
    gray = picture.convert("L")
    gray.thumbnail((_LONGEST, _LONGEST))
    return numbers_in(code.text for code in zxingcpp.read_barcodes(np.asarray(gray)))


def numbers_in(codes: Iterable[str]) -> list[str]:
    """What could be a waybill number in the texts of codes; see `numbers`."""
    found: dict[str, None] = {}
    for code in codes:
        whole = code.strip()
        for text in (whole, *_WORD.findall(whole)):
            if _WORD.fullmatch(text):
                found.setdefault(text)
    return list(found)[:_MOST]

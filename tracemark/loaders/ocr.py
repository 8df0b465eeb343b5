"""What a picture says, by RapidOCR, whose models come with it. SPEC 11.9."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tracemark.errors import MissingExtra
from tracemark.loaders import layout
from tracemark.loaders.letters import reading_scale
from tracemark.loaders.limits import Limits
from tracemark.pictures import open_picture, readable

_SIDE = 2000  # the longest side of one tile, in dots: what the text finder sees at full size
_OVERLAP = 200


def rows(path: Path, limits: Limits) -> Iterator[list[str] | None]:
    """Lines of a picture, each as the cells that it may consist of."""
    with path.open("rb") as file:
        picture = readable(open_picture(file, name="the picture"))
    yield from layout.rows(seen(picture))


def seen(picture: Image.Image) -> list[layout.Piece]:
    """The texts of an upright picture and where they stand, in dots of the size that was read.

    Raises
    ------
    MissingExtra
        If RapidOCR is not installed.
    """
    upright = picture.convert("RGB")
    scale = reading_scale(upright)
    if scale is None:
        return []
    if scale < 1:
        size = round(upright.width * scale), round(upright.height * scale)
        upright = upright.resize(size, Image.Resampling.LANCZOS)
    found: list[layout.Piece] = []
    for top in range(0, max(upright.height - _OVERLAP, 1), _SIDE - _OVERLAP):
        strip = upright.crop((0, top, upright.width, min(top + _SIDE, upright.height)))
        result = _engine()(np.asarray(strip)[:, :, ::-1])
        if result.boxes is None:
            continue
        for box, text in zip(result.boxes, result.txts, strict=True):
            (left, up), (right, down) = box.min(axis=0), box.max(axis=0)
            piece = layout.Piece(
                float(left), float(up) + top, float(right), float(down) + top, text
            )
            if not any(_same(piece, other) for other in found[-200:]):
                found.append(piece)
    return found


def _same(one: layout.Piece, other: layout.Piece) -> bool:
    """Whether a text was seen twice, where two strips overlap."""
    return (
        abs(one.middle - other.middle) < one.height / 2
        and abs(one.left - other.left) < one.height
        and abs(one.right - other.right) < one.height
    )


@cache
def _engine() -> Any:
    try:
        from rapidocr import RapidOCR
    except ImportError:
        raise MissingExtra("ocr", "the text of a picture") from None
    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.max_side_len": 4000,
            "EngineConfig.onnxruntime.intra_op_num_threads": 2,
        }
    )

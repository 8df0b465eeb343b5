"""A PDF whose pages may be pictures: those without text are looked at. SPEC 11.9."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tracemark.loaders import layout, pdf
from tracemark.loaders.limits import Limits
from tracemark.loaders.ocr import seen

_SCALE = 200 / 72  # 200 dots an inch
_MOST_DOTS = 40_000_000


def rows(path: Path, limits: Limits) -> Iterator[list[str] | None]:
    """Lines of all pages, each as the cells that it may consist of."""
    yield from pdf.rows(path, limits, _look)


def _look(page: Any) -> list[layout.Piece]:
    width, height = page.get_size()
    scale = min(_SCALE, (_MOST_DOTS / max(width * height, 1)) ** 0.5)
    picture = page.render(scale=scale, grayscale=True).to_pil()
    low, high = picture.getextrema()
    return seen(picture) if low < high else []

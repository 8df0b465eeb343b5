"""Pages of a PDF and labels of a ZPL stream, each as a picture. SPEC 11.9."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from tracemark.errors import MissingExtra, UnreadableSample
from tracemark.loaders import pdf
from tracemark.loaders.apart import rows_apart
from tracemark.loaders.limits import Limits
from tracemark.loaders.sample import LoadedSample

_SCALE, _FINEST = 300 / 72, 600 / 72  # dots to the point
_WIDEST = 150 * 72 / 25.4  # points; the short side of a label
_NARROWEST = 50 * 72 / 25.4  # points; a mark laid over a page is as large as the page
_SMALL = 25 * 72 / 25.4  # points; a smaller picture is a logo, not a label
_PICTURE = 3  # FPDF_PAGEOBJ_IMAGE
_DRAWN = {"pdf": "pages", "zpl": "labels"}  # by kind, the form that draws it
_MOST_DOTS = 40_000_000


class Page(LoadedSample):
    """One page or label as a picture; a sample only where it shows a label's mark."""

    drawn = True

    def __init__(
        self, picture: Path | None, page: str, whole: LoadedSample, codes: Sequence[str] = ()
    ) -> None:
        path = picture or Path(page)
        what = "label" if whole.kind == "zpl" else "page"
        name = f"{whole.path} ({what} {page})"
        super().__init__(path, whole.number, name=name, fleeting=True)
        self.codes = codes
        self._whole = whole
        self._there = picture is not None

    @property
    def pictured(self) -> bool:
        """Always."""
        return True

    def picture(self) -> Image.Image:
        """The page; its hash is that of the file. Raises UnreadableSample if it was not drawn."""
        self.kind, self.sha256 = "picture", self._whole.sha256
        if not self._there:
            raise UnreadableSample(
                f"{self.path} and those behind it were not looked at as labels",
                hint="raise the limit 'labels'",
            )
        picture = super().picture()
        self.sha256 = self._whole.sha256
        return picture


def pages(whole: LoadedSample, limits: Limits) -> Iterator[Page]:
    """The pages of a PDF that may be labels, or labels; none of a file that cannot be read."""
    if not isinstance(whole.given, Path) or not limits.labels:
        return
    with tempfile.TemporaryDirectory(prefix="tracemark-") as folder:
        held = Path(folder) / "pages"
        try:
            shutil.copyfile(whole.given, held)
            found = list(rows_apart(_DRAWN[whole.kind], held, whole.path, limits))
        except (UnreadableSample, MissingExtra, OSError):
            return  # reading its text says so
        for row in found:
            if row is not None:
                page, drawn, *codes = row
                yield Page(held.with_name(drawn) if drawn else None, page, whole, codes)


def rows(path: Path, limits: Limits) -> Iterator[list[str] | None]:
    """Draw the pages that may be labels: the number of each, and its picture beside the file."""
    found = 0

    def draw(number: int, page: Any) -> Iterator[list[str] | None]:
        nonlocal found
        if found > limits.labels or not _like_label(page):
            return
        found += 1
        if found > limits.labels:
            yield [str(number), ""]
            return
        width, height = page.get_size()
        scale = min(_scale(page), (_MOST_DOTS / max(width * height, 1)) ** 0.5)
        name = f"{number}.png"
        page.render(scale=scale, grayscale=True).to_pil().save(
            path.with_name(name), dpi=(72 * scale, 72 * scale), compress_level=1
        )
        yield [str(number), name]

    return pdf.each_page(path, limits, draw)


def _scale(page: Any) -> float:
    """As finely as the page's pictures are: a label put in smaller than it is must not shrink."""
    found = [one.get_metadata() for one in _pictures(page, _SMALL)]
    finest = max((max(one.horizontal_dpi, one.vertical_dpi) for one in found), default=0.0)
    return min(_FINEST, max(_SCALE, finest / 72))


def _like_label(page: Any) -> bool:
    """As small as a label, without text as a scan is, or with a picture as large as a label."""
    if min(page.get_size()) <= _WIDEST:
        return True
    text = page.get_textpage()
    empty = text.count_chars() == 0
    text.close()
    return bool(empty) or any(_pictures(page, _NARROWEST))


def _pictures(page: Any, least: float) -> Iterator[Any]:
    """Pictures on the page that are so many points wide and high."""
    for one in page.get_objects(filter=[_PICTURE], max_depth=4):
        left, bottom, right, top = one.get_bounds()
        if min(right - left, top - bottom) >= least:
            yield one

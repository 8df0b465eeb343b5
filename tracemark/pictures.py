"""Pictures that come from strangers, opened within bounds.

Only the kinds that labels, scans, screenshots and phone photos come as; the first frame of several.
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from tracemark.errors import UnreadableSample, UsageError

if TYPE_CHECKING:
    from PIL import Image

KINDS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF")
MOST_PIXELS = 120_000_000  # a phone's largest photo has 108 million

_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM", b"II*\x00", b"MM\x00*", b"GIF8")


def is_picture(path: Path) -> bool:
    """Whether a file begins as a picture does. A file that cannot be read does not."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError:
        return False
    return head.startswith(_MAGIC) or (head[:4] == b"RIFF" and head[8:] == b"WEBP")


def open_picture(file: BinaryIO, *, name: str) -> Image.Image:
    """Read a picture whole, its pixels included.

    Parameters
    ----------
    file : binary file
        Seekable.
    name : str
        For messages.

    Raises
    ------
    UnreadableSample
        For another kind, a broken or cut file, or one of more than `MOST_PIXELS` pixels: that is
        found before any pixel is read.
    """
    from PIL import Image  # late: most programs mark rows only

    with _read_whole(name), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the limit on pixels is ours, below
        picture = Image.open(file, formats=KINDS)
        if picture.width * picture.height > MOST_PIXELS:
            raise UnreadableSample(
                f"{name}: {picture.width} x {picture.height} pixels are too many",
                hint=f"make it smaller than {MOST_PIXELS // 1_000_000} million pixels",
            )
        picture.load()
    return picture


def loaded(picture: Image.Image, *, name: str) -> Image.Image:
    """A picture that somebody opened, its pixels read.

    Raises
    ------
    UnreadableSample
        If it has no pixels, or they cannot be read.
    UsageError
        If it is none.
    """
    from PIL import Image

    if not isinstance(picture, Image.Image):
        raise UsageError(f"{name} cannot be a {type(picture).__name__}", hint="it is a PIL image")
    if not (picture.width and picture.height):
        raise UnreadableSample(
            f"{name}: a picture of {picture.width} x {picture.height} pixels has none",
            hint="give a picture that shows something",
        )
    with _read_whole(name):
        picture.load()
    return picture


def readable(picture: Image.Image) -> Image.Image:
    """A picture of a mode that Pillow can convert to grey: CIELAB by its lightness, upright."""
    from PIL import ImageOps

    if picture.mode == "LAB":
        return ImageOps.exif_transpose(picture).getchannel("L")
    return picture.convert("LA") if picture.mode == "La" else picture


@contextmanager
def _read_whole(name: str) -> Iterator[None]:
    """Raise UnreadableSample for whatever a broken picture raises while it is read."""
    from PIL import Image, UnidentifiedImageError

    try:
        yield
    except UnidentifiedImageError:
        raise UnreadableSample(
            f"{name}: a broken picture, or none of {', '.join(KINDS)}",
            hint="take the file as it was first made or received",
        ) from None
    except Image.DecompressionBombError:
        raise UnreadableSample(
            f"{name}: the picture has too many pixels",
            hint=f"make it smaller than {MOST_PIXELS // 1_000_000} million pixels",
        ) from None
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error):
        raise UnreadableSample(
            f"{name}: the picture is broken or cut short",
            hint="take the file as it was first made or received",
        ) from None


WRITTEN = ("PNG", "JPEG", "BMP", "TIFF")


def save_picture(picture: Image.Image, file: BinaryIO, kind: str) -> None:
    """Write a picture in one of the kinds of `WRITTEN`, with its resolution.

    JPEG loses least at quality 95 without subsampling; a bilevel TIFF is packed losslessly.
    """
    options: dict[str, Any] = {"dpi": picture.info["dpi"]} if picture.info.get("dpi") else {}
    if kind == "JPEG":
        options |= {"quality": 95, "subsampling": 0}
    if kind == "TIFF":
        options["compression"] = "tiff_lzw"
    picture.save(file, kind, **options)

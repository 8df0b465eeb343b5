"""Pictures that come from strangers, opened within bounds.

Only the kinds that labels, scans, screenshots and phone photos come as; the first frame of several.
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from tracemark.errors import UnreadableSample, UsageError

if TYPE_CHECKING:
    from PIL import Image

KINDS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF", "AVIF")
MOST_PIXELS = 120_000_000  # a phone's largest photo has 108 million

_KEPT = ("dpi", "transparency")  # of what a file says of itself
_BROKEN = (  # what Pillow raises for broken files and broken EXIF
    *(OSError, EOFError, SyntaxError, ValueError, TypeError, AttributeError),
    *(LookupError, ArithmeticError, struct.error),
)
_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM", b"II*\x00", b"MM\x00*", b"GIF8")

_HEAD = 64  # bytes, in which a file says what it is
_HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_READ_BY = {  # kinds that not every Pillow reads: the module, and what brings it
    "AVIF": ("PIL.AvifImagePlugin", "pillow>=11.3"),
    "HEIC": ("pillow_heif", "pillow-heif"),
}


def is_picture(path: Path) -> bool:
    """Whether a file begins as a picture does. A file that cannot be read does not."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return False
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    return webp or head.startswith(_MAGIC) or _boxed(head) is not None


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
        picture = Image.open(file, formats=_kinds(file, name))
        if picture.width * picture.height > MOST_PIXELS:
            raise UnreadableSample(
                f"{name}: {picture.width} x {picture.height} pixels are too many",
                hint=f"make it smaller than {MOST_PIXELS // 1_000_000} million pixels",
            )
        _load(picture)
    return picture


def _boxed(head: bytes) -> str | None:
    """AVIF or HEIC, as a phone's photo may be; None for others."""
    if head[4:8] != b"ftyp":
        return None
    brands = head[8 : int.from_bytes(head[:4], "big")]
    return "AVIF" if b"avif" in brands else "HEIC" if brands.startswith(_HEIF) else None


def _kinds(file: BinaryIO, name: str) -> tuple[str, ...]:
    """What a file may be read as. Raises UnreadableSample for what nothing here can read."""
    head = file.read(_HEAD)
    file.seek(0)
    kind = _boxed(head)
    if kind is None:
        return KINDS[:-1]
    module, package = _READ_BY[kind]
    try:
        found = import_module(module)
    except ImportError:
        raise UnreadableSample(
            f"{name}: a picture of the kind {kind} is not read without {package}",
            hint=f"pip install '{package}', or save it as PNG in its full size",
        ) from None
    if kind == "AVIF":
        return (kind,)
    found.register_heif_opener()
    return ("HEIF",)


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
        _load(picture)
    return picture


def _load(picture: Image.Image) -> None:
    """Read the pixels, and see whether what is said of their transparency can be."""
    picture.load()
    if "transparency" in picture.info:
        picture.convert("RGBA")


def readable(picture: Image.Image) -> Image.Image:
    """A picture as it is read: upright, as its EXIF says, and of a mode that can be made grey.

    It stays as it stands where its EXIF is broken; of CIELAB the lightness is read.
    """
    turn = _turn(picture)
    upright = picture.copy() if turn is None else picture.transpose(turn)
    upright.info = {name: picture.info[name] for name in _KEPT if name in picture.info}
    if upright.mode == "LAB":
        return upright.getchannel("L")
    return upright.convert("LA") if upright.mode == "La" else upright


def _turn(picture: Image.Image) -> Image.Transpose | None:
    """What turns a picture upright, as its EXIF says."""
    from PIL import ExifTags, Image

    by_value = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is broken there, pixels are not
            return by_value.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except _BROKEN:
        return None


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
    except _BROKEN:
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

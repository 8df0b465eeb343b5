"""Between Pillow's modes and a label's black dots. SPEC 10.6."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from tracemark.errors import UnreadableSample
from tracemark.label.packed import Packed
from tracemark.masks import Mask

_PAPER = 224  # luminance from which a dot is white paper
_MODES = ("1", "L", "P", "RGB", "RGBA", "LA")


class Raster:
    """A label's dots, worked out once.

    Parameters
    ----------
    image : PIL image
        Raises UnreadableSample for modes that no label printer is sent.

    Attributes
    ----------
    image : PIL image
    black : (H, W) bool
        Which dots are ink: True where the luminance over white paper is below half.
    ink : Packed
        The same.
    tinted : Packed
        Which are anything but white paper: those, and grey or coloured ones.
    """

    def __init__(self, image: Image.Image) -> None:
        if image.mode not in _MODES:
            raise UnreadableSample(
                f"a label of mode {image.mode} cannot be marked",
                hint="convert it to 1-bit, greyscale, palette, RGB or RGBA first",
            )
        self.image = image
        bits = image.mode == "1"  # what it says of transparency is for no printer
        self._shades: NDArray[Any] = np.asarray(image) if bits else luminance(image)
        self.black: Mask = np.logical_not(self._shades) if bits else self._shades < 128
        self.ink = Packed(self.black)
        self.tinted = self.ink if bits else Packed(self._shades < _PAPER)

    @classmethod
    def of(cls, image: Image.Image | Raster) -> Raster:
        """The raster of an image, or that which is one already."""
        return image if isinstance(image, Raster) else cls(image)

    def darkest(self) -> tuple[int, int]:
        """Row and column of the darkest dot: the picture's ink at full strength."""
        bits = self.image.mode == "1"  # the first of its ink, found without looking at the rest
        first = np.argmax(self.black) if bits else np.argmin(self._shades)
        row, column = divmod(int(first), self.image.width)
        return row, column

    def copy_dots(self, targets: NDArray[np.int64], sources: NDArray[np.int64]) -> Image.Image:
        """The picture with dots of ink copied within it; size, palette and resolution stay.

        Parameters
        ----------
        targets, sources : (n, 2) int64
            Rows and columns to write to and to read from.
        """
        image = self.image
        pixels = self._shades.copy() if image.mode == "1" else np.array(image)
        pixels[targets[:, 0], targets[:, 1]] = pixels[sources[:, 0], sources[:, 1]]
        if image.palette is not None:
            copy = Image.fromarray(pixels, "L")
            mode = image.palette.mode
            copy.putpalette(image.getpalette(mode) or [], mode)
        else:
            copy = Image.fromarray(pixels)
        copy.info = dict(image.info)
        return copy


def dots(image: Image.Image) -> Mask:
    """Which dots are ink; see `Raster`."""
    return Raster(image).black


def turned(image: Image.Image) -> Image.Image:
    """A picture turned as its EXIF says; the same picture where it has none."""
    return ImageOps.exif_transpose(image) if image.getexif() else image


def luminance(image: Image.Image) -> NDArray[np.uint8]:
    """Luminance over white paper: (H, W) uint8, of a picture of any mode."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layers = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, layers)
    if image.mode.startswith(("I", "F")):
        return _eight_bits(np.asarray(image, np.float64))
    return np.asarray(image if image.mode == "L" else image.convert("L"))


def _eight_bits(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Levels up to 1, 255, 65,535 or their own highest as bytes; Pillow cuts them off at 255."""
    values = np.nan_to_num(values, posinf=0, neginf=0)
    low, high = float(values.min(initial=0)), float(values.max(initial=0))
    if low >= 0:
        high = next((full for full in (1.0, 255.0, 65535.0) if high <= full), high)
    return ((values - low) * (255 / max(high - low, 1e-300))).astype(np.uint8)

"""What every channel shares: pictures that know their size on paper, light, blur, chains.

A channel takes a picture and a generator and gives the picture that comes out. A picture's
``info["dpi"]`` says how large it is on paper; ``info["corners"]``, where present, says where the
label's four corners (top left, then clockwise) stand in it, in pixels, for judging a reader.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Channel = Callable[[Image.Image, np.random.Generator], Image.Image]
Array = NDArray[np.float32]

PAPER_DPI = 203.2  # taken where a picture does not say


def chain(*channels: Channel) -> Channel:
    """One channel after the other."""

    def through(image: Image.Image, rng: np.random.Generator) -> Image.Image:
        for channel in channels:
            image = channel(image, rng)
        return image

    return through


def per_mm(image: Image.Image) -> float:
    """Pixels to the millimetre on paper."""
    return float(image.info.get("dpi", (PAPER_DPI, PAPER_DPI))[0]) / 25.4


def picture(
    values: NDArray[np.uint8], dpi: float | None = None, corners: NDArray[np.float64] | None = None
) -> Image.Image:
    """A Pillow image of 8-bit values, with its size on paper and the label's place in it."""
    image = Image.fromarray(values)
    if dpi is not None:
        image.info["dpi"] = (dpi, dpi)
    if corners is not None:
        image.info["corners"] = corners
    return image


def corners_of(image: Image.Image) -> NDArray[np.float64]:
    """The label's corners, (4, 2) pixels; the picture's own where it says nothing."""
    known = image.info.get("corners")
    if known is not None:
        return np.asarray(known, np.float64)
    w, h = image.size
    return np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float64)


def grey(image: Image.Image) -> NDArray[np.uint8]:
    """(h, w) uint8."""
    return np.asarray(image.convert("L"))


def linear(values: NDArray[np.uint8]) -> Array:
    """8-bit sRGB to linear light in [0, 1] (IEC 61966-2-1)."""
    level = np.arange(256) / 255
    table = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    return table.astype(np.float32)[values]


def encoded(light: Array) -> Array:
    """Linear light to sRGB in [0, 1], not yet rounded."""
    light = np.clip(light, 0, 1).astype(np.float32)
    bent = 1.055 * light ** np.float32(1 / 2.4) - 0.055
    return np.where(light <= 0.0031308, 12.92 * light, bent).astype(np.float32)


def byte(values: Array) -> NDArray[np.uint8]:
    """[0, 1] to 8 bits, rounded."""
    return np.clip(np.rint(values * 255), 0, 255).astype(np.uint8)


def blur(values: Array, across: float, down: float | None = None) -> Array:
    """Gaussian blur, sigmas in pixels; a sigma too small to matter does nothing."""
    down = across if down is None else down
    if max(across, down) < 0.15:
        return values
    out = cv2.GaussianBlur(values, (0, 0), max(across, 0.01), sigmaY=max(down, 0.01))
    return np.asarray(out, np.float32)


def soft(mask: Array, sigma: float) -> Array:
    """A wide blur of a mask, made at a quarter of its size."""
    h, w = mask.shape
    small = enlarged(mask, (w // 4, h // 4), cv2.INTER_AREA)
    return enlarged(blur(small, sigma / 4), (w, h))


def enlarged(values: Array, size: tuple[int, int], how: int = cv2.INTER_LINEAR) -> Array:
    """Resized to (width, height)."""
    return np.asarray(cv2.resize(values, size, interpolation=how), np.float32)


def grain(rng: np.random.Generator, shape: tuple[int, ...], size: float, coarse: int = 1) -> Array:
    """Smooth noise of unit variance, (h, w): correlation length `size` pixels.

    It is made on a grid `coarse` times coarser and enlarged, where it is smooth enough for that.
    """
    h, w = shape[0] // coarse + 2, shape[1] // coarse + 2
    noise = blur(rng.standard_normal((h, w), np.float32), size / coarse)
    noise /= noise.std() + 1e-9
    if coarse > 1:
        noise = enlarged(noise, (w * coarse, h * coarse), cv2.INTER_CUBIC)
    return noise[: shape[0], : shape[1]]


def jpeg(low: int, high: int | None = None, *, subsampling: int = 2) -> Channel:
    """JPEG at a quality drawn from low to high; chroma 4:2:0 by default, as phones save it."""

    def channel(image: Image.Image, rng: np.random.Generator) -> Image.Image:
        quality = int(rng.integers(low, (high or low) + 1))
        file = io.BytesIO()
        picture_mode = image if image.mode in ("L", "RGB") else image.convert("L")
        picture_mode.save(file, "JPEG", quality=quality, subsampling=subsampling)
        with Image.open(file) as reopened:
            out = reopened.convert(picture_mode.mode)
        out.info = {key: image.info[key] for key in ("dpi", "corners") if key in image.info}
        return out

    return channel

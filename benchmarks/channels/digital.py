"""What happens to picture files: scaled, turned, cut, filtered, sent by a chat app, on a screen.

Chat apps: measured from outside, WeChat makes the longer side 1280 pixels where the sides are
within 2 : 1, else the shorter side 800, and saves at quality 0.5 of Apple's encoder, near 70 of
libjpeg's (the compression was worked out so by the author of WXImageCompress, 2017).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from .base import Channel, chain, corners_of, jpeg, picture

FILTERS = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS,
           Image.Resampling.BOX)  # fmt: skip
SCREEN_FILTERS = (*FILTERS[:2], Image.Resampling.NEAREST)


def as_file(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The file itself, as 8-bit grey or RGB."""
    return _shown(image)


def _shown(image: Image.Image) -> Image.Image:
    out = image.copy() if image.mode in ("L", "RGB") else image.convert("L")
    out.info = image.info | {"corners": corners_of(image)}
    return out


def resized(
    image: Image.Image, size: tuple[int, int], resample: Image.Resampling
) -> Image.Image:  # fmt: skip
    """Resized; the corners move along, the size on paper is forgotten."""
    image = _shown(image)
    out = image.resize(size, resample)
    out.info = {"corners": corners_of(image) * np.array(size) / np.array(image.size)}
    return out


def scaled(low: float, high: float) -> Channel:
    """Scaled by a factor drawn from low to high, by one of the common filters."""

    def channel(image: Image.Image, rng: np.random.Generator) -> Image.Image:
        factor = rng.uniform(low, high)
        size = (round(image.width * factor), round(image.height * factor))
        return resized(image, size, FILTERS[rng.integers(len(FILTERS))])

    return channel


def turned(low: float, high: float) -> Channel:
    """Turned by an angle drawn from low to high degrees, on white."""

    def channel(image: Image.Image, rng: np.random.Generator) -> Image.Image:
        image = _shown(image)
        angle = rng.uniform(low, high)
        w, h = image.size
        centre = ((w - 1) / 2, (h - 1) / 2)
        matrix = np.asarray(cv2.getRotationMatrix2D(centre, angle, 1), np.float64)
        cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
        out_w, out_h = int(np.ceil(h * sin + w * cos)), int(np.ceil(h * cos + w * sin))
        matrix[:, 2] += np.array([out_w - w, out_h - h]) / 2
        interpolation = int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
        white = (255, 255, 255)
        out = cv2.warpAffine(
            np.asarray(image), matrix, (out_w, out_h), flags=interpolation, borderValue=white
        )
        corners = (corners_of(image) - 0.5) @ matrix[:, :2].T + matrix[:, 2] + 0.5
        return picture(np.asarray(out, np.uint8), corners=corners)

    return channel


def upside_down(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Turned by half a turn."""
    image = _shown(image)
    out = image.transpose(Image.Transpose.ROTATE_180)
    out.info = image.info | {"corners": np.array(image.size) - corners_of(image)}
    return out


def kept(share: float) -> Channel:
    """A cut-out at random of `share` of the upright box around the label, in its proportions."""

    def channel(image: Image.Image, rng: np.random.Generator) -> Image.Image:
        image = _shown(image)
        corners = corners_of(image)
        low = np.maximum(corners.min(0), 0)
        high = np.minimum(corners.max(0), image.size)
        room = (high - low) * (1 - np.sqrt(share))
        start = np.rint(low + rng.random(2) * room).astype(int)
        size = np.rint((high - low) * np.sqrt(share)).astype(int)
        x, y = int(start[0]), int(start[1])
        out = image.crop((x, y, x + int(size[0]), y + int(size[1])))
        out.info = image.info | {"corners": corners - start}
        return out

    return channel


def median(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A 3x3 median at the picture's own resolution."""
    image = _shown(image)
    out = image.filter(ImageFilter.MedianFilter(3))
    out.info = image.info
    return out


def despeckle(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """What scanning programs call despeckling: black specks of up to six pixels are wiped out."""
    image = _shown(image)
    values = np.array(image.convert("L"))
    count, tags, stats, _ = cv2.connectedComponentsWithStats((values < 128).astype(np.uint8), None)
    small = stats[:count, cv2.CC_STAT_AREA] <= 6
    values[small[tags]] = 255
    return picture(values, corners=corners_of(image))


def sent(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Through a chat app once: at most 1280 pixels long, then JPEG of 60 to 75."""
    w, h = image.size
    long, short = max(w, h), min(w, h)
    factor = min(1.0, 1280 / long if long <= 2 * short else 800 / short)
    if factor < 1:
        size = (round(w * factor), round(h * factor))
        image = resized(image, size, FILTERS[rng.integers(3)])
    return jpeg(60, 75)(_shown(image), rng)


def screenshot(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Shown in a window on a desktop at some zoom, with other windows around; a PNG of the screen.

    The zoom is what a preview fits a label to: 0.55 to 1.6 screen pixels for each of its own.
    """
    shown = resized_to_zoom(image, rng)
    w, h = shown.size
    left, top = (int(v) for v in rng.integers(20, 420, 2))
    width, height = w + left + int(rng.integers(40, 700)), h + top + int(rng.integers(30, 200))
    screen = np.full((height, width, 3), rng.integers(20, 235, 3), np.uint8)
    for _ in range(int(rng.integers(2, 6))):
        _window(screen, rng)
    chrome = (int(v) for v in rng.integers(200, 250, 3))
    cv2.rectangle(screen, (left - 10, max(0, top - 36)), (left + w + 9, top + h + 9),
                  tuple(chrome), -1)  # fmt: skip
    cv2.putText(screen, "label.png", (left, top - 12), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (60, 60, 60))
    screen[top : top + h, left : left + w] = np.asarray(shown.convert("RGB"))
    return picture(screen, corners=corners_of(shown) + np.array([left, top]))


def resized_to_zoom(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """At a viewer's zoom: one to one in a fifth of cases, by a viewer's filter in the others."""
    factor = 1.0 if rng.random() < 0.2 else rng.uniform(0.55, 1.6)
    size = (round(image.width * factor), round(image.height * factor))
    resample = SCREEN_FILTERS[rng.choice(3, p=[0.5, 0.4, 0.1])]
    return resized(image, size, resample)


def _window(screen: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Some other window: a frame, a title bar, lines that look like text."""
    h, w = screen.shape[:2]
    x, y = int(rng.integers(-50, w - 100)), int(rng.integers(-50, h - 100))
    right, bottom = x + int(rng.integers(150, 700)), y + int(rng.integers(120, 600))
    cv2.rectangle(screen, (x, y), (right, bottom), (250, 250, 250), -1)
    cv2.rectangle(
        screen, (x, y), (right, y + 28), tuple(int(v) for v in rng.integers(90, 220, 3)), -1
    )
    cv2.rectangle(screen, (x, y), (right, bottom), (120, 120, 120), 1)
    for line in range(y + 50, bottom - 10, 22):
        text = "".join(chr(c) for c in rng.integers(97, 123, int(rng.integers(3, 40))))
        cv2.putText(screen, text, (x + 12, line), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (40, 40, 40), 1,
                    cv2.LINE_AA)  # fmt: skip


def jpegs(*qualities: int) -> Channel:
    """Saved as JPEG again and again at these qualities."""
    return chain(as_file, *(jpeg(quality) for quality in qualities))

"""A photo of a monitor: its subpixels and dark gaps, perspective, blur, moiré, noise, JPEG.

The screen is drawn at three by three points a pixel, each colour in its own column and every third
row dimmed; a pinhole looks at it from an angle; the lens blurs by less than a pixel, so that the
sensor's grid and the screen's still beat against each other (moiré); light falls off to the
corners; photon noise; gamma; JPEG of 85 to 95. Glare, rolling bars and many-frame merging are not
modelled.
"""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from .base import Array, Channel, byte, chain, encoded, jpeg, linear, picture

_WIDE = 3000  # pixels of the photo
_TALL = 2250
_GAP = 0.35  # light of the dark rows between pixels


def monitor(tilt: float, spin: float) -> Channel:
    """A photo from up to `tilt` degrees off the normal, turned by up to `spin` degrees."""

    def channel(image: Image.Image, rng: np.random.Generator) -> Image.Image:
        screen = _subpixels(linear(np.asarray(image.convert("RGB"))))
        pose = _pose(image.size, tilt, spin, rng)
        # twice as fine while blurring, so that what the blur leaves over aliases
        seen = cv2.warpPerspective(
            screen, np.diag([2.0, 2.0, 1.0]) @ pose, (2 * _WIDE, 2 * _TALL), borderValue=(0.02,) * 3
        )
        seen = cv2.GaussianBlur(seen, (0, 0), 2 * rng.uniform(0.6, 1.0))[::2, ::2]
        down, across = np.mgrid[0 : 1 : _TALL * 1j, 0 : 1 : _WIDE * 1j].astype(np.float32)
        off = (across - rng.uniform(0.3, 0.7)) ** 2 + (down - rng.uniform(0.3, 0.7)) ** 2
        light = seen * (1 - 0.25 * off)[..., None] * rng.uniform(0.75, 0.95)
        light += np.float32(rng.uniform(0, 0.02))  # the room's own, reflected
        noise = rng.standard_normal(light.shape, np.float32)
        light += noise * np.sqrt(np.maximum(light, 1e-4) / rng.uniform(2000, 8000))
        return picture(byte(encoded(light)))

    return chain(channel, jpeg(85, 95))


def _subpixels(light: Array) -> Array:
    """Three by three points a pixel: red, green and blue beside each other, a dark row below."""
    height, width, _ = light.shape
    fine = np.zeros((3 * height, 3 * width, 3), np.float32)
    for colour in range(3):
        fine[:, colour::3, colour] = 3 * np.repeat(light[..., colour], 3, axis=0)
    fine[2::3] *= _GAP
    return fine


def _pose(size: tuple[int, int], tilt: float, spin: float, rng: np.random.Generator) -> np.ndarray:
    """From points of the screen to pixels of the photo; the screen fills 75 to 95 % of it."""
    angle, way = np.radians(tilt) * np.sqrt(rng.random()), rng.uniform(0, 2 * np.pi)
    tilted, _ = cv2.Rodrigues(np.array([np.cos(way), np.sin(way), 0.0]) * angle)
    spun, _ = cv2.Rodrigues(np.array([0.0, 0.0, np.radians(rng.uniform(-spin, spin))]))
    focal = 1.1 * _WIDE
    half = np.array(size) / 2
    ends = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    fill = rng.uniform(0.75, 0.95)
    distance = focal * max(size[0] / _WIDE, size[1] / _TALL) / fill
    spots = ends @ (tilted @ spun)[:, :2].T + (0, 0, distance)
    pixels = focal * spots[:, :2] / spots[:, 2:] + (_WIDE / 2, _TALL / 2)
    return np.asarray(
        cv2.getPerspectiveTransform(
            (3 * (ends + half)).astype(np.float32), pixels.astype(np.float32)
        )
    )

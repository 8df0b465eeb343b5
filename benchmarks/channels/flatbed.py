"""Flatbed scanners and photocopiers.

A scan: light scattered on the glass, optics and pixel aperture (a pixel sees the square it stands
for, so 200 dpi is averaged, not sampled), the paper laid on a little crooked, a carriage that runs
unevenly and at a length a little wrong, noise of photons and electronics, gamma, some firmware
sharpening, JPEG. Desktop scanners were measured at 0.7 to 2 pixels rms of distortion at 300 dpi,
systematic over the page (ACRS 1997, A4 desktop publishing scanners); so are these.

A copy: a 600 dpi scan, edge emphasis, a tone curve close to a threshold or a 45 degree cluster
screen, and a laser engine, whose toner spreads, is held more or less by thin strokes, scatters
some specks and fills to a density of 1.1 to 1.4. Copies come out 0 to 1 % too large or small.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .base import (
    Array,
    Channel,
    blur,
    byte,
    chain,
    corners_of,
    encoded,
    grain,
    grey,
    jpeg,
    linear,
    per_mm,
    picture,
    soft,
)


def _glass(
    image: Image.Image, rng: np.random.Generator, dpi: float, skew: float, stretch: float
) -> tuple[Array, NDArray[np.float64]]:
    """What the sensor gets of paper on the glass: linear light (h, w) and the corners."""
    paper = linear(grey(image))
    step = per_mm(image) * 25.4 / dpi  # source pixels to the scanned pixel
    optics = rng.uniform(0.022, 0.045) * per_mm(image)  # sigma 22 to 45 um
    paper = blur(paper, float(np.hypot(optics, step / np.sqrt(12))))
    h, w = paper.shape
    turn = np.radians(rng.uniform(-skew, skew))
    margin = rng.uniform(2, 15, 4) * dpi / 25.4
    fx, fy = (1 + rng.uniform(-stretch, stretch, 2)) / step
    forward = np.array(
        [[fx * np.cos(turn), -fy * np.sin(turn)], [fx * np.sin(turn), fy * np.cos(turn)]]
    )
    spots = corners_of(image) @ forward.T
    edge = np.array([[0, 0], [w, 0], [w, h], [0, h]]) @ forward.T
    shift = margin[:2] - edge.min(0)
    size = np.ceil(edge.max(0) + shift + margin[2:]).astype(int)
    back = np.linalg.inv(forward)
    y, x = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32) + np.float32(0.5)
    y += _carriage(rng, size[1])[:, None]
    x, y = x - np.float32(shift[0]), y - np.float32(shift[1])
    to_x = (back[0, 0] * x + back[0, 1] * y - 0.5).astype(np.float32)
    to_y = (back[1, 0] * x + back[1, 1] * y - 0.5).astype(np.float32)
    lid = float(rng.choice([0.86, 0.92, 0.04], p=[0.5, 0.35, 0.15]))
    seen = cv2.remap(
        paper, to_x, to_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=lid
    )
    flare = rng.uniform(0.01, 0.04)
    light = np.asarray(seen, np.float32)
    haze = soft(light, 2 * dpi / 25.4)
    return ((1 - flare) * light + flare * haze).astype(np.float32), spots + shift


def _carriage(rng: np.random.Generator, lines: int) -> Array:
    """How far each line was read from where it should have been, in pixels."""
    y = np.arange(lines, dtype=np.float32)
    slow = rng.uniform(0, 0.8) * np.sin(2 * np.pi * y / (lines * rng.uniform(0.4, 1.5)))
    gear = rng.uniform(0, 0.15) * np.sin(2 * np.pi * y / rng.uniform(20, 120) + rng.uniform(0, 6))
    off: Array = (slow + gear + 0.03 * rng.standard_normal(lines)).astype(np.float32)
    return off


def scan(dpi: float, *, skew: float = 2.0) -> Channel:
    """Scan paper at a resolution, crooked by at most `skew` degrees; grey, JPEG of 80 to 95."""

    def channel(image: Image.Image, rng: np.random.Generator) -> Image.Image:
        seen, corners = _glass(image, rng, dpi, skew, 0.003)
        noise = rng.uniform(0.003, 0.008)
        seen = seen + noise * np.sqrt(seen + 0.02) * rng.standard_normal(seen.shape, np.float32)
        seen *= 1 + 0.004 * grain(rng, (1, seen.shape[1]), 0.8)  # each column's own gain
        value = encoded(seen * rng.uniform(0.98, 1.15))
        value = value + rng.uniform(0, 0.6) * (value - blur(value, 1.0))
        black = rng.uniform(0, 0.06)
        value = black + (rng.uniform(0.95, 1.0) - black) * np.clip(value, 0, 1)
        return picture(byte(value), dpi, corners)

    return chain(channel, jpeg(80, 95))


def copier(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """One generation of photocopy: paper in, paper out at 600 dpi."""
    dpi = 600.0
    seen, corners = _glass(image, rng, dpi, 1.2, 0.010)
    seen = seen + 0.012 * rng.standard_normal(seen.shape, np.float32)
    value = encoded(seen / 0.85)
    value = value + rng.uniform(0.5, 1.5) * (value - blur(value, 2.5))
    if rng.random() < 0.3:
        ink = _screened(value, rng)
    else:  # text mode: close to a threshold, one pixel of softness from the exposure's modulation
        ink = np.clip((rng.uniform(0.42, 0.66) - value) / 0.08 + 0.5, 0, 1)
    return picture(byte(encoded(_toner(ink, rng))), dpi, corners)


def _screened(value: Array, rng: np.random.Generator) -> Array:
    """Text and photo mode: a 106 lines/inch cluster screen at 45 degrees, and black text kept."""
    h, w = value.shape
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    period = 600 / 106 * np.sqrt(2)
    phase = rng.uniform(0, 2 * np.pi, 2)
    wave = np.cos(2 * np.pi * (x + y) / period + phase[0])
    wave = wave + np.cos(2 * np.pi * (x - y) / period + phase[1])
    level = np.clip((value - 0.15) / 0.7, 0, 1)
    inked: Array = (level < 0.5 + wave / 4.0).astype(np.float32)
    return inked


def _toner(ink: Array, rng: np.random.Generator) -> Array:
    """Reflectance of fused toner for an exposure of 0 to 1."""
    shape = ink.shape
    charge = blur(ink, rng.uniform(0.8, 1.3))  # the laser's spot and the drum's field
    gain = 0.5 - rng.uniform(-0.04, 0.14)  # below one half, strokes grow
    ragged = 0.06 * grain(rng, shape, 1.0) + 0.03 * grain(rng, shape, 30, 8)
    layer = 1 / (1 + np.exp(-(charge - gain + ragged) / 0.07))
    specks = (rng.random(shape, np.float32) < 4e-5 + 6e-4 * blur(ink, 6.0)).astype(np.float32)
    layer = np.clip(layer + 0.9 * blur(specks, 0.6) * 2, 0, 1)
    density = rng.uniform(1.1, 1.4) * layer * (1 + 0.05 * grain(rng, shape, 1.5))
    paper = rng.uniform(0.80, 0.88) * (1 + 0.01 * grain(rng, shape, 2))
    reflected: Array = (paper * 10**-density).astype(np.float32)
    return reflected

"""A direct thermal label printer, from its heaters to the paper's colour.

A head is one line of square heaters, 8 or 12 to the mm, all or nothing; the paper passes under it.
Modelled, in this order: each heater's own strength (resistors differ by some per cent, a few are
worn or dead and leave a white line along the feed), the noise of each pulse, a supply that sags
with how much of the line is black, slow drift along the feed, heat left over from the lines
before (a printer corrects most of it), the smear of a dot while the paper moves, heat spreading in
the coating, and the coating's S-shaped answer to heat. So isolated dots come out smaller and paler
than dots in a bulk, and edges creep outward on hot settings and inward on cold ones.

Assumed: optical density at most 1.0 to 1.35 on a base of reflectance 0.80 to 0.90, common figures
of direct thermal papers' data sheets; feed length right to 0.7 %, jitter of 0.03 dot and a gear's
ripple of at most 0.06 dot; dots spread with sigma 0.26 to 0.42 dot. The darkness setting spans
what a station's staff would still call readable.
"""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from .base import Array, blur, byte, encoded, grain, grey, per_mm, picture

FINE = 4  # printed paper is modelled with so many pixels to the dot


def thermal(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Print on one printer, set and worn as chance has it.

    Parameters
    ----------
    image : PIL image
        The label as sent, any mode; below one half is black.
    rng : numpy Generator

    Returns
    -------
    PIL image of mode L
        The paper's reflectance (sRGB coded), four pixels to the dot, with its true dpi.
    """
    black = (grey(image) < 128).astype(np.float32)
    heat = _coating(_pulses(black, rng), rng)
    heat = _feed(heat, rng)
    shape = heat.shape
    # the coating: S-shaped, its sensitivity mottled at the scale of fibres and of its flow
    threshold = 0.5 * (1 + 0.05 * grain(rng, shape, 1.5) + 0.03 * grain(rng, shape, 24, 8))
    density = rng.uniform(1.0, 1.35) / (1 + np.exp((threshold - heat) / 0.075))
    base = rng.uniform(0.80, 0.90) * (1 + 0.006 * grain(rng, shape, 2))
    reflectance = base * 10 ** -density.astype(np.float32)
    return picture(byte(encoded(reflectance)), per_mm(image) * 25.4 * FINE)


def _pulses(black: Array, rng: np.random.Generator) -> Array:
    """Energy of each dot's pulse, (lines, heaters); 1 is nominal."""
    lines, heaters = black.shape
    strength = 1 + 0.04 * rng.standard_normal(heaters) + 0.02 * grain(rng, (1, heaters), 40)[0]
    worn = np.flatnonzero(rng.random(heaters) < 0.0015)
    strength[worn] *= rng.uniform(0, 0.7, len(worn))
    drift = 1 + 0.03 * grain(rng, (lines, 1), 60)[:, 0] + 0.01 * rng.standard_normal(lines)
    sag = 1 - rng.uniform(0, 0.08) * black.mean(axis=1)
    darkness = rng.uniform(0.88, 1.22)
    noise = 1 + 0.04 * rng.standard_normal(black.shape, np.float32)
    pulse = black * noise * (darkness * strength)[None, :] * (drift * sag)[:, None]
    left_over, keep = rng.uniform(0.02, 0.10), rng.uniform(0.45, 0.7)
    warmth = np.zeros(heaters, np.float32)
    energy = np.empty_like(black)
    for line in range(lines):  # heat that the lines before have left in the head
        energy[line] = pulse[line] * (1 + left_over * warmth)
        warmth = keep * (warmth + pulse[line])
        warmth = 0.8 * warmth + 0.1 * (np.roll(warmth, 1) + np.roll(warmth, -1))
    return energy


def _coating(energy: Array, rng: np.random.Generator) -> Array:
    """Heat in the coating, four pixels to the dot."""
    fine = np.kron(energy, np.ones((FINE, FINE), np.float32))
    smear = max(1, round(rng.uniform(0.3, 0.8) * FINE))  # the paper moves during the pulse
    fine = np.asarray(cv2.blur(fine, (1, smear)), np.float32)
    spread = rng.uniform(0.26, 0.42) * FINE
    return blur(fine, spread, spread * rng.uniform(1.0, 1.15))


def _feed(heat: Array, rng: np.random.Generator) -> Array:
    """The paper's true course: wrong length, a gear's ripple, jitter, slight skew."""
    h, w = heat.shape
    y, x = np.arange(h, dtype=np.float32), np.arange(w, dtype=np.float32)
    ripple = rng.uniform(0, 0.06) * FINE * np.sin(2 * np.pi * y / (rng.uniform(20, 90) * FINE))
    jitter = 0.03 * FINE * grain(rng, (h, 1), FINE)[:, 0]
    along = y * (1 + rng.uniform(-0.007, 0.007)) + ripple + jitter
    skew = rng.uniform(-0.003, 0.003) * (x - w / 2)
    to_y = (along[:, None] + skew[None, :]).astype(np.float32)
    to_x = np.broadcast_to(x, (h, w)).astype(np.float32)
    out = cv2.remap(heat, to_x, to_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(out, np.float32)

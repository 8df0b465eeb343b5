"""What a host's tones do from pixel to pixel, its own edges set aside. SPEC 15.4.

A mark's tone changes by less than a level from one pixel to the next. So do flat ground and smooth
shades; type, rules and texture change by more. Steps are therefore weighed by how usual they are:
the derivative of the Cauchy log-likelihood, under which large steps count for nothing. Working in
steps also whitens: natural pictures have about the same power in steps of every length.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.float32]

_USUAL = 2.0  # medians of a picture's own steps from which a step is unusual
_LEAST = 1.5  # levels; the rounding of files and screens alone makes steps up to this


@dataclass(frozen=True, slots=True)
class Steps:
    """Weighed steps of one picture.

    Attributes
    ----------
    right, down : PIL images of mode F
        How the picture rises to the right and downwards, by pixel; ready to be resampled.
    scale : float
        Pixels of the picture to one of these.
    """

    right: Image.Image
    down: Image.Image
    scale: float


def luminance(image: Image.Image) -> Field:
    """Luminance over white paper: (H, W) float32 in [0, 255], of a picture of any mode."""
    return shades(image).astype(np.float32)


def shades(image: Image.Image) -> Field | NDArray[np.uint8]:
    """The same, as bytes where the picture is held in bytes."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layers = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), layers)
    if image.mode.startswith(("I", "F")):
        values = np.nan_to_num(np.asarray(image, np.float32), posinf=0, neginf=0)
        low, high = float(values.min(initial=0)), float(values.max(initial=0))
        return ((values - low) * np.float32(255 / max(high - low, 1e-30))).astype(np.float32)
    return np.asarray(image if image.mode == "L" else image.convert("L"))


def pyramid(values: Field, levels: int) -> list[Steps]:
    """Weighed steps of a picture, and of it at a half, a quarter, … of its size."""
    found = []
    for level in range(levels):
        if min(values.shape) < 8:
            break
        right, down = np.zeros_like(values), np.zeros_like(values)
        across, below = (_weighed(np.diff(values, axis=axis)) / 2 for axis in (1, 0))
        right[:, :-1] += across  # a step lies between two pixels: a half of it to each
        right[:, 1:] += across
        down[:-1] += below
        down[1:] += below
        found.append(Steps(Image.fromarray(right), Image.fromarray(down), float(2**level)))
        rows, columns = values.shape[0] // 2 * 2, values.shape[1] // 2 * 2
        values = values[:rows, :columns].reshape(rows // 2, 2, columns // 2, 2).mean((1, 3))
    return found


def _weighed(steps: Field) -> Field:
    usual = np.float32(_USUAL * float(np.median(np.abs(steps))) + _LEAST)
    return np.asarray(steps / (1 + (steps / usual) ** 2))

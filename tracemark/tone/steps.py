"""What a host's tones do from pixel to pixel, its own edges set aside. SPEC 15.4.

A mark's tone changes by less than a level from one pixel to the next. So do flat ground and smooth
shades; type, rules and texture change by more. Steps are therefore weighed by how usual they are:
the derivative of the Cauchy log-likelihood, under which large steps count for nothing. Working in
steps also whitens: natural pictures have about the same power in steps of every length.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.float32]

_USUAL = 2.0  # medians of a picture's own steps from which a step is unusual
_ENOUGH = 256  # rows whose steps say what is usual
_LEAST = 1.5  # levels; the rounding of files and screens alone makes steps up to this


@dataclass(frozen=True)
class Steps:
    """Weighed steps of one picture.

    Attributes
    ----------
    right, down : (H, W) float32
        How the picture rises to the right and downwards, by pixel.
    scale : float
        Pixels of the picture to one of these.
    """

    right: Field
    down: Field
    scale: float

    @cached_property
    def images(self) -> tuple[Image.Image, Image.Image]:
        """Both as pictures of mode F, ready to be resampled."""
        return Image.fromarray(self.right), Image.fromarray(self.down)

    @cached_property
    def corners(self) -> NDArray[np.complex64]:
        """Steps where four pixels meet, the mean of theirs: (H + 3, W + 3) complex64.

        To the right in the real part, downwards in the imaginary one. Entry (1, 1) is the corner
        of the picture; beyond what touches it nothing rises.
        """
        joined = np.zeros((self.right.shape[0] + 4, self.right.shape[1] + 4), np.complex64)
        joined.real[2:-2, 2:-2], joined.imag[2:-2, 2:-2] = self.right, self.down
        beside = joined[:, 1:] + joined[:, :-1]
        return np.asarray((beside[1:] + beside[:-1]) / np.float32(4))


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
        found.append(Steps(right, down, float(2**level)))
        rows, columns = values.shape[0] // 2 * 2, values.shape[1] // 2 * 2
        upper = values[:rows:2, :columns:2] + values[:rows:2, 1:columns:2]
        lower = values[1:rows:2, :columns:2] + values[1:rows:2, 1:columns:2]
        values = np.asarray((upper + lower) / 4, np.float32)
    return found


def _weighed(steps: Field) -> Field:
    some = steps[:: max(1, len(steps) // _ENOUGH)]
    usual = np.float32(_USUAL * float(np.median(np.abs(some))) + _LEAST)
    size = steps / usual
    size *= size
    size += 1
    return np.asarray(np.divide(steps, size, out=size))

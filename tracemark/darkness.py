"""From a picture's luminance to darkness: paper 0, ink 1, whatever the light. SPEC 10.8."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.float32]

_BLOCK = 16  # pixels, in the picture reduced by two


def resized(field: Field, size: tuple[int, int], method: Image.Resampling) -> Field:
    """Resample a field to (width, height)."""
    return np.asarray(Image.fromarray(field).resize(size, method), np.float32)


def scaled(picture: NDArray[np.uint8], scale: float) -> Field:
    """A picture at another size, as float32."""
    size = tuple(max(16, round(side * scale)) for side in picture.shape[::-1])
    method = Image.Resampling.BOX if scale < 0.67 else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(picture).resize(size, method), np.float32)


def darkness(luminance: Field) -> Field:
    """Darkness between the paper and the ink near each pixel.

    Parameters
    ----------
    luminance : (H, W) float32
        0 to 255.

    Returns
    -------
    (H, W) float32 in [-0.1, 1.2]
        0 for paper, 1 for the ink around there.
    """
    height, width = luminance.shape
    rows, columns = -(-height // (2 * _BLOCK)), -(-width // (2 * _BLOCK))
    whole = (columns * 2 * _BLOCK, rows * 2 * _BLOCK)
    padded = np.pad(luminance, ((0, whole[1] - height), (0, whole[0] - width)), "edge")
    half = 0.25 * (padded[::2, ::2] + padded[1::2, ::2] + padded[::2, 1::2] + padded[1::2, 1::2])
    blocks = half.reshape(rows, _BLOCK, columns, _BLOCK)
    paper, ink = blocks.max((1, 3)), blocks.min((1, 3))
    paper = np.maximum(paper, smooth(paper))
    inked = (paper - ink) > 0.35 * paper
    typical = float(ink[inked].mean()) if inked.any() else 0.0
    near = smooth(inked.astype(np.float32), 2)
    level = smooth(np.where(inked, ink, 0).astype(np.float32), 2)
    level = np.where(near > 0.05, level / np.maximum(near, 0.05), typical).astype(np.float32)
    bilinear = Image.Resampling.BILINEAR
    paper_at = resized(smooth(paper), whole, bilinear)[:height, :width]
    ink_at = resized(level, whole, bilinear)[:height, :width]
    depth = np.maximum(paper_at - ink_at, 20)
    return np.asarray(np.clip((paper_at - luminance) / depth, -0.1, 1.2), np.float32)


def smooth(field: Field, times: int = 1) -> Field:
    """Blur a field with the kernel 1 2 1, both ways."""
    for _ in range(times):
        padded = np.pad(field, 1, "edge")
        level = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
        field = (level[:-2] + 2 * level[1:-1] + level[2:]) / np.float32(16)
    return field

"""Laying tones: onto a picture, or as a tile that a page is covered with. SPEC 15.3."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracemark.errors import HostTooSmall, UsageError
from tracemark.profiles import CURRENT, Profile
from tracemark.tone.lattice import PERIOD, lattice_of
from tracemark.tone.pattern import cell_of, render
from tracemark.tone.reading import legible
from tracemark.tone.steps import luminance
from tracemark.tone.view import moved, upright

# levels by which a cell is lighter or darker: 47, 44.5 and 41.5 dB; opacity of a tile, of 255
STRENGTHS = {"discreet": 1.4, "default": 1.84, "robust": 2.8}
OPACITIES = {"discreet": 3, "default": 4, "robust": 6}
CELL = 16  # pixels a cell of a tile, as a page's style sheet measures them
TILE = PERIOD * CELL
NEEDED = 300  # bits that a copy without other marks must show: of a quarter, one in a million
_MODES = ("L", "LA", "RGB", "RGBA")
_LIGHT = 0.75  # of a tile's opacity: on dark pages the eye sees more
_INK, _PAPER = 16, 240  # luminance
_TONED = 1 / 16  # share of pixels between the two from which a picture is grey or coloured


def embed(
    image: Image.Image,
    codeword: NDArray[np.uint8],
    key: bytes,
    *,
    strength: str = "default",
    alone: bool = False,
    profile: Profile = CURRENT,
) -> Image.Image:
    """Lay tones on a grey or colour picture for the recipient of a codeword.

    Parameters
    ----------
    image : PIL image
        Of mode L, LA, RGB or RGBA.
    codeword : (L,) uint8
        0 and 1.
    key : bytes
        The tone carrier's subkey.
    strength : str
        ``discreet``, ``default`` or ``robust``.
    alone : bool
        Whether the picture carries no other mark.
    profile : Profile
        Of the codeword.

    Returns
    -------
    PIL image
        Of the same mode, size and resolution.

    Raises
    ------
    HostTooSmall
        If it is to carry tones alone, and its own texture drowns them.
    """
    lattice, cell = lattice_of(key, "picture", profile), cell_of(image.size)
    origin = lattice.origin(f"{image.mode} {image.size}\n".encode() + image.tobytes(), cell)
    signs = lattice.signs(codeword)
    tones = render(signs, image.size, cell, origin) * STRENGTHS[strength]
    pixels = np.array(image)
    opaque = image.mode in ("L", "RGB")
    layers = pixels[..., None] if pixels.ndim == 2 else pixels
    painted = layers if opaque else layers[..., :-1]
    painted[...] = np.clip(np.rint(painted + tones[..., None]), 0, 255).astype(np.uint8)
    marked = Image.fromarray(pixels)
    marked.info = dict(image.info)
    if alone:
        pose = moved(upright(cell), (-origin[0] / cell, -origin[1] / cell))
        bits = legible(marked, signs * lattice.code, pose)
        if bits < NEEDED:
            raise HostTooSmall(
                needed=NEEDED,
                found=int(bits),
                what="bits",
                hint="a picture needs calm ground or a larger size; take the profile robust, or"
                " mark the data it shows",
            )
    return marked


def suits(image: Image.Image) -> bool:
    """Whether a picture is grey or coloured, and of a mode that can hold tones.

    Two-level pictures, also with smoothed edges, are what thermal printers are sent: there a tone
    would be printed as dots or not at all.
    """
    if image.mode not in _MODES:
        return False
    values = luminance(image)
    return float(((values > _INK) & (values < _PAPER)).mean()) >= _TONED


def tile(
    codeword: NDArray[np.uint8],
    key: bytes,
    *,
    size: tuple[int, int] = (TILE, TILE),
    strength: str = "default",
    profile: Profile = CURRENT,
) -> Image.Image:
    """A tile to cover pages with.

    Parameters
    ----------
    codeword : (L,) uint8
    key : bytes
        The tone carrier's subkey.
    size : (width, height)
        In pixels. At 1024 by 1024 it repeats without a seam.
    strength : str
        ``discreet``, ``default`` or ``robust``: opacity of the darkest and lightest places.
    profile : Profile
        Of the codeword.

    Returns
    -------
    PIL image
        Of mode RGBA: black where it darkens, white where it lightens.
    """
    if strength not in OPACITIES:
        raise UsageError(
            f"unknown profile '{strength}' of a tile", hint=f"one of {', '.join(OPACITIES)}"
        )
    if min(size) < 1 or size[0] * size[1] > 40_000_000:
        raise UsageError(
            f"a tile of {size[0]} x {size[1]} pixels is not made",
            hint=f"{TILE} x {TILE} repeats without a seam",
        )
    lattice = lattice_of(key, "tile", profile)
    tones = render(lattice.signs(codeword), size, CELL)
    pixels = np.empty((size[1], size[0], 4), np.uint8)
    pixels[..., :3] = np.where(tones > 0, 255, 0)[..., None]
    opacity = np.where(tones > 0, _LIGHT, 1.0) * OPACITIES[strength]
    pixels[..., 3] = np.rint(np.abs(tones) * opacity)
    return Image.fromarray(pixels)

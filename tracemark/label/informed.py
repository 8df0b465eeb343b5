"""Reading beside the original: its sites and its place on the lattice are known. SPEC 10.11.

The blind reader has to find the lattice from the nubs alone, so it needs many of them. Beside the
original the pose comes from the whole label, and each nub is looked for where it must be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from tracemark.label.codes import keep_out
from tracemark.label.darkness import Field, darkness
from tracemark.label.lattice import Geometry, Lattice, lattice_of
from tracemark.label.marking import geometry_of
from tracemark.label.raster import dots, luminance
from tracemark.label.reading import LabelReading, read
from tracemark.label.registration import SCALE, flattened, pictured, register
from tracemark.label.sites import Sites, find_sites
from tracemark.label.view import scaled
from tracemark.model import Reading

BESIDE = 4.5  # deviations of the pilot from which the original is believed to be the one marked
_LONGEST = 3200  # pixels of the picture's longer side that are looked at
_STEP = 0.35  # darkness step of an edge, as a share of full ink, under which it was not seen
_FAINT = 0.15  # difference at which a chip counts half


@dataclass(frozen=True, slots=True)
class BesideReading(LabelReading):
    """A reading at the original's own place: its pilot is that of one pose, not of the best."""


def read_beside(
    image: Image.Image, original: Image.Image, keys: Sequence[bytes]
) -> list[LabelReading]:
    """Read the marks in a picture of a label whose original is at hand.

    Parameters
    ----------
    image : PIL image
        Of any mode; its EXIF orientation is obeyed.
    original : PIL image
        The label as it was before marking, dot for dot, with its resolution.
    keys : sequence of bytes
        The label carrier's subkeys.

    Returns
    -------
    list of LabelReading
        One for each key, a BesideReading where the mark was found at the original's own place. No
        codeword was seen. Where the original turns out not to be the very
        picture that was marked, the picture is still read blind as the original straightens it.

    Raises
    ------
    MissingExtra
        Without the extra ``photo``.
    """
    black, geometry = dots(original), geometry_of(original)
    picture = luminance(ImageOps.exif_transpose(image))
    scale = min(1.0, _LONGEST / max(picture.shape))
    dark = darkness(scaled(picture, scale))
    # far from the label a drift may run away; nothing is read there
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        lens = register(dark, black)
    if lens is None:
        return [LabelReading(why="the picture does not show the original")] * len(keys)
    flat, model = flattened(dark, lens, black.shape), pictured(black)
    square = 4 * geometry.pitch // 3
    codes = keep_out(black, square)
    found = []
    for key in keys:
        lattice = lattice_of(key)
        origin = lattice.origin(black, geometry.pitch)
        sites = find_sites(black, codes, square, origin, geometry)
        contrast, seen = _contrast(flat, model, sites, geometry)
        reading = _reading(sites.take(seen), contrast[seen], lattice)
        found.append(reading if reading.readings else read(_seen(flat), key))
    return found


def _seen(flat: Field) -> Image.Image:
    """The part of the label that the picture shows, straightened."""
    shades = Image.fromarray(np.clip(255 - 255 * flat, 0, 255).astype(np.uint8))
    shown = Image.fromarray((flat != 0).astype(np.uint8)).getbbox()
    return shades.crop(shown) if shown else shades


def _contrast(
    flat: Field, model: Field, sites: Sites, geometry: Geometry
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Second place less first at every site, less what the original shows there; and what is seen.

    Returns
    -------
    contrast : (n,) float64
        In [-1, 1], positive where the second place carries the nub.
    seen : (n,) bool
    """
    first, second = geometry.starts
    wide = np.arange(geometry.width)
    outwards = np.sign(sites.outside - sites.inside)
    high = np.arange(geometry.height)

    def mean(field: Field, along: NDArray[np.int64], across: NDArray[np.int64]) -> Field:
        """Mean over dots `along` the edge and `across` it, outwards from the white line."""
        x = sites.along[:, None, None] + along[None, :, None]
        y = sites.outside[:, None, None] + outwards[:, None, None] * across[None, None, :]
        level = (sites.sides < 2)[:, None, None]
        row, column = np.where(level, y, x), np.where(level, x, y)
        inside = (row >= 0) & (row < field.shape[0] // SCALE)
        inside &= (column >= 0) & (column < field.shape[1] // SCALE)
        row = np.clip(row, 0, field.shape[0] // SCALE - 1)
        column = np.clip(column, 0, field.shape[1] // SCALE - 1)
        whole = field.reshape(field.shape[0] // SCALE, SCALE, -1, SCALE).mean((1, 3))
        return np.asarray(np.where(inside, whole[row, column], 0).mean((1, 2)), np.float32)

    def differ(field: Field) -> Field:
        return mean(field, second + wide, high) - mean(field, first + wide, high)

    middle = np.arange(geometry.margin, geometry.pitch - geometry.margin)
    ink = mean(flat, middle, -1 - np.arange(geometry.ink))
    paper = mean(flat, middle, geometry.height + 1 + high)
    step = ink - paper
    contrast = (differ(flat) - differ(model)) / np.maximum(step, _STEP)
    return np.clip(contrast, -1, 1).astype(np.float64), step > _STEP


def _reading(sites: Sites, contrast: NDArray[np.float64], lattice: Lattice) -> LabelReading:
    """One chip for each slot that may carry a nub; the others say what the noise is."""
    if not len(sites):
        return LabelReading(why="no edge of the original could be made out")
    identities, inverse = np.unique(
        lattice.identities(sites.sides, sites.rows, sites.columns), return_inverse=True
    )
    first = np.unique(inverse, return_index=True)[1]
    total = np.bincount(inverse, contrast)
    slots = sites.sides[first], sites.rows[first], sites.columns[first]
    on = lattice.on[slots]
    size = np.abs(total)
    strength = (size / (size + _FAINT)).astype(np.float32)
    value = strength - strength.mean()
    pilot = float((value * np.where(on, 1.0, -1.0)).sum() / np.sqrt((value**2).sum() + 1e-9))
    if pilot < BESIDE:
        return LabelReading(pilot=pilot, why="no mark found beside the original")
    shown = np.sign(total[on]) * _trust(strength, on)
    chosen = tuple(part[on] for part in slots)
    unmasked = shown * np.where(lattice.masks[chosen], -1.0, 1.0)
    reading = Reading("nubs", identities[on], lattice.positions[chosen], unmasked)
    return BesideReading([reading], pilot)


def _trust(strength: NDArray[np.float32], on: NDArray[np.bool_]) -> NDArray[np.float64]:
    """For each slot that may carry a nub, the share of its like that exceeds chance, in [0, 1]."""
    order = np.argsort(-strength, kind="stable")
    window = np.ones(min(len(order), max(20, len(order) // 12)))
    ours = np.convolve(on[order].astype(np.float64), window, "same")
    all_ = np.convolve(np.ones(len(order)), window, "same")
    share = np.clip((2 * ours - all_) / np.maximum(ours, 1), 0, 1)
    placed = np.empty(len(order))
    placed[order] = np.minimum.accumulate(share)  # weaker is never more trusted
    return placed[on]

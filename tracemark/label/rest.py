"""What of a picture is left beside a label that was read, for another to be found in. SPEC 10.8."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from tracemark.label.lattice import SIDES
from tracemark.label.sheets import Box, Picture
from tracemark.label.view import View

_SOFT = 16  # pixels over which paint fades out
_RIM = 1.08  # times the area that was read, of the area that is a label's own
_REST = 0.08  # of a label's bumps, by weight, that must be beside it for another to be sought
_EDGED = 0.02  # and of those on edges: the grain of a table is specks alone
_STRAY = 0.02  # of these bumps, by weight and on every side, that may belong to nothing
_ROOM = 0.1  # of the area that they are in, on every side, that is looked at as well


def area(picture: Picture, outline: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The pixels of a label that was read, and of its rim, where single marks may stand.

    Of the picture, (H, W), and the label's outline, (n, 2) x and y in its pixels: (H, W) bool.
    """
    drawn = Image.new("1", picture.shape[::-1])
    middle = outline.mean(0)
    rim = middle + np.float32(_RIM) * (outline - middle)
    ImageDraw.Draw(drawn).polygon([(float(x), float(y)) for x, y in rim], fill=1)
    return np.asarray(drawn)


def beside(view: View, inside: NDArray[np.bool_]) -> Box | None:
    """Where bumps are that stand on no label yet: None where they are too few for one.

    `inside` is what `area` gave of the picture that is viewed; so is the box in its pixels.
    """
    spots = view.lens.inverse(view.bumps.points) / view.scale
    x, y = np.clip(spots.T, 0, np.array([inside.shape[::-1]]).T - 1).astype(np.int64)
    known, weights = inside[y, x], view.bumps.weights
    on_edges = view.bumps.sides < SIDES
    for some, least in ((weights, _REST), (weights * on_edges, _EDGED)):
        if some[~known].sum() < least * some[known].sum():
            return None
    ends = [_middle(along, weights[~known]) for along in spots[~known].T]
    low, high = np.transpose(ends)
    room = _ROOM * (high - low)
    left, top = np.maximum(low - room, 0).astype(int)
    right, bottom = np.minimum(high + room, inside.shape[::-1]).astype(int)
    return int(left), int(top), int(right), int(bottom)


def _middle(along: NDArray[np.float64], weights: NDArray[np.float64]) -> tuple[float, float]:
    """Between which places all but a few of the weights are."""
    order = np.argsort(along)
    share = np.cumsum(weights[order]) / weights.sum()
    ends = along[order[np.searchsorted(share, (_STRAY, 1 - _STRAY))]]
    return float(ends[0]), float(ends[1])


def without(picture: Picture, inside: NDArray[np.bool_]) -> Picture:
    """The picture with a label that was read painted over with its paper.

    `inside` is what `area` gave. The paint fades out: the steps of a slanting edge would be taken
    for rows of marks.
    """
    paper = np.percentile(picture[inside], 80) if inside.any() else 255
    height, width = picture.shape
    small = Image.fromarray(inside).resize((-(-width // _SOFT), -(-height // _SOFT)))
    cover = small.convert("L").resize((width, height), Image.Resampling.BILINEAR)
    sheet = Image.new("L", (width, height), int(paper))
    return np.asarray(Image.composite(sheet, Image.fromarray(picture), cover))

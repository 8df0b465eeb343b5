"""Laying a picture on the label's original: features, then flow, then a smooth lens. SPEC 10.11.

Both are seen as they are; no key is needed. OpenCV finds the features (the extra ``photo``).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracemark.darkness import Field
from tracemark.errors import MissingExtra
from tracemark.label.lens import Drift, Flat, Lens, monomials

Shades = NDArray[np.uint8]
Points = NDArray[np.float64]

_LONGEST = 1600  # pixels of a side in which features are sought
_ENLARGED = 2.0  # times, at most: small pictures show more features so
_FEATURES = 4000
_RATIO = 0.8  # of the nearest feature's distance to the second's, at most
_AGREE = 15  # matches that must agree on one perspective
SCALE = 2  # pixels a dot in the original's frame
_CORNERS, _APART = 1500, 12.0  # corners that are followed, and pixels between them
_WINDOW = (31, 21, 15)  # pixels about a corner, in turn
_HELD = 0.05  # what keeps the drift small, as that share of the corners at the rim would


def register(dark: Field, black: NDArray[np.bool_]) -> Lens | None:
    """Find the map from a picture's pixels to the original's dots.

    Parameters
    ----------
    dark : (H, W) float32
        Darkness of the picture.
    black : (h, w) bool
        Dots of the original.

    Returns
    -------
    Lens or None
        Pixel and dot centres at whole numbers; None where the picture does not show the original.

    Raises
    ------
    MissingExtra
        Without the extra ``photo``.
    """
    try:
        import cv2
    except ImportError:
        raise MissingExtra("photo", "reading beside the original") from None
    matrix = _perspective(cv2, _shades(dark), _shades(black.astype(np.float32)))
    if matrix is None:
        return None
    lens = Lens((Flat(matrix),))
    model = _shades(pictured(black))
    for window in _WINDOW:
        followed = _follow(cv2, dark, lens, model, window)
        if followed is None:
            break
        lens = Lens((lens.steps[0], _drift(lens, *followed)))
    return lens


def _shades(field: Field) -> Shades:
    return np.asarray(np.clip(255 - 255 * field, 0, 255).astype(np.uint8))


def _perspective(cv2: Any, picture: Shades, original: Shades) -> NDArray[np.float64] | None:
    """The perspective on which most features agree: (3, 3), picture to original."""
    finder = cv2.SIFT_create(_FEATURES)
    found = []
    for shades in (picture, original):
        scale = min(_ENLARGED, _LONGEST / max(shades.shape))
        method = Image.Resampling.BOX if scale < 0.67 else Image.Resampling.BICUBIC
        size = (round(shades.shape[1] * scale), round(shades.shape[0] * scale))
        small = np.asarray(Image.fromarray(shades).resize(size, method))
        keys, signs = finder.detectAndCompute(cv2.GaussianBlur(small, (0, 0), 0.8), None)
        if signs is None or len(keys) < _AGREE:
            return None
        # centres at whole numbers in both sizes
        places = (np.array([key.pt for key in keys]) + 0.5) / scale - 0.5
        found.append((places, signs))
    (here, ours), (there, theirs) = found
    pairs = cv2.BFMatcher().knnMatch(ours, theirs, k=2)
    good = [a for a, *b in pairs if b and a.distance < _RATIO * b[0].distance]
    if len(good) < _AGREE:
        return None
    source = here[[match.queryIdx for match in good]]
    target = there[[match.trainIdx for match in good]]
    matrix, agree = cv2.findHomography(source, target, cv2.USAC_MAGSAC, 4.0, None, 5000, 0.999)
    if matrix is None or np.count_nonzero(agree) < _AGREE:
        return None
    return np.asarray(matrix, np.float64)


def pictured(black: NDArray[np.bool_]) -> Field:
    """The original as a camera might see it, `SCALE` pixels a dot."""
    import cv2

    large = black.astype(np.float32).repeat(SCALE, 0).repeat(SCALE, 1)
    return np.asarray(cv2.GaussianBlur(large, (0, 0), 0.6 * SCALE))


def flattened(dark: Field, lens: Lens, shape: tuple[int, ...]) -> Field:
    """The picture in the original's frame of `shape` dots, `SCALE` pixels a dot."""
    height, width = (side * SCALE for side in shape)
    step = 8  # the map is smooth: one point in eight, and straight lines between
    rows, columns = (np.arange(0, side + step, step) for side in (height, width))
    grid = np.stack(np.meshgrid(columns, rows), 2).reshape(-1, 2).astype(np.float64)
    back = lens.inverse((grid + 0.5) / SCALE - 0.5).reshape(len(rows), len(columns), 2)
    import cv2

    full = [
        cv2.warpAffine(
            np.ascontiguousarray(back[..., axis], np.float32),
            np.array([[step, 0, 0], [0, step, 0]], np.float64),
            (width, height),
        )
        for axis in (0, 1)
    ]
    return np.asarray(cv2.remap(dark, full[0], full[1], cv2.INTER_LINEAR), np.float32)


def _follow(
    cv2: Any, dark: Field, lens: Lens, model: Shades, window: int
) -> tuple[Points, Points] | None:
    """Where corners of the original are seen: dots as the lens has them, and where they belong."""
    shape = (model.shape[0] // SCALE, model.shape[1] // SCALE)
    seen = _shades(flattened(dark, lens, shape))
    corners = cv2.goodFeaturesToTrack(model, _CORNERS, 0.02, _APART)
    if corners is None:
        return None
    options = {"winSize": (window, window), "maxLevel": 2}
    moved, held, _ = cv2.calcOpticalFlowPyrLK(model, seen, corners, None, **options)
    back, held_back, _ = cv2.calcOpticalFlowPyrLK(seen, model, moved, None, **options)
    astray = np.linalg.norm((back - corners).reshape(-1, 2), axis=1)
    good = (held.ravel() == 1) & (held_back.ravel() == 1) & (astray < 0.7)
    if np.count_nonzero(good) < _AGREE:
        return None
    belong, there = (part.reshape(-1, 2)[good].astype(np.float64) for part in (corners, moved))
    return (there + 0.5) / SCALE - 0.5, (belong + 0.5) / SCALE - 0.5


def _drift(lens: Lens, there: Points, belong: Points) -> Drift:
    """The smooth shift after the perspective that brings corners where they belong."""
    flat = Lens(lens.steps[:1]).forward(lens.inverse(there))
    middle = flat.mean(0)
    size = float(np.abs(flat - middle).max()) + 1e-9
    rows = monomials((flat - middle) / size)
    wanted = belong - flat
    weights = np.ones(len(flat))
    for _ in range(6):
        root = np.sqrt(weights)[:, None]
        hold = np.eye(rows.shape[1]) * np.sqrt(_HELD * weights.sum() / 10)
        hold[:3] = 0  # shift, turn and stretch are free
        system, answer = (
            np.concatenate([rows * root, hold]),
            np.concatenate([wanted * root, hold[:, :2] * 0]),
        )
        terms = np.linalg.lstsq(system, answer, rcond=None)[0]
        miss = np.linalg.norm(wanted - rows @ terms, axis=1)
        spread = max(0.1, 1.5 * float(np.median(miss)))
        weights = 1 / (1 + (miss / spread) ** 2) ** 2
    return Drift(middle, size, terms)

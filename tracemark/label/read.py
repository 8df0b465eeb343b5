"""Reading a picture of a label, blind. SPEC 10."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from tracemark.label.bumps import Bumps, find_bumps
from tracemark.label.chips import chips, extent, gather, pilot, rectify
from tracemark.label.darkness import Field, darkness, resized
from tracemark.label.embed import lattice_of
from tracemark.label.fit import apply, settle
from tracemark.label.lattice import Lattice
from tracemark.label.pose import MapSearch, Matrix, Pose, find_combs, focus
from tracemark.label.raster import luminance
from tracemark.label.upright import upright
from tracemark.model import Reading

LOCKED = 6.0  # deviations of the pilot under which a pose is not believed
SURE = 9.0  # deviations at which no other pose is tried
_LEVELS = (1600, 1066, 2400, 711, 3600)  # pixels along the longer side
_BENDS = np.arange(-6, 7) * 0.006
_RATIOS = np.exp(np.arange(-4, 5) * 0.006)


@dataclass(frozen=True, slots=True)
class LabelReading:
    """What one picture shows.

    Attributes
    ----------
    readings : list of Reading
        Empty where no pose was found.
    pilot : float
        Strength of the pilot in standard deviations: is this ours, and is the pose right? No
        codeword was seen.
    why : str
        Empty if read; else what stood in the way.
    trail : list of str
        What was tried, for reports.
    """

    readings: list[Reading] = field(default_factory=list)
    pilot: float = 0.0
    why: str = ""
    trail: list[str] = field(default_factory=list)


def read(image: Image.Image, key: bytes) -> LabelReading:
    """Read the marks in a picture of a label: a file, a scan, a screenshot or a photo.

    Parameters
    ----------
    image : PIL image
        Of any mode; its EXIF orientation is obeyed.
    key : bytes
        The label carrier's subkey.

    Returns
    -------
    LabelReading
    """
    lattice = lattice_of(key)
    search = MapSearch(lattice.on)
    picture = luminance(ImageOps.exif_transpose(image))
    trail: list[str] = []
    best: tuple[float, Reading | None] = (0.0, None)
    for level in _LEVELS:
        scale = level / max(picture.shape)
        if not 0.4 < 1 / scale < 8 and level != _LEVELS[0]:
            continue
        dark = darkness(_scaled(picture, scale))
        for perspective in (False, True):
            found = _read_level(dark, perspective, lattice, search, trail)
            if found is not None and found[0] > best[0]:
                best = found
            if best[0] >= SURE:
                break
        if best[0] >= SURE:
            break
    strength, reading = best
    if reading is None:
        return LabelReading(why="no lattice found", trail=trail)
    if strength < LOCKED:
        return LabelReading(pilot=strength, why="pose not certain", trail=trail)
    return LabelReading([reading], strength, "", trail)


def _scaled(picture: NDArray[np.uint8], scale: float) -> Field:
    """The picture at another size, as float32."""
    size = tuple(max(16, round(side * scale)) for side in picture.shape[::-1])
    method = Image.Resampling.BOX if scale < 0.67 else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(picture).resize(size, method), np.float32)


def _read_level(
    dark: Field, perspective: bool, lattice: Lattice, search: MapSearch, trail: list[str]
) -> tuple[float, Reading] | None:
    """Find the lattice at one scale and read it: (pilot, chips)."""
    stand = _upright_of(dark, perspective)
    if stand is None:
        trail.append(f"{max(dark.shape)}: too few edges")
        return None
    straight, to_dark = _stand_up(dark, stand)
    bumps = find_bumps(straight)
    pose = _find_pose(bumps, np.array(straight.shape[::-1]) / 2, perspective, search, trail)
    if pose is None:
        trail.append(f"{max(dark.shape)}: no comb among {len(bumps)} bumps")
        return None
    matrix, nubs = settle(pose.matrix, bumps, lattice)
    if np.count_nonzero(nubs) < 12:
        return None
    box = extent(matrix, bumps.points[nubs])
    if (box[2] - box[0]) * (box[3] - box[1]) > 40_000:
        return None
    cells = gather(rectify(dark, to_dark @ np.linalg.inv(matrix), box), box[0], box[1])
    strength = pilot(cells, lattice)
    trail.append(
        f"{max(dark.shape)}: map {pose.strength:.1f}, nubs {np.count_nonzero(nubs)}, "
        f"pilot {strength:.1f}"
    )
    return strength, chips(cells, lattice)


def _upright_of(dark: Field, perspective: bool) -> Matrix | None:
    """`upright`, found at about a million pixels, for the size at hand."""
    scale = min(1.0, (1.2e6 / dark.size) ** 0.5)
    if scale == 1:
        return upright(dark, perspective=perspective)
    size = (round(dark.shape[1] * scale), round(dark.shape[0] * scale))
    found = upright(resized(dark, size, Image.Resampling.BOX), perspective=perspective)
    if found is None:
        return None
    factor = np.diag([scale, scale, 1.0])
    return np.asarray(np.linalg.inv(factor) @ found @ factor)


def _stand_up(dark: Field, stand: Matrix) -> tuple[Field, Matrix]:
    """Resample upright; also the map from upright pixels to pixels of `dark`."""
    height, width = dark.shape
    half = np.array([width / 2 - 0.5, height / 2 - 0.5])
    corners = np.array([[-1.0, -1], [1, -1], [1, 1], [-1, 1]]) * half
    mapped = np.c_[corners, np.ones(4)] @ np.linalg.inv(stand).T
    spread = mapped[:, :2] / mapped[:, 2:]
    limit = 1.6 * max(height, width)
    low = np.maximum(spread.min(0), -limit / 2)
    high = np.minimum(spread.max(0), limit / 2)
    size = np.ceil(high - low).astype(int) + 1
    move = np.array([[1, 0, low[0]], [0, 1, low[1]], [0, 0, 1.0]])
    centre = np.array([[1, 0, half[0]], [0, 1, half[1]], [0, 0, 1.0]])
    to_dark = centre @ stand @ move
    shift = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1.0]])
    full = np.linalg.inv(shift) @ to_dark @ shift
    # Pillow samples output pixel k at k + 0.5
    full /= full[2, 2]
    picture = Image.fromarray(dark).transform(
        (int(size[0]), int(size[1])),
        Image.Transform.PERSPECTIVE,
        tuple(full.ravel()[:8]),
        Image.Resampling.BICUBIC,
        fillcolor=0,
    )
    return np.asarray(picture), to_dark


def _find_pose(
    bumps: Bumps, middle: Matrix, perspective: bool, search: MapSearch, trail: list[str]
) -> Pose | None:
    """The pose that agrees best with the keyed map, over the combs along both axes."""
    bends = _BENDS if perspective else np.zeros(1)
    combs = []
    for swap in (False, True):
        chosen = (bumps.sides < 2) != swap
        if np.count_nonzero(chosen) < 12:
            continue
        order = [1, 0] if swap else [0, 1]
        along, across = (bumps.points[chosen] - middle)[:, order].T
        shear, bend = focus(along, across, bumps.weights[chosen], bends)
        lens = np.array([[1, -shear, 0], [0, 1, 0], [0, bend, 1]])
        if swap:
            lens = lens[[1, 0, 2]][:, [1, 0, 2]]
        shift = np.array([[1, 0, middle[0]], [0, 1, middle[1]], [0, 0, 1]])
        lens = shift @ lens @ np.linalg.inv(shift)
        moved = Bumps(apply(lens, bumps.points), bumps.weights, bumps.sides)
        along = moved.points[chosen][:, order[0]]
        for comb in find_combs(along, bumps.weights[chosen], 3):
            combs.append((comb, swap, moved, lens))
    combs.sort(key=lambda entry: -entry[0].strength)
    best: Pose | None = None
    for comb, swap, moved, lens in combs[:4]:
        pose = search.find(moved, comb, _RATIOS, swap=swap)
        trail.append(f"comb {comb.strength:.1f} period {comb.period:.3f} map {pose.strength:.1f}")
        if best is None or pose.strength > best.strength:
            best = Pose(pose.strength, pose.matrix @ lens)
        if pose.strength > 10:
            break
    return best

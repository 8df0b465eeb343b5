"""Reading a picture of a label, blind. SPEC 10."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from tracemark.label.bumps import Bumps, find_bumps
from tracemark.label.chips import chips, extent, gather, pilot, rectify
from tracemark.label.darkness import Field, darkness
from tracemark.label.embed import lattice_of
from tracemark.label.fit import apply, settle
from tracemark.label.lattice import Lattice
from tracemark.label.pose import Comb, MapSearch, Matrix, Pose, find_combs, focus
from tracemark.label.raster import luminance
from tracemark.label.upright import upright
from tracemark.model import Reading

LOCKED = 6.0  # deviations of the pilot under which a pose is not believed
SURE = 9.0  # deviations at which no other pose is tried
_LEVELS = ((1600, 2400), (1066,), (711, 3600))  # pixels along the longer side, in turn
_MOST_CELLS = 40_000
_BENDS: NDArray[np.float64] = np.linspace(-0.036, 0.036, 13)
_FLAT = 0.015  # perspective, in change of scale at the rim, that is taken for none
_CLEAR, _WEAK = 8.0, 5.0  # strengths of combs
_AXES = (False, True)


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
    longest = max(picture.shape)
    stand, bends = _standing(picture)
    if stand is None:
        return LabelReading(why="too few edges for a label")
    trail: list[str] = []
    best: tuple[float, Reading | None] = (0.0, None)
    for levels in _LEVELS:
        views = [
            _view(_scaled(picture, level / longest), level / longest, stand, bends)
            for level in levels
            if 1 / 8 < level / longest < 4
        ]
        for view in sorted(views, key=lambda view: -view.clearest):
            found = _read_view(view, lattice, search, trail)
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


def _standing(picture: NDArray[np.uint8]) -> tuple[Matrix | None, NDArray[np.float64]]:
    """From upright coordinates to the picture's, both about its middle; and bends to try.

    A scan or a screenshot shows no perspective, and is then settled more surely without any.
    """
    scale = min(1.0, (1.2e6 / picture.size) ** 0.5)
    dark = darkness(_scaled(picture, scale))
    stand = upright(dark, perspective=True)
    bends = _BENDS
    if stand is not None and np.abs(stand[2, :2]).max() * max(dark.shape) / 2 < _FLAT:
        stand, bends = upright(dark, perspective=False), _BENDS / 3
    if stand is None:
        return None, bends
    factor = np.diag([1 / scale, 1 / scale, 1.0])
    return np.asarray(factor @ stand @ np.linalg.inv(factor)), bends


@dataclass(frozen=True, slots=True)
class _View:
    """A picture at one scale, with its bumps and the combs that they show.

    Attributes
    ----------
    dark : (H, W) float32
    to_dark : (3, 3) float64
        From the pixels of the bumps to those of `dark`.
    bumps : Bumps
        In upright pixels, brought into focus.
    combs : pair of lists of Comb
        Along x and along y.
    converging : bool
        Whether the ratio of the scales is unknown.
    """

    dark: Field
    to_dark: Matrix
    bumps: Bumps
    combs: tuple[list[Comb], list[Comb]]
    converging: bool

    @property
    def clearest(self) -> float:
        """Strength of the strongest comb."""
        return max(_best(axis) for axis in self.combs)


def _view(gray: Field, scale: float, stand: Matrix, bends: NDArray[np.float64]) -> _View:
    """Stand the picture upright, find its bumps, focus them, and find their combs."""
    dark = darkness(gray)
    factor = np.diag([scale, scale, 1.0])
    straight, to_dark = _stand_up(dark, factor @ stand @ np.linalg.inv(factor))
    bumps = find_bumps(straight)
    middle = np.array(straight.shape[::-1]) / 2
    lenses = [_focused(bumps, swap, middle, bends) for swap in _AXES]
    strengths = [
        _best(_combs(_through(lens, bumps), swap)) for lens, swap in zip(lenses, _AXES, strict=True)
    ]
    # look along the clearer axis first; along the other one only if it is clear as well
    first = strengths[1] > strengths[0]
    lens = lenses[int(first)]
    moved = _through(lens, bumps)
    second = _focused(moved, not first, middle, bends) @ lens
    if _best(_combs(_through(second, bumps), not first)) >= _CLEAR:
        lens, moved = second, _through(second, bumps)
    combs = (_combs(moved, False), _combs(moved, True))
    converging = bool(len(bends) and bends[-1] >= _BENDS[-1])
    return _View(dark, to_dark @ np.linalg.inv(lens), moved, combs, converging)


def _read_view(
    view: _View, lattice: Lattice, search: MapSearch, trail: list[str]
) -> tuple[float, Reading] | None:
    """Find the lattice at one scale and read it: (pilot, chips)."""
    name = f"at {max(view.dark.shape)} px"
    pose = _find_pose(view, search)
    if pose is None:
        trail.append(f"{name}: no comb among {len(view.bumps)} bumps")
        return None
    matrix, nubs = settle(pose.matrix, view.bumps, lattice)
    count = np.count_nonzero(nubs)
    if count < 12:
        trail.append(f"{name}: comb {view.clearest:.1f}, map {pose.strength:.1f}, too few nubs")
        return None
    box = extent(matrix, view.bumps.points[nubs])
    if (box[2] - box[0]) * (box[3] - box[1]) > _MOST_CELLS:
        return None
    upright_to_dark = view.to_dark @ np.linalg.inv(matrix)
    cells = gather(rectify(view.dark, upright_to_dark, box), box[0], box[1])
    strength = pilot(cells, lattice)
    trail.append(
        f"{name}: comb {view.clearest:.1f}, map {pose.strength:.1f}, nubs {count}, "
        f"pilot {strength:.1f}"
    )
    return strength, chips(cells, lattice)


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


def _find_pose(view: _View, search: MapSearch) -> Pose | None:
    """The pose that agrees best with the keyed map, over the combs along both axes."""
    ranked = sorted(
        ((comb, swap) for swap in _AXES for comb in view.combs[swap]),
        key=lambda pair: -pair[0].strength,
    )
    best: Pose | None = None
    for comb, swap in ranked[:3]:
        if comb.strength < _WEAK and best is not None:
            break
        ratios = _ratios(comb, view.combs[not swap], wide=view.converging)
        pose = search.find(view.bumps, comb, ratios, swap=swap)
        if best is None or pose.strength > best.strength:
            best = pose
        if pose.strength > SURE:
            break
    return best


def _ratios(comb: Comb, others: list[Comb], *, wide: bool) -> NDArray[np.float64]:
    """Ratios of scales to try: those of the other axis' combs, and a range about one."""
    found = [
        other.period / comb.period * near
        for other in others
        if other.strength > _WEAK
        for near in (0.997, 1.0, 1.003)
    ]
    count = 24 if wide else 4
    around = np.exp(np.arange(-count, count + 1) * 0.007)
    inside = [ratio for ratio in found if around[0] < ratio < around[-1]]
    strong = wide and any(other.strength > _CLEAR for other in others) and len(inside) > 0
    return np.array(inside if strong else [*inside, *around])


def _focused(
    bumps: Bumps, swap: bool, middle: NDArray[np.float64], bends: NDArray[np.float64]
) -> Matrix:
    """The change of shear and convergence that makes the comb along one axis clearest."""
    chosen = (bumps.sides < 2) != swap
    if np.count_nonzero(chosen) < 12:
        return np.eye(3)
    along, across = (bumps.points[chosen] - middle)[:, [1, 0] if swap else [0, 1]].T
    shear, bend = focus(along, across, bumps.weights[chosen], bends)
    lens = np.array([[1, -shear, 0], [0, 1, 0], [0, bend, 1]])
    if swap:
        lens = lens[[1, 0, 2]][:, [1, 0, 2]]
    shift = np.array([[1, 0, middle[0]], [0, 1, middle[1]], [0, 0, 1]])
    return np.asarray(shift @ lens @ np.linalg.inv(shift))


def _through(lens: Matrix, bumps: Bumps) -> Bumps:
    return Bumps(apply(lens, bumps.points), bumps.weights, bumps.sides)


def _combs(bumps: Bumps, swap: bool) -> list[Comb]:
    """The combs of the bumps that stand along x, or along y if `swap`."""
    chosen = (bumps.sides < 2) != swap
    return find_combs(bumps.points[chosen][:, int(swap)], bumps.weights[chosen], 3)


def _best(combs: list[Comb]) -> float:
    return combs[0].strength if combs else 0.0

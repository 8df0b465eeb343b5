"""A phone's camera: the label on a table in three dimensions, light, lens, sensor, processing.

Geometry. A pinhole at distance s looks at the label, tilted about an axis in its own plane and
turned; rays meet the flat label, or a cylinder that it is bent around, which keeps lengths along
the paper (a developable surface). Maps are computed exactly on every eighth pixel and enlarged.

Optics. Main cameras of phones are near 26 mm equivalent at f/1.8: so close to a label little is in
focus. A point z mm off the plane of focus is spread over a disc of A f z / (s (s + z)) on the
sensor, A being the aperture's width: with 30 degrees of tilt the label's far edges blur by several
pixels, and this is kept. The lens itself spreads by sigma 0.6 to 1.0 pixels at the centre and half
as much again in the corners (measured phones keep half contrast at 0.15 to 0.3 cycles a pixel
before sharpening). The hand's shake is a short line.

Light. A gradient, a soft shadow in half of the photos, vignetting mostly corrected, a colour cast
left after white balance.

Sensor. RGGB mosaic, photon noise of 1,500 to 9,000 electrons at white (base to indoor gain),
read noise, 12 bits.

Processing. Bilinear demosaic, noise reduction by a bilateral filter that smears faint texture,
sharpening with halos, tone curve, JPEG of 88 to 95 with halved chroma. Many-frame merging is not
modelled.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .base import (
    Array,
    Channel,
    blur,
    byte,
    chain,
    corners_of,
    encoded,
    enlarged,
    grain,
    grey,
    jpeg,
    linear,
    per_mm,
    picture,
    soft,
)

FRAME = (3000, 4000)  # pixels: 12 megapixels, held upright
COARSE = 8
# focal length mm, f-number, pixel um at 12 megapixels: 1/3", 1/2" and 1/1.5" sensors
CAMERAS = ((4.0, 1.8, 1.22), (4.7, 1.8, 1.6), (6.5, 1.85, 2.0))


@dataclass(frozen=True, slots=True)
class Shot:
    """How a photo is taken.

    Attributes
    ----------
    tilt : float
        Largest tilt in degrees; drawn evenly in area, so that large tilts are common.
    spin : float
        Largest turn in the picture plane, degrees.
    fill : (float, float)
        Share of the frame that the label's box takes along the tighter side, drawn between these.
    sagitta : float
        How far the label bulges between its edges, mm; 0 is flat.
    shake : float
        Longest blur by the hand in pixels of the sensor.
    focus : float
        Largest error of the plane of focus, mm.
    covered : float
        Share of the label that something lies on.
    clutter : int
        How many other papers lie about.
    """

    tilt: float = 30.0
    spin: float = 15.0
    fill: tuple[float, float] = (0.7, 0.92)
    sagitta: float = 0.0
    shake: float = 3.0
    focus: float = 4.0
    covered: float = 0.0
    clutter: int = 0


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the label is before the camera: rays meet it at centre + u right + v down.

    The camera looks along +z. Lengths in mm, `f` in pixels.
    """

    f: float
    centre: NDArray[np.float64]
    right: NDArray[np.float64]
    down: NDArray[np.float64]
    shift: NDArray[np.float64]  # of the principal point, as a photo is not aimed at the middle

    @property
    def out(self) -> NDArray[np.float64]:
        """The label's normal, towards the camera."""
        return -np.cross(self.right, self.down)

    def project(self, spots: NDArray[np.float64]) -> NDArray[np.float64]:
        """Label points (n, 3: right, down, out in mm) to pixels (n, 2)."""
        at = self.centre + spots @ np.stack([self.right, self.down, self.out])
        middle = np.array(FRAME) / 2 + self.shift
        return self.f * at[:, :2] / at[:, 2:] + middle


def photo(shot: Shot) -> Channel:
    """One photo of the paper, 12 megapixels, RGB."""

    def channel(image: Image.Image, rng: np.random.Generator) -> Image.Image:
        focal, number, pixel = CAMERAS[rng.integers(len(CAMERAS))]
        size = np.array(image.size) / per_mm(image)
        bend = _bend(shot, size, rng)
        pose = _aim(shot, size, focal / pixel * 1000, bend, rng)
        u, v, depth, hit = _rays(pose, size, bend)
        scene = _table(rng, pose)
        for _ in range(shot.clutter):
            _paper(scene, rng)
        _lay(scene, image, pose, u, v, hit, rng)
        if shot.covered:
            _cover(scene, pose, size, shot.covered, rng)
        scene *= _light(rng)[..., None]
        spread = focal**2 / number / (pixel / 1000)  # A f in pixels
        scene = _lens(scene, depth, pose.centre[2], spread, shot, rng)
        marked = (corners_of(image) / per_mm(image)) - size / 2
        corners = pose.project(_raise(marked, bend))
        return picture(_process(_sensor(scene, rng), rng), corners=corners)

    return chain(channel, jpeg(88, 95))


# geometry


@dataclass(frozen=True, slots=True)
class Bend:
    """A cylinder's radius in mm (infinite: flat) and the direction across it, a unit vector."""

    radius: float
    across: NDArray[np.float64]


def _bend(shot: Shot, size: NDArray[np.float64], rng: np.random.Generator) -> Bend:
    turn = rng.choice([0.0, np.pi / 2]) + rng.normal(0, 0.25)
    across = np.array([np.cos(turn), np.sin(turn)])
    if not shot.sagitta:
        return Bend(np.inf, across)
    chord = float(np.abs(size * across).sum())
    radius = chord**2 / (8 * shot.sagitta) + shot.sagitta / 2
    return Bend(float(radius * rng.choice([-1, 1])), across)  # bulging or hollow


def _raise(flat: NDArray[np.float64], bend: Bend) -> NDArray[np.float64]:
    """Points of the flat label (n, 2) to the bent one (n, 3)."""
    if not np.isfinite(bend.radius):
        return np.column_stack([flat, np.zeros(len(flat))])
    along = flat @ bend.across
    moved = bend.radius * np.sin(along / bend.radius) - along
    height = bend.radius * (np.cos(along / bend.radius) - 1)
    return np.column_stack([flat + moved[:, None] * bend.across, height])


def _aim(
    shot: Shot, size: NDArray[np.float64], f: float, bend: Bend, rng: np.random.Generator
) -> Pose:
    """Tilt, turn, and step back until the label takes its share of the frame."""
    tilt = np.radians(shot.tilt * np.sqrt(rng.random()))
    way, spin = rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(-shot.spin, shot.spin))
    axis = np.array([np.cos(way), np.sin(way), 0.0])
    turned, _ = cv2.Rodrigues(axis * tilt)
    spun, _ = cv2.Rodrigues(np.array([0.0, 0.0, spin]))
    frame = turned @ spun
    w, h = size / 2
    edge = _raise(np.array([[-w, -h], [w, -h], [w, h], [-w, h], [0, h], [0, -h]]), bend)
    wanted = rng.uniform(*shot.fill)
    near, far = 40.0, 4000.0
    for _ in range(40):
        distance = (near + far) / 2
        pose = Pose(f, np.array([0, 0, distance]), frame[:, 0], frame[:, 1], np.zeros(2))
        box = np.ptp(pose.project(edge), axis=0) / FRAME
        near, far = (distance, far) if box.max() > wanted else (near, distance)
    spots = pose.project(edge)
    spare = (np.array(FRAME) - np.ptp(spots, axis=0)) / 2
    middle = (spots.max(0) + spots.min(0)) / 2 - np.array(FRAME) / 2
    shift = rng.uniform(-0.8, 0.8, 2) * spare - middle
    return Pose(f, pose.centre, pose.right, pose.down, shift)


def _rays(pose: Pose, size: NDArray[np.float64], bend: Bend) -> tuple[Array, Array, Array, Array]:
    """Where each pixel's ray meets the label.

    Returns
    -------
    u, v : (H, W) float32
        mm right and down of the label's centre, along the paper.
    depth : (H, W) float32
        mm before the camera.
    hit : (H, W) float32
        1 on the label, 0 beside it.
    """
    w, h = FRAME
    y, x = np.mgrid[0 : h // COARSE, 0 : w // COARSE] * COARSE + (COARSE / 2)
    middle = np.array(FRAME) / 2 + pose.shift
    rays = np.stack([(x - middle[0]) / pose.f, (y - middle[1]) / pose.f, np.ones_like(x)], -1)
    basis = np.stack([pose.right, pose.down, pose.out])
    ray = rays @ basis.T  # in the label's own axes
    eye = -basis @ pose.centre
    reach = -eye[2] / ray[..., 2]  # where the ray meets the flat label's plane
    if np.isfinite(bend.radius):
        reach = _cylinder(eye, ray, bend, reach)
    at = eye + reach[..., None] * ray
    u, v = at[..., 0], at[..., 1]
    if np.isfinite(bend.radius):
        chord = u * bend.across[0] + v * bend.across[1]
        arc = bend.radius * np.arcsin(np.clip(chord / bend.radius, -1, 1)) - chord
        u, v = u + arc * bend.across[0], v + arc * bend.across[1]
    u, v, depth = (cv2.resize(a.astype(np.float32), FRAME, interpolation=cv2.INTER_CUBIC)
                   for a in (u, v, reach))  # fmt: skip
    hit = (np.abs(u) <= size[0] / 2) & (np.abs(v) <= size[1] / 2)
    return u, v, depth, hit.astype(np.float32)


def _cylinder(
    eye: NDArray[np.float64], ray: NDArray[np.float64], bend: Bend, flat: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Length of each ray to the cylinder, the root next to the flat label's; flat where it misses.

    The axis lies at height -radius, parallel to the label.
    """
    from_x, from_z = eye[:2] @ bend.across, eye[2] + bend.radius
    x, z = ray[..., :2] @ bend.across, ray[..., 2]
    a, b = x * x + z * z, x * from_x + z * from_z
    c = from_x**2 + from_z**2 - bend.radius**2
    inside = b * b - a * c
    root = np.sqrt(np.maximum(inside, 0))
    roots = np.stack([(-b - root) / a, (-b + root) / a])
    chosen = np.where(np.abs(roots[0] - flat) < np.abs(roots[1] - flat), roots[0], roots[1])
    return np.where(inside > 0, chosen, flat)


# what lies there


def _table(rng: np.random.Generator, pose: Pose) -> Array:
    """A table, carton or cloth, (H, W, 3) linear light."""
    w, h = FRAME
    colour = np.array([(0.42, 0.27, 0.15), (0.10, 0.10, 0.11), (0.55, 0.53, 0.50),
                       (0.30, 0.20, 0.13), (0.22, 0.28, 0.33)][rng.integers(5)])  # fmt: skip
    colour = colour * rng.uniform(0.7, 1.2)
    texture = 0.06 * grain(rng, (h, w), 3, 2) + 0.08 * grain(rng, (h, w), 60, 16)
    if rng.random() < 0.6:  # wood or corrugation: streaks one way
        streaks = cv2.resize(
            blur(rng.standard_normal((h // 8, w // 40 + 2), np.float32), 0.6, 1.0), (w, h)
        )
        texture = texture + 0.12 * (streaks if rng.random() < 0.5 else streaks[::-1])
    return (colour.astype(np.float32) * np.exp(texture)[..., None]).astype(np.float32)


def _paper(scene: Array, rng: np.random.Generator) -> None:
    """Another label or slip somewhere in the picture, with bars and lines of type."""
    h, w = scene.shape[:2]
    high, wide = int(rng.integers(500, 1600)), int(rng.integers(400, 1200))
    slip = np.full((high, wide), 255, np.uint8)
    y = 40
    while y < high - 80:
        tall = int(rng.integers(20, 110))
        if rng.random() < 0.2:
            bars = np.repeat(rng.random(wide // 6 + 1) < 0.5, 6)[: wide - 120]
            slip[y : y + tall, 60 : 60 + len(bars)][:, bars] = 15
        else:
            size = tall / 40
            text = "".join(chr(c) for c in rng.integers(48, 91, int(rng.integers(4, 30))))
            cv2.putText(slip, text, (40, y + tall), cv2.FONT_HERSHEY_SIMPLEX, size, 15,
                        max(1, tall // 14), cv2.LINE_AA)  # fmt: skip
        if rng.random() < 0.5:
            cv2.line(slip, (20, y + tall + 14), (wide - 20, y + tall + 14), 15, 4)
        y += tall + 30
    turn = cv2.getRotationMatrix2D((wide / 2, high / 2), rng.uniform(-40, 40), 1)
    turn[:, 2] += [rng.uniform(-0.2, 1.0) * w - wide / 2, rng.uniform(-0.1, 1.0) * h - high / 2]
    paper = (slip * np.float32(rng.uniform(0.6, 0.85) / 255)).astype(np.float32)
    laid = cv2.warpAffine(paper, turn, (w, h), flags=cv2.INTER_LINEAR, borderValue=-1)
    scene[laid > 0] = laid[laid > 0][:, None] * np.array([1.0, 0.99, 0.96], np.float32)


def _lay(
    scene: Array, image: Image.Image, pose: Pose, u: Array, v: Array, hit: Array,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Put the label into the scene, with the soft shadow its edge throws."""
    scale = per_mm(image)
    paper = linear(grey(image))
    shrink = scale / (pose.f / pose.centre[2])  # source pixels to the sensor's
    paper = blur(paper, 0.35 * shrink if shrink > 1 else 0)
    w, h = np.array(image.size) / 2
    seen = cv2.remap(
        paper, u * np.float32(scale) + np.float32(w - 0.5),
        v * np.float32(scale) + np.float32(h - 0.5), cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    fall = np.roll(hit, rng.integers(-14, 15, 2).tolist(), axis=(0, 1))
    scene *= 1 - 0.45 * soft(fall, 8.0)[..., None]
    tint = np.array([1.0, rng.uniform(0.98, 1.0), rng.uniform(0.93, 0.99)], np.float32)
    np.copyto(scene, seen[..., None] * tint, where=(hit > 0)[..., None])


def _cover(
    scene: Array, pose: Pose, size: NDArray[np.float64], share: float, rng: np.random.Generator
) -> None:
    """Something lies across the label, from one of its sides: tape, a hand, another parcel."""
    w, h = size / 2
    corners = np.array([[-w, -h, 0], [w, -h, 0], [w, h, 0], [-w, h, 0]])
    corners = np.roll(corners, -int(rng.integers(4)), axis=0)
    a, b, c, d = corners
    lean = rng.uniform(-0.15, 0.15)
    part = np.stack([a, b, b + (c - b) * (share + lean), a + (d - a) * (share - lean)])
    middle = (a + b) / 2
    part[:2] += (middle - (c + d) / 2) * 0.15  # it reaches past the label's edge
    outline = np.rint(pose.project(part)).astype(np.int32)
    mask = np.zeros(scene.shape[:2], np.float32)
    cv2.fillPoly(mask, [outline], 1.0)
    colour = np.array([(0.55, 0.36, 0.27), (0.36, 0.22, 0.12), (0.06, 0.06, 0.07)])
    texture = np.exp(0.04 * grain(rng, mask.shape, 2, 2) + 0.05 * grain(rng, mask.shape, 90, 16))
    shadow = soft(np.roll(mask, (25, 15), (0, 1)), 18.0)[..., None]
    scene *= 1 - 0.5 * shadow
    mask = blur(mask, 2.0)[..., None]
    scene *= 1 - mask
    scene += mask * texture[..., None] * colour[rng.integers(3)].astype(np.float32)


def _light(rng: np.random.Generator) -> Array:
    """Light on the scene, (H, W); about 1."""
    w, h = FRAME
    y, x = np.mgrid[-1 : 1 : h // COARSE * 1j, -1 : 1 : w // COARSE * 1j].astype(np.float32)
    slope = rng.uniform(-0.25, 0.25, 2)
    light = 1 + slope[0] * x + slope[1] * y - 0.12 * (x * x + y * y - 0.6)
    light *= (1 + 0.5 * (x * x + y * y) * 0.35) ** -rng.uniform(0.2, 1.0)  # vignetting left over
    if rng.random() < 0.5:  # the shadow of a hand or the phone
        angle, at = rng.uniform(0, 2 * np.pi), rng.uniform(-0.6, 0.6)
        side = (np.cos(angle) * x + np.sin(angle) * y - at) / rng.uniform(0.05, 0.3)
        light *= 1 - rng.uniform(0.15, 0.5) / (1 + np.exp(-side))
    return enlarged(light.astype(np.float32), FRAME)


# lens, sensor, processing


def _lens(
    scene: Array, depth: Array, distance: float, spread: float, shot: Shot, rng: np.random.Generator
) -> Array:
    """Blur of the lens, of what is out of focus, and of the hand."""
    w, h = FRAME
    plane = distance + rng.uniform(-shot.focus, shot.focus)
    disc = spread * np.abs(depth - plane) / (plane * np.maximum(depth, 20))  # diameter, pixels
    y, x = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j].astype(np.float32)
    own = rng.uniform(0.6, 1.0) * (1 + 0.25 * (x * x + y * y))
    sigma = np.hypot(own, disc / 4).astype(np.float32)  # a disc's rms is a quarter of its width
    scene = _blur_by(scene, sigma)
    length = shot.shake * rng.random()
    if length > 0.5:
        streak = _streak(length, rng.uniform(0, np.pi))
        scene = np.asarray(cv2.filter2D(scene, -1, streak), np.float32)
    return scene


def _blur_by(scene: Array, sigma: Array) -> Array:
    """Blur each pixel by its own sigma, between Gaussian levels a factor of 1.6 apart."""
    low, high = float(sigma.min()), float(sigma.max())
    levels = [low]
    while levels[-1] < high:
        levels.append(levels[-1] * 1.6)
    out = np.zeros_like(scene)
    place = np.log(sigma / np.float32(low)) / np.float32(np.log(1.6))
    for i, level in enumerate(levels):
        rows, columns = (_span(np.abs(place - i).min(axis) < 1) for axis in (1, 0))
        if rows.stop == 0:
            continue
        reach = int(4 * level) + 1
        top, left = max(0, rows.start - reach), max(0, columns.start - reach)
        around = scene[top : rows.stop + reach, left : columns.stop + reach]
        inner = blur(around, level)[
            rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
        ]
        weight = np.maximum(0, 1 - np.abs(place[rows, columns] - np.float32(i)))
        out[rows, columns] += cv2.multiply(inner, cv2.merge([weight] * 3))
    return out


def _span(lines: NDArray[np.bool_]) -> slice:
    """From the first to the last that is true; empty where none is."""
    found = np.flatnonzero(lines)
    return slice(int(found[0]), int(found[-1]) + 1) if len(found) else slice(0, 0)


def _streak(length: float, angle: float) -> Array:
    """A line of this length and direction as a kernel."""
    side = int(np.ceil(length)) // 2 * 2 + 3
    kernel = np.zeros((side, side), np.float32)
    for t in np.linspace(-length / 2, length / 2, 64):
        x, y = side // 2 + t * np.cos(angle), side // 2 + t * np.sin(angle)
        i, j = int(y), int(x)
        fy, fx = y - i, x - j
        kernel[i : i + 2, j : j + 2] += np.outer([1 - fy, fy], [1 - fx, fx]).astype(np.float32)
    kernel /= kernel.sum()
    return kernel


def _sensor(scene: Array, rng: np.random.Generator) -> NDArray[np.uint16]:
    """The RGGB mosaic, 12 bits in 16, for a scene of linear light."""
    cast = np.exp(rng.normal(0, 0.12, 3))  # of the light; white balance comes later
    exposure = rng.uniform(0.75, 1.05) / max(0.4, float(np.quantile(scene[::16, ::16], 0.97)))
    light = scene * (exposure * cast / cast.max()).astype(np.float32)
    raw = np.empty(scene.shape[:2], np.float32)
    for row, column, channel in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        raw[row::2, column::2] = light[row::2, column::2, channel]
    full, read = rng.uniform(1500, 9000), rng.uniform(3, 8)
    raw += np.sqrt(raw / full + (read / full) ** 2) * rng.standard_normal(raw.shape, np.float32)
    balance = cast.max() / cast * np.exp(rng.normal(0, 0.03, 3))  # white balance, nearly right
    for row, column, channel in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        raw[row::2, column::2] *= balance[channel]
    counts: NDArray[np.uint16] = np.clip(np.rint(raw * 3600) + 256, 0, 4095).astype(np.uint16)
    return counts * np.uint16(16)


def _process(raw: NDArray[np.uint16], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Demosaic, tone, noise reduction, sharpening: (H, W, 3) uint8."""
    # OpenCV names a mosaic by its second row and column: RGGB is its BayerBG
    colour = np.asarray(cv2.cvtColor(raw, cv2.COLOR_BayerBG2RGB), np.float32)
    value = encoded((colour / np.float32(16) - np.float32(256)) / np.float32(3600))
    value += rng.uniform(0, 0.12) * (value * value * (3 - 2 * value) - value)  # contrast
    shown = cv2.bilateralFilter(byte(value), 5, rng.uniform(8, 30), 1.6)
    luma, red, blue = cv2.split(cv2.cvtColor(shown, cv2.COLOR_RGB2YCrCb))
    red, blue = (cv2.GaussianBlur(plane, (0, 0), 2.0) for plane in (red, blue))
    sharp = luma.astype(np.float32)
    sharp += rng.uniform(0.4, 1.2) * (sharp - blur(sharp, rng.uniform(0.9, 1.6)))
    luma = np.clip(np.rint(sharp), 0, 255).astype(np.uint8)
    shown = cv2.cvtColor(cv2.merge([luma, red, blue]), cv2.COLOR_YCrCb2RGB)
    return np.asarray(shown, np.uint8)

# ruff: noqa: E402 - the extra 'bench' is looked for before what needs it
"""The simulated channels do what the devices do that they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

cv2 = pytest.importorskip("cv2", reason="needs the extra 'bench'")
pytest.importorskip("segno", reason="needs the extra 'bench'")

from benchmarks.channels import CHANNELS, DIGITAL, Shot, camera, digital, photo, scan, thermal
from benchmarks.channels.base import blur, grey, linear, picture
from benchmarks.channels.printer import FINE
from examples.waybill import fields, waybill

DOTS = 8  # to the mm


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def blank(width: int, height: int) -> Image.Image:
    """A white label of so many mm."""
    return picture(np.full((height * DOTS, width * DOTS), 255, np.uint8), DOTS * 25.4)


def draw(image: Image.Image, *boxes: tuple[int, int, int, int]) -> Image.Image:
    """Black boxes (left, top, right, bottom in dots) on a label."""
    values = np.array(image)
    for left, top, right, bottom in boxes:
        values[top:bottom, left:right] = 0
    return picture(values, DOTS * 25.4)


@pytest.fixture
def small_frame(monkeypatch):
    """A sensor of three quarters of a megapixel, for speed."""
    monkeypatch.setattr(camera, "FRAME", (752, 1000))
    monkeypatch.setattr(camera, "CAMERAS", ((4.0, 1.8, 4.9),))


def _part(label: Image.Image) -> Image.Image:
    """A small label, for speed."""
    part = label.crop((0, 0, 300, 400))
    part.info["dpi"] = label.info["dpi"]
    return part


@pytest.mark.parametrize("name", CHANNELS)
def test_the_same_seed_gives_the_same_picture_and_another_seed_another(name, small_frame):
    label = _part(waybill(fields(3, "en")))
    first, again, other = (CHANNELS[name](label, rng(seed)) for seed in (5, 5, 6))
    assert first.mode in ("L", "RGB")
    assert first.tobytes() == again.tobytes()
    fixed = ("png", "jpeg50", "jpeg-twice", "median", "despeckled")
    assert (first.tobytes() == other.tobytes()) == (name in fixed)


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "P"])
def test_labels_of_any_mode_are_taken(mode, small_frame):
    label = _part(waybill(fields(3, "en")).convert("RGB").convert(mode))
    for name in ("png", "screenshot", "scan150", "chat"):
        assert min(CHANNELS[name](label, rng()).size) > 170


# the printer


def reflectance(image: Image.Image) -> np.ndarray:
    return linear(grey(image))


def test_an_isolated_dot_prints_paler_and_smaller_than_a_bulk():
    label = draw(blank(20, 20), (40, 40, 41, 41), (80, 40, 120, 120))
    blackest, areas = [], []
    for seed in range(20):
        paper = reflectance(thermal(label, rng(seed)))
        white = np.median(paper)
        dot = paper[36 * FINE : 46 * FINE, 36 * FINE : 46 * FINE]
        bulk = float(np.median(paper[70 * FINE : 90 * FINE, 90 * FINE : 110 * FINE]))
        assert bulk < 0.12
        blackest.append(float(dot.min()) / bulk)
        areas.append((dot < white / 2).sum() / FINE**2)
    assert np.median(blackest) > 1.1
    assert 0.3 < np.mean(areas) < 1.5  # of the dot's nominal square


def test_the_darkness_setting_moves_an_edge_by_less_than_a_dot():
    label = draw(blank(30, 20), (80, 20, 120, 140))
    widths = []
    for seed in range(20):
        paper = reflectance(thermal(label, rng(seed)))
        widths.append((paper[60 * FINE : 100 * FINE] < 0.4).sum(axis=1).mean() / FINE)
    assert 39 < min(widths) < max(widths) < 42
    assert max(widths) - min(widths) > 0.2


def test_a_dead_heater_leaves_a_white_line_along_the_feed():
    label = draw(blank(76, 10), (0, 10, 608, 70))
    lines = 0
    for seed in range(12):
        paper = reflectance(thermal(label, rng(seed)))[20 * FINE : 60 * FINE]
        lines += int((np.median(paper, axis=0) > 0.3).any())
    assert 0 < lines < 12


# the scanner


@pytest.mark.parametrize("dpi", [150, 200, 300])
def test_a_scan_has_its_resolution(dpi):
    image = scan(dpi)(thermal(blank(76, 130), rng(2)), rng(3))
    corners = image.info["corners"]
    width, height = np.hypot(*(corners[1] - corners[0])), np.hypot(*(corners[3] - corners[0]))
    assert width == pytest.approx(76 / 25.4 * dpi, rel=0.005)
    assert height == pytest.approx(130 / 25.4 * dpi, rel=0.005)


def test_a_scan_has_black_where_the_corners_say_it_should_be():
    label = draw(blank(60, 80), (40, 40, 80, 80), (400, 560, 440, 600))
    for seed in range(5):
        image = scan(200, skew=5)(thermal(label, rng(seed)), rng(seed))
        _black_at(image, label, [(60, 60), (420, 580)], [(240, 320), (420, 60)])


def _black_at(image, label, black, white):
    size = np.array(label.size)
    plain = np.array([[0, 0], [size[0], 0], size, [0, size[1]]], np.float32)
    to = cv2.getPerspectiveTransform(plain, image.info["corners"].astype(np.float32))
    values = grey(image)
    spots = cv2.perspectiveTransform(np.array([[*black, *white]], np.float32), to)[0]
    tones = np.array([values[int(y), int(x)] for x, y in spots], float)
    assert tones[: len(black)].max() < 0.6 * tones[len(black) :].min()


# the camera


def test_a_photo_has_black_where_the_corners_say_it_should_be(small_frame):
    label = draw(blank(60, 80), (20, 20, 60, 60), (420, 580, 460, 620), (20, 580, 60, 620))
    black, white = [(40, 40), (440, 600), (40, 600)], [(240, 320), (440, 40), (40, 300)]
    for seed in range(10):
        image = photo(Shot(spin=180, fill=(0.7, 0.7)))(thermal(label, rng(seed)), rng(seed))
        _black_at(image, label, black, white)


@pytest.mark.parametrize("sagitta", [0.0, 1.0, 3.0])
def test_rays_meet_the_label_where_it_is_projected(sagitta, small_frame):
    size = np.array([76.0, 130.0])
    for seed in range(10):
        chance = rng(seed)
        shot = Shot(sagitta=sagitta)
        bend = camera._bend(shot, size, chance)
        pose = camera._aim(shot, size, 3000, bend, chance)
        spots = np.column_stack([chance.uniform(-34, 34, 50), chance.uniform(-60, 60, 50)])
        u, v, _, hit = camera._rays(pose, size, bend)
        x, y = np.rint(pose.project(camera._raise(spots, bend)) - 0.5).astype(int).T
        pixel = pose.centre[2] / pose.f  # mm
        assert hit[y, x].all()
        found = np.column_stack([u[y, x], v[y, x]])
        assert np.abs(found - spots).max() < 3 * pixel


@pytest.mark.parametrize("sagitta", [1.0, 3.0])
def test_a_bent_label_bulges_as_told_and_keeps_lengths(sagitta):
    bend = camera._bend(Shot(sagitta=sagitta), np.array([76.0, 130.0]), rng(4))
    along = np.linspace(-1, 1, 2001)[:, None] * bend.across
    reach = float(np.abs(np.array([76, 130]) * bend.across).sum()) / 2
    bent = camera._raise(along * reach, bend)
    assert np.ptp(bent[:, 2]) == pytest.approx(sagitta, rel=0.02)
    assert np.linalg.norm(np.diff(bent, axis=0), axis=1).sum() == pytest.approx(2 * reach)


def test_the_far_edge_of_a_tilted_label_is_less_sharp():
    depth = np.tile(np.linspace(130, 190, 400, dtype=np.float32), (300, 1)).T
    disc = 3000 * np.abs(depth - 160) / (160 * depth)
    edge = np.zeros((400, 300, 3), np.float32)
    edge[:, 150:] = 1
    sigma = np.hypot(0.7, disc / 4).astype(np.float32)
    seen = camera._blur_by(edge, sigma)
    slope = np.abs(np.diff(seen[..., 0], axis=1)).max(axis=1)
    gaussian = 1 / (np.sqrt(2 * np.pi) * sigma[:, 0])  # slope of a step blurred so much
    assert np.abs(slope - gaussian).max() < 0.03
    assert max(slope[0], slope[399]) < 0.75 * slope[200]


def test_blur_by_one_sigma_everywhere_is_a_plain_blur():
    scene = rng().random((60, 80, 3), np.float32)
    seen = camera._blur_by(scene, np.full((60, 80), 1.3, np.float32))
    assert np.abs(seen - blur(scene, 1.3)).max() < 1e-5


# files


@pytest.mark.parametrize(
    ("before", "after"),
    [((3000, 4000), (960, 1280)), ((1000, 700), (1000, 700)), ((1500, 4000), (800, 2133))],
)
def test_a_chat_app_makes_the_sizes_it_was_measured_to_make(before, after):
    assert digital.sent(Image.new("RGB", before, "white"), rng()).size == after


@pytest.mark.parametrize("share", [0.25, 0.1])
def test_a_cut_out_keeps_its_share_and_knows_where_it_was(share):
    label = waybill(fields(3, "en"))
    cut = digital.kept(share)(label, rng(8))
    assert cut.width * cut.height / (label.width * label.height) == pytest.approx(share, rel=0.02)
    left, top = (int(-v) for v in cut.info["corners"][0])
    box = (left, top, left + cut.width, top + cut.height)
    assert cut.tobytes() == label.crop(box).convert("L").tobytes()


def test_despeckling_wipes_dots_and_leaves_strokes():
    label = draw(blank(20, 20), (40, 40, 41, 42), (80, 40, 120, 42))
    wiped = np.asarray(digital.despeckle(label, rng()))
    assert wiped[40, 40] == 255
    assert wiped[40, 100] == 0


@pytest.mark.parametrize("name", [name for name in DIGITAL if name not in ("quarter", "tenth")])
def test_digital_channels_move_the_corners_with_the_label(name):
    label = draw(blank(60, 80), (40, 40, 80, 80), (400, 560, 440, 600))
    _black_at(CHANNELS[name](label, rng(3)), label, [(60, 60), (420, 580)], [(240, 320), (420, 60)])


# what people can still read, machines can


@pytest.mark.slow
@pytest.mark.parametrize("name", ["scan200", "scan300", "copy", "phone-upright", "chat"])
def test_the_waybill_number_is_read_from_most_scans_and_photos(name):
    """Of four labels at least three by barcode or QR code."""
    zxingcpp = pytest.importorskip("zxingcpp", reason="needs the extra 'bench'")
    found = 0
    for seed in range(4):
        what = fields(seed, "en")
        sample = CHANNELS[name](waybill(what, size="100x150"), rng(seed))
        found += any(what["运单号"] in code.text for code in zxingcpp.read_barcodes(sample))
    assert found >= 3

"""Standing a picture upright, finding bumps and combs, undoing lenses."""

import numpy as np
import pytest
from PIL import Image

from tests.label.hosts import KEY, codeword, label
from tracemark.darkness import darkness
from tracemark.label import embed
from tracemark.label.bumps import find_bumps
from tracemark.label.combs import find_combs
from tracemark.label.lens import Drift, Flat, Lens, apply
from tracemark.upright import stand_askew, stand_of, upright

HOST = label().convert("L")


def seen(matrix: np.ndarray) -> np.ndarray:
    """The label as a camera sees it: `matrix` maps dots to pixels, each about its middle."""
    size = (900, 1200)
    there = np.array([[1, 0, size[0] / 2], [0, 1, size[1] / 2], [0, 0, 1]])
    here = np.array([[1, 0, HOST.width / 2], [0, 1, HOST.height / 2], [0, 0, 1]])
    back = here @ np.linalg.inv(matrix) @ np.linalg.inv(there)
    back /= back[2, 2]
    picture = HOST.transform(
        size,
        Image.Transform.PERSPECTIVE,
        tuple(back.ravel()[:8]),
        Image.Resampling.BICUBIC,
        fillcolor=255,
    )
    return darkness(np.asarray(picture, np.float32))


def slopes(stand: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """How far from level and plumb the rules stand once upright, in parts of their length."""
    lines = np.array([[[-280, y], [280, y]] for y in (-400.0, 0, 400)])
    columns = np.array([[[x, -400], [x, 400]] for x in (-280.0, 0, 280)])
    off = []
    for ends, axis in ((lines, 1), (columns, 0)):
        for pair in ends:
            a, b = apply(np.linalg.inv(stand), apply(matrix, pair))
            off.append(abs((b - a)[axis] / (b - a)[1 - axis]))
    return np.array(off)


def turn(degrees: float) -> np.ndarray:
    angle = np.radians(degrees)
    return np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )


@pytest.mark.parametrize("degrees", [0, 1.5, 17, -38])
def test_a_turned_label_is_stood_upright(degrees):
    """Rules are level to five parts in a thousand, which the comb's focus then sharpens."""
    matrix = turn(degrees)
    stand = upright(seen(matrix), perspective=False)
    assert stand is not None
    assert slopes(stand, matrix).max() < 0.005


@pytest.mark.parametrize("tilt", [(2e-4, 0.0), (0.0, 2.5e-4), (1.5e-4, -1.5e-4)])
def test_a_tilted_label_is_stood_upright(tilt):
    """So they are in perspective, to fifteen."""
    lean = np.eye(3)
    lean[2, :2] = tilt
    matrix = lean @ turn(6)
    stand = upright(seen(matrix), perspective=True)
    assert stand is not None
    assert slopes(stand, matrix).max() < 0.015


def test_a_blank_picture_has_no_upright():
    """Nothing to stand on."""
    assert upright(np.zeros((400, 300), np.float32), perspective=True) is None


def test_darkness_forgets_the_light():
    """Paper is 0 and ink is 1, in the bright corner and in the dim one."""
    page = np.full((512, 512), 250, np.float32)
    page[8::16] = page[9::16] = 20
    light = np.linspace(0.4, 1, 512, dtype=np.float32)[None, :]
    dark = darkness(page * light)
    ink = dark[8::16][:, 64:-64]
    paper = dark[0::16][:, 64:-64]
    assert abs(ink.mean() - 1) < 0.1
    assert abs(paper.mean()) < 0.1


def test_nubs_are_among_the_bumps():
    """At 1.3 pixels a dot nearly every nub is found, to half a dot."""
    marked, placement = embed(label(), codeword(1), KEY, profile_name="discreet")
    size = (round(608 * 1.3), round(1040 * 1.3))
    picture = np.asarray(marked.convert("L").resize(size, Image.Resampling.BICUBIC), np.float32)
    bumps = find_bumps(darkness(picture))
    dots = np.asarray(label().convert("L")).astype(int) - np.asarray(marked.convert("L"))
    places = np.argwhere(dots > 0)[:, ::-1] + 0.5
    found = (bumps.points + 0.5) / 1.3
    near = np.sqrt(((places[:, None] - found[None]) ** 2).sum(2)).min(1) < 1.5
    assert placement.nubs > 100
    assert near.mean() > 0.9


def test_a_comb_is_found_and_noise_is_not():
    """Teeth at thirds of a period of 13.7 stand out; the same number anywhere do not."""
    rng = np.random.default_rng(8)
    cells = rng.integers(0, 60, 150)
    teeth = 13.7 * (cells + rng.choice([1 / 3, 2 / 3], 150)) + 5 + rng.normal(0, 0.3, 150)
    comb = find_combs(teeth, np.ones(150), 1)[0]
    assert comb.strength > 9
    assert abs(comb.period - 13.7) < 0.02
    assert abs((comb.start - 5 + 13.7 / 2) % 13.7 - 13.7 / 2) < 0.5
    scattered = find_combs(rng.uniform(0, 820, 150), np.ones(150), 1)
    assert not scattered or scattered[0].strength < 6


def test_a_lens_can_be_undone():
    """Perspective and drift, there and back, to a thousandth of a pixel."""
    rng = np.random.default_rng(2)
    flat = np.array([[1.1, 0.1, 3], [-0.05, 0.9, 7], [1e-4, -5e-5, 1]])
    drift = Drift(np.array([200.0, 300]), 300.0, rng.normal(0, 1.5, (10, 2)))
    lens = Lens((Flat(flat), drift))
    points = rng.uniform(0, 500, (50, 2))
    assert np.abs(lens.inverse(lens.forward(points)) - points).max() < 1e-3


@pytest.mark.filterwarnings("error")
def test_points_that_no_drift_reaches_stay_where_they_are():
    """Far out a cubic outgrows every iteration; nothing is said of it, and no nan goes on."""
    drift = Drift(np.zeros(2), 10.0, np.ones((10, 2)))
    points = np.array([[1e9, -1e9], [0.0, 0.0]])
    assert np.isfinite(drift.inverse(points)).all()
    assert np.array_equal(drift.inverse(points)[0], points[0])


def test_boxes_drawn_over_a_photo_do_not_say_how_it_stands():
    matrix = turn(17)
    shown = 255 - np.clip(seen(matrix) * 255, 0, 255).astype(np.uint8)
    assert stand_askew(shown)[0] is None, "nothing in it is level or plumb"
    for top in range(20, 1150, 150):
        shown[top : top + 25, 40:860] = 0
    with_boxes, askew = stand_of(shown)[0], stand_askew(shown)[0]
    assert with_boxes is not None and slopes(with_boxes, matrix).max() > 0.1
    assert askew is not None and slopes(askew, matrix).max() < 0.02

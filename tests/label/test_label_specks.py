"""Free dots carry a pose by themselves, in pictures too small to show nubs."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.label.hosts import KEY
from tracemark.darkness import resized
from tracemark.label.bumps import Bumps
from tracemark.label.combs import Comb
from tracemark.label.fit import settle
from tracemark.label.lattice import FREE_X, FREE_Y, PERIOD, lattice_of
from tracemark.label.pose import MapSearch
from tracemark.label.specks import find_specks

PIXELS = 14.0  # a cell
CORNER = np.array([40, 90])  # column and row at the picture's corner


def test_faint_specks_of_an_enlarged_picture_are_found_at_its_own_size():
    rng = np.random.default_rng(3)
    small = rng.normal(0, 0.01, (200, 200)).astype(np.float32)
    places = np.stack(np.meshgrid(np.arange(12, 190, 11), np.arange(12, 190, 11)), 2).reshape(-1, 2)
    small[places[:, 1], places[:, 0]] += 0.3
    large = resized(small, (600, 600), Image.Resampling.BICUBIC)
    found = find_specks(large, enlarged=3.0)
    points = found.points[found.sides == FREE_X][found.weights[found.sides == FREE_X] > 0.2]
    miss = np.abs(points[:, None] - ((places + 0.5) * 3 - 0.5)[None]).max(2)
    assert (miss.min(0) < 1.0).mean() > 0.9
    assert (miss.min(1) < 1.0).mean() > 0.9


def test_the_ripples_of_a_pale_edge_are_no_dots():
    """The edge of the paper on a lid that is little darker; dots elsewhere stay."""
    rng = np.random.default_rng(5)
    dark = rng.normal(0, 0.01, (600, 600)).astype(np.float32)
    dark[:, 60:62] += 0.04 + 0.02 * rng.standard_normal((600, 2), np.float32)
    places = rng.choice(np.arange(100, 580, 20), (60, 2))
    dark[places[:, 1], places[:, 0]] += 0.3
    found = find_specks(dark)
    x = found.points[found.sides == FREE_X][:, 0]
    edge = np.abs(x - 60.5) < 2
    assert edge.sum() < 40, "of more than a hundred"
    off = np.abs(found.points[found.sides == FREE_X][:, None] - places[None]).max(2)
    assert (off.min(0) < 1).all()


def scattered() -> Bumps:
    """Half of the free dots of 60 x 60 cells, as many stray specks, and bumps that are no nubs."""
    rng = np.random.default_rng(8)
    lattice = lattice_of(KEY)
    both = lattice.on[FREE_X] & lattice.on[FREE_Y]
    rows, columns = np.mgrid[:60, :60].reshape(2, -1)
    kept = both[(rows + CORNER[1]) % PERIOD, (columns + CORNER[0]) % PERIOD]
    kept &= rng.random(len(rows)) < 0.5
    cells = np.stack([columns[kept], rows[kept]], 1)
    dots = (cells + rng.choice([1 / 3, 2 / 3], cells.shape)) * PIXELS
    specks = np.concatenate([dots, rng.uniform(0, 60 * PIXELS, dots.shape)])
    strays = rng.uniform(0, 60 * PIXELS, (4000, 2))
    points = np.concatenate([specks, specks, strays])
    sides = np.r_[np.full(len(specks), FREE_X), np.full(len(specks), FREE_Y)]
    sides = np.r_[sides, rng.integers(0, 4, len(strays))]
    return Bumps(points, np.r_[np.ones(2 * len(specks)), rng.random(len(strays)) ** 2], sides)


@pytest.mark.parametrize("swap", [False, True])
def test_free_dots_alone_find_the_place_on_the_map_and_keep_it(swap):
    bumps, lattice = scattered(), lattice_of(KEY)
    comb = Comb(10.0, PIXELS, 0.0)
    pose = MapSearch(lattice.on).find(bumps, comb, np.array([0.98, 1.0, 1.02]), swap=swap)[0]
    assert pose.dots > 12 > abs(pose.nubs)
    assert pose.strength == pytest.approx(pose.dots, abs=1)
    settled = settle(pose.matrix, bumps.weighed(pose.nubs, pose.dots), lattice)
    grid = np.array([[1.0, 1], [59, 1], [59, 59], [1, 59], [30, 30]])
    off = settled.lens.forward(grid * PIXELS) - CORNER - grid
    assert np.abs(off - PERIOD * np.round(off / PERIOD)).max() < 0.15


def test_each_carrier_weighs_by_how_clearly_it_is_seen():
    bumps = Bumps(np.zeros((8, 2)), np.ones(8), np.array([0, 1, 2, 3, 4, 4, 5, 5]))
    drowned = bumps.weighed(1.0, 4.0)
    loose = bumps.sides >= FREE_X
    assert drowned.weights[loose] == pytest.approx(np.ones(4))
    assert drowned.weights[~loose] == pytest.approx(np.full(4, 0.25))
    assert not bumps.weighed(-1.0, 4.0).weights[~loose].any()

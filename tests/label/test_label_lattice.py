"""The keyed lattice."""

import numpy as np
import pytest

from tracemark.label.lattice import (
    COARSE,
    FINE,
    FREE_X,
    FREE_Y,
    KINDS,
    PERIOD,
    PLACES,
    WIDE,
    Lattice,
    geometry_for,
)
from tracemark.label.pose import flipped, turned
from tracemark.profiles import CURRENT

LATTICE = Lattice(b"a key")


def test_half_of_the_slots_may_carry_a_mark():
    """The map is a fair coin: within five deviations of one half."""
    slots = KINDS * PERIOD * PERIOD
    assert abs(LATTICE.on.sum() - slots / 2) < 5 * (slots / 4) ** 0.5
    assert abs(int(LATTICE.masks.sum()) - slots / 2) < 5 * (slots / 4) ** 0.5


def test_labels_use_the_uniform_positions():
    """Chips stand only at positions of bias one half, and at all of them."""
    assert LATTICE.positions.min() == CURRENT.biased
    assert LATTICE.positions.max() == CURRENT.length - 1
    assert len(np.unique(LATTICE.positions)) == CURRENT.uniform


def test_another_key_gives_another_map():
    """Two maps agree on about half of their slots."""
    same = (Lattice(b"another key").on == LATTICE.on).mean()
    assert abs(same - 0.5) < 0.02


def test_a_label_lies_where_its_own_picture_says():
    """The same picture always lies in one place, a changed one elsewhere."""
    first = np.zeros((40, 60), bool)
    second = first.copy()
    second[3, 5] = True
    assert LATTICE.origin(first, 12) == LATTICE.origin(first.copy(), 12)
    assert LATTICE.origin(first, 12) != LATTICE.origin(second, 12)
    assert LATTICE.origin(first, 12) != LATTICE.origin(np.zeros((60, 40), bool), 12)


def test_every_slot_has_an_identity_of_its_own():
    """No two slots share a number."""
    sides, rows, columns = (axis.ravel() for axis in np.indices(LATTICE.on.shape))
    assert len(np.unique(Lattice.identities(sides, rows, columns))) == LATTICE.on.size


def test_geometry_follows_the_resolution_and_then_the_size():
    """A stated printer's resolution decides; a screen's does not."""
    assert geometry_for((800, 1200), 203) is COARSE
    assert geometry_for((800, 1200), 300) is FINE
    assert geometry_for((800, 1200), 360) is FINE
    assert geometry_for((800, 1200), 600) is WIDE
    assert geometry_for((1181, 1772), 72) is FINE
    assert geometry_for((813, 1626), None) is COARSE


def test_a_nub_takes_as_much_of_the_paper_at_203_and_300_dpi():
    """So that the same share of the white holds as many of them."""
    coarse, fine = (one.width * one.height / one.dots_per_mm**2 for one in (COARSE, FINE))
    assert fine == pytest.approx(coarse, rel=0.1)


def test_both_geometries_look_alike_to_a_reader_without_scale():
    """A mark's middle is where the reader looks at every resolution, to half a dot of 203 dpi."""
    for geometry in (COARSE, FINE, WIDE):
        marks = [(geometry.starts, geometry.width, PLACES[0])]
        marks += [
            (geometry.across, 2, PLACES[FREE_X]),
            (geometry.down, geometry.tall, PLACES[FREE_Y]),
        ]
        for starts, size, place in marks:
            first, second = ((start + size / 2) / geometry.pitch for start in starts)
            assert abs(first - place) < 0.5 / COARSE.pitch
            assert first + second == pytest.approx(1)  # what one place is off, the other undoes


def test_four_quarter_turns_and_two_flips_change_nothing():
    """The symmetries by which a picture may lie are the square's."""
    maps = LATTICE.on.astype(np.float32)
    around = maps
    for _ in range(4):
        around = turned(around)
    assert np.array_equal(around, maps)
    assert np.array_equal(flipped(flipped(maps)), maps)


def test_a_quarter_turn_takes_the_top_to_the_right():
    """White above an edge is white to its right once the label lies on its side."""
    maps = np.zeros((KINDS, PERIOD, PERIOD), np.float32)
    maps[0, 3, 5] = 1
    side, row, column = (int(axis[0]) for axis in np.nonzero(turned(maps)))
    assert (side, row, column) == (3, 5, PERIOD - 1 - 3)


def test_a_free_dots_two_places_change_roles_in_a_quarter_turn():
    """What was the place along x is the place along y once the label lies on its side."""
    maps = np.zeros((KINDS, PERIOD, PERIOD), np.float32)
    maps[FREE_X, 3, 5] = 1
    assert np.argwhere(turned(maps)).tolist() == [[FREE_Y, 5, PERIOD - 1 - 3]]

"""Cut-outs: few edges to stand by, few marks to be found by."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.label.hosts import KEY, codeword, label
from tracemark.darkness import darkness, scaled
from tracemark.label import look as looking
from tracemark.label.already import carries_mark
from tracemark.label.chips import Cells
from tracemark.label.chips import dots as read_dots
from tracemark.label.exact import find_specks
from tracemark.label.laid import laid
from tracemark.label.lattice import COARSE, FINE, lattice_of
from tracemark.label.lens import Lens
from tracemark.label.levels import Levels
from tracemark.label.marking import embed
from tracemark.label.packed import Packed
from tracemark.label.raster import luminance
from tracemark.label.reading import SURE, _clearest, _map_of, _Search
from tracemark.label.stands import squares
from tracemark.label.view import standing, view_of

BITS = codeword(5)


def slip() -> Image.Image:
    """A label of a few words: hardly an edge, much white."""
    image = Image.new("1", (608, 1040), 1)
    draw = ImageDraw.Draw(image)
    for y, words in ((60, "NORTH POST"), (500, "LEE * 138****2211"), (900, "TEA")):
        draw.text((60, y), words, font=ImageFont.load_default(24), fill=0)
    image.info["dpi"] = (203, 203)
    return image


def test_a_label_of_free_dots_alone_is_refused_however_it_is_turned():
    marked, placement = embed(slip(), BITS, KEY)
    assert placement.dots > 10 * placement.nubs
    for turn in (None, Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180):
        picture = marked if turn is None else marked.transpose(turn)
        assert carries_mark(picture, [b"another", KEY], COARSE)
        assert not carries_mark(picture, [b"another"], COARSE)
    assert not carries_mark(slip(), [KEY], COARSE)


@pytest.mark.parametrize("geometry", [COARSE, FINE])
def test_specks_are_found_dot_for_dot(geometry):
    """The same as a search of every place, on random blots."""
    rng = np.random.default_rng(1)
    for _ in range(20):
        black = np.zeros(rng.integers(30, 80, 2), bool)
        for _ in range(rng.integers(3, 14)):
            (top, left), (tall, wide) = (
                rng.integers(0, np.array(black.shape) - 3),
                rng.integers(1, 4, 2),
            )
            black[top : top + tall, left : left + wide] = True
        around = np.pad(black, 3)
        wanted = set()
        for tall, wide in {(geometry.tall, 2), (2, geometry.tall)}:
            shape = np.pad(np.ones((tall, wide), bool), 3)
            wanted |= {
                (column, row)
                for row in range(black.shape[0] - tall + 1)
                for column in range(black.shape[1] - wide + 1)
                if (around[row : row + tall + 6, column : column + wide + 6] == shape).all()
            }
        columns, rows = find_specks(Packed(black), geometry)
        assert set(zip(columns.tolist(), rows.tolist(), strict=True)) == wanted


def test_square_stands_turn_and_do_nothing_else():
    stand = np.array([[1.0, -0.05, 3], [0.02, 1.0, 4], [1e-4, 0, 1]])
    for square, angle in zip(squares(stand, 400), (0.02, 0.05), strict=True):
        assert square[:2, :2] @ square[:2, :2].T == pytest.approx(np.eye(2))
        assert math.atan2(square[1, 0], square[0, 0]) == pytest.approx(angle, rel=0.01)
    assert not squares(np.eye(3), 400)


def test_slots_tell_the_pose_of_a_cut_out_that_bumps_leave_in_doubt():
    """The best of the poses is right, and stands out from another key's."""
    marked, placement = embed(label(3), BITS, KEY)
    left, top = 90, 330
    picture = luminance(marked.crop((left, top, left + 420, top + 420)))
    stand, bends = standing(picture)
    assert stand is not None
    view = view_of(darkness(scaled(picture, 1.3)), 1.3, stand, bends)
    [best], tried = laid(view, lattice_of(KEY), 1)
    [stranger], _ = laid(view, lattice_of(b"another"), 1)
    assert tried and best.strength > stranger.strength + 2
    # where the cut-out's middle lies on the lattice
    middle = np.array([[picture.shape[1] / 2, picture.shape[0] / 2]]) * 1.3 - 0.5
    upright = view.lens.forward(middle)
    cell = Lens().forward(upright @ best.matrix[:2, :2].T + best.matrix[:2, 2])[0]
    true = (np.array([left + 210, top + 210]) + placement.origin) / placement.geometry.pitch
    assert np.abs((cell - true + 64) % 128 - 64).max() < 0.5


def test_what_shows_no_slot_gives_no_chip():
    """A picture may hold no room for a free dot, and then has nothing to say of them."""
    nothing = np.zeros((6, 4, 4), np.float32)
    assert not len(read_dots(Cells(0, 0, nothing, nothing), lattice_of(KEY)).slots)


@pytest.mark.parametrize(("cut_out", "looked_at"), [(True, [1.0, 2.0]), (False, [1.0])])
def test_the_first_scale_that_is_sure_need_not_be_the_clearest_of_a_cut_out(cut_out, looked_at):
    """Of one quarter of a sparse label it gave 44 bits, and the next scale 172."""
    clear = {1.0: SURE + 1, 2.0: SURE + 8, 3.0: SURE + 9}
    looks = []

    class Search:
        levels = SimpleNamespace(legible=True, cut_out=cut_out, groups=lambda: [[1.0, 2.0], [3.0]])
        strength = 0.0

        def at(self, scale):
            return SimpleNamespace(scale=scale, strength=SURE)

        def note(self, found):
            pass

        def look(self, found):
            looks.append(found.scale)
            self.strength = max(self.strength, clear[found.scale])

    assert _clearest(Search()).strength == clear[looked_at[-1]]
    assert looks == looked_at


@pytest.mark.parametrize(
    ("corner", "end", "part"),
    [((57, 440), 1, 0.027), ((12, 51), 3, 0.027), ((57, 130), 1, -0.027)],
)
def test_rows_that_fit_at_one_end_alone_are_set_right(corner, end, part, monkeypatch):
    """A third of a cell off at the other end, half of the marks fit again."""
    copy = embed(label(), BITS, KEY)[0].convert("L")
    cut = copy.crop((*corner, corner[0] + 290, corner[1] + 490))
    levels = Levels.of(cut.resize((420, 710), Image.Resampling.BICUBIC))
    lattice = lattice_of(KEY)
    whole = _clearest(_Search(levels, lattice, _map_of(KEY), levels)).best
    found = _Search(levels, lattice, _map_of(KEY), levels).at(whole.at)
    stretch = np.diag([1, 1 + part, 1])
    stretch[1, 2] = -whole.box[end] * part
    poses = [replace(found.poses[0], matrix=stretch @ found.poses[0].matrix)]
    seen = looking.look(found.view, poses, lattice, levels.finer)
    assert seen.strength > 0.9 * whole.strength
    monkeypatch.setattr(looking, "_WEAK", 0)
    assert looking.look(found.view, poses, lattice, levels.finer).strength < 0.8 * whole.strength

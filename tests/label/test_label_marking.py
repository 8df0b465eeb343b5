"""Marking labels."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.label.hosts import BARS, KEY, codeword, label
from tracemark.errors import HostTooSmall, UnreadableSample, UsageError
from tracemark.label import embed
from tracemark.label.choice import STRENGTHS
from tracemark.label.codes import keep_out
from tracemark.label.packed import Packed


def black(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L")) < 128


def test_the_same_label_gives_the_same_marks():
    """Marking is a function of picture, codeword and key."""
    first, _ = embed(label(), codeword(1), KEY)
    second, _ = embed(label(), codeword(1), KEY)
    other, _ = embed(label(), codeword(2), KEY)
    assert first.tobytes() == second.tobytes()
    assert first.tobytes() != other.tobytes()


def beside(host: np.ndarray) -> np.ndarray:
    """Dots that touch ink above, below, left or right."""
    touches = np.zeros_like(host)
    touches[1:] |= host[:-1]
    touches[:-1] |= host[1:]
    touches[:, 1:] |= host[:, :-1]
    touches[:, :-1] |= host[:, 1:]
    return touches


def test_discreet_marks_stand_on_edges_only():
    """Every changed dot turns from white to ink and touches the ink of an edge."""
    host = black(label())
    marked, placement = embed(label(), codeword(1), KEY, profile_name="discreet")
    changed = black(marked) != host
    assert changed.sum() == 2 * placement.nubs > 160
    assert placement.dots == 0
    assert not host[changed].any()
    assert beside(host)[changed].all()


def test_free_dots_are_two_dots_and_keep_their_distance():
    """By default the rest are pairs of dots, one above the other never, amid clear white."""
    host, (marked, placement) = black(label()), embed(label(), codeword(1), KEY)
    changed = black(marked) & ~host
    free = changed & ~beside(host)
    assert changed.sum() == 2 * (placement.nubs + placement.dots)
    assert free.sum() == 2 * placement.dots > 100
    assert not (free[1:] & free[:-1]).any()
    near = host.copy()
    for _ in range(6):
        near |= beside(near)
    assert not (free & near).any()


def test_every_part_of_a_label_gets_its_share():
    """Of twelve parts of the label's open ground none carries less than half of the mean."""
    host, (marked, _) = black(label()), embed(label(), codeword(1), KEY)
    changed = (black(marked) & ~host)[8:680, 8:600]
    parts = changed.reshape(4, 168, 4, 148).sum((1, 3))
    assert parts.min() > parts.mean() / 2


def test_where_free_dots_stand_says_nothing_of_the_recipient():
    """Copies for two accounts use the same cells."""
    cells = []
    for seed in (1, 2):
        marked, placement = embed(label(), codeword(seed), KEY)
        free = black(marked) & ~black(label()) & ~beside(black(label()))
        rows, columns = np.nonzero(free)
        x, y = placement.origin
        cells.append(set(zip((rows + y) // 12, (columns + x) // 12, strict=True)))
    assert cells[0] == cells[1]


@pytest.mark.parametrize("profile", STRENGTHS)
def test_no_profile_changes_more_than_it_may(profile):
    """The changed share of white dots stays within the profile's."""
    host, (marked, placement) = (
        black(label()),
        embed(label(), codeword(1), KEY, profile_name=profile),
    )
    changed = (black(marked) != host).sum() / (~host).sum()
    assert changed == pytest.approx(placement.share)
    assert changed <= STRENGTHS[profile].share


def test_the_barcode_and_its_quiet_zone_are_untouched():
    """Nothing changes over the bars, nor within ten modules of them."""
    changed = black(embed(label(), codeword(1), KEY)[0]) != black(label())
    left, top, right, bottom = BARS
    assert not changed[top + 6 : bottom - 6, left - 20 : right + 20].any()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA"])
def test_mode_size_and_resolution_stay(mode):
    """The marked copy is what the host was, dot for dot, in every mode."""
    host = label().convert(mode)
    host.info["dpi"] = (203, 203)
    marked, _ = embed(host, codeword(1), KEY)
    plain, _ = embed(label(), codeword(1), KEY)
    assert (marked.mode, marked.size, marked.info["dpi"]) == (mode, host.size, (203, 203))
    assert np.array_equal(black(marked), black(plain))


def test_a_coloured_label_is_marked_in_its_own_ink():
    """No colour appears that was not there."""
    pixels = np.array(label().convert("RGB"))
    pixels[(pixels == 0).all(2)] = (20, 20, 90)
    marked, _ = embed(Image.fromarray(pixels), codeword(1), KEY)
    assert {colour for _, colour in marked.getcolors()} == {(20, 20, 90), (255, 255, 255)}


def test_a_label_without_edges_carries_dots_or_is_refused():
    """Where no edge is straight dots carry the mark; the discreet profile has none to offer."""
    bare = Image.new("1", (608, 1040), 1)
    ImageDraw.Draw(bare).ellipse((200, 200, 400, 400), fill=0)
    _, placement = embed(bare, codeword(1), KEY)
    assert placement.nubs < 20 and placement.dots > 200
    with pytest.raises(HostTooSmall) as error:
        embed(bare, codeword(1), KEY, profile_name="discreet")
    assert error.value.needed > error.value.found
    assert error.value.hint


def test_grey_print_is_kept_clear():
    """No free dot stands on or near a grey panel, though a thermal head prints it white."""
    host = label().convert("L")
    ImageDraw.Draw(host).rectangle((320, 20, 590, 100), fill=190)
    marked, placement = embed(host, codeword(1), KEY)
    assert placement.dots > 50
    free = black(marked) & ~black(host) & ~beside(black(host))
    assert free.any() and not free[16:105, 316:595].any()


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (13, 13)])
@pytest.mark.parametrize("shade", [0, 1])
def test_empty_pictures_are_refused(size, shade):
    """All white, all black, a dot, a line: no room, said so."""
    with pytest.raises(HostTooSmall):
        embed(Image.new("1", size, shade), codeword(1), KEY)


def test_unknown_profiles_and_modes_are_refused():
    """One clear error each."""
    with pytest.raises(UsageError):
        embed(label(), codeword(1), KEY, profile_name="loud")
    with pytest.raises(UnreadableSample):
        embed(label().convert("L").convert("CMYK"), codeword(1), KEY)


def test_a_ruled_table_is_no_barcode():
    """Close thin rules are left open for marks; bars are not."""
    page = np.zeros((320, 640), bool)
    page[20:300:20, 20:620] = True
    assert not keep_out(Packed(page), 16).any()
    page[:] = False
    for x in range(40, 600, 8):
        page[100:200, x : x + 4] = True
    assert keep_out(Packed(page), 16)[7:11, 3:36].all()


def test_a_square_code_is_kept_out():
    """A field of random modules, as a QR code is, and four modules around it."""
    page = np.zeros((400, 400), bool)
    modules = np.random.default_rng(3).integers(0, 2, (29, 29)).astype(bool)
    page[100:245, 120:265] = np.kron(modules, np.ones((5, 5), bool))
    rows, columns = np.nonzero(keep_out(Packed(page), 16))
    assert rows.min() * 16 <= 80 and (rows.max() + 1) * 16 >= 265
    assert columns.min() * 16 <= 100 and (columns.max() + 1) * 16 >= 285


@pytest.mark.parametrize("stated", [("a", "b"), (None, None), (10**400, 1), (1j, 1j), (np.nan, 0)])
def test_a_resolution_that_is_none_counts_as_unknown(stated):
    """Programs that make pictures may state anything."""
    host = label()
    host.info.pop("dpi")
    unknown, _ = embed(host, codeword(1), KEY)
    host.info["dpi"] = stated
    stating, _ = embed(host, codeword(1), KEY)
    assert stating.tobytes() == unknown.tobytes()

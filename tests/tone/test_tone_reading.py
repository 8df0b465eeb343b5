import numpy as np
import pytest
from PIL import Image

from tests.tone import hosts
from tracemark import tone
from tracemark.profiles import CURRENT

WORD = np.random.default_rng(6).integers(0, 2, CURRENT.length).astype(np.uint8)
OTHER = b"somebody else's key, 32 bytes lo"


@pytest.fixture(scope="module")
def marked():
    return tone.embed(hosts.scene(11), WORD, hosts.KEY)


def deviations(found, word):
    """How clearly the votes agree with a codeword: a standard normal for anyone else's."""
    shown = np.where(word[found.reading.positions] == 1, 1, -1) * found.reading.chips
    return shown.sum() / np.sqrt(np.square(shown).sum())


@pytest.mark.parametrize(
    "leak",
    [
        lambda p: p,
        lambda p: hosts.jpeg(p, 50),
        hosts.half,
        lambda p: hosts.quarter(p, 0.37, 0.81),
        lambda p: hosts.quarter(p, 1, 0).resize((640, 480)),
    ],
    ids=["as it is", "JPEG 50", "half size", "a quarter", "a quarter, enlarged"],
)
def test_votes_outlive_what_happens_to_pictures(marked, leak):
    """The check cells say that it is ours, and the votes agree with the codeword alone."""
    [found] = tone.read(leak(marked), [hosts.KEY])
    assert found.use == "picture" and found.bound < 1e-4
    assert deviations(found, WORD) > 9
    stranger = np.random.default_rng(7).integers(0, 2, CURRENT.length).astype(np.uint8)
    assert abs(deviations(found, stranger)) < 5


@pytest.mark.parametrize("zoom", [1.0, 1.25, 2.0])
def test_a_screen_is_read_at_any_zoom(zoom):
    """Over a busy table, light or dark, also through JPEG."""
    tile = tone.tile(WORD, hosts.KEY)
    page = hosts.table(12, (round(1200 * zoom), round(700 * zoom)), dark=zoom == 1)
    [found] = tone.read(hosts.jpeg(hosts.covered(page, tile, zoom), 60), [hosts.KEY])
    assert found.use == "tile" and found.bound < 1e-4
    assert deviations(found, WORD) > 9


@pytest.mark.parametrize("seed", range(2))
def test_what_was_never_marked_shows_no_mark(seed):
    """Pictures and screens, unmarked or of another key."""
    tile = tone.tile(WORD, OTHER)
    samples = (
        hosts.scene(20 + seed, (500, 400)),
        tone.embed(hosts.scene(30 + seed, (500, 400)), WORD, OTHER),
        hosts.table(40 + seed, (900, 600)),
        hosts.covered(hosts.table(50 + seed, (900, 600)), tile),
    )
    for sample in samples:
        [found] = tone.read(sample, [hosts.KEY])
        assert found.bound > 1e-4


def test_of_many_keys_the_right_one_reads(marked):
    """One reading for each key."""
    other, ours = tone.read(marked, [OTHER, hosts.KEY])
    assert ours.bound < 1e-9 and other.bound > 1e-4


@pytest.mark.parametrize("size", [(1, 1), (1, 100), (7, 9), (33, 20)])
def test_tiny_pictures_are_read_as_nothing(size):
    """Nothing in them, and no fault."""
    [found] = tone.read(Image.new("L", size, 200), [hosts.KEY])
    assert found.bound > 1e-4


@pytest.mark.parametrize("corners", hosts.ASIDE, ids=["from the left", "from below", "turned"])
def test_a_screen_is_read_from_aside(corners):
    """Its own rows and columns tell how it stands, all but how wide its squares are."""
    page = hosts.covered(hosts.table(60, (1600, 900)), tone.tile(WORD, hosts.KEY))
    [found] = tone.read(hosts.jpeg(hosts.seen(page, corners), 85), [hosts.KEY])
    assert found.use == "tile" and found.bound < 1e-4
    assert deviations(found, WORD) > 9


def test_a_marked_picture_is_known(marked):
    """By its own key only, and an unmarked one is not."""
    assert tone.carries_mark(marked, [OTHER, hosts.KEY])
    assert not tone.carries_mark(marked, [OTHER])
    assert not tone.carries_mark(hosts.scene(11), [hosts.KEY])


@pytest.mark.parametrize(("seed", "place"), [(72, (1, 1)), (74, (0, 0)), (79, (1, 1))])
def test_a_mark_is_found_where_chance_stands_out_more(seed, place):
    """In a quarter of a grainy picture, another place of another size is a little clearer."""
    size = (640, 480)
    grain = np.random.default_rng(seed).normal(0, 14, (240, 320, 1)).repeat(2, 0).repeat(2, 1)
    pixels = np.clip(np.asarray(hosts.scene(seed, size)) + grain, 0, 255)
    host = Image.fromarray(pixels.astype(np.uint8))
    word = np.random.default_rng(1).integers(0, 2, CURRENT.length).astype(np.uint8)
    quarter = hosts.quarter(tone.embed(host, word, hosts.KEY), *place)
    (found,) = tone.read(quarter, [hosts.KEY])
    assert found.check > 6

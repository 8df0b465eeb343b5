import math

import numpy as np
import pytest
from PIL import Image

from tests.tone import hosts
from tracemark import tone
from tracemark.errors import HostTooSmall, UsageError
from tracemark.profiles import CURRENT
from tracemark.tone.lattice import PERIOD, Lattice, lattice_of
from tracemark.tone.pattern import weights

WORD = np.random.default_rng(5).integers(0, 2, CURRENT.length).astype(np.uint8)


def psnr(host, marked):
    off = np.asarray(host, float) - np.asarray(marked, float)
    return 10 * math.log10(255**2 / np.square(off).mean())


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA"])
def test_mode_size_and_quality_are_kept(mode):
    """The copy is as the host was but for tones of more than 44 dB; nothing is see-through."""
    host = hosts.scene(1, (400, 300)).convert(mode)
    host.info["dpi"] = (203, 203)
    marked = tone.embed(host, WORD, hosts.KEY)
    assert (marked.mode, marked.size, marked.info["dpi"]) == (mode, host.size, (203, 203))
    assert 44 < psnr(host.convert("RGB"), marked.convert("RGB")) < 46
    if mode.endswith("A"):
        assert marked.getchannel("A").tobytes() == host.getchannel("A").tobytes()


def test_the_same_picture_gets_the_same_mark():
    """Marking again gives the same bytes; another picture another place on the lattice."""
    host = hosts.scene(2, (400, 300))
    assert tone.embed(host, WORD, hosts.KEY).tobytes() == (
        tone.embed(host.copy(), WORD, hosts.KEY).tobytes()
    )
    lattice = lattice_of(hosts.KEY, "picture")
    assert lattice.origin(b"one", 8.0) != lattice.origin(b"another", 8.0)


def test_what_printers_are_sent_is_no_host():
    """Two-level labels, with smoothed edges or without, and palettes take no tones."""
    label = Image.new("L", (400, 300), 255)
    label.paste(0, (50, 50, 300, 60))
    label.paste(128, (50, 100, 300, 101))  # a smoothed edge
    assert not tone.suits(label)
    assert not tone.suits(label.convert("1"))
    assert not tone.suits(hosts.scene(3, (200, 100)).convert("P"))
    assert tone.suits(hosts.scene(3, (200, 100)))


def test_a_picture_that_drowns_tones_is_refused():
    """Coarse noise all over, or too few pixels: the copy could not be traced."""
    noise = np.random.default_rng(4).integers(0, 256, (200, 300, 3)).astype(np.uint8)
    with pytest.raises(HostTooSmall) as raised:
        tone.embed(Image.fromarray(noise), WORD, hosts.KEY, alone=True)
    assert raised.value.found < raised.value.needed
    with pytest.raises(HostTooSmall):
        tone.embed(hosts.scene(4, (100, 96)).crop((0, 0, 12, 9)), WORD, hosts.KEY, alone=True)


def test_a_tile_repeats_without_a_seam_and_hardly_shows():
    """At most 4 of 255 levels; its last rows and columns lead on to its first."""
    tile = tone.tile(WORD, hosts.KEY)
    alpha = np.asarray(tile).astype(int)[..., 3]
    signed = np.where(np.asarray(tile)[..., 0] == 255, alpha, -alpha)
    assert tile.mode == "RGBA" and tile.size == (1024, 1024) and alpha.max() == 4
    for axis in (0, 1):
        assert np.abs(signed - np.roll(signed, 1, axis)).max() <= 2
    with pytest.raises(UsageError):
        tone.tile(WORD, hosts.KEY, size=(0, 5))
    with pytest.raises(UsageError):
        tone.tile(WORD, hosts.KEY, strength="loud")


def test_cells_of_every_use_are_as_many_as_they_should_be():
    """Half code, a quarter each sync and check, and each cell one of them; uniform positions."""
    lattice = Lattice(hosts.KEY, "tile")
    total = lattice.code.astype(int) + lattice.sync + lattice.check
    assert (total == 1).all()
    cells = PERIOD**2
    for kind, share in ((lattice.code, 0.5), (lattice.sync, 0.25), (lattice.check, 0.25)):
        assert abs(kind.sum() - share * cells) < 5 * math.sqrt(cells * share * (1 - share))
    assert lattice.positions.min() >= CURRENT.biased
    assert lattice.positions.max() < CURRENT.length


def test_what_a_tile_shows_says_nothing_about_pictures():
    """Signs of the two lattices of a key agree as coins do; identities are apart."""
    tiles, pictures = Lattice(hosts.KEY, "tile"), Lattice(hosts.KEY, "picture")
    agreeing = (tiles.signs(WORD) == pictures.signs(WORD)).mean()
    assert abs(agreeing - 0.5) < 5 * 0.5 / PERIOD
    assert not set(tiles.identities().ravel()) & set(pictures.identities().ravel())


def test_equal_neighbours_merge_without_a_seam():
    """The weights of all cells at a place sum to one."""
    value, slope = weights(np.linspace(-70, 70, 999))
    np.testing.assert_allclose(value.sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(slope.sum(1), 0, atol=1e-5)

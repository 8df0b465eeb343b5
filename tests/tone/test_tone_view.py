import numpy as np
import pytest

from tests.tone import hosts
from tracemark.tone.steps import luminance, pyramid
from tracemark.tone.view import glimpsed, laid, upright

BOX = (-16, -16, 16, 16)
MIDDLE = (400.0, 300.0)
TURNED = np.array([[0.98, -0.17, 0.0], [0.17, 0.98, 0.0], [2e-4, -1e-4, 1.0]])


@pytest.fixture(scope="module")
def steps():
    return pyramid(luminance(hosts.scene(41, (800, 600))), 4)


def alike(one, other):
    return np.corrcoef(np.ravel(one), np.ravel(other))[0, 1]


@pytest.mark.parametrize("cell", [4.3, 6.0, 11.0, 17.0])
@pytest.mark.parametrize("turn", [np.eye(3), TURNED], ids=["upright", "leaning"])
def test_a_glimpse_shows_what_the_lattice_shows(steps, cell, turn):
    """The same steps at the same places, though only by the nearest corner of pixels."""
    pose = upright(1.0, MIDDLE) @ turn @ np.diag([cell, cell, 1.0])
    elsewhere = pose @ upright(1.0, (3.0, 0.0))
    for whole, glimpse, other in zip(
        laid(steps, pose, BOX, 2),
        glimpsed(steps, pose, BOX, 2),
        glimpsed(steps, elsewhere, BOX, 2),
        strict=True,
    ):
        assert glimpse.shape == whole.shape and glimpse.dtype == np.float32
        assert alike(whole, glimpse) > 0.7 > 0.4 > abs(alike(whole, other))


def test_beyond_the_picture_nothing_rises(steps):
    """Whichever side a place lies on, and on the horizon itself."""
    for place in ((-500.0, 300.0), (1300.0, 300.0), (400.0, -500.0), (400.0, 1100.0)):
        for field in glimpsed(steps, upright(6.0, place), BOX, 2):
            assert not field.any()
    for bend in (4 / 63, 1 / 16):  # a pixel lies there; the corner does
        horizon = np.array([[6.0, 0.0, 400.0], [0.0, 6.0, 300.0], [bend, 0.0, 1.0]])
        with np.errstate(divide="ignore" if bend == 1 / 16 else "warn", invalid="ignore"):
            for field in glimpsed(steps, horizon, BOX, 2):
                assert np.isfinite(field).all()

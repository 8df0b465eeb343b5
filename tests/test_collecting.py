"""Garbage is collected rarely while cells are in hand, and as usual afterwards."""

from __future__ import annotations

import gc
from contextlib import ExitStack

import pytest

from tracemark.collecting import rarely


def test_the_usual_is_restored_whatever_happens() -> None:
    """After an error, and where contexts overlap and the first one ends first."""
    usual = gc.get_threshold()
    with pytest.raises(KeyError), rarely():
        assert gc.get_threshold()[0] > usual[0]
        raise KeyError
    assert gc.get_threshold() == usual
    first, second = ExitStack(), ExitStack()
    first.enter_context(rarely())
    second.enter_context(rarely())
    first.close()
    assert gc.get_threshold()[0] > usual[0]
    second.close()
    assert gc.get_threshold() == usual


def test_who_collects_never_or_more_rarely_still_does() -> None:
    """A threshold of 0 means never; it stays."""
    usual = gc.get_threshold()
    try:
        for own in (0, 1_000_000):
            gc.set_threshold(own, 5, 5)
            with rarely():
                assert gc.get_threshold()[0] == own
            assert gc.get_threshold()[0] == own
    finally:
        gc.set_threshold(*usual)

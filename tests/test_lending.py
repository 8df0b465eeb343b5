"""One thing is kept for the next, and lent to one at a time."""

from __future__ import annotations

import pytest

from tracemark.lending import Lending


class Thing:
    def __init__(self):
        self.did = []

    def rest(self):
        self.did.append("rest")

    def end(self):
        self.did.append("end")


def test_the_next_gets_the_same():
    lending = Lending()
    with lending.lent(Thing) as one:
        pass
    with lending.lent(Thing) as again:
        assert again is one and one.did == ["rest"]
    lending.end()
    assert one.did == ["rest", "rest", "end"]


def test_whoever_comes_meanwhile_gets_another_that_is_ended():
    lending = Lending()
    with lending.lent(Thing) as one:
        with lending.lent(Thing) as other:
            assert other is not one
        with lending.lent(Thing) as third:
            assert third is other
    assert one.did == ["rest", "end"] and other.did == ["rest", "rest"]


def test_nothing_is_kept_of_what_went_wrong():
    lending = Lending()
    with pytest.raises(KeyboardInterrupt), lending.lent(Thing) as one:
        raise KeyboardInterrupt
    assert one.did == ["end"]
    with lending.lent(Thing) as other:
        assert other is not one


def test_nothing_is_kept_after_the_end():
    lending = Lending()
    with lending.lent(Thing) as one:
        lending.end()
    assert one.did == ["rest", "end"]

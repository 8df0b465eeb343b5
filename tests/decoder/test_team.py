"""Codewords drawn ahead, while there is nothing yet to hold them against."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from tests.decoder.test_search import BOOKS, scores, weighed
from tracemark.decoder import helpers, team
from tracemark.decoder.search import CHUNK, Panel
from tracemark.decoder.supply import Supply
from tracemark.decoder.team import Team, scan

IDS = [f"站点:{n:06d}" for n in range(24_000)]


@pytest.fixture
def panels():
    return [Panel(book, [weighed(book, 1), None, weighed(book, 2, 9)]) for book in BOOKS]


@pytest.fixture
def asked(monkeypatch):
    """What the helper of a second processor answered: a chunk drawn ahead by its number, or ids."""
    monkeypatch.setattr(team, "processors", lambda: 2)
    seen = []
    ask = helpers.Helper._ask

    def noted(self, what, shape):
        found = ask(self, what, shape)
        seen.append(what if found is not None else None)
        return found

    monkeypatch.setattr(helpers.Helper, "_ask", noted)
    return seen


def until(true):
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def drawn(crew, chunks):
    """Wait until the helper was told to draw that many."""
    until(lambda: len(crew._supply._homes) >= chunks)


def same(one, other):
    assert list(one) == list(other)
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_what_was_drawn_ahead_is_scored_alike(asked, panels):
    """In two passes, each with other weights, as the rounds of a case have them."""
    with Team() as crew:
        crew.draw(BOOKS, [IDS], team.MANY)
        drawn(crew, 15)
        first = scores(crew.scan([IDS], panels, number=team.MANY))
        only = [Panel(BOOKS[1], [weighed(BOOKS[1], 7)])]
        second = scores(crew.scan([IDS], only, number=team.MANY))
    assert None not in asked and sum(isinstance(what, int) for what in asked) >= 5
    same(first, scores(scan([IDS], panels)))
    same(second, scores(scan([IDS], only)))


def test_who_registers_meanwhile_is_scored_and_spoils_nothing(asked, panels):
    """One more at the end, and one in the middle, behind which no chunk is as it was drawn."""
    more = sorted([*IDS, "站点:014000b", "站点:9"])
    with Team() as crew:
        crew.draw(BOOKS, [IDS], team.MANY)
        drawn(crew, 15)
        found = scores(crew.scan([more], panels, number=team.MANY))
    assert any(isinstance(what, int) for what in asked)
    same(found, scores(scan([more], panels)))


def test_helpers_keep_no_more_than_there_is_room_for(asked, panels, monkeypatch):
    """Room for 6 chunks of 24, in two epochs of 384 bytes: every fourth is drawn ahead."""
    monkeypatch.setattr(team, "ROOM", 6 * CHUNK * 2 * 384)
    monkeypatch.setattr(team, "MANY", len(IDS))
    with Team() as crew:
        crew.draw(BOOKS, [IDS], len(IDS))
        drawn(crew, 5)
        found = scores(crew.scan([IDS], panels, number=len(IDS)))
        kept = sorted(number for _, number in crew._supply._homes.values())
    assert 5 <= len(kept) <= 6 and set(np.diff(kept)) <= {3, 4}
    same(found, scores(scan([IDS], panels)))


def test_a_helper_that_breaks_off_while_it_draws_changes_nothing(asked, panels):
    with Team() as crew:
        crew.draw(BOOKS, [IDS], team.MANY)
        drawn(crew, 3)
        crew._helpers[0]._child.kill()
        found = scores(crew.scan([IDS], panels, number=team.MANY))
    assert set(asked) == {None}
    same(found, scores(scan([IDS], panels)))


@pytest.mark.parametrize("when", [0, 5])
def test_whatever_ends_a_case_leaves_no_process(asked, when):
    """While the helper starts, and while it draws; Ctrl-C is an exception as well."""
    crew = Team()
    with pytest.raises(KeyboardInterrupt), crew:
        crew.draw(BOOKS, [IDS], team.MANY)
        drawn(crew, when)
        raise KeyboardInterrupt
    child = crew._helpers[0]._child
    assert child is None or child.poll() is not None
    assert not [one for one in threading.enumerate() if one in crew._helpers[0]._thread._threads]


def test_a_list_that_breaks_off_ends_drawing_ahead_only(asked, panels):
    def lists():
        yield IDS[:12_000]
        raise OSError("no ledger any more")

    with Team() as crew:
        crew.draw(BOOKS, lists(), team.MANY)
        drawn(crew, 12)
        found = scores(crew.scan([IDS], panels, number=team.MANY))
    same(found, scores(scan([IDS], panels)))


def test_few_candidates_are_not_drawn_ahead(asked, monkeypatch):
    """Neither where few were announced nor where few come."""
    monkeypatch.setattr(helpers.subprocess, "Popen", None)
    with Team() as crew:
        crew.draw(BOOKS, [IDS], team.MANY - 1)
        crew.draw(BOOKS, [IDS[:8192]], team.MANY)
        assert not crew._helpers


def test_several_helpers_share_what_is_to_be_drawn():
    supply = Supply(iter([IDS[:10], IDS[10:20], IDS[20:30]]), 30, 2 * CHUNK)
    assert [supply.take(1), supply.take(0)] == [(0, IDS[:10]), (1, IDS[10:20])]
    assert supply.take(1) is None
    assert supply.home(IDS[:10]) == (1, 0) and supply.home(IDS[10:20]) == (0, 1)
    assert supply.home(IDS[20:30]) is None and supply.home(IDS[:9]) is None

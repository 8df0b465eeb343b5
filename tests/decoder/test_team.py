"""Codewords drawn ahead, while there is nothing yet to hold them against."""

from __future__ import annotations

import itertools
import threading
import time

import numpy as np
import pytest

from tests.decoder.test_search import BOOKS, scan, scores, weighed
from tracemark.codeword import Codebook
from tracemark.decoder import helpers, team
from tracemark.decoder.search import CHUNK, Panel, chunked
from tracemark.decoder.supply import Supply
from tracemark.decoder.team import Team

IDS = [f"站点:{n:06d}" for n in range(24 * CHUNK)]


@pytest.fixture
def panels():
    return [Panel(book, [weighed(book, 1), None, weighed(book, 2, 9)]) for book in BOOKS]


@pytest.fixture
def asked(monkeypatch):
    """What the helper of a second processor answered: a chunk drawn ahead by its number, or ids."""
    monkeypatch.setattr(team, "processors", lambda: 2)
    seen = []
    score = helpers.Helper.score

    def noted(self, what, size):
        future = score(self, what, size)
        future.add_done_callback(lambda done: seen.append(None if done.result() is None else what))
        return future

    monkeypatch.setattr(helpers.Helper, "score", noted)
    return seen


def until(true):
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def drawn(crew, chunks):
    """Wait until the helper was told to draw that many."""
    until(lambda: len(crew._supply._homes) >= chunks)


def in_both_epochs(crew):
    """How many lists of ids were drawn in both epochs."""
    return sum(len(home[2]) == 2 for home in list(crew._supply._homes.values()))


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
    more = sorted([*IDS, "站点:028000b", "站点:9"])
    with Team() as crew:
        crew.draw(BOOKS, [IDS], team.MANY)
        drawn(crew, 15)
        found = scores(crew.scan([more], panels, number=team.MANY))
    assert any(isinstance(what, int) for what in asked)
    same(found, scores(scan([more], panels)))


def test_no_more_is_kept_than_there_is_room_for(asked, panels, monkeypatch):
    """Room for 9 chunks of 24, in two epochs of 384 bytes: every fourth is drawn ahead."""
    monkeypatch.setattr(team, "ROOM", 9 * CHUNK * 2 * 384)
    monkeypatch.setattr(team, "MANY", len(IDS))
    chunks = list(chunked([IDS]))
    with Team() as crew:
        crew.draw(BOOKS, [IDS], len(IDS))
        drawn(crew, 5)
        ahead = [place for place, ids in enumerate(chunks) if crew._supply.home(ids)]
        found = scores(crew.scan([IDS], panels, number=len(IDS)))
        kept = [ids for ids in chunks if crew._supply.home(ids)]
    assert 5 <= len(ahead) <= 6 and set(np.diff(ahead)) <= {3, 4}
    assert len(kept) == 9
    same(found, scores(scan([IDS], panels)))


def test_no_codeword_is_drawn_twice(asked, panels, monkeypatch):
    """By nobody, where there is room: the second pass weighs what the first has drawn."""
    drawn_here = []
    pack = Codebook.pack

    def noted(self, ids):
        drawn_here.append(tuple(ids))
        return pack(self, ids)

    with Team() as crew:
        crew.draw(BOOKS, [IDS], team.MANY)
        drawn(crew, 5)
        with monkeypatch.context() as patch:
            patch.setattr(Codebook, "pack", noted)
            first = scores(crew.scan([IDS], panels, number=team.MANY))
            assert len(set(drawn_here)) < len(list(chunked([IDS])))
            drawn_here.clear()
            asked.clear()
            patch.setattr(team, "_DRAWN", 1000)  # however slow the helper is
            second = scores(crew.scan([IDS], panels, number=team.MANY))
    assert not drawn_here and all(isinstance(what, int) for what in asked)
    same(first, scores(scan([IDS], panels)))
    same(second, first)


def test_the_next_case_draws_only_what_is_new(asked, panels, monkeypatch):
    """Also after a case that weighed one epoch alone, and with one more list of candidates."""
    only = [Panel(BOOKS[0], [weighed(BOOKS[0], 7)])]
    more = [f"站点:9{n:05d}" for n in range(CHUNK)]
    told = []
    tell = helpers.Helper._tell

    def noted(self, what):
        told.append(what)
        return tell(self, what)

    with Team() as crew:
        crew.draw(BOOKS, [IDS], team.MANY)
        drawn(crew, 5)
        first = scores(crew.scan([IDS], only, number=team.MANY))
        crew.rest()
        whole = in_both_epochs(crew)
        crew.draw(BOOKS, [IDS], team.MANY)
        until(lambda: in_both_epochs(crew) >= min(whole + 3, len(list(chunked([IDS])))))
        both = scores(crew.scan([IDS], panels, number=team.MANY))
        crew.rest()
        held = len(crew._supply._homes)
        monkeypatch.setattr(helpers.Helper, "_tell", noted)
        crew.draw(BOOKS, [IDS, more], team.MANY)
        drawn(crew, held + 1)
        crew.rest()
        until(lambda: any(isinstance(what, tuple) and what[0] == "draw" for what in told))
        third = scores(crew.scan([IDS, more], panels, number=team.MANY))
    assert [what[1][1] for what in told if what[0] == "draw"] == [more]
    assert None not in asked  # no helper broke off
    same(first, scores(scan([IDS], only)))
    same(both, scores(scan([IDS], panels)))
    same(third, scores(scan([IDS, more], panels)))


@pytest.mark.parametrize("how", ["another key", "a helper that broke off"])
def test_the_next_case_begins_anew_with(how, asked, panels):
    with Team() as crew:
        crew.draw(BOOKS[:1] if how == "another key" else BOOKS, [IDS], team.MANY)
        drawn(crew, 3)
        before = crew._helpers[0]
        until(lambda: before._child is not None)
        crew.rest()
        if how != "another key":
            before._child.kill()
            before._child.wait()
        crew.draw(BOOKS, [IDS], team.MANY)
        assert crew._helpers[0] is not before and before._child.poll() is not None
        found = scores(crew.scan([IDS], panels, number=team.MANY))
    same(found, scores(scan([IDS], panels)))


def test_nothing_is_handed_out_at_rest():
    supply = Supply(iter([IDS[:10], IDS[10:20]]), 20, 3 * CHUNK)
    assert supply.take(0) == (0, IDS[:10])
    supply.stop()
    assert supply.take(0) is None
    supply.offer([IDS[:10], IDS[10:20]], 20, ())
    assert supply.take(0) == (1, IDS[10:20])


def test_rest_does_not_wait_for_a_list_that_is_known_to_its_end():
    supply = Supply([IDS[:10]], 10, 3 * CHUNK)
    assert supply.take(0) == (0, IDS[:10])
    supply.offer(itertools.repeat(IDS[:10]), 10, ())
    looking = threading.Thread(target=supply.take, args=(0,), daemon=True)
    looking.start()
    resting = threading.Thread(target=supply.stop, daemon=True)
    resting.start()
    for one in (resting, looking):
        one.join(60)
        assert not one.is_alive()


def test_one_processor_draws_once_too(panels, monkeypatch):
    monkeypatch.setattr(team, "processors", lambda: 1)
    with Team() as crew:
        crew.draw(BOOKS, [IDS], team.MANY)
        first = scores(crew.scan([IDS], panels, number=team.MANY))
        with monkeypatch.context() as patch:
            patch.setattr(Codebook, "pack", None)
            second = scores(crew.scan([IDS], panels, number=team.MANY))
    same(first, scores(scan([IDS], panels)))
    same(second, first)


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
    helper = crew._helpers[0]
    assert helper._child is None or helper._child.poll() is not None
    threads = helper._orders._threads | helper._answers._threads
    assert not [one for one in threading.enumerate() if one in threads]


def test_the_next_order_is_given_before_an_answer_is_taken(panels, monkeypatch):
    """So the process has it at hand when it is done with the one before."""
    given, go_on = [], threading.Event()
    tell, answer = helpers.Helper._tell, helpers.Helper._answer

    def told(self, what):
        given.append(what)
        return tell(self, what)

    def answered(self, *args):
        assert go_on.wait(60)
        return answer(self, *args)

    monkeypatch.setattr(helpers.Helper, "_tell", told)
    monkeypatch.setattr(helpers.Helper, "_answer", answered)
    helper = helpers.Helper(0, BOOKS)
    try:
        helper.weigh(panels)
        futures = [helper.score(IDS[start : start + 5], 5) for start in (0, 5, 10)]
        until(lambda: sum(what[0] == "score" for what in given) == 3)
        assert helper.given == 3
        go_on.set()
        found = np.concatenate([future.result(60) for future in futures])
    finally:
        go_on.set()
        helper.end()
    same(dict(zip(IDS[:15], found, strict=True)), scores(scan([IDS[:15]], panels)))


def test_a_list_that_breaks_off_ends_drawing_ahead_only(asked, panels):
    def lists():
        yield IDS[: 12 * CHUNK]
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
        crew.draw(BOOKS, [IDS[: 8 * CHUNK]], team.MANY)
        assert not crew._helpers


def test_several_helpers_share_what_is_to_be_drawn():
    supply = Supply(iter([IDS[:10], IDS[10:20], IDS[20:30]]), 30, 3 * CHUNK)
    assert [supply.take(1), supply.take(0)] == [(0, IDS[:10]), (1, IDS[10:20])]
    assert supply.take(1) is None
    assert supply.home(IDS[:10]) == (1, 0) and supply.home(IDS[10:20]) == (0, 1)
    assert supply.home(IDS[20:30]) is None and supply.home(IDS[:9]) is None
    assert supply.keep(IDS[20:30], -1) == 2 and supply.home(IDS[20:30]) == (-1, 2)
    assert supply.keep(IDS[30:40], -1) is None

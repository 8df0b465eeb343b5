from __future__ import annotations

import sys

import numpy as np
import pytest

from tests.decoder.test_search import BOOKS, scan, scores, weighed
from tracemark.decoder import helpers, team
from tracemark.decoder.search import Panel

IDS = [f"账号:{n}" for n in range(40_000)]


@pytest.fixture
def panels():
    return [Panel(book, [weighed(book, 1), None, weighed(book, 2, 9)]) for book in BOOKS]


@pytest.fixture
def two_processors(monkeypatch):
    monkeypatch.setattr(team, "processors", lambda: 2)


def held_alike(panels):
    alone = scores(scan([IDS], panels))
    helped = scores(scan([IDS], panels, number=team.MANY))
    assert list(helped) == list(alone) == IDS
    assert all(np.array_equal(helped[name], alone[name]) for name in IDS)


def test_a_helper_gives_the_same_scores_in_the_same_order(two_processors, panels, monkeypatch):
    answered = []
    answer = helpers.Helper._answer

    def counted(self, *order):
        found = answer(self, *order)
        answered.append(found is not None)
        return found

    monkeypatch.setattr(helpers.Helper, "_answer", counted)
    held_alike(panels)
    assert answered and all(answered)


def test_an_answer_to_another_order_is_no_answer(two_processors, panels, monkeypatch):
    """One answer is left lying: all after it are taken for what they are, and scored here."""
    answered = []
    answer = helpers.Helper._answer

    def one_is_lost(self, told, number, shape):
        found = None if number == 1 else answer(self, told, number, shape)
        answered.append(found is not None)
        return found

    monkeypatch.setattr(helpers.Helper, "_answer", one_is_lost)
    held_alike(panels)
    assert answered[0] and len(answered) >= 3 and not any(answered[1:])


@pytest.mark.parametrize("python", ["/nowhere/python", "false"])
def test_what_a_helper_fails_to_score_is_scored_here(two_processors, panels, monkeypatch, python):
    """No such program; one that ends at once."""
    monkeypatch.setattr(sys, "executable", python)
    held_alike(panels)


def test_a_scan_that_is_left_leaves_no_process(two_processors, panels, monkeypatch):
    started = []
    start = helpers.Helper._start

    def noted(self, books):
        start(self, books)
        started.append(self._child)

    monkeypatch.setattr(helpers.Helper, "_start", noted)
    blocks = scan([IDS], panels, number=team.MANY)
    for _ in range(12):
        next(blocks)
    blocks.close()
    assert [child.poll() is not None for child in started] == [True]


def test_a_helper_is_not_handed_keys_by_the_environment(two_processors, panels, monkeypatch):
    monkeypatch.setenv("TRACEMARK_KEY", "00" * 32)
    seen = []
    popen = helpers.subprocess.Popen

    def noted(*args, **kwargs):
        seen.append(kwargs["env"])
        return popen(*args, **kwargs)

    monkeypatch.setattr(helpers.subprocess, "Popen", noted)
    list(scan([IDS[:20_000]], panels, number=team.MANY))
    assert len(seen) == 1 and "TRACEMARK_KEY" not in seen[0]


def test_few_candidates_start_no_process(two_processors, panels, monkeypatch):
    """Also where many were announced."""
    monkeypatch.setattr(helpers.subprocess, "Popen", None)
    assert len(scores(scan([IDS[:8192]], panels, number=team.MANY))) == 8192
    assert len(scores(scan([IDS[:20_000]], panels, number=20_000))) == 20_000

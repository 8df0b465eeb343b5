"""Tones that are read in a process of their own are read the same, whatever becomes of it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tests.tone.hosts import KEY, scene
from tracemark.profiles import CURRENT
from tracemark.tone import apart, embed, read

OTHER = b"another key for tone tests, 32 b"


@pytest.fixture(scope="module")
def marked():
    word = np.random.default_rng(4).integers(0, 2, CURRENT.length).astype(np.uint8)
    return embed(scene(4, (1200, 900)), word, KEY)


@pytest.fixture
def two(monkeypatch):
    monkeypatch.setattr(apart, "processors", lambda: 2)


def same(found, expected):
    for one, other in zip(found, expected, strict=True):
        assert (one.clear, one.check, one.use) == (other.clear, other.check, other.use)
        assert (one.pose is None) == (other.pose is None)
        if one.reading is not None:
            assert np.array_equal(one.reading.chips, other.reading.chips)
            assert np.array_equal(one.reading.slots, other.reading.slots)
    return True


def test_a_process_reads_what_this_one_would(marked, two, monkeypatch):
    def not_here(*_):
        raise AssertionError("read here")

    monkeypatch.setattr(apart, "read_reduced", not_here)
    with apart.reading(marked, [OTHER, KEY], CURRENT) as answer:
        found = answer()
    assert found[1].check > 10 > found[0].check
    monkeypatch.undo()
    assert same(found, read(marked, [OTHER, KEY]))


@pytest.mark.parametrize("code", ["exit(1)", "import os; os.kill(os.getpid(), 9)", None])
def test_what_a_process_fails_to_read_is_read_here(marked, two, monkeypatch, code):
    def broken(module):
        if code is None:
            raise OSError("no more processes")
        pipe = subprocess.PIPE
        return subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe)

    monkeypatch.setattr(apart, "started", broken)
    with apart.reading(marked, [KEY], CURRENT) as answer:
        assert same(answer(), read(marked, [KEY]))


def test_no_process_is_left_behind(marked, two, monkeypatch):
    children = []

    def kept(module, started=apart.started):
        children.append(started(module))
        return children[-1]

    monkeypatch.setattr(apart, "started", kept)
    with pytest.raises(KeyError), apart.reading(marked, [KEY], CURRENT):
        raise KeyError
    assert [child.poll() is None for child in children] == [False]


@pytest.mark.parametrize(("size", "processors"), [((400, 300), 2), ((1200, 900), 1)])
def test_little_is_read_here(monkeypatch, size, processors):
    monkeypatch.setattr(apart, "processors", lambda: processors)
    monkeypatch.setattr(apart, "started", None)
    picture = scene(5, size)
    with apart.reading(picture, [KEY], CURRENT) as answer:
        assert same(answer(), read(picture, [KEY]))

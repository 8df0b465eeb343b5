"""A file that is parsed in the background is read as it would be otherwise, or leaves nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from tracemark.errors import UnreadableSample
from tracemark.loaders.meanwhile import meanwhile

ROWS = [["浙江省", "12"], None, ["a"]]


def parser(children, seconds=0.0):
    def parse(watch):
        child = subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({seconds})"])
        children.append(child)
        watch(child)
        child.wait()
        yield from ROWS

    return parse


@pytest.mark.parametrize("patience", [0.0, 60.0])
def test_rows_are_the_same_whenever_it_began(patience):
    with meanwhile(parser([]), patience) as rows:
        assert rows() == ROWS


def test_what_nobody_asks_for_is_not_begun():
    children = []
    with meanwhile(parser(children), 60.0):
        pass
    assert children == []


def test_what_nobody_waits_for_is_ended():
    """Also where it would take a minute yet."""
    children = []
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt), meanwhile(parser(children, 60.0), 0.0):
        while not children and time.monotonic() < start + 30:
            time.sleep(0.01)
        raise KeyboardInterrupt
    assert len(children) == 1 and children[0].poll() is not None
    assert time.monotonic() < start + 50


@pytest.mark.parametrize("patience", [0.0, 60.0])
def test_a_fault_comes_to_whoever_asks(patience):
    def parse(watch):
        yield ["a"]
        raise UnreadableSample("broken", hint="another")

    with meanwhile(parse, patience) as rows, pytest.raises(UnreadableSample, match="broken"):
        rows()


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="a system without priorities")
def test_a_guess_stands_back():
    """It takes the time that others leave: nicer by ten, as far as that goes."""
    seen = []

    def parse(watch):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        watch(child)
        seen.append(os.getpriority(os.PRIO_PROCESS, child.pid))
        child.communicate(b"\n")
        return ROWS

    with meanwhile(parse, 0.0) as rows:
        assert rows() == ROWS
    assert seen == [min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)]

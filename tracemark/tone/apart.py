"""Tones read in a process of their own, while the picture is searched for labels in this one.

A search is thousands of small steps, between which threads of one process wait for each other; so
it takes a process. What is read is the same, digit for digit.
"""

from __future__ import annotations

import pickle
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

from PIL import Image

from tracemark.processes import processors, started
from tracemark.profiles import Profile
from tracemark.tone.reading import Reduced, ToneReading, read_reduced, reduced

_MANY = 1_000_000  # pixels from which starting a process is worth its time


@contextmanager
def reading(
    image: Image.Image, keys: Sequence[bytes], profile: Profile
) -> Iterator[Callable[[], list[ToneReading]]]:
    """Begin to read the tones of a picture; leave no process behind.

    Parameters
    ----------
    image : PIL image
        Upright.
    keys : sequence of bytes
        The tone carrier's subkeys.
    profile : Profile

    Yields
    ------
    callable
        Gives what `tone.read` gives.
    """
    picture = reduced(image)
    here = partial(read_reduced, picture, keys, profile)
    child = _child() if picture.values.size >= _MANY and processors() > 1 else None
    if child is None:
        yield here
        return
    with child, ThreadPoolExecutor(1) as thread:
        answer = thread.submit(_ask, child, picture, keys, profile)
        try:
            yield lambda: answer.result() or here()
        finally:
            child.kill()


def _child() -> subprocess.Popen[bytes] | None:
    try:
        return started("tracemark.tone.child")
    except OSError:
        return None


def _ask(
    child: subprocess.Popen[bytes], picture: Reduced, keys: Sequence[bytes], profile: Profile
) -> list[ToneReading]:
    """What the process answers; nothing of one that broke off."""
    answer, _ = child.communicate(pickle.dumps((picture, keys, profile), pickle.HIGHEST_PROTOCOL))
    return pickle.loads(answer) if child.returncode == 0 else []  # noqa: S301 (from our child)

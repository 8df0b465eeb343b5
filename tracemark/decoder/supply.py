"""Candidates whose codewords helpers draw before there is anything to hold them against.

What was drawn is found again by the candidates' ids and not by their place in the list: whoever is
registered meanwhile only makes less of it useful.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from threading import Lock

from tracemark.decoder.search import CHUNK


class Supply:
    """Chunks of candidates, handed to whichever helper asks next.

    Parameters
    ----------
    chunks : iterable of sequences of str
        Ids, `CHUNK` at a time.
    number : int
        About how many candidates there are.
    room : int
        How many codewords of each epoch may be kept. Where there are more candidates, those that
        are drawn ahead are spread evenly among the others: these are drawn here while helpers score
        what they have.
    """

    def __init__(self, chunks: Iterable[Sequence[str]], number: int, room: int) -> None:
        self._chunks = enumerate(chunks)
        self._share = min(1.0, room / number)
        self._left = room // CHUNK
        self._open = True
        self._lock = Lock()
        self._homes: dict[bytes, tuple[int, int]] = {}

    def stop(self) -> None:
        """Hand out no more."""
        self._open = False

    def take(self, helper: int) -> tuple[int, Sequence[str]] | None:
        """The next chunk, with its number, for this helper to draw; None if there is none."""
        with self._lock:
            for number, ids in self._chunks if self._open and self._left else ():
                if int((number + 1) * self._share) > int(number * self._share):
                    self._left -= 1
                    self._homes[_mark(ids)] = helper, number
                    return number, ids
        return None

    def home(self, ids: Sequence[str]) -> tuple[int, int] | None:
        """Which helper has just these candidates' codewords, and as which chunk."""
        return self._homes.get(_mark(ids)) if self._homes else None


def _mark(ids: Sequence[str]) -> bytes:
    # no id that is registered holds a line end
    return hashlib.sha256("\n".join(ids).encode()).digest()

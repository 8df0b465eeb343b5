"""Which process holds whose codewords: a codeword is drawn once, while there is room.

They are found again by the candidates' ids and not by their place in the list: whoever is
registered meanwhile only makes less of what was drawn useful.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import count
from threading import Lock
from typing import TypeAlias

from tracemark.decoder.search import CHUNK

Epochs: TypeAlias = frozenset[int]

_AHEAD = 2 / 3  # of the room, for what is drawn before there is anything to hold it against


class Supply:
    """Chunks of candidates, handed to whichever helper asks next.

    Parameters
    ----------
    chunks : iterable of sequences of str
        Ids, `CHUNK` at a time.
    number : int
        About how many candidates there are.
    room : int
        How many codewords of each epoch may be kept, two thirds of them drawn ahead. Where there
        are more candidates, those that are drawn ahead are spread evenly among the others: these
        are drawn by whoever is idle while helpers score what they have.
    """

    def __init__(self, chunks: Iterable[Sequence[str]], number: int, room: int) -> None:
        self._room = room
        self._lock = Lock()
        self._numbers = count()
        self._homes: dict[bytes, tuple[int, int, Epochs]] = {}
        self.offer(chunks, number, ())

    def offer(self, chunks: Iterable[Sequence[str]], number: int, epochs: Collection[int]) -> None:
        """Hand these out from now on, those that nobody holds yet, for these epochs."""
        with self._lock:
            self._chunks: Iterator[tuple[int, Sequence[str]]] = enumerate(chunks)
            self._ahead = int(self._room * _AHEAD)
            self._share = min(1.0, self._ahead / number)
            self._epochs = frozenset(epochs)
            self._open = True

    def stop(self, epochs: Collection[int] = ()) -> None:
        """Hand out no more; what is kept from now on is drawn for these epochs."""
        self._open = False  # before the lock: whoever has it may be looking for a chunk
        with self._lock:
            self._chunks = enumerate(())
            self._epochs = frozenset(epochs)

    def take(self, process: int) -> tuple[int, Sequence[str]] | None:
        """The next chunk, with its number, for this process to draw; None if there is none."""
        with self._lock:
            while self._open and self._ahead >= CHUNK:
                place, ids = next(self._chunks, (0, ()))
                if not ids:
                    break
                due = int((place + 1) * self._share) > int(place * self._share)
                if due and self.home(ids) is None:
                    self._ahead -= CHUNK
                    return self._settle(ids, process), ids
        return None

    def keep(self, ids: Sequence[str], process: int) -> int | None:
        """The number under which this process is to keep these; None if there is no room."""
        with self._lock:
            return self._settle(ids, process) if self._room >= CHUNK else None

    def home(self, ids: Sequence[str]) -> tuple[int, int] | None:
        """Which process has just these candidates' codewords, and as which chunk."""
        home = self._homes.get(_mark(ids)) if self._homes else None
        return home[:2] if home and home[2] >= self._epochs else None

    def _settle(self, ids: Sequence[str], process: int) -> int:
        self._room -= CHUNK
        number = next(self._numbers)
        self._homes[_mark(ids)] = process, number, self._epochs
        return number


def _mark(ids: Sequence[str]) -> bytes:
    # no id that is registered holds a line end
    return hashlib.sha256("\n".join(ids).encode()).digest()

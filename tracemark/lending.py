"""One costly thing that is kept for the next who needs it, and lent to one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Generic, Protocol, TypeVar


class Lendable(Protocol):
    """What may be kept: it can be left idle, and ended."""

    def rest(self) -> None:
        """Do nothing until it is used again."""

    def end(self) -> None:
        """Give back all that it holds."""


T = TypeVar("T", bound=Lendable)


class Lending(Generic[T]):
    """Keeps at most one, idle. Whoever comes while it is lent gets another, which is then ended."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._idle: T | None = None
        self._open = True

    @contextmanager
    def lent(self, make: Callable[[], T]) -> Iterator[T]:
        """The one that is kept, or a new one; ended if anything goes wrong meanwhile."""
        with self._lock:
            one, self._idle = self._idle or make(), None
        kept = False
        try:
            yield one
            one.rest()
            with self._lock:
                kept = self._open and self._idle is None
                if kept:
                    self._idle = one
        finally:
            if not kept:
                one.end()

    def end(self) -> None:
        """Keep nothing any more."""
        with self._lock:
            one, self._idle, self._open = self._idle, None, False
        if one is not None:
            one.end()

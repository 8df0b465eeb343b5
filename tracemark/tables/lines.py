"""Text in pieces as lines with their ends, exactly as they stand. SPEC 11.2."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

from tracemark.errors import UnreadableSample


class Lines:
    r"""Splits a stream of text after ``\n``, ``\r\n`` and ``\r``, and nowhere else.

    Parameters
    ----------
    chunks : iterable of str
        The text, in pieces of any size.
    limit : int
        Characters that a line may have; a longer one raises UnreadableSample with its number and is
        never held in memory whole.
    name : str
        The file, for the message.
    """

    def __init__(self, chunks: Iterable[str], *, limit: int, name: str) -> None:
        self._limit = limit
        self._name = name
        self._returned: deque[str] = deque()
        self._lines = self._split(chunks)

    def __iter__(self) -> Iterator[str]:
        while (line := self.following()) is not None:
            yield line

    def several(self, most: int) -> list[str]:
        """Take the next lines, fewer where the text ends."""
        lines = [self._returned.popleft() for _ in range(min(most, len(self._returned)))]
        return lines + list(islice(self._lines, most - len(lines)))

    def waiting(self) -> bool:
        """Whether lines were put back that have not been read again."""
        return bool(self._returned)

    def following(self) -> str | None:
        """Take the next line out of turn; None at the end of the text."""
        return self._returned.popleft() if self._returned else next(self._lines, None)

    def give_back(self, lines: list[str]) -> None:
        """Put lines that were taken back, to be read again before all others."""
        self._returned.extendleft(reversed(lines))

    def _split(self, chunks: Iterable[str]) -> Iterator[str]:
        held: list[str] = []  # pieces of the unfinished line
        length, number = 0, 1
        for chunk in chunks:
            # a last \r may be half of a \r\n: it waits for what follows
            cut = max(chunk.rfind("\n"), chunk.rfind("\r", 0, len(chunk) - 1)) + 1
            if held and held[-1].endswith("\r") and not chunk.startswith("\n"):
                yield "".join(held)
                held, length, number = [], 0, number + 1
            if cut:
                block = "".join([*held, chunk[:cut]])
                held, length = [], 0
                yield from io.StringIO(block, newline="")
                number += block.count("\n") + block.count("\r") - block.count("\r\n")
            held.append(chunk[cut:])
            length += len(chunk) - cut
            if length > self._limit:
                raise UnreadableSample(
                    f"{self._name}: line {number} is longer than {self._limit} characters",
                    hint="check that this is a table or a text with lines; one cell may be broken",
                )
        if length:
            yield "".join(held)

"""From texts on a page to cells: what stands side by side, and what was wrapped. SPEC 11.9.

A page tells where texts stand and not which of them are one cell. So cells are guessed, a few too
many: a wrong guess is a cell that nobody was ever issued.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from tracemark.tables.segments import segments

_WRAPPED = 4  # lines that one cell may be wrapped over
_LONG = 6  # letters and digits that a first line of several has at least


@dataclass(frozen=True, slots=True)
class Piece:
    """A text and its place, y downwards; any unit."""

    left: float
    top: float
    right: float
    bottom: float
    text: str

    @property
    def height(self) -> float:
        """Height of the text, above 0."""
        return max(self.bottom - self.top, 1e-6)

    @property
    def middle(self) -> float:
        """Height of its middle on the page."""
        return (self.top + self.bottom) / 2


def rows(pieces: Sequence[Piece]) -> Iterator[list[str]]:
    """Each line of a page as the cells that it may consist of, wrapped cells with their first."""
    lines = _lines(pieces)
    for number, line in enumerate(lines):
        found = dict.fromkeys(part for piece in line for part in segments(piece.text))
        found |= dict.fromkeys(_side_by_side(line))
        for piece in line:
            for text in _wrapped(piece, lines[number + 1 :]):
                found |= dict.fromkeys(segments(text))
        yield list(found)


def _lines(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Pieces whose middles stand at one height, from top to bottom and left to right."""
    lines: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda one: one.middle):
        line = lines[-1] if lines else []
        if line and piece.middle - line[-1].middle < median(one.height for one in line) / 2:
            line.append(piece)
        else:
            lines.append([piece])
    return [sorted(line, key=lambda one: one.left) for line in lines]


def _side_by_side(line: Sequence[Piece]) -> Iterator[str]:
    """Neighbours without a gap: one text that was seen as several."""
    run = ""
    count = 0
    last: Piece | None = None
    for piece in line:
        near = last is not None and piece.left - last.right < 1.2 * last.height
        if not near and count > 1:
            yield run
        run, count = (run + piece.text, count + 1) if near else (piece.text, 1)
        last = piece
    if count > 1:
        yield run
    if len(line) > 1:
        yield from segments(" ".join(piece.text for piece in line))


def _wrapped(first: Piece, below: Sequence[Sequence[Piece]]) -> Iterator[str]:
    """The text with that of the one, two and three lines below it that begin where it does."""
    if sum(map(str.isalnum, first.text)) < _LONG:
        return
    text, last, joined = first.text, first, 1
    for line in below:
        follows = [one for one in line if abs(one.left - first.left) < 1.5 * first.height]
        if follows and follows[0].top - last.bottom < 1.2 * first.height:
            last, joined = follows[0], joined + 1
            text += last.text
            yield text
        if joined == _WRAPPED or (line and line[0].top - last.bottom > 2 * first.height):
            return

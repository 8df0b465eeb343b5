"""Many rows of one sample at once, column by column where they are alike. SPEC 11.9."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from tracemark.tables.block import Block

Cells = tuple[Sequence[str | None], Sequence[str]]

PART = 1 << 14  # rows read at a time; cells that repeat among them are parsed once


@dataclass(frozen=True, slots=True)
class Mixed:
    """Rows that are held one by one.

    Attributes
    ----------
    cells : sequence of (headers, values)
    raw : sequence of str
        Each row as it stands in a text file; may be empty for other samples.
    """

    cells: Sequence[Cells]
    raw: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.cells)

    def rows(self, chosen: Iterable[int]) -> list[Cells]:
        """Some of the rows."""
        return [self.cells[row] for row in chosen]

    def lines(self) -> list[bytes]:
        """Each row as it stands in the file, or else its values joined by U+001F, in UTF-8."""
        texts = self.raw or ["\x1f".join(values) for _, values in self.cells]
        return [text.encode("utf-8", "surrogatepass") for text in texts]


@dataclass(frozen=True, slots=True)
class Alike:
    """Rows of one table, cut together.

    Attributes
    ----------
    block : Block
    more : mapping of int to sequence of str
        Further cells of some rows, without headers: what the row may have held before its columns
        were joined or split.
    """

    block: Block
    more: Mapping[int, Sequence[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.block.rows

    def lines(self) -> list[bytes]:
        """Each row as it stands in the file, in UTF-8."""
        return self.block.lines()

    def rows(self, chosen: Iterable[int]) -> list[Cells]:
        """Some of the rows, in any order."""
        wanted = list(chosen)
        headers = self.block.headers
        cells: list[Cells] = [(headers, values) for values in self.block.some(wanted)]
        if self.more:
            for place, row in enumerate(wanted):
                if more := self.more.get(row):
                    named, values = cells[place]
                    cells[place] = [*named, *[None] * len(more)], [*values, *more]
        return cells


Part = Mixed | Alike


def in_parts(rows: Iterable[Cells]) -> Iterator[Part]:
    """Rows, many at a time."""
    source = iter(rows)
    while cells := list(islice(source, PART)):
        yield Mixed(cells)

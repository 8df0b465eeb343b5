"""A text file as rows of cells that can be changed one by one. SPEC 11.2.

The rows of a document tile it: what `render` gives for every row, unchanged, one after the other,
is the text of the file, and `encode` of that its bytes. What is no cell (a header row, the brackets
around JSON objects, blank lines, a byte order mark) is part of a row too, one without values.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from tracemark.errors import UsageError
from tracemark.tables.block import Block
from tracemark.tables.encoding import BOM, codec_of

LIMIT = 1 << 24


@dataclass(slots=True)
class Row:
    """One row of a table, one JSON object, or one line.

    Attributes
    ----------
    line : int
        The line of the file it begins in, from 1.
    headers : sequence of str or None
        The name of each cell's column or its nearest JSON key; as many as values. None where a
        cell has no name.
    values : list of str
        The texts of the cells, without quotes and escapes. Not to be changed in place: hand a new
        list to `Document.render`.
    raw : str
        The row as it stands in the file, its line end included.
    spans : list of (int, int), or None
        Where each cell stands in `raw`, quotes included; None where the document's own rule finds
        them.
    """

    line: int
    headers: Sequence[str | None]
    values: list[str]
    raw: str
    spans: list[tuple[int, int]] | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a document's text comes from, and how strictly it is read.

    Attributes
    ----------
    name : str
        The file, for messages.
    encoding : str
        As `encoding.detect` names it.
    limit : int
        Characters that one line, one quoted cell or one JSON record may have.
    lenient : bool
        Read on where the format is broken, and take a header row for data as well: for samples to
        be traced.
    """

    name: str = "input"
    encoding: str = "utf-8"
    limit: int = LIMIT
    lenient: bool = False


class Document(ABC):
    """A file that is read once, row by row, in constant memory.

    Parameters
    ----------
    chunks : iterable of str
        The text of the file, in pieces.
    origin : Origin
        Name, encoding and limits.

    Attributes
    ----------
    kind : str
        One of `tracemark.tables.KINDS`.
    name, encoding : str
        As in the origin.
    headers : list of str, or None
        The names of the columns; None where the file does not name any.
    """

    kind: str

    def __init__(self, chunks: Iterable[str], origin: Origin) -> None:
        self.name = origin.name
        self.encoding = origin.encoding
        self.headers: list[str] | None = None
        self._origin = origin
        self._codec = codec_of(origin.encoding)
        self._chunks = iter(chunks)
        first = next(self._chunks, "")
        self._mark = first[: first.startswith(BOM)]
        self._chunks = chain([first[len(self._mark) :]], self._chunks)

    def rows(self) -> Iterator[Row]:
        """All rows in order, once. Raises UnreadableSample where the file breaks its format."""
        yield from self._byte_order_mark()
        yield from self._rows()

    def parts(self, sizes: Iterable[int]) -> Iterator[Block | list[Row]]:
        """All rows in order, once, so many at a time; as blocks where they are alike.

        Raises UnreadableSample as `rows` does.
        """
        rows = self.rows()
        for size in sizes:
            if not (chunk := list(islice(rows, size))):
                return
            yield chunk

    def _byte_order_mark(self) -> Iterator[Row]:
        if self._mark:
            yield Row(1, (), [], self._mark)

    def rest(self) -> Iterator[bytes]:
        """What has to be written behind the last rendered row: of a text nothing."""
        return iter(())

    @abstractmethod
    def _rows(self) -> Iterator[Row]:
        """All rows after the byte order mark."""

    @abstractmethod
    def quote(self, value: str, raw: str) -> str:
        """A new value as it has to stand in the file, in place of a cell that stood as `raw`."""

    def render(self, row: Row, values: Sequence[str]) -> str:
        """The row with new values: only the characters of cells that differ change.

        Parameters
        ----------
        row : Row
            A row of this document.
        values : sequence of str
            As many as ``row.values``.

        Raises
        ------
        UsageError
            For another number of values.
        """
        if values is row.values or values == row.values:
            return row.raw
        if len(values) != len(row.values):
            raise UsageError(
                f"{self.name}: line {row.line} has {len(row.values)} cells, got {len(values)}",
                hint="give one value for each cell of the row",
            )
        return self._changed(row, values)

    def tidied(self, row: Row, values: Sequence[str], free: Sequence[bool]) -> str:
        """The row with new values, where all copies of a file come out alike.

        Parameters
        ----------
        row, values
            As for `render`.
        free : sequence of bool
            Which cells another copy may have had to write otherwise: in quotes, say.
        """
        return self.render(row, values)

    def encode(self, text: str) -> bytes:
        """Rendered text as bytes of the file. Raises UsageError if the encoding lacks a character.

        Any number of rendered rows can be joined first, which is faster.
        """
        try:
            return text.encode(self._codec)
        except UnicodeEncodeError as fault:
            character = f"U+{ord(fault.object[fault.start]):04X}"
            raise UsageError(
                f"{self.name}: {self.encoding} cannot hold the character {character}",
                hint="choose forms that the encoding can hold, or convert the file to UTF-8",
            ) from None

    def _changed(self, row: Row, values: Sequence[str]) -> str:
        out: list[str] = []
        at = 0
        for (start, end), old, new in zip(row.spans or (), row.values, values, strict=True):
            if new != old:
                out += row.raw[at:start], self.quote(new, row.raw[start:end])
                at = end
        return "".join(out) + row.raw[at:]

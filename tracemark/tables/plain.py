"""Plain text: every line is a row of one cell without a name. SPEC 11.6."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tracemark.tables.lines import Lines
from tracemark.tables.rows import Document, Origin, Row


class PlainDocument(Document):
    """Lines of text; blank ones are rows without values. Parameters as in `Document`."""

    kind = "text"

    def __init__(self, chunks: Iterable[str], origin: Origin) -> None:
        super().__init__(chunks, origin)
        self._lines = Lines(self._chunks, limit=origin.limit, name=origin.name)

    def quote(self, value: str, raw: str) -> str:
        """The value itself: a line has no quotes."""
        return value

    def _rows(self) -> Iterator[Row]:
        for number, line in enumerate(self._lines, start=1):
            text = line.rstrip("\r\n")
            if text:
                yield Row(number, (None,), [text], line, [(0, len(text))])
            else:
                yield Row(number, (), [], line)

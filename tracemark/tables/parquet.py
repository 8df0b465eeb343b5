"""Parquet files, row group by row group. SPEC 11.11."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tracemark.errors import UnreadableSample
from tracemark.tables.arrow import pyarrow, text_columns, with_texts
from tracemark.tables.rows import Document, Origin, Row
from tracemark.tables.source import BLOCK, held_for


class ParquetDocument(Document):
    """A Parquet file. Its rows are its texts, and render as nothing; `rest` is the whole file.

    Parameters
    ----------
    blocks : iterable of bytes
        The file.
    origin : Origin

    Raises
    ------
    MissingExtra
        Without pyarrow.
    UnreadableSample
        If it is broken.
    """

    kind = "parquet"

    def __init__(self, blocks: Iterable[bytes], origin: Origin) -> None:
        super().__init__([], origin)
        self._arrow = pyarrow()
        from pyarrow import parquet

        held = held_for(self)
        for block in blocks:
            held.write(block)
        held.seek(0)
        try:
            self._file = parquet.ParquetFile(held)
            schema = self._file.schema_arrow
            self._out = held_for(self)
            self._writer = parquet.ParquetWriter(self._out, schema, compression=self._packing())
        except (self._arrow.ArrowException, OSError, ValueError):
            raise self._broken() from None
        self.headers = [str(name) for name in schema.names]
        self._groups: deque[list[Any]] = deque()  # read and not yet written
        self._pending: deque[Sequence[str]] = deque()  # rows of these that are rendered

    def quote(self, value: str, raw: str) -> str:
        """The value itself."""
        return value

    def render(self, row: Row, values: Sequence[str]) -> str:
        """Nothing: the values are kept for `rest`. Raises UsageError for another number of them."""
        super().render(row, values)
        self._pending.append(values)
        self._settle()
        return ""

    def rest(self) -> Iterator[bytes]:
        """The whole file, with the texts as they were rendered."""
        self._settle()
        self._writer.close()
        self._out.seek(0)
        while block := self._out.read(BLOCK):
            yield block

    def _rows(self) -> Iterator[Row]:
        count = 0
        for group in self._read():
            self._groups.append(group)
            self._settle()
            for batch in group:
                places, columns = text_columns(batch)
                headers = [batch.schema.names[place] for place in places]
                filled = [["" if text is None else text for text in column] for column in columns]
                for values in zip(*filled, strict=True):
                    count += 1
                    yield Row(count, headers, list(values), "")

    def _settle(self) -> None:
        """Write the row groups of which every row is rendered."""
        while self._groups:
            group = self._groups[0]
            texts = bool(group and text_columns(group[0].slice(0, 0))[0])
            if texts and len(self._pending) < sum(batch.num_rows for batch in group):
                return
            batches = [self._filled(batch) if texts else batch for batch in group]
            schema = self._file.schema_arrow
            self._writer.write_table(self._arrow.Table.from_batches(batches, schema=schema))
            self._groups.popleft()

    def _filled(self, batch: Any) -> Any:
        places, columns = text_columns(batch)
        rows = [self._pending.popleft() for _ in range(batch.num_rows)]
        new = [
            [None if old is None else text for old, text in zip(column, texts, strict=True)]
            for column, texts in zip(columns, zip(*rows, strict=True), strict=bool(rows))
        ]
        return with_texts(batch, places, new) if rows else batch

    def _read(self) -> Iterator[list[Any]]:
        try:
            for group in range(self._file.num_row_groups):
                yield self._file.read_row_group(group).to_batches()
        except (self._arrow.ArrowException, OSError, ValueError):
            raise self._broken() from None

    def _packing(self) -> dict[str, str]:
        """How each column is compressed, by its path."""
        about = self._file.metadata
        if not about.num_row_groups:
            return {}
        group = about.row_group(0)
        columns = [group.column(number) for number in range(about.num_columns)]
        return {
            column.path_in_schema: column.compression.replace("UNCOMPRESSED", "NONE")
            for column in columns
        }

    def _changed(self, row: Row, values: Sequence[str]) -> str:
        return ""

    def _broken(self) -> UnreadableSample:
        return UnreadableSample(
            f"{self.name}: a broken Parquet file", hint="write it again, or save it as CSV first"
        )

"""Parquet and Arrow files, by pyarrow. SPEC 11.9."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tracemark.errors import MissingExtra, UnreadableSample
from tracemark.loaders.limits import Limits

_ROWS = 4096


def rows(path: Path, limits: Limits) -> Iterator[list[str] | None]:
    """The names of the columns, then the rows; of nested values, the texts."""
    try:
        import pyarrow as arrow
        from pyarrow import ipc, parquet
    except ImportError:
        raise MissingExtra("arrow", "a Parquet or Arrow file") from None
    try:
        with path.open("rb") as file:
            head = file.read(8)
        if head.startswith(b"PAR1"):
            table = parquet.ParquetFile(str(path))
            yield [str(name) for name in table.schema_arrow.names]
            batches = table.iter_batches(batch_size=_ROWS)
        else:
            source = arrow.OSFile(str(path))
            opened = ipc.open_file if head.startswith(b"ARROW1") else ipc.open_stream
            reader = opened(source)
            yield [str(name) for name in reader.schema.names]
            batches = (
                (reader.get_batch(n) for n in range(reader.num_record_batches))
                if head.startswith(b"ARROW1")
                else iter(reader)
            )
        for batch in batches:
            for start in range(0, batch.num_rows, _ROWS):
                part = batch.slice(start, _ROWS)
                columns = [_texts(column.to_pylist()) for column in part.columns]
                yield from (list(row) for row in zip(*columns, strict=True))
    except (arrow.ArrowException, OSError, ValueError, KeyError, TypeError, OverflowError):
        raise UnreadableSample(
            "a broken Parquet or Arrow file", hint="ask for the file as first received"
        ) from None


def _texts(values: list[Any]) -> list[str]:
    return [
        "" if value is None else value if isinstance(value, str) else _one(value)
        for value in values
    ]


def _one(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list | tuple):
        return " | ".join(map(_one, value))
    if isinstance(value, dict):
        return " | ".join(_one(one) for one in value.values())
    return str(value)

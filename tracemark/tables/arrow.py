"""Arrow record batches: their columns of texts, and the same batch with others. SPEC 11.11."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tracemark.errors import MissingExtra, UsageError


def pyarrow() -> Any:
    """The library, imported when it is needed. Raises MissingExtra without it."""
    try:
        import pyarrow as arrow
    except ImportError:
        raise MissingExtra("arrow", "an Arrow or Parquet table") from None
    return arrow


def text_columns(batch: Any) -> tuple[list[int], list[list[str | None]]]:
    """Which columns of a record batch hold texts, and these texts; None for null.

    Raises
    ------
    UsageError
        If it is no record batch.
    """
    arrow = pyarrow()
    if not isinstance(batch, arrow.RecordBatch):
        raise UsageError(
            f"a {type(batch).__name__} is no pyarrow.RecordBatch",
            hint="a table gives them by to_batches()",
        )
    places = [number for number, field in enumerate(batch.schema) if _is_text(field.type)]
    return places, [batch.column(number).to_pylist() for number in places]


def with_texts(batch: Any, places: Sequence[int], texts: Sequence[Sequence[str | None]]) -> Any:
    """The batch with other texts in some of its columns, under the same schema."""
    arrow = pyarrow()
    columns = list(batch.columns)
    for place, column in zip(places, texts, strict=True):
        kind = batch.schema.field(place).type
        columns[place] = arrow.array(column, type=kind)
    return arrow.RecordBatch.from_arrays(columns, schema=batch.schema)


def _is_text(kind: Any) -> bool:
    types = pyarrow().types
    if types.is_dictionary(kind):
        kind = kind.value_type
    view = getattr(types, "is_string_view", lambda _: False)
    return bool(types.is_string(kind) or types.is_large_string(kind) or view(kind))

"""Data frames of pandas, Polars, Modin, cuDF or PyArrow: handed in, and back, as what they are.

Needs the extra ``arrow``, which brings narwhals.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from tracemark.arguments import checked
from tracemark.errors import MissingExtra, UsageError
from tracemark.vault import Vault

Frame = TypeVar("Frame")


@checked
def mark(
    frame: Frame,
    to: str,
    *,
    vault: Vault,
    columns: Mapping[str, str] | None = None,
    policy: str = "full",
) -> Frame:
    """Mark a data frame for one recipient.

    Parameters
    ----------
    frame : data frame
        Eager, of any library that narwhals knows. It is not changed.
    to : str
        Recipient id.
    vault : Vault
    columns, policy
        As in `Vault.mark_rows`.

    Returns
    -------
    data frame
        Of the same type, with the same index, columns and dtypes.

    Raises
    ------
    MissingExtra
        Without narwhals.
    UsageError
        If it is no eager data frame, and as `Vault.mark_rows` does.
    """
    try:
        import narwhals as nw
        from narwhals.exceptions import DuplicateError
    except ImportError:
        raise MissingExtra("arrow", "marking data frames") from None
    try:
        table: Any = nw.from_native(frame, eager_only=True)
        named = all(isinstance(name, str) for name in table.columns)
    except DuplicateError:
        named = False
    except TypeError:
        raise UsageError(
            f"a {type(frame).__name__} is no data frame that is held in memory",
            hint="collect a lazy one first; rows go to mark_rows, batches to mark_batch",
        ) from None
    if not named:
        raise UsageError(
            "the data frame does not name each column once, by a text",
            hint="rename its columns, for example frame.columns = [...]",
        )
    if missing := [name for name in columns or () if name not in table.columns]:
        raise UsageError(
            f"no column '{missing[0]}' in the data frame",
            hint="columns: " + ", ".join(table.columns),
        )
    if table.implementation.is_pyarrow():
        native: Any = table.to_native()
        batches = list(vault.mark_batches(native.to_batches(), to, columns, policy))
        whole: Frame = type(native).from_batches(batches, schema=native.schema)
        return whole
    kinds = dict(table.schema)
    texts = [n for n, kind in kinds.items() if kind in (nw.String, nw.Object, nw.Categorical)]
    marked = vault.mark_columns({n: table[n].to_list() for n in texts}, to, columns, policy)
    changed = []
    for name, values in marked.items():
        kind = nw.String if kinds[name] == nw.Categorical else kinds[name]
        series = nw.new_series(name, values, kind, backend=table.implementation)
        changed.append(series.cast(kinds[name]) if kind != kinds[name] else series)
    result: Frame = table.with_columns(*changed).to_native() if changed else frame
    return result

"""Spark data frames, marked by the workers. Needs the extra ``spark``.

Each task opens the vault where it runs and writes to the ledger before it hands a batch on. So the
key never travels through Spark: no closure, plan, log or event holds it. On one machine the vault
is its folder; a cluster needs a ledger in PostgreSQL, and the key or an issuing key (SPEC 3.6) in a
file on every worker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from tracemark.errors import LedgerError, MissingExtra, UsageError
from tracemark.vault import Vault

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@contextmanager
def marked(
    frame: DataFrame,
    to: str,
    *,
    vault: Vault,
    columns: Mapping[str, str] | None = None,
    policy: str = "full",
    name: str | None = None,
    place: str | None = None,
) -> Iterator[DataFrame]:
    """Give a Spark data frame as it is for one recipient; act on it inside the block.

    Parameters
    ----------
    frame : pyspark.sql.DataFrame
        It is not changed.
    to : str
        Recipient id.
    vault : Vault
    columns : mapping of str to str, optional
        Column name to role, where the name and the cell do not tell.
    policy : str
        As in `Vault.mark_rows`.
    name : str, optional
        What people call the copy. No personal data belongs here.
    place : str, optional
        Where the workers find the vault: a folder, or the address of its ledger without password.
        By default where this one is.

    Yields
    ------
    DataFrame
        With the same schema, lazily marked. One issue of the ledger holds all that leaves it; it
        is opened before, and closed behind the block: ``cut`` if an exception leaves it.

    Raises
    ------
    MissingExtra
        Without pyspark.
    UsageError
        If it is no data frame of Spark's, or has no column of that name.
    UnknownRecipient, LedgerError
    """
    try:
        import pyspark  # noqa: F401
    except ImportError:
        raise MissingExtra("spark", "marking Spark data frames") from None
    if not hasattr(frame, "mapInArrow"):
        raise UsageError(
            f"a {type(frame).__name__} is no data frame of Spark's",
            hint="tracemark.frames marks those that are held in memory",
        )
    if missing := [column for column in columns or () if column not in frame.columns]:
        raise UsageError(
            f"no column '{missing[0]}' in the data frame",
            hint="columns: " + ", ".join(frame.columns),
        )
    job = vault.open_job(to, policy, name=name)
    work = _task(place or _place(vault), job, dict(columns or {}))
    try:
        yield frame.mapInArrow(work, frame.schema)
    except BaseException:
        with suppress(LedgerError):  # a job left open says the same
            vault.close_job(job, "cut")
        raise
    vault.close_job(job)


def _place(vault: Vault) -> str:
    """Where this vault is, in the words of any process of this machine."""
    folder = vault.path.resolve()
    return str(folder) if (folder / "vault.json").exists() else vault.place


def _task(
    place: str, job: int, columns: dict[str, str]
) -> Callable[[Iterable[Any]], Iterator[Any]]:
    """What Spark sends to its workers: where the vault is, and a number."""

    def tracemark(batches: Iterable[Any]) -> Iterator[Any]:
        from pyspark import TaskContext

        task = TaskContext.get()
        part = str(task.partitionId()) if task else "0"
        with Vault.open(place) as vault:
            yield from vault.mark_part(job, part, batches, columns)

    return tracemark

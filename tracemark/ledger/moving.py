"""Moving a ledger from its file to PostgreSQL: the same entries, hashes and seal. SPEC 9.10.4."""

from __future__ import annotations

from collections.abc import Iterator

from tracemark.errors import UsageError
from tracemark.ledger.postgres import PostgresStore, layout
from tracemark.ledger.postgres_link import Link, is_address
from tracemark.ledger.store import Row, Store, Transaction
from tracemark.ledger.verify import Progress, verify

_TABLES = {  # with the columns, of which the first orders the rows, and how many rows at a time
    "entries": ("seq, time, kind, body, hash", 1000),
    "head": ("one, seq, hash, epoch, mac", 1),
    "recipients": ("n, entry, id, name, kind, parent", 1000),
    "fingerprints": ("n, entry, kind, epoch, issue, blob", 32),
}
_FIRST = -(2**63)  # below every row number

# whoever has the file open still must not write to it, or the chain would go on twice
_RETIRE = """CREATE TRIGGER ledger_moved BEFORE INSERT ON entries
    BEGIN SELECT RAISE(ABORT, 'the ledger has moved'); END"""


def move(
    source: Store, address: str, commitments: dict[int, str], progress: Progress | None = None
) -> None:
    """Copy a ledger while nobody writes, verify the copy, and retire the file.

    Raises
    ------
    UsageError
        `address` is no address of a database, or the ledger is in one already.
    LedgerError
        The ledger does not hold, or the database cannot take it. Nothing has changed then.
    """
    if not is_address(address):
        raise UsageError("a ledger moves to a database", hint="postgresql://user@host/database")
    if isinstance(source, PostgresStore):
        raise UsageError("this ledger is in a database already", hint="see docs/postgres.md")
    with source.write() as transaction:
        transaction.execute(_RETIRE)

        def fill(link: Link) -> None:
            for table, (columns, page) in _TABLES.items():
                link.copy(table, columns, _rows(transaction, table, columns, page))
                if columns.startswith("n,"):
                    link.execute(
                        f"SELECT setval(pg_get_serial_sequence('{table}', 'n'),"
                        f" (SELECT COALESCE(MAX(n), 0) + 1 FROM {table}), false)"
                    )
            verify(
                link.execute,
                layout,
                source.seals,
                commitments,
                expect=transaction.head,
                progress=progress,
            ).insist(str(source.path))

        PostgresStore.lay_out(address, source.seals, fill).close()


def _rows(transaction: Transaction, table: str, columns: str, page: int) -> Iterator[Row]:
    order, after = columns.partition(",")[0], _FIRST
    while rows := transaction.execute(
        f"SELECT {columns} FROM {table} WHERE {order} > ? ORDER BY {order} LIMIT {page}", (after,)
    ):
        yield from rows
        after = rows[-1][0]

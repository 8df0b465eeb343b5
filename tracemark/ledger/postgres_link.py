"""A connection to PostgreSQL that is spoken to like SQLite's, and the address it is made by."""

from __future__ import annotations

import time
from collections.abc import Iterable
from itertools import chain, islice
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from tracemark.errors import MissingExtra, UsageError
from tracemark.ledger.store import Parameters, Row

SCHEMES = ("postgresql://", "postgres://")

_STALE = 30.0  # seconds without use, after which a connection is tried first
_CONNECT_SECONDS = "10"
_ROWS = 1000  # inserted by one statement


def is_address(place: object) -> bool:
    """Whether a place is the address of a database, not the path of a file."""
    return isinstance(place, str) and place.startswith(SCHEMES)


def shown(address: str) -> str:
    """The address without its password. Raises UsageError for one that cannot be meant."""
    try:
        parts = urlsplit(address)
    except ValueError:
        raise malformed() from None
    who, at, hosts = parts.netloc.rpartition("@")
    kept = [(key, value) for key, value in parse_qsl(parts.query) if key != "password"]
    query = "?" + urlencode(kept, quote_via=quote, safe="/") if kept else ""
    return f"postgresql://{who.partition(':')[0]}{at}{hosts}{parts.path}{query}"


def malformed() -> UsageError:
    """The error for an address that libpq would not take."""
    return UsageError(
        "the address of the ledger is malformed", hint="postgresql://user@host:port/database"
    )


class _Result(list[Row]):
    """What a statement selected, asked for as of a cursor."""

    def fetchall(self) -> list[Row]:
        """All rows."""
        return self

    def fetchone(self) -> Row | None:
        """The first row, if there is one."""
        return self[0] if self else None


class Link:
    """A connection that is spoken to like SQLite's: question marks, rows at once."""

    def __init__(self, address: str) -> None:
        self.raw = driver().connect(
            address,
            autocommit=True,
            prepare_threshold=None,  # poolers that swap connections between transactions
            client_encoding="utf8",
            connect_timeout=dict(parse_qsl(urlsplit(address).query)).get(
                "connect_timeout", _CONNECT_SECONDS
            ),
        )
        self.used = time.monotonic()

    def execute(self, sql: str, parameters: Parameters = (), /) -> _Result:
        """Run one statement; several, where there are no parameters."""
        self.used = time.monotonic()
        cursor = self.raw.execute(sql.replace("?", "%s") if parameters else sql, parameters or None)
        return _Result(cursor.fetchall() if cursor.description else [])

    def executemany(self, sql: str, rows: Iterable[Parameters], /) -> None:
        """Insert rows, many in one statement; `sql` ends with what one row's values are."""
        start, _, one = sql.partition("VALUES ")
        source = iter(rows)
        while some := list(islice(source, _ROWS)):
            self.execute(f"{start}VALUES {', '.join([one] * len(some))}", [*chain(*some)])

    def copy(self, table: str, columns: str, rows: Iterable[Row]) -> None:
        """Add many rows in one stream."""
        with (
            self.raw.cursor() as cursor,
            cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as stream,
        ):
            for row in rows:
                stream.write_row(row)

    @property
    def idle(self) -> bool:
        """Whether no transaction is open."""
        return bool(self.raw.info.transaction_status == driver().pq.TransactionStatus.IDLE)

    def rollback(self) -> None:
        """Take back what was not committed; a connection that is lost has done so already."""
        if not self.raw.closed and not self.idle:
            self.raw.execute("ROLLBACK")

    def lives(self) -> bool:
        """Whether the server still answers."""
        if self.raw.closed:
            return False
        if self.idle and time.monotonic() - self.used > _STALE:
            try:
                self.execute("SELECT 1")
            except driver().Error:
                self.raw.close()
        return not self.raw.closed


def driver() -> Any:
    """The module psycopg. Raises MissingExtra."""
    try:
        import psycopg
    except ImportError:
        raise MissingExtra("postgres", "a ledger in PostgreSQL") from None
    return psycopg

"""The ledger file: SQLite, one writer at a time, every write sealed into the chain. SPEC 9.1.

Everything that can go wrong with the file comes out of here as a `LedgerError` of one line.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from tracemark.errors import LedgerError, UsageError, VaultError
from tracemark.ledger.chain import START, Head, Json, Seals, canonical, link, now
from tracemark.ledger.schema import APPLICATION, OLDEST_SQLITE, SCHEMA, VERSION

Row: TypeAlias = "tuple[Any, ...]"
Parameters: TypeAlias = "Sequence[object]"
Query: TypeAlias = "Callable[[str, Parameters], list[Row]]"

_CAUSES = {  # primary result code of SQLite: what is wrong, what to do
    sqlite3.SQLITE_BUSY: ("is locked by another program", "try again when the other has finished"),
    sqlite3.SQLITE_LOCKED: ("is locked by another program", "try again when the other is done"),
    sqlite3.SQLITE_READONLY: ("cannot be written", "check owner and permissions of its folder"),
    sqlite3.SQLITE_PERM: ("cannot be opened", "check owner and permissions of its folder"),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", "check the path and the folder's permissions"),
    sqlite3.SQLITE_FULL: ("cannot grow: the disk is full", "free some space, then try again"),
    sqlite3.SQLITE_IOERR: ("cannot be read or written: disk fault", "check the disk and its space"),
    sqlite3.SQLITE_CORRUPT: ("is damaged", "restore it from a backup"),
    sqlite3.SQLITE_NOTADB: ("is not a ledger", "check the path, or restore it from a backup"),
    sqlite3.SQLITE_CONSTRAINT: ("refuses to change what it holds", "entries are only ever added"),
}

_CHANCE = random.SystemRandom()  # a program's own numbers stay what they were
_NAP = (0.0005, 0.004)  # seconds between two tries to write, by chance: nobody waits much longest


class Cursor(Protocol):
    """What a statement selected."""

    def fetchall(self) -> list[Any]:
        """All rows."""
        ...

    def fetchone(self) -> Any:
        """The next row; None after the last."""
        ...


class Connection(Protocol):
    """What a write needs of a database: SQLite's own connection, or one that speaks alike."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Cursor:
        """Run one statement."""
        ...

    def executemany(self, sql: str, rows: Iterable[Any], /) -> object:
        """Run one statement for each row."""
        ...


class Transaction:
    """A write in progress: all of it is committed, or none."""

    def __init__(self, connection: Connection, head: Head, epoch: int) -> None:
        self._connection = connection
        self.head = head
        self.epoch = epoch

    def append(self, kind: str, body: dict[str, Json]) -> int:
        """Add an entry to the chain and return its number. SPEC 9.2.2."""
        text, time, seq = canonical(body), now(), self.head.seq + 1
        self.head = Head(seq, link(self.head.hash, seq, time, kind, text))
        self.execute(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?)", (seq, time, kind, text, self.head.hash)
        )
        return seq

    def execute(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Run one statement and return what it selects."""
        return self._connection.execute(sql, parameters).fetchall()

    def executemany(self, sql: str, rows: Iterable[Parameters]) -> None:
        """Run one statement for each row."""
        self._connection.executemany(sql, rows)


class Store:
    """The open file. Threads may share it; after a fork the child opens its own connection.

    Parameters
    ----------
    path : Path
        The file; it must exist.
    seals : Seals
        Seals the head after each write.
    patience : float
        Seconds to wait while another process writes.
    """

    _closer: weakref.finalize[..., Any]
    shown: str | None = None  # the address of a database, without its password

    def __init__(self, path: Path, seals: Seals, *, patience: float = 30.0) -> None:
        self.path = path
        self.seals = seals
        self._patience = patience
        self._lock = threading.RLock()
        self._inherited: list[sqlite3.Connection] = []
        if not path.is_file():
            raise LedgerError(
                f"no ledger at {path}", hint="restore it from a backup, or check the path"
            )
        with faults(path):
            self._open()

    @classmethod
    def create(cls, path: Path, seals: Seals) -> Store:
        """Make the file with its tables, readable by its owner only."""
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            raise LedgerError(f"there is a ledger already: {path}", hint="open it") from None
        except OSError as error:
            raise LedgerError(
                f"the ledger {path} cannot be created: {error.strerror}",
                hint="check that the folder exists and can be written",
            ) from None
        try:
            _lay_out(path)
            return cls(path, seals)
        except BaseException:
            path.unlink()
            raise

    def close(self) -> None:
        """Close the file. Closing twice does nothing."""
        self._closer()

    def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Run a query and return its rows."""
        with self._lock, faults(self.path):
            return self._connection().execute(sql, parameters).fetchall()

    def ids(self, sql: str, parameters: Parameters = ()) -> list[str]:
        """The ids, sorted, that a query of one column `id` gives: no line end in any.

        As one text: SQLite hands Python's lock over with every row, and who reads a sample
        meanwhile would not soon give it back.
        """
        ((joined,),) = self.rows(f"SELECT group_concat(id, '\n') FROM ({sql})", parameters)
        return sorted(joined.split("\n")) if joined else []

    def body(self, seq: int, text: str) -> dict[str, Any]:
        """The body of an entry. Raises LedgerError if it is not a JSON object."""
        try:
            body = json.loads(text)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise self.damage(f"entry {seq} cannot be read")
        return body

    def damage(self, what: str) -> LedgerError:
        """The error for content that no writer of this library can have written."""
        return LedgerError(
            f"the ledger {self.path} is damaged: {what}",
            hint="run tracemark ledger verify, then restore it from a backup",
        )

    def layout(self, query: Query) -> tuple[set[str], set[str]]:
        """Statements that laid the file out, and those that this format lays down."""
        return {row[0] for row in query("SELECT sql FROM sqlite_master", ()) if row[0]}, {*SCHEMA}

    @contextmanager
    def snapshot(self) -> Iterator[Query]:
        """A view in which nothing changes, on a connection of its own."""
        with faults(self.path):
            connection = self._connect()
            try:
                connection.execute("BEGIN")
                yield lambda sql, parameters: connection.execute(sql, parameters).fetchall()
            finally:
                connection.close()

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """One write: waits for its turn, and is durable once the block is left. SPEC 9.1.2.

        Raises LedgerError where the head does not hold, since a new seal would hide the damage.
        """
        with self._lock, faults(self.path):
            connection = self._connection()
            try:
                self._wait_for_turn(connection)
                transaction = self._begin(connection)
                yield transaction
                self._seal(transaction)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _wait_for_turn(self, connection: sqlite3.Connection) -> None:
        """Begin to write. SQLite itself waits longer and longer, a tenth of a second in the end."""
        until = time.monotonic() + self._patience
        connection.execute("PRAGMA busy_timeout = 0")
        try:
            while True:
                try:
                    connection.execute("BEGIN IMMEDIATE")
                    return
                except sqlite3.OperationalError as error:
                    busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                    if not busy or time.monotonic() > until:
                        raise
                time.sleep(_CHANCE.uniform(*_NAP))
        finally:
            connection.execute(f"PRAGMA busy_timeout = {int(1000 * self._patience)}")

    def copy_to(self, target: sqlite3.Connection) -> None:
        """Copy every page as it stands at one moment, on a connection of its own."""
        with faults(self.path):
            connection = self._connect()
            try:
                connection.backup(target)
            finally:
                connection.close()

    def settle(self) -> None:
        """Move what the write-ahead log holds into the file and empty the log, if nobody reads."""
        self.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def _begin(self, connection: Connection) -> Transaction:
        sealed = connection.execute("SELECT seq, hash, epoch, mac FROM head").fetchone()
        last = connection.execute(
            "SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        if sealed is None and last is None:
            return Transaction(connection, Head(0, START), 1)
        if sealed is not None and last == sealed[:2]:
            head, epoch, mac = Head(*last), sealed[2], sealed[3]
            self.seals.require(epoch)
            if self.seals.hold(epoch, head, mac):
                return Transaction(connection, head, epoch)
        raise self.damage("entries at its end are missing or were changed")

    def _seal(self, transaction: Transaction) -> None:
        head, epoch = transaction.head, transaction.epoch
        transaction.execute(
            "INSERT INTO head VALUES (1, ?, ?, ?, ?) ON CONFLICT (one) DO UPDATE"
            " SET seq = excluded.seq, hash = excluded.hash, epoch = excluded.epoch,"
            " mac = excluded.mac",
            (head.seq, head.hash, epoch, self.seals.mac(epoch, head)),
        )

    def _connection(self) -> sqlite3.Connection:
        if os.getpid() != self._process:
            self._inherited.append(self._opened)  # kept, since closing it would meddle with locks
            self._open()
        return self._opened

    def _open(self) -> None:
        self._process = os.getpid()
        self._opened = self._connect()
        self._closer = weakref.finalize(self, _close, self._opened, self._process)
        try:
            _check_version(self._opened, self.path)
        except BaseException:
            self.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        log = self.path.with_name(self.path.name + "-wal")
        writable = os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK)
        settled = not log.exists() or log.stat().st_size == 0
        # a copy on a read-only medium can be read as it stands, if nothing waits in its log
        mode = "mode=ro&immutable=1" if not writable and settled else "mode=rw"
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?{mode}",
            uri=True,
            timeout=self._patience,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        return connection


def not_text() -> UsageError:
    """What is raised where a name cannot be written in UTF-8."""
    return UsageError(
        "a name is not text that UTF-8 can hold (a lone surrogate)",
        hint="check how the text was decoded",
    )


@contextmanager
def faults(path: Path) -> Iterator[None]:
    """Turn whatever SQLite says about a file into one clear line."""
    try:
        yield
    except UnicodeEncodeError:
        raise not_text() from None
    except OverflowError:
        raise UsageError(
            "a number that no ledger can hold", hint="numbers of entries: tracemark ledger show"
        ) from None
    except sqlite3.Error as error:
        # what is no fault of the file, such as using it after closing, has no result code
        primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
        what, hint = _CAUSES.get(primary, (f"cannot be used: {error}", "open the vault again"))
        raise LedgerError(f"the ledger {path} {what}", hint=hint) from error


def _lay_out(path: Path) -> None:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise VaultError(
            f"SQLite {sqlite3.sqlite_version} is too old for a ledger",
            hint=f"use a Python with SQLite {'.'.join(map(str, OLDEST_SQLITE))} or newer",
        )
    with faults(path):
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
            for statement in SCHEMA:
                connection.execute(statement)
            connection.execute("COMMIT")
        finally:
            connection.close()


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION:
        raise LedgerError(f"{path} is not a ledger", hint="check the path")
    if version != VERSION:
        raise VaultError(
            f"the ledger {path} has format {version}, and this release knows {VERSION}",
            hint="use the release of tracemark that wrote it, or a newer one",
        )


def _close(connection: sqlite3.Connection, process: int) -> None:
    if os.getpid() == process:
        connection.close()

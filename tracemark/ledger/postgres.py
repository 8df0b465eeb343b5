"""The ledger in PostgreSQL: the same chain, queries and guards, for many stations. SPEC 9.10.

What differs from the file stands here: connections, turns, troubles. Needs the extra `postgres`.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tracemark.errors import LedgerError, UsageError, VaultError
from tracemark.ledger.chain import Seals
from tracemark.ledger.postgres_link import Link, driver, malformed, shown
from tracemark.ledger.postgres_schema import HELD, LAYOUTS, MARK, laid_down, statements
from tracemark.ledger.store import Parameters, Query, Row, Store, Transaction, not_text

_CAUSES = {  # SQLSTATE, or its class: what is wrong, what to do
    "55P03": ("is locked by another program", "try again when the other has finished"),
    "53100": ("cannot grow: the server's disk is full", "free some space, then try again"),
    "53": ("cannot be used: the server is short of resources", "try again, or ask who runs it"),
    "25006": ("cannot be written", "connect to the primary server, not to a standby"),
    "42501": ("cannot be used: the role lacks a privilege", "see docs/postgres.md"),
    "42P01": ("is not a ledger", "check the address and its search_path"),
    "3F000": ("is not a ledger", "create the schema that search_path names"),
    "23": ("refuses to change what it holds", "entries are only ever added"),
    "22P02": ("is damaged", "run tracemark ledger verify, then restore it from a backup"),
}
_UNREACHED = ("cannot be reached", "check the address, the network and the server, then try again")

# a writer's turn: one round trip; a server set to answer before the disk has it is overruled
_BEGIN = """
    BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
    SELECT set_config('lock_timeout', '{patience}', true);
    SELECT set_config('synchronous_commit', 'on', true)
        WHERE current_setting('synchronous_commit') = 'off';
    LOCK TABLE head IN EXCLUSIVE MODE"""


class PostgresStore(Store):
    """The open ledger. Threads may share it; after a fork the child opens its own connection.

    Parameters
    ----------
    address : str
        ``postgresql://user@host/database``, as libpq takes it.
    seals : Seals
        Seals the head after each write.
    patience : float
        Seconds to wait while another process writes.
    """

    def __init__(self, address: str, seals: Seals, *, patience: float = 30.0) -> None:
        self.shown = self._place = shown(address)
        self.seals = seals
        self._address = address
        self._turn = _BEGIN.format(patience=max(1, round(1000 * patience)))
        self._lock = threading.RLock()
        self._kept: list[Link] = []  # of the parent: closing them would cut it off
        with self._faults():
            self._open()
            try:
                self._check()
            except BaseException:
                self.close()
                raise

    @classmethod
    def lay_out(
        cls, address: str, seals: Seals, fill: Callable[[Link], None] | None = None
    ) -> PostgresStore:
        """Make the tables in the first schema of the search path.

        Parameters
        ----------
        address : str
        seals : Seals
        fill : callable, optional
            Called in the same transaction: tables and content come together or not at all.

        Raises
        ------
        LedgerError
            If there is a ledger already.
        VaultError
            If the database is not encoded in UTF-8.
        """
        place = shown(address)
        with _faults(place):
            connection = Link(address)
            try:
                _lay_out(connection, place)
                if fill:
                    fill(connection)
                connection.execute("COMMIT")
            finally:
                connection.raw.close()
        return cls(address, seals)

    def close(self) -> None:
        """Close the connection. Closing twice does nothing."""
        self._closer()

    def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Run a query and return its rows."""
        with self._lock, self._faults():
            return self._connected().execute(sql, parameters).fetchall()

    def ids(self, sql: str, parameters: Parameters = ()) -> list[str]:
        """The ids, sorted, that a query of one column gives."""
        return sorted(row[0] for row in self.rows(sql, parameters))

    def damage(self, what: str) -> LedgerError:
        """The error for content that no writer of this library can have written."""
        return LedgerError(
            f"the ledger {self.shown} is damaged: {what}",
            hint="run tracemark ledger verify, then restore it from a backup",
        )

    def layout(self, query: Query) -> tuple[set[str], set[str]]:
        """Tables, indexes, functions and triggers there are, and those of this format."""
        return layout(query)

    @contextmanager
    def snapshot(self) -> Iterator[Query]:
        """A view in which nothing changes, on a connection of its own."""
        with self._faults():
            connection = Link(self._address)
            try:
                connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                yield lambda sql, parameters: connection.execute(sql, parameters).fetchall()
            finally:
                connection.raw.close()

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """One write: waits for its turn, and is durable once the block is left. SPEC 9.10.2.

        Raises LedgerError where the head does not hold, since a new seal would hide the damage.
        """
        with self.turn() as connection:
            transaction = self._begin(connection)
            yield transaction
            self._seal(transaction)

    @contextmanager
    def turn(self) -> Iterator[Link]:
        """A transaction in which nobody else writes; committed once the block is left."""
        with self._lock, self._faults():
            connection = self._connected()
            try:
                connection.execute(self._turn)
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.rollback()
                raise

    def copy_to(self, target: object) -> None:
        """Refused with UsageError: what copies the pages of a file has none here."""
        raise UsageError(
            "a ledger in a database is not copied to a file",
            hint="use pg_dump, then tracemark ledger verify on what it restores",
        )

    def settle(self) -> None:
        """Nothing to do: the server's own vacuum removes what was deleted."""

    def _connected(self) -> Link:
        if not self._closer.alive:
            raise LedgerError(f"the ledger {self.shown} is closed", hint="open the vault again")
        if os.getpid() != self._process:
            self._kept.append(self._link)
            self._open()
        elif not self._link.lives():
            self._closer.detach()
            self._open()
        return self._link

    def _open(self) -> None:
        self._process = os.getpid()
        self._link = Link(self._address)
        self._closer = weakref.finalize(self, _close, self._link, self._process)

    def _check(self) -> None:
        comment = _comment(self._link.execute)
        if not comment.startswith(MARK):
            raise LedgerError(
                f"no ledger at {self.shown}", hint="check the address, or create a vault"
            )
        if (version := comment.removeprefix(MARK)) not in map(str, LAYOUTS):
            raise VaultError(
                f"the ledger {self.shown} has layout {version}, and this release knows"
                f" {' and '.join(map(str, LAYOUTS))}",
                hint="use the release of tracemark that wrote it, or a newer one",
            )

    @contextmanager
    def _faults(self) -> Iterator[None]:
        with _faults(self._place):
            yield


def layout(query: Query) -> tuple[set[str], set[str]]:
    """What lays a ledger out as found, and as it should be; indexes more are no matter."""
    held, ours = {row[0] for row in query(HELD, ())}, laid_down(layout_number(query))
    return {one for one in held if one in ours or not one.startswith("an index")}, ours


def layout_number(query: Query) -> int:
    """Which of `LAYOUTS` the tables have, as they say themselves; the latest if they say none."""
    version = _comment(query).removeprefix(MARK)
    return next((number for number in LAYOUTS if str(number) == version), LAYOUTS[-1])


def _comment(query: Query) -> str:
    """What is written on the table of entries: that it is a ledger, and of which layout."""
    ((comment,),) = query("SELECT obj_description(to_regclass('entries'), 'pg_class')", ())
    return comment or ""


@contextmanager
def _faults(place: str) -> Iterator[None]:
    """Turn whatever the server says into one clear line."""
    try:
        yield
    except UnicodeEncodeError:
        raise not_text() from None
    except driver().Error as error:
        state = error.sqlstate or ""
        if isinstance(error, driver().DataError) and "NUL" in str(error):
            raise UsageError(
                "a name holds a null character", hint="check how the text was decoded"
            ) from None
        if not state and isinstance(error, driver().ProgrammingError):
            raise malformed() from None  # what libpq says of it may quote it
        if not state and isinstance(error, driver().OperationalError):
            _, refused, why = str(error).partition("FATAL:")  # libpq gives no state here
            what, hint = _UNREACHED
            if refused:
                what = f"cannot be opened: {why.strip().partition(chr(10))[0]}"
        else:
            told = error.diag.message_primary or type(error).__name__
            what, hint = _CAUSES.get(state, _CAUSES.get(state[:2], (f"cannot be used: {told}", "")))
        raise LedgerError(f"the ledger {place} {what}", hint=hint) from error


def _lay_out(connection: Link, place: str) -> None:
    ((encoding, there),) = connection.execute(
        "SELECT current_setting('server_encoding'), to_regclass('entries') IS NOT NULL"
    )
    if encoding != "UTF8":
        raise VaultError(
            f"the database {place} is encoded in {encoding}",
            hint="create one with ENCODING 'UTF8' TEMPLATE template0",
        )
    if there:
        raise LedgerError(f"there is a ledger already: {place}", hint="open it")
    connection.execute("BEGIN")
    for statement in statements():
        connection.execute(statement)


def _close(connection: Link, process: int) -> None:
    if os.getpid() == process:
        connection.raw.close()

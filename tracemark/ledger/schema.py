"""Tables of the ledger file, and the guards that make them append-only. SPEC 9.1."""

from __future__ import annotations

APPLICATION = 0x544D4C47  # "TMLG" in the header of the SQLite file
VERSION = 1
OLDEST_SQLITE = (3, 37)  # strict tables

TABLES = (
    """CREATE TABLE entries (
        seq INTEGER PRIMARY KEY, time TEXT NOT NULL, kind TEXT NOT NULL,
        body TEXT NOT NULL, hash BLOB NOT NULL) STRICT""",
    """CREATE TABLE head (
        one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash BLOB NOT NULL,
        epoch INTEGER NOT NULL, mac BLOB NOT NULL) STRICT""",
    """CREATE TABLE recipients (
        n INTEGER PRIMARY KEY, entry INTEGER NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,
        kind TEXT NOT NULL, parent TEXT) STRICT""",
    """CREATE TABLE fingerprints (
        n INTEGER PRIMARY KEY, entry INTEGER NOT NULL, kind TEXT NOT NULL,
        epoch INTEGER NOT NULL, issue INTEGER NOT NULL, blob BLOB NOT NULL) STRICT""",
)

INDEXES = (
    "CREATE INDEX entries_by_kind ON entries (kind)",
    """CREATE INDEX issues_by_recipient ON entries (json_extract(body, '$.recipient'))
        WHERE kind = 'issue'""",
    "CREATE INDEX recipients_by_id ON recipients (id, entry)",
    "CREATE INDEX fingerprints_by_kind ON fingerprints (kind, epoch)",
    "CREATE INDEX fingerprints_by_issue ON fingerprints (issue, kind, epoch)",
)

# fingerprints may go once the latest prune entry says so
_PRUNED = """EXISTS (
    SELECT 1 FROM entries WHERE seq = OLD.entry AND time < (
        SELECT json_extract(body, '$.before') FROM entries
        WHERE kind = 'prune' ORDER BY seq DESC LIMIT 1))"""


def _guard(table: str, verb: str, unless: str = "0") -> str:
    return f"""CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}
        WHEN NOT ({unless}) BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"""


GUARDS = (
    _guard("entries", "UPDATE"),
    _guard("entries", "DELETE"),
    _guard("recipients", "UPDATE"),
    _guard("recipients", "DELETE"),
    _guard("fingerprints", "UPDATE"),
    _guard("fingerprints", "DELETE", unless=_PRUNED),
    _guard("head", "DELETE"),
)

SCHEMA = (*TABLES, *INDEXES, *GUARDS)

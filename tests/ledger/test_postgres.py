"""A ledger in PostgreSQL: its guards, its troubles, vaults by its address, the move from a file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

import tracemark
from tests.postgres_server import Server
from tracemark.errors import KeyFault, LedgerError, UsageError, VaultError
from tracemark.keys import EpochKey
from tracemark.ledger import Ledger
from tracemark.ledger.postgres_link import shown
from tracemark.ledger.postgres_schema import FINGERPRINTS, MARK, PARTITIONS, TABLE_NAMES
from tracemark.model import Recipient
from tracemark_cli.main import status

psycopg = pytest.importorskip("psycopg", reason="needs the extra 'postgres'")

KEY = EpochKey(1, bytes(range(32)))


@pytest.fixture
def path(server: Server) -> str:
    """These tests are about PostgreSQL."""
    return server.address()


@pytest.fixture
def written(ledger: Ledger, path: str) -> str:
    """Two issues with two batches each, a case: eleven entries."""
    for recipient in ("acct:1", "acct:2"):
        with ledger.issue(recipient, "table", profile="p", epoch=1, policy="full") as issue:
            for number in (1, 2):
                issue.batch(49, {"waybill": np.arange(1, 50, dtype=np.uint64) * np.uint64(number)})
    ledger.record_case(["ab" * 32], 1e-6)
    assert ledger.verify().faults == ()
    ledger.close()
    return path


def execute(path: str, *statements: str) -> None:
    with psycopg.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)


def tamper(path: str, statement: str) -> None:
    """Run SQL with the guards asleep."""
    switch = [f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in TABLE_NAMES]
    wake = [one.replace("DISABLE", "ENABLE") for one in switch]
    execute(path, *switch, statement, *wake)


def faults(path: str) -> tuple[str, ...]:
    with Ledger.open(path, [KEY]) as ledger:
        return ledger.verify().faults


@pytest.mark.parametrize("table", TABLE_NAMES)
@pytest.mark.parametrize("verb", ["UPDATE {} SET epoch = 9", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_tables_refuse_to_forget(written: str, table: str, verb: str) -> None:
    if table in ("entries", "recipients"):
        verb = verb.replace("epoch = 9", "kind = 'x'")
    if (table, verb[:6]) == ("head", "UPDATE"):
        return
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="append-only"):
        execute(written, verb.format(table))
    assert faults(written) == ()


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE entries SET time = 'x' WHERE seq = 4", "entry 4 was changed"),
        ("UPDATE entries SET body = '{' WHERE seq = 4", "not a well-formed batch"),
        ("DELETE FROM entries WHERE seq = 5", "entries 5 to 5 are missing"),
        ("DELETE FROM entries WHERE seq > 9", "the seal covers 11 entries, the chain has 9"),
        ("UPDATE head SET mac = hash", "not made with this vault's key"),
        ("UPDATE recipients SET name = 'x'", "registered by entry 2"),
        (r"UPDATE fingerprints SET blob = '\x00'", "fingerprints of batch 4"),
        ("DROP TRIGGER entries_no_update ON entries", "lacks its trigger entries_no_update"),
        (
            "CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN RETURN NEW; END'",
            "lacks its trigger entries_no_delete",
        ),
        ("CREATE RULE r AS ON UPDATE TO entries DO INSTEAD NOTHING", "holds a foreign rule r"),
        ("DROP INDEX recipients_by_id", "lacks its index recipients_by_id"),
    ],
)
def test_tampering_is_found_and_named(written: str, statement: str, fault: str) -> None:
    (tamper if statement[:6] in ("UPDATE", "DELETE") else execute)(written, statement)
    found = faults(written)
    assert any(re.search(fault, line) for line in found), found


def test_a_guard_that_is_only_asleep_is_found(written: str) -> None:
    execute(written, "ALTER TABLE entries DISABLE TRIGGER entries_no_delete")
    assert any("its trigger entries_no_delete" in line for line in faults(written))


def test_an_index_more_is_no_fault(written: str) -> None:
    execute(written, "CREATE INDEX mine ON entries (time)")
    assert faults(written) == ()


def test_nothing_is_written_after_an_end_that_does_not_hold(written: str) -> None:
    tamper(written, "DELETE FROM entries WHERE seq = 11")
    with (
        Ledger.open(written, [KEY]) as ledger,
        pytest.raises(LedgerError, match="is damaged: entries at its end"),
    ):
        ledger.add_recipients([Recipient("new")])


def test_names_with_odd_characters_harm_no_query(ledger: Ledger) -> None:
    """What canonical JSON spells with backslashes, a null character among it."""
    names = ["\x00", "\\u0000", "\\\x00\x00", "100% ?", "'; DROP TABLE entries"]
    for name in names:
        ledger.issue("acct:1", "rows", profile="p", epoch=1, policy="full", name=name).batch(
            1, {"waybill": np.array([7], np.uint64)}
        )
    assert [entry.body["name"] for entry in ledger.entries("issue")] == names
    assert ledger.holds("acct:1", "waybill", 1, np.array([7], np.uint64)).all()
    assert ledger.holders("waybill", 1, np.array([7], np.uint64)).recipients == ("acct:1",)
    assert ledger.verify().faults == ()
    with pytest.raises(UsageError, match="null character"):
        ledger.recipient("a\x00b")


def test_whoever_waits_too_long_is_told(ledger: Ledger, path: str) -> None:
    with psycopg.connect(path) as other:
        other.execute("LOCK TABLE head IN EXCLUSIVE MODE")
        with (
            Ledger.open(path, [KEY], patience=0.1) as waiting,
            pytest.raises(LedgerError, match="is locked by another program"),
        ):
            waiting.add_recipients([Recipient("late")])
    assert ledger.add_recipients([Recipient("late")]) == 1


def test_a_connection_that_was_cut_is_made_again(ledger: Ledger, path: str) -> None:
    """One clear line, nothing half-written, and the next call succeeds."""
    ((process,),) = ledger._store.rows("SELECT pg_backend_pid()")
    execute(path, f"SELECT pg_terminate_backend({process})")
    with pytest.raises(LedgerError) as caught:
        ledger.add_recipients([Recipient("new")])
    assert "\n" not in str(caught.value)
    assert ledger.add_recipients([Recipient("new")]) == 1
    assert ledger.verify().faults == ()


def test_a_commit_waits_for_the_disk_whatever_the_server_is_set_to(
    ledger: Ledger, path: str
) -> None:
    with psycopg.connect(path, autocommit=True) as connection:
        connection.execute("ALTER ROLE postgres SET synchronous_commit = off")
        try:
            with Ledger.open(path, [KEY]) as opened, opened._store.write() as transaction:
                found = transaction.execute("SELECT current_setting('synchronous_commit')")
        finally:
            connection.execute("ALTER ROLE postgres RESET synchronous_commit")
    assert found == [("on",)]


def test_troubles_are_one_clear_line_without_the_password(path: str) -> None:
    absent = path.replace("postgres@/postgres?", "postgres:hunter2@/absent?")
    for place, trouble in (
        (absent, 'cannot be opened: database "absent" does not exist'),
        ("postgresql://u:hunter2@127.0.0.1:1/db", "cannot be reached"),
        (path, "no ledger at"),
    ):
        with pytest.raises(LedgerError, match=trouble) as caught:
            Ledger.open(place, [KEY])
        assert "hunter2" not in str(caught.value)
        assert "\n" not in str(caught.value)
        assert caught.value.hint


def test_backups_are_the_servers_own(ledger: Ledger) -> None:
    with pytest.raises(UsageError, match="not copied to a file") as caught:
        ledger._store.copy_to(None)
    assert "pg_dump" in caught.value.hint


def test_an_address_loses_its_password() -> None:
    told = shown("postgres://u:p@h:5433/d?password=q&sslmode=require")
    assert told == "postgresql://u@h:5433/d?sslmode=require"
    assert shown("postgresql://u:p@h1:1,h2/d") == "postgresql://u@h1:1,h2/d"
    for place in ("postgresql://u:p@[h/d", "postgresql://u:p@h/d?nothing=known"):
        with pytest.raises(UsageError, match="is malformed"):
            Ledger.open(place, [KEY])


def test_a_ledger_is_not_laid_over_another_nor_opened_by_an_older_release(
    ledger: Ledger, path: str
) -> None:
    with pytest.raises(LedgerError, match="there is a ledger already"):
        Ledger.create(path, vault_id="v", profile="p", keys=[KEY])
    execute(path, "COMMENT ON TABLE entries IS 'tracemark ledger, format 7'")
    with pytest.raises(VaultError, match="has layout 7, and this release knows 1 and 2"):
        Ledger.open(path, [KEY])


def test_a_station_needs_no_more_than_these_privileges(ledger: Ledger, path: str) -> None:
    """As the documentation grants them: it writes entries, and can neither prune nor alter."""
    ((schema,),) = ledger._store.rows("SELECT current_schema()")
    execute(
        path,
        f"CREATE ROLE {schema}_station LOGIN",
        f"GRANT USAGE ON SCHEMA {schema} TO {schema}_station",
        f"GRANT SELECT, INSERT ON entries, head, recipients, fingerprints TO {schema}_station",
        f"GRANT UPDATE ON head TO {schema}_station",
    )
    with Ledger.open(path.replace("postgres@", f"{schema}_station@"), [KEY]) as station:
        station.add_recipients([Recipient("acct:3")])
        with station.issue("acct:3", "rows", profile="p", epoch=1, policy="full") as issue:
            issue.batch(1, {"waybill": np.array([7], np.uint64)})
        assert station.verify().faults == ()
        with pytest.raises(LedgerError, match="lacks a privilege"):
            station.prune(datetime.now(UTC))
        with pytest.raises(LedgerError, match="lacks a privilege"):
            station._store.rows("DELETE FROM entries")


# --- vaults


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where keys are kept."""
    monkeypatch.delenv("TRACEMARK_KEY", raising=False)
    monkeypatch.setenv("TRACEMARK_KEYS", str(tmp_path / "keys here"))
    yield tmp_path / "keys here"


ROWS = [{"收货地址": f"浙江省杭州市西湖区文一路{n}号3栋2单元50{n % 10}室"} for n in range(1, 300)]


def test_a_vault_by_its_address_marks_and_traces(path: str, folder: Path) -> None:
    with tracemark.Vault.create(path) as vault:
        vault.add_recipients(f"acct:{n}" for n in range(50))
        vault.rotate_key()
    assert [one.name for one in folder.iterdir()] == ["keys"]
    with tracemark.Vault.open(path) as vault:
        marked = list(vault.mark_rows(ROWS, to="acct:7"))
        assert [one.recipient for one in vault.trace(marked).accusations] == ["acct:7"]
        assert vault.verify_ledger().holds
        assert vault.place == shown(path)


def test_a_vault_without_a_folder(path: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACEMARK_KEY", bytes(range(32)).hex())
    with tracemark.Vault.create(path) as vault:
        vault.add_recipients(["acct:1"])
    with tracemark.Vault.open(path) as vault:
        assert vault.epochs[0]["commitment"] == KEY.commitment
    assert not folder.exists()


def test_an_issuing_key_in_a_file_of_its_own_serves(
    path: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A station's, or a cluster worker's: it marks, and cannot trace."""
    with tracemark.Vault.create(path) as vault:
        vault.add_recipients(["acct:7", "acct:8"])
        vault.write_issuing_key(tmp_path / "issuing", "acct:7")
        wanted = list(vault.mark_rows(ROWS, to="acct:7"))
    (folder / "keys").unlink()
    monkeypatch.setenv("TRACEMARK_KEY_FILE", str(tmp_path / "issuing"))
    with tracemark.Vault.open(path) as vault:
        assert list(vault.mark_rows(ROWS, to="acct:7")) == wanted
        with pytest.raises(KeyFault):
            list(vault.mark_rows(ROWS, to="acct:8"))


def test_a_vault_that_cannot_be_made_leaves_no_key(path: str, folder: Path) -> None:
    with pytest.raises(LedgerError, match="does not exist"):
        tracemark.Vault.create(path.replace("/postgres?", "/absent?"))
    assert not (folder / "keys").exists()
    with tracemark.Vault.create(path):
        pass
    with pytest.raises(VaultError, match="there is a key already"):
        tracemark.Vault.create(path)


def test_the_key_of_another_vault_is_refused(path: str, folder: Path) -> None:
    tracemark.Vault.create(path, key=bytes(32)).close()
    (folder / "keys").write_text(KEY.line() + "\n")
    with pytest.raises(KeyFault, match="not the one the ledger commits to"):
        tracemark.Vault.open(path)


# --- layouts


@pytest.fixture
def layout_1(path: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A ledger as releases without partitions laid it out, eleven entries, open to a station."""
    from tracemark.ledger import postgres, postgres_schema

    former = tuple(one for one in postgres_schema.statements() if one not in FINGERPRINTS[1:])
    former = tuple(
        one.replace("PRIMARY KEY (n, issue)) PARTITION BY HASH (issue)", "PRIMARY KEY (n))")
        for one in former
        if not any(part in one for part in PARTITIONS)
    )
    former = tuple(one.replace(f"{MARK}2", f"{MARK}1") for one in former)
    with monkeypatch.context() as patch:
        patch.setattr(postgres, "statements", lambda: former)
        Ledger.create(path, vault_id="v-1", profile="draft-1", keys=[KEY]).close()
    with Ledger.open(path, [KEY]) as ledger:
        ledger.add_recipients([Recipient("acct:1"), Recipient("acct:2")])
        for recipient in ("acct:1", "acct:2"):
            with ledger.issue(recipient, "table", profile="p", epoch=1, policy="full") as issue:
                for number in (1, 2):
                    issue.batch(49, {"waybill": values(number)})
    return path


def values(number: int) -> np.ndarray:
    return np.arange(1, 50, dtype=np.uint64) * np.uint64(number)


def test_a_former_layout_serves_and_is_brought_up_to_date(layout_1: str) -> None:
    """Every entry and row number stays, stations keep their rights, and writing goes on."""
    execute(
        layout_1,
        "DROP ROLE IF EXISTS station",
        "CREATE ROLE station",
        "GRANT SELECT, INSERT ON fingerprints TO station",
    )
    with Ledger.open(layout_1, [KEY]) as ledger, Ledger.open(layout_1, [KEY]) as other:
        assert ledger.verify().faults == ()
        entries, rows = list(ledger.entries()), "SELECT * FROM fingerprints ORDER BY n"
        before = ledger._store.rows(rows)
        assert ledger.upgrade() and not ledger.upgrade()
        assert (list(ledger.entries()), ledger._store.rows(rows)) == (entries, before)
        [(may,)] = ledger._store.rows(
            "SELECT has_table_privilege('station', 'fingerprints', 'INSERT')"
        )
        assert may and ledger.verify().faults == ()
        assert other.holds("acct:1", "waybill", 1, values(2)).all()
        with other.issue("acct:2", "table", profile="p", epoch=1, policy="full") as issue:
            issue.batch(3, {"waybill": values(7)})
        assert ledger.verify().faults == ()
        numbers = [n for (n,) in ledger._store.rows("SELECT n FROM fingerprints ORDER BY n")]
        assert len({*numbers}) == len(numbers) == len(before) + 1
    with psycopg.connect(layout_1) as connection:
        connection.execute("DROP OWNED BY station")
        connection.execute("DROP ROLE station")


def test_a_ledger_that_does_not_hold_is_not_rebuilt(layout_1: str) -> None:
    tamper(layout_1, r"UPDATE fingerprints SET blob = '\x00' WHERE n = 2")
    with Ledger.open(layout_1, [KEY]) as ledger:
        with pytest.raises(LedgerError, match="does not hold, and stays"):
            ledger.upgrade()
        [(kind,)] = ledger._store.rows(
            "SELECT relkind::text FROM pg_class WHERE oid = to_regclass('fingerprints')"
        )
        assert kind == "r"


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("ALTER TABLE fingerprints DETACH PARTITION fingerprints_3", "table fingerprints_3"),
        ("ALTER TABLE fingerprints_5 DISABLE TRIGGER USER", "trigger fingerprints_no_delete"),
        ("DROP TABLE fingerprints_5", "lacks its table fingerprints_5"),
    ],
)
def test_meddling_with_a_partition_is_found(written: str, statement: str, fault: str) -> None:
    execute(written, statement)
    assert any(fault in line for line in faults(written)), faults(written)


@pytest.mark.parametrize("verb", ["UPDATE {} SET epoch = 9", "DELETE FROM {}", "TRUNCATE {}"])
def test_partitions_refuse_to_forget(written: str, verb: str) -> None:
    with psycopg.connect(written) as connection:
        [(held,)] = connection.execute(
            "SELECT tableoid::regclass::text FROM fingerprints LIMIT 1"
        ).fetchall()
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="append-only"):
        execute(written, verb.format(held))
    assert faults(written) == ()


# --- from the file to the database


def test_a_moved_ledger_keeps_every_hash(path: str, tmp_path: Path) -> None:
    folder = tmp_path / "vault"
    with tracemark.Vault.create(folder, key=bytes(range(32))) as vault:
        vault.add_recipients(f"acct:{n}" for n in range(50))
        marked = list(vault.mark_rows(ROWS, to="acct:7"))
        vault.record_custody("acct:3", ["75400000000001"])
        before = list(vault.ledger_entries())
        with tracemark.Vault.open(folder) as other:
            vault.move_ledger(path)
            with pytest.raises(LedgerError, match="refuses"):
                other.add_recipients(["acct:late"])
        assert list(vault.ledger_entries()) == before
        vault.add_recipients(["acct:51"])
    told = json.loads((folder / "vault.json").read_text(encoding="utf-8"))
    assert told["ledger"] == shown(path)
    assert not (folder / "ledger.sqlite").exists()
    with tracemark.Vault.open(folder) as vault:
        list(vault.mark_rows(ROWS, to="acct:51"))
        assert [one.recipient for one in vault.trace(marked).accusations] == ["acct:7"]
        assert vault.verify_ledger().faults == ()
        with pytest.raises(UsageError, match="in a database already"):
            vault.move_ledger(path)


def test_a_ledger_that_does_not_hold_stays(path: str, tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    with Ledger.create(file, vault_id="v", profile="p", keys=[KEY]) as ledger:
        ledger.add_recipients([Recipient("acct:1")])
        ledger._store.rows("DROP TRIGGER recipients_no_update")
        ledger._store.rows("UPDATE recipients SET name = 'x'")
        with pytest.raises(LedgerError, match="does not hold, and stays: recipients registered"):
            ledger.move(path)
        assert ledger.add_recipients([Recipient("acct:2")]) == 1
    with pytest.raises(LedgerError, match="no ledger at"):
        Ledger.open(path, [KEY])


def test_the_command_line_moves_a_ledger(
    path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "vault"
    tracemark.Vault.create(folder).close()

    def told(*arguments: str) -> str:
        assert status([*arguments, "--vault", str(folder)]) == 0
        return capsys.readouterr().out

    told("recipient", "add", "acct:1")
    assert json.loads(told("ledger", "migrate", path, "--json"))["head"]["seq"] == 2
    assert "the ledger is whole" in told("ledger", "verify")

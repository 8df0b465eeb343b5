"""The file: every trouble with it is one clear line, and it holds no key."""

from __future__ import annotations

import base64
import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tracemark.errors import KeyFault, LedgerError, VaultError
from tracemark.keys import EpochKey
from tracemark.ledger import Ledger
from tracemark.ledger.store import Store
from tracemark.model import Recipient

KEY = EpochKey(1, bytes(range(32)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """These tests are about the file."""
    return tmp_path / "ledger.sqlite"


def create(path: Path) -> Ledger:
    return Ledger.create(path, vault_id="v", profile="draft-1", keys=[KEY])


def clear(error: VaultError) -> bool:
    """One line that names the file, and a next step."""
    return "\n" not in str(error) and "ledger.sqlite" in str(error) and bool(error.hint)


def test_opened_again_it_holds_the_same(ledger: Ledger, path: Path) -> None:
    with Ledger.open(path, [KEY]) as again:
        assert again.head == ledger.head
        assert again.genesis["vault"] == "v-1"
        assert again.genesis["profile"] == "draft-1"
        assert again.genesis["commitment"] == KEY.commitment
        assert [entry.kind for entry in again.entries()] == ["genesis", "recipients"]
        assert [entry.seq for entry in again.entries(after=1, limit=5)] == [2]


def test_entries_are_paged_and_can_be_limited(ledger: Ledger) -> None:
    for number in range(1100):
        if number % 11 == 0:
            ledger.record_case([str(number)], 1e-6)
    assert len(list(ledger.entries("case"))) == 100
    assert len(list(ledger.entries(limit=7))) == 7
    assert next(ledger.entries("case")).body["samples"] == ["0"]


def test_only_the_owner_can_read_it(ledger: Ledger, path: Path) -> None:
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}, modes


def test_durability_settings(ledger: Ledger) -> None:
    """Write-ahead log with a sync at each commit: what was told to be recorded survives a crash."""
    assert ledger._store.rows("PRAGMA journal_mode") == [("wal",)]
    assert ledger._store.rows("PRAGMA synchronous") == [(2,)]
    assert ledger._store.rows("PRAGMA secure_delete") == [(1,)]


def test_a_second_ledger_is_not_made_over_the_first(ledger: Ledger, path: Path) -> None:
    with pytest.raises(LedgerError, match="there is a ledger already") as caught:
        create(path)
    assert clear(caught.value)
    assert ledger.verify().holds


def test_missing(path: Path) -> None:
    with pytest.raises(LedgerError, match="no ledger at") as caught:
        Ledger.open(path, [KEY])
    assert clear(caught.value)
    assert not path.exists()


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot be created") as caught:
        create(tmp_path / "none" / "ledger.sqlite")
    assert clear(caught.value)


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100, b"SQLite format 3\0junk"])
def test_not_a_ledger(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(LedgerError, match="is not a ledger") as caught:
        Ledger.open(path, [KEY])
    assert clear(caught.value)


def test_another_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (x)")
    connection.close()
    with pytest.raises(LedgerError, match="is not a ledger"):
        Ledger.open(path, [KEY])


def test_newer_version_names_both(ledger: Ledger, path: Path) -> None:
    ledger.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 7")
    connection.close()
    with pytest.raises(VaultError, match="has format 7, and this release knows 1") as caught:
        Ledger.open(path, [KEY])
    assert clear(caught.value)


def test_damaged_pages(ledger: Ledger, path: Path) -> None:
    ledger.close()
    content = bytearray(path.read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(LedgerError, match="is damaged") as caught:
        Ledger.open(path, [KEY])
    assert clear(caught.value)


def test_wrong_key(ledger: Ledger, path: Path) -> None:
    wrong = EpochKey(1, bytes([7] * 32))
    with pytest.raises(KeyFault, match="epoch 1 is not the one the ledger commits to") as caught:
        Ledger.open(path, [wrong])
    assert caught.value.hint


def test_a_writer_that_waits_looks_often(
    ledger: Ledger, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's own waiting writers sleep up to a tenth of a second, however short a write is."""
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 40:
            other.rollback()

    monkeypatch.setattr("tracemark.ledger.store.time.sleep", nap)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        ledger.add_recipients([Recipient("acct:77")])
    assert len(naps) == 40 and max(naps) < 0.005
    assert ledger.recipient("acct:77")


def test_whoever_is_interrupted_at_its_turn_leaves_it(
    ledger: Ledger, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Store._wait_for_turn

    def interrupted(store: Store, connection: sqlite3.Connection) -> None:
        whole(store, connection)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Store, "_wait_for_turn", interrupted)
        ledger.add_recipients([Recipient("early")])
    with Ledger.open(path, [KEY], patience=0.1) as other:
        assert other.add_recipients([Recipient("late")]) == 1
    assert ledger.add_recipients([Recipient("later")]) == 1


def test_locked(ledger: Ledger, path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("BEGIN IMMEDIATE")
    with (
        Ledger.open(path, [KEY], patience=0.1) as waiting,
        pytest.raises(LedgerError, match="is locked by another program") as caught,
    ):
        waiting.add_recipients([Recipient("late")])
    other.close()
    assert clear(caught.value)
    assert ledger.add_recipients([Recipient("late")]) == 1


def test_disk_full(ledger: Ledger) -> None:
    """The write that does not fit is taken back whole, and the ledger goes on afterwards."""
    ((pages,),) = ledger._store.rows("PRAGMA page_count")
    ledger._store.rows(f"PRAGMA max_page_count = {pages + 2}")
    before = ledger.head
    with pytest.raises(LedgerError, match="the disk is full") as caught:
        ledger.add_recipients(Recipient(f"account {n}") for n in range(5000))
    assert clear(caught.value)
    assert ledger.head == before
    ledger._store.rows("PRAGMA max_page_count = 1000000")
    assert ledger.add_recipients(Recipient(f"account {n}") for n in range(5000)) == 5000
    assert ledger.verify().faults == ()


def test_read_only_connection(ledger: Ledger) -> None:
    ledger._store.rows("PRAGMA query_only = ON")
    with pytest.raises(LedgerError, match="cannot be written") as caught:
        ledger.add_recipients([Recipient("new")])
    assert clear(caught.value)
    assert ledger.count() == 2


AS_NOBODY = """
import os, sys
from pathlib import Path
from tracemark.errors import LedgerError
from tracemark.keys import EpochKey
from tracemark.ledger import Ledger
from tracemark.model import Recipient

if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
path, key = Path(sys.argv[1]), EpochKey(1, bytes(range(32)))
with Ledger.open(path, [key]) as ledger:
    print(ledger.count(), ledger.verify().holds)
    try:
        ledger.add_recipients([Recipient("new")])
    except LedgerError as error:
        print(error)
try:
    Ledger.create(path.with_name("new.sqlite"), vault_id="v", profile="p", keys=[key])
except LedgerError as error:
    print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX systems")
def test_read_only_folder(ledger: Ledger, path: Path) -> None:
    """A ledger that may not be written can still be read and verified, and says so otherwise."""
    ledger.close()
    folder = path.parent
    modes = {parent: stat.S_IMODE(parent.stat().st_mode) for parent in folder.parents}
    shut = {parent: mode for parent, mode in modes.items() if not mode & 0o001}
    try:
        if os.getuid() == 0:  # the child gives its rights up and has to reach the folder
            for parent, mode in shut.items():
                parent.chmod(mode | 0o001)
        path.chmod(0o444)
        folder.chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, path], capture_output=True, text=True, check=True
        )
    finally:
        folder.chmod(0o700)
        for parent, mode in shut.items():
            if os.getuid() == 0:
                parent.chmod(mode)
    told, refused, not_made = done.stdout.splitlines()
    assert told == "2 True"
    assert refused == f"the ledger {path} cannot be written"
    assert not_made.endswith("cannot be created: Permission denied")


def test_used_after_closing(ledger: Ledger) -> None:
    ledger.close()
    ledger.close()
    with pytest.raises(LedgerError, match="closed"):
        ledger.count()


def test_no_key_in_the_file(ledger: Ledger, path: Path) -> None:
    """Neither root keys nor subkeys, in any common spelling, in any file the ledger leaves."""
    second = EpochKey(2, bytes(range(100, 132)))
    ledger.add_epoch(second)
    with ledger.issue("acct:1", "rows", profile="p", epoch=2, policy="full") as issue:
        issue.batch(1, {})
    files = [file.read_bytes() for file in path.parent.iterdir()]
    assert len(files) >= 2
    labels = ("ledger", "codeword", "fingerprint/waybill", "fingerprint/phone")
    for material in (bytes(range(32)), bytes(range(100, 132))):
        key = EpochKey(1, material)
        for hidden in (material, *map(key.derive, labels)):
            spelt = base64.b64encode(hidden).rstrip(b"=")[:-1]
            for form in (hidden, hidden.hex().encode(), hidden.hex().upper().encode(), spelt):
                assert not any(form in content for content in files)
    assert "ledger" in repr(ledger).lower()
    assert bytes(range(32)).hex() not in repr(vars(ledger))


def test_an_interrupted_creation_leaves_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracemark.ledger.store.SCHEMA", ("CREATE NONSENSE",))
    with pytest.raises(LedgerError):
        create(path)
    assert not path.exists()


def test_old_sqlite_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sqlite3.sqlite_version_info", (3, 26, 0))
    with pytest.raises(VaultError, match="too old"):
        create(path)
    assert not path.exists()

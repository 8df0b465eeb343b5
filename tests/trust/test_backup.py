"""Backups made while others write, and ledgers that were put in another's place."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import tracemark
from tracemark.errors import LedgerError
from tracemark.ledger import Ledger
from tracemark.model import Recipient

KEY = bytes(range(32))
WRITER = Path(__file__).parents[1] / "ledger" / "writer.py"


@pytest.fixture
def vault(tmp_path: Path):
    with tracemark.Vault.create(tmp_path / "vault", key=KEY) as made:
        made.add_recipient("acct:1")
        yield made


def test_backups_while_another_process_writes_are_whole(vault, tmp_path: Path) -> None:
    """Each copy is the ledger of one moment: it verifies, and it grows."""
    writer = subprocess.Popen(
        [sys.executable, WRITER, vault.path / "ledger.sqlite", "acct:1", "0", "5000"],
        stdout=subprocess.PIPE,
    )
    assert writer.stdout is not None
    writer.stdout.readline()
    heads = []
    for number in range(3):
        told = int(writer.stdout.readline())
        heads.append(vault.backup_ledger(tmp_path / f"copy{number}"))
        with Ledger.open(tmp_path / f"copy{number}", vault._keys) as copy:
            assert copy.verify().holds
            batches = sum(1 for _ in copy.entries("batch"))
            assert batches > told  # what got out before the backup began is in it
    writer.kill()
    writer.wait()
    writer.stdout.close()
    assert heads[0].seq < heads[2].seq
    assert vault.verify_ledger().holds
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".new")]


def test_a_backup_put_back_goes_on(vault, tmp_path: Path) -> None:
    """A restored copy is a ledger like any other: private, in write-ahead mode, written on."""
    copy = tmp_path / "copy"
    vault.backup_ledger(copy)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    vault.close()
    for old in vault.path.glob("ledger.sqlite*"):
        old.unlink()
    shutil.copy(copy, vault.path / "ledger.sqlite")
    with tracemark.Vault.open(vault.path) as again:
        assert again._ledger._store.rows("PRAGMA journal_mode") == [("wal",)]
        list(again.mark_rows([{"地址": "浙江省金华市义乌市北苑街道雪峰西路9号"}], to="acct:1"))
        assert again.verify_ledger().holds


def test_a_backup_is_not_made_over_a_file(vault, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine")
    with pytest.raises(LedgerError, match="already"):
        vault.backup_ledger(taken)
    assert taken.read_text() == "mine"
    with pytest.raises(LedgerError, match="cannot be written"):
        vault.backup_ledger(tmp_path / "no folder" / "copy")


def test_a_ledger_that_does_not_hold_is_copied_and_named(vault, tmp_path: Path) -> None:
    store = vault._ledger._store
    store.rows("DROP TRIGGER recipients_no_update")
    store.rows("UPDATE recipients SET name = 'x'")
    with pytest.raises(LedgerError, match="does not hold"):
        vault.backup_ledger(tmp_path / "copy")
    assert (tmp_path / "copy").exists()


def test_two_vaults_under_one_key_cannot_swap_ledgers(vault, tmp_path: Path) -> None:
    """With keys from the environment the commitment alone would not tell them apart."""
    tracemark.Vault.create(tmp_path / "other", key=KEY).close()
    vault.close()
    (tmp_path / "other" / "ledger.sqlite").replace(vault.path / "ledger.sqlite")
    with pytest.raises(LedgerError, match="belongs to another vault"):
        tracemark.Vault.open(vault.path)


def test_a_clock_that_goes_backwards_changes_nothing(vault, monkeypatch) -> None:
    """Entries are ordered by number; time is what the clock said."""
    clock = iter(f"20{year:02}-01-01T00:00:00.000000Z" for year in range(60, 0, -1))
    monkeypatch.setattr("tracemark.ledger.store.now", lambda: next(clock))
    for number in range(5):
        list(vault.mark_rows([{"运单号": f"YT771234567{number}"}], to="acct:1"))
    vault._ledger.add_recipients([Recipient("acct:2")])
    times = [entry.time for entry in vault.ledger_entries()][2:]
    assert times == sorted(times, reverse=True)
    assert vault.verify_ledger().holds


CRAMPED = """
import json, resource, signal, sys
import tracemark
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
street = "浙江省金华市义乌市雪峰西路"
out, rows = 0, ({"运单号": f"YT{n:013}", "地址": f"{street}{n}号"} for n in range(10**6))
with tracemark.Vault.open(sys.argv[1]) as vault:
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
    try:
        for row in vault.mark_rows(rows, to="acct:1"):
            out = int(row["运单号"][2:]) + 1
    except tracemark.LedgerError as error:
        print(json.dumps([out, str(error), error.hint]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a file size limit stands for the full disk")
def test_a_full_disk_stops_what_gets_out_and_loses_nothing(vault) -> None:
    """Whatever could not be recorded was not handed out, and there is nothing to repair."""
    from tracemark.ledger.fingerprints import Fingerprinter

    done = subprocess.run(
        [sys.executable, "-c", CRAMPED, vault.path], capture_output=True, text=True, check=True
    )
    out, message, hint = json.loads(done.stdout)
    assert out > 64 and "ledger.sqlite" in message and hint
    prints = Fingerprinter(vault._keys[-1]).waybills([f"YT{n:013}" for n in range(out)])
    assert vault._ledger.holds("acct:1", "waybill", 1, prints).all()
    assert vault.verify_ledger().holds
    assert len(list(vault.mark_rows([{"运单号": "YT7712345678901"}], to="acct:1"))) == 1

"""Custody events in the ledger: chained, checked, pruned, and free of readable data."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import tracemark
from tracemark import CustodyEvent, UnknownRecipient, UsageError
from tracemark.custody import day

NUMBERS = [f"YT{8_000_000_000 + k}" for k in range(100)]


def custody(vault: tracemark.Vault) -> list[dict[str, object]]:
    return [entry.body for entry in vault.ledger_entries("custody")]


def test_events_are_grouped_by_recipient_kind_and_day(vault: tracemark.Vault) -> None:
    times = ["2026-03-09 08:00", "2026-03-09 21:30", "2026/3/10 7:05"]
    events = [
        CustodyEvent(f"acct:{k % 2:04d}", number, times[k % 3], "sort")
        for k, number in enumerate(NUMBERS)
    ]
    assert vault.record_custody_events(events) == 100
    groups = [(body["recipient"], body["what"], body["when"]) for body in custody(vault)]
    assert sorted(groups) == [
        (f"acct:{k:04d}", "sort", when) for k in (0, 1) for when in ("2026-03-09", "2026-03-10")
    ]
    assert vault.verify_ledger().holds
    assert vault.verify_ledger().fingerprints == 100


def test_an_import_can_be_repeated_and_a_statement_changes_no_answer(
    vault: tracemark.Vault,
) -> None:
    events = [CustodyEvent("acct:0001", number, "2026-03-09") for number in NUMBERS]
    assert vault.record_custody_events(events) == 100
    assert vault.record_custody_events(iter(events)) == 0
    assert len(custody(vault)) == 1
    assert vault.record_custody("acct:0001", NUMBERS, "2026-03-09") == 100
    access = vault.trace("\n".join(NUMBERS[:5])).access
    assert access is not None
    assert (access.alternatives, access.holders[0].held, access.holders[0].custody) == (1, 5, 5)


def test_nothing_of_a_faulty_batch_is_recorded(vault: tracemark.Vault) -> None:
    good = CustodyEvent("acct:0001", NUMBERS[0])
    for bad, error in [
        (CustodyEvent("acct:9999", NUMBERS[1]), UnknownRecipient),
        (CustodyEvent("acct:0001", NUMBERS[1], "last week"), UsageError),
        (CustodyEvent("acct:0001", NUMBERS[1], "2026-02-30"), UsageError),
        (CustodyEvent("acct:0001", NUMBERS[1], None, ""), UsageError),
        (CustodyEvent("acct:0001", NUMBERS[1], None, "a\nb"), UsageError),
    ]:
        with pytest.raises(error):
            vault.record_custody_events([good, bad])
    assert custody(vault) == []


def test_numbers_that_say_nothing_leave_nothing(vault: tracemark.Vault) -> None:
    assert vault.record_custody("acct:0001", ["", "12345", "1.23E+13"]) == 0
    assert vault.record_custody_events([]) == 0
    assert custody(vault) == []


def test_the_ledger_holds_no_number(vault: tracemark.Vault) -> None:
    vault.record_custody("acct:0001", NUMBERS)
    vault.close()
    files = [one.read_bytes() for one in vault.path.iterdir()]
    assert not any(number[2:].encode() in content for content in files for number in NUMBERS)


def test_a_changed_blob_is_found(vault: tracemark.Vault) -> None:
    vault.record_custody("acct:0001", NUMBERS)
    vault.close()
    with sqlite3.connect(vault.path / "ledger.sqlite") as file:
        file.execute("DROP TRIGGER fingerprints_no_update")
        file.execute("UPDATE fingerprints SET blob = zeroblob(8)")
    file.close()
    with tracemark.Vault.open(vault.path) as opened:
        faults = opened.verify_ledger().faults
    assert "fingerprints of custody 3 were changed" in faults


def test_custody_is_pruned_with_the_batches(vault: tracemark.Vault) -> None:
    vault.record_custody("acct:0001", NUMBERS)
    assert vault._ledger.prune(datetime.now(UTC) + timedelta(days=1)) == 1
    access = vault.trace("\n".join(NUMBERS)).access
    assert access is not None
    assert access.recognised == 0
    found = vault.verify_ledger()
    assert (found.holds, found.pruned) == (True, 1)


@pytest.mark.parametrize(
    ("when", "kept"),
    [
        ("2026-03-09T08:15:00+08:00", "2026-03-09"),
        ("2026/3/9 8:15", "2026-03-09"),
        ("2026年3月9日", "2026-03-09"),
        ("2026.03.09", "2026-03-09"),
        ("20260309081500", "2026-03-09"),
        (" ", None),
        (None, None),
        (date(2026, 3, 9), "2026-03-09"),
        (datetime(2026, 3, 9, 23, 59, tzinfo=UTC), "2026-03-09"),
    ],
)
def test_a_time_is_kept_to_the_day(when: str | date | None, kept: str | None) -> None:
    assert day(when) == kept


def test_a_new_entry_follows_what_another_process_wrote(
    vault: tracemark.Vault, tmp_path: Path
) -> None:
    with tracemark.Vault.open(vault.path) as other:
        other.record_custody("acct:0001", NUMBERS[:50])
    vault.record_custody("acct:0001", NUMBERS[50:])
    assert vault.verify_ledger().holds

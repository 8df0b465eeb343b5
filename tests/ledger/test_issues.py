"""Issues: recorded before anything leaves, closed as done or cut, never lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tracemark.errors import KeyFault, LedgerError, UnknownRecipient, UsageError
from tracemark.keys import EpochKey
from tracemark.ledger import Fingerprinter, Issue, Ledger, chain, holdings

KEY = EpochKey(1, bytes(range(32)))
NEXT_KEY = EpochKey(2, bytes(range(32, 64)))


Opener = Callable[..., Issue]


@pytest.fixture
def file(path: Path | str) -> Path:
    """The ledger's file, for tests about the file; what another store does is tested apart."""
    if isinstance(path, str):
        pytest.skip("about the file")
    return path


def prints(*numbers: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
    return np.array(numbers, np.uint64)


def kinds(ledger: Ledger) -> list[str]:
    return [entry.kind for entry in ledger.entries()]


def test_the_intent_stands_in_the_ledger_before_the_first_batch(
    ledger: Ledger, issue: Opener
) -> None:
    opened = issue()
    entry = next(ledger.entries("issue"))
    assert entry.seq == opened.number
    assert entry.body["recipient"] == "acct:1"
    assert entry.body["epoch"] == 1
    assert ledger.verify().open_issues == (opened.number,)


def test_leaving_the_issue_closes_it(ledger: Ledger, issue: Opener) -> None:
    with issue() as opened:
        opened.batch(3, {"waybill": prints(5, 4, 4, 0)})
        opened.batch(2, {"phone": prints(9), "anchor": prints()})
    close = next(ledger.entries("close")).body
    assert close == {"issue": opened.number, "rows": 5, "sha256": None, "status": "done"}
    batches = [entry.body["fingerprints"] for entry in ledger.entries("batch")]
    assert [{k: v["count"] for k, v in b.items()} for b in batches] == [
        {"waybill": 2},
        {"phone": 1},
    ]
    check = ledger.verify()
    assert check.holds
    assert check.fingerprints == 3
    assert check.open_issues == ()


def test_an_exception_closes_it_as_cut_and_goes_on(ledger: Ledger, issue: Opener) -> None:
    with pytest.raises(RuntimeError, match="disk"), issue() as opened:
        opened.batch(1, {})
        raise RuntimeError("disk")
    assert next(ledger.entries("close")).body["status"] == "cut"
    assert ledger.verify().holds


def test_an_exception_is_not_hidden_by_a_ledger_that_fails_too(
    ledger: Ledger, issue: Opener
) -> None:
    with pytest.raises(RuntimeError, match="first"), issue():
        ledger.close()
        raise RuntimeError("first")


def test_an_abandoned_stream_is_cut(ledger: Ledger, issue: Opener) -> None:
    def stream() -> Any:
        with issue() as opened:
            opened.batch(10, {})
            yield from range(10)

    rows = stream()
    next(rows)
    rows.close()
    assert next(ledger.entries("close")).body["status"] == "cut"


def test_closing_by_hand_gives_the_hash_of_the_copy(ledger: Ledger, issue: Opener) -> None:
    with issue() as opened:
        opened.batch(1, {})
        opened.close(sha256="ab" * 32)
    (close,) = ledger.entries("close")
    assert close.body["sha256"] == "ab" * 32


def test_a_closed_issue_takes_nothing_more(issue: Opener) -> None:
    opened = issue()
    opened.close()
    with pytest.raises(UsageError, match="is closed"):
        opened.batch(1, {})
    with pytest.raises(UsageError, match="is closed"):
        opened.close()


def test_all_at_once_is_one_write(ledger: Ledger) -> None:
    number = ledger.issue_at_once(
        "acct:2",
        "label",
        profile="draft-1",
        epoch=1,
        policy="discreet",
        rows=1,
        fingerprints={"waybill": prints(7)},
        waybill=7,
        sha256="cd" * 32,
    )
    assert kinds(ledger)[-3:] == ["issue", "batch", "close"]
    assert next(ledger.entries("issue")).body["waybill"] == f"{7:016x}"
    assert ledger.holds("acct:2", "waybill", 1, prints(7)).all()
    assert ledger.verify().holds
    assert number == next(ledger.entries("issue")).seq


def test_labels_are_unnumbered_until_one_has_a_number(ledger: Ledger, issue: Opener) -> None:
    """Of an epoch's labels among the latest issues; where there are none, nothing is known."""

    def label(to: str, number: int | None) -> int:
        meant = {"profile": "p", "epoch": 1, "policy": "default", "rows": 1, "fingerprints": {}}
        return ledger.issue_at_once(to, "label", waybill=number, **meant)

    issue().close()
    assert not ledger.unnumbered(1)
    label("acct:1", None)
    assert ledger.unnumbered(1) and not ledger.unnumbered(2)
    seventh = label("acct:1", 7)
    assert not ledger.unnumbered(1)
    assert ledger.labels_of("acct:1", 1) == [(seventh, 7)] and not ledger.labels_of("acct:2", 1)
    label("acct:2", None)
    assert ledger.unnumbered(1, latest=1) and not ledger.unnumbered(1, latest=2)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"recipient": "acct:404"}, UnknownRecipient),
        ({"what": "carpet"}, UsageError),
        ({"epoch": 2}, KeyFault),
    ],
)
def test_what_cannot_be_issued_leaves_no_entry(
    ledger: Ledger, change: dict[str, Any], error: type[Exception]
) -> None:
    meant = {"recipient": "acct:1", "what": "table", "profile": "p", "epoch": 1, "policy": "full"}
    head = ledger.head
    with pytest.raises(error):
        ledger.issue(**{**meant, **change})
    assert ledger.head == head


def test_unknown_kind_of_fingerprint_is_refused(ledger: Ledger, issue: Opener) -> None:
    opened = issue()
    with pytest.raises(UsageError, match="'address'"):
        opened.batch(1, {"address": prints(1)})
    opened.batch(1, {})
    assert opened.rows == 1


# --- who was given what


def test_who_was_given_what(ledger: Ledger, issue: Opener) -> None:
    with issue("acct:1") as one:
        one.batch(3, {"waybill": prints(10, 20, 30), "phone": prints(40)})
        one.batch(1, {"waybill": prints(10)})
    with issue("acct:2") as two:
        two.batch(2, {"waybill": prints(20, 2**64 - 1)})
    asked = prints(20, 99, 10, 20, 2**64 - 1, 0)
    assert ledger.issued("waybill", 1, asked).tolist() == [True, False, True, True, True, False]
    assert ledger.holds("acct:2", "waybill", 1, asked).tolist() == [
        True,
        False,
        False,
        True,
        True,
        False,
    ]
    assert not ledger.issued("waybill", 2, asked).any()
    assert not ledger.issued("anchor", 1, asked).any()
    assert ledger.issued("phone", 1, prints(40)).all()
    found = ledger.holders("waybill", 1, asked)
    assert found.recipients == ("acct:1", "acct:2")
    assert found.counts() == {"acct:1": 2, "acct:2": 2}
    assert found.of("acct:1").tolist() == [0, 2]
    assert found.of("acct:2").tolist() == [0, 4]
    assert found.of("acct:3").tolist() == []


def test_which_issues_held_what(ledger: Ledger, issue: Opener) -> None:
    opened = [issue("acct:1"), issue("acct:2"), issue("acct:1"), issue("acct:1")]
    for one, values in zip(opened, [(1, 2), (1, 2, 3), (3, 4), (5,)], strict=True):
        one.batch(3, {"anchor": prints(*values)})
        one.batch(3, {"anchor": prints(*values)})
        one.close()
    found = ledger.issues_of("acct:1", "anchor", 1, prints(2, 2, 3, 4))
    assert [(entry.seq, count) for entry, count in found] == [
        (opened[0].number, 1),
        (opened[2].number, 2),
    ]
    assert found[0][0].body["recipient"] == "acct:1"
    assert ledger.issues_of("acct:1", "phone", 1, prints(2)) == []
    assert ledger.issues_of("acct:1", "anchor", 1, prints()) == []


def test_nobody_holds_nothing(ledger: Ledger) -> None:
    found = ledger.holders("phone", 1, prints())
    assert found.counts() == {}
    assert ledger.issued("phone", 1, prints()).tolist() == []


@pytest.mark.parametrize(("block", "pairs"), [(1 << 20, 1 << 22), (100, 50)])
def test_holdings_agree_with_sets(
    ledger: Ledger, issue: Opener, monkeypatch: pytest.MonkeyPatch, block: int, pairs: int
) -> None:
    """Many batches, several recipients, repeated values: as plain Python sets would have it."""
    monkeypatch.setattr(holdings, "_BLOCK", block)
    monkeypatch.setattr(holdings, "_PAIRS", pairs)
    rng = np.random.default_rng(3)
    truth: dict[str, set[int]] = {"acct:1": set(), "acct:2": set()}
    for number in range(150):
        recipient = f"acct:{1 + number % 2}"
        values = rng.integers(1, 4000, 40).astype(np.uint64)
        truth[recipient] |= {*values.tolist()}
        with issue(recipient) as opened:
            opened.batch(40, {"anchor": values})
    asked = rng.integers(1, 4000, 500).astype(np.uint64)
    found = ledger.holders("anchor", 1, asked)
    for recipient, held in truth.items():
        assert {*asked[found.of(recipient)].tolist()} == held & {*asked.tolist()}
        assert ledger.holds(recipient, "anchor", 1, asked).tolist() == [
            int(a) in held for a in asked
        ]
        assert found.counts()[recipient] == len(held & {*asked.tolist()})


def test_records_are_found_again_by_their_numbers(ledger: Ledger, issue: Opener) -> None:
    fingerprinter = Fingerprinter(KEY)
    with issue() as opened:
        opened.batch(
            2, {"waybill": fingerprinter.waybills(["SF0000000000001", "754-0000-0000002"])}
        )
    asked = fingerprinter.waybills(["75400000000002", "sf 0000000000001", "SF0000000000003"])
    assert ledger.issued("waybill", 1, asked).tolist() == [True, True, False]


# --- pruning and time


def test_pruning_forgets_the_records_and_keeps_the_chain(ledger: Ledger, issue: Opener) -> None:
    with issue() as opened:
        opened.batch(1, {"waybill": prints(1), "phone": prints(2)})
    border = datetime.now(UTC)
    with issue() as opened:
        opened.batch(1, {"waybill": prints(3)})
    assert ledger.prune(border) == 1
    assert ledger.issued("waybill", 1, prints(1, 3)).tolist() == [False, True]
    check = ledger.verify()
    assert check.faults == ()
    assert check.pruned == 1
    assert kinds(ledger)[-1] == "prune"
    head = ledger.head
    assert ledger.prune(border) == 0
    assert ledger.head == head


def test_the_file_lets_go_only_of_what_was_pruned(
    ledger: Ledger, issue: Opener, file: Path
) -> None:
    borders = []
    for number in (1, 2, 3):
        with issue() as opened:
            opened.batch(1, {"waybill": prints(number)})
        borders.append(datetime.now(UTC))
    assert [ledger.prune(border) for border in borders[:2]] == [1, 1]
    connection = sqlite3.connect(file)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("DELETE FROM fingerprints")
    connection.close()
    assert ledger.issued("waybill", 1, prints(1, 2, 3)).tolist() == [False, False, True]
    assert ledger.verify().pruned == 2


def test_pruned_records_are_gone_from_the_file(ledger: Ledger, issue: Opener, file: Path) -> None:
    needle = np.array([0x1122334455667788 + n for n in range(700)], np.uint64)
    with issue() as opened:
        opened.batch(700, {"waybill": needle})
    assert ledger.prune(datetime.now(UTC) + timedelta(days=1)) == 1
    trace = needle[:2].astype("<u8").tobytes()
    assert not any(trace in one.read_bytes() for one in file.parent.iterdir())


def test_pruning_needs_a_time_zone(ledger: Ledger) -> None:
    with pytest.raises(UsageError, match="time zone"):
        ledger.prune(datetime(2026, 1, 1))


def test_a_clock_that_goes_backwards_harms_nothing(
    ledger: Ledger, issue: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter(f"20{year}-01-01T00:00:00.000000Z" for year in (40, 30, 20, 35, 25, 24, 23, 22))
    monkeypatch.setattr("tracemark.ledger.store.now", lambda: next(times))
    with issue() as opened:  # opened in 2040
        opened.batch(1, {"waybill": prints(1)})  # 2030
        opened.batch(1, {"waybill": prints(2)})  # 2020
    assert ledger.prune(datetime(2025, 1, 1, tzinfo=UTC)) == 1
    assert ledger.issued("waybill", 1, prints(1, 2)).tolist() == [True, False]
    assert ledger.verify().faults == ()


def test_pruning_twice_with_an_earlier_moment_the_second_time(
    ledger: Ledger, issue: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only after the clock went backwards can there be something left to prune."""
    times = iter(f"20{year}-01-01T00:00:00.000000Z" for year in (30, 31, 32, 33, 20, 34, 35))
    monkeypatch.setattr("tracemark.ledger.store.now", lambda: next(times))
    with issue() as opened:
        opened.batch(1, {"waybill": prints(1)})  # 2031
        assert ledger.prune(datetime(2032, 1, 1, tzinfo=UTC)) == 1
        opened.batch(1, {"waybill": prints(2)})  # 2033
        opened.batch(1, {"waybill": prints(3)})  # 2020
        assert ledger.prune(datetime(2021, 1, 1, tzinfo=UTC)) == 1
    assert ledger.issued("waybill", 1, prints(1, 2, 3)).tolist() == [False, True, False]
    assert ledger.verify().faults == ()


def test_time_stamps_of_other_zones_are_utc() -> None:
    moment = datetime.fromisoformat("2026-03-01T08:00:00+08:00")
    assert chain.stamp(moment) == "2026-03-01T00:00:00.000000Z"


# --- epochs


def test_rotation(ledger: Ledger, issue: Opener, path: Path) -> None:
    ledger.add_epoch(NEXT_KEY)
    with issue(epoch=2) as opened:
        opened.batch(1, {"waybill": prints(5)})
    assert ledger.epochs() == {1: KEY.commitment, 2: NEXT_KEY.commitment}
    assert ledger.issued("waybill", 2, prints(5)).all()
    assert not ledger.issued("waybill", 1, prints(5)).any()
    with Ledger.open(path, [KEY, NEXT_KEY]) as again:
        assert again.verify().holds
    with pytest.raises(KeyFault, match="epoch 2 is missing"):
        Ledger.open(path, [KEY])


def test_epochs_follow_one_another(ledger: Ledger) -> None:
    for key in (KEY, NEXT_KEY):
        if key.epoch == 1:
            with pytest.raises(UsageError, match="does not follow"):
                ledger.add_epoch(key)
    ledger.add_epoch(NEXT_KEY)
    with pytest.raises(UsageError, match="does not follow"):
        ledger.add_epoch(NEXT_KEY)


def test_who_missed_the_rotation_cannot_write(ledger: Ledger, path: Path) -> None:
    with Ledger.open(path, [KEY]) as late:
        ledger.add_epoch(NEXT_KEY)
        with pytest.raises(KeyFault, match="moved on to epoch 2"):
            late.issue("acct:1", "text", profile="p", epoch=1, policy="full")
    assert ledger.verify().holds


def test_a_rotation_that_fails_changes_nothing(ledger: Ledger, file: Path) -> None:
    other = sqlite3.connect(file)
    other.execute("BEGIN IMMEDIATE")
    with Ledger.open(file, [KEY], patience=0.1) as waiting:
        with pytest.raises(LedgerError, match="locked"):
            waiting.add_epoch(NEXT_KEY)
        other.close()
        assert waiting.verify().holds
        waiting.add_epoch(NEXT_KEY)
        assert waiting.verify().holds


def test_a_rotation_that_was_broken_off_is_completed(ledger: Ledger, path: Path) -> None:
    """The key file has the new key already, the ledger does not know it yet."""
    with Ledger.open(path, [KEY, NEXT_KEY]) as opened:
        assert opened.verify().faults == (
            "the ledger does not know epoch 2: rotation broken off, or cut",
        )
        opened.add_epoch(NEXT_KEY)
        assert opened.verify().holds

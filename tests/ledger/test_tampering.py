"""Whatever is done to the file behind the ledger's back, verification finds and names it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tracemark.errors import KeyFault, LedgerError
from tracemark.keys import EpochKey
from tracemark.ledger import Head, Ledger
from tracemark.ledger.chain import Json, link
from tracemark.ledger.recipients import digest
from tracemark.ledger.schema import GUARDS
from tracemark.model import Recipient

KEY = EpochKey(1, bytes(range(32)))
NEXT_KEY = EpochKey(2, bytes(range(32, 64)))


TRIGGERS = [statement.split()[2] for statement in GUARDS]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """These tests are about the file."""
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def written(ledger: Ledger, path: Path) -> Path:
    """A closed ledger: genesis, recipients, two issues with two batches each, a case."""
    for recipient in ("acct:1", "acct:2"):
        with ledger.issue(recipient, "table", profile="p", epoch=1, policy="full") as issue:
            for number in (1, 2):
                values = np.arange(1, 50, dtype=np.uint64) * np.uint64(number)
                issue.batch(49, {"waybill": values, "anchor": values + np.uint64(7)})
    ledger.record_case(["ab" * 32], 1e-6)
    assert ledger.verify().faults == ()
    ledger.close()
    return path


def tamper(path: Path, *statements: str) -> None:
    """Run SQL with the guards taken down and put up again."""
    connection = sqlite3.connect(path)
    for trigger in TRIGGERS:
        connection.execute(f"DROP TRIGGER {trigger}")
    for statement in statements:
        connection.execute(statement)
    for guard in GUARDS:
        connection.execute(guard)
    connection.commit()
    connection.close()


def faults(path: Path, *keys: EpochKey, expect: Head | None = None) -> tuple[str, ...]:
    with Ledger.open(path, keys or [KEY]) as ledger:
        return ledger.verify(expect=expect).faults


def relink(connection: sqlite3.Connection) -> None:
    """Recompute the chain as anyone can who does not have the key."""
    previous = bytes(32)
    rows = connection.execute("SELECT seq, time, kind, body FROM entries ORDER BY seq").fetchall()
    for seq, time, kind, body in rows:
        previous = link(previous, seq, time, kind, body)
        connection.execute("UPDATE entries SET hash = ? WHERE seq = ?", (previous, seq))
    connection.execute("UPDATE head SET seq = ?, hash = ?", (seq, previous))


EDITS = {
    "edited body": (
        "UPDATE entries SET body = replace(body, 'acct:2', 'acct:1') WHERE kind = 'issue'",
        r"entry 7 was changed",
    ),
    "edited time": ("UPDATE entries SET time = 'x' WHERE seq = 4", r"entry 4 was changed"),
    "edited kind": ("UPDATE entries SET kind = 'case' WHERE seq = 5", r"entry 5 was changed"),
    "edited hash": ("UPDATE entries SET hash = zeroblob(32) WHERE seq = 5", r"entry 5 was changed"),
    "body that is no JSON": (
        "UPDATE entries SET body = '{' WHERE seq = 4",
        r"not a well-formed batch",
    ),
    "body without its fields": (
        "UPDATE entries SET body = '{}' WHERE seq = 6",
        r"not a well-formed close",
    ),
    "body that is a list": (
        "UPDATE entries SET body = '[]' WHERE seq = 4",
        r"not a well-formed batch",
    ),
    "deleted entry": ("DELETE FROM entries WHERE seq = 5", r"entries 5 to 5 are missing"),
    "tail cut off": (
        "DELETE FROM entries WHERE seq > 9",
        r"the seal covers 11 entries, the chain has 9",
    ),
    "all but the first cut": ("DELETE FROM entries WHERE seq > 1", r"the seal covers 11 entries"),
    "appended entry": (
        "INSERT INTO entries SELECT seq + 1, time, kind, body, hash FROM entries WHERE seq = 11",
        r"entry 12 was changed, or does not follow",
    ),
    "seal removed": ("DELETE FROM head", r"seal on the head is missing"),
    "seal replaced": ("UPDATE head SET mac = zeroblob(32)", r"not made with this vault's key"),
    "seal of another epoch": ("UPDATE head SET epoch = 7", r"sealed with the key of epoch 7"),
    "recipient renamed": ("UPDATE recipients SET name = 'x' WHERE n = 1", r"registered by entry 2"),
    "recipient removed": ("DELETE FROM recipients WHERE n = 2", r"registered by entry 2"),
    "recipient slipped in": (
        "INSERT INTO recipients VALUES (9, 2, 'acct:3', '', 'account', NULL)",
        r"registered by entry 2",
    ),
    "recipient of no entry": (
        "INSERT INTO recipients VALUES (9, 99, 'acct:3', '', 'account', NULL)",
        r"recipients that no entry vouches for",
    ),
    "recipient before all": (
        "INSERT INTO recipients VALUES (-9, -3, 'acct:3', '', 'account', NULL)",
        r"recipients that no entry vouches for",
    ),
    "fingerprints changed": (
        "UPDATE fingerprints SET blob = zeroblob(392) WHERE n = 1",
        r"batch 4",
    ),
    "fingerprints cut": ("UPDATE fingerprints SET blob = x'00' WHERE n = 1", r"batch 4"),
    "fingerprints removed": ("DELETE FROM fingerprints WHERE n = 3", r"batch 5"),
    "all of a batch removed": ("DELETE FROM fingerprints WHERE entry = 5", r"batch 5"),
    "fingerprints given to another": ("UPDATE fingerprints SET issue = 7 WHERE n = 1", r"batch 4"),
    "fingerprints of another epoch": ("UPDATE fingerprints SET epoch = 2 WHERE n = 1", r"batch 4"),
    "fingerprints of another kind": (
        "UPDATE fingerprints SET kind = 'phone' WHERE n = 1",
        r"batch 4",
    ),
    "fingerprints slipped in": (
        "INSERT INTO fingerprints VALUES (99, 99, 'phone', 1, 3, zeroblob(8))",
        r"fingerprints that no entry vouches for",
    ),
    "guard removed": ("DROP TRIGGER entries_no_update", r"lacks its trigger entries_no_update"),
    "foreign trigger": (
        "CREATE TRIGGER t AFTER INSERT ON entries BEGIN SELECT 1; END",
        r"foreign trigger t",
    ),
    "index removed": ("DROP INDEX recipients_by_id", r"lacks its index recipients_by_id"),
}


@pytest.mark.parametrize(("statement", "fault"), EDITS.values(), ids=EDITS.keys())
def test_tampering_is_found_and_named(written: Path, statement: str, fault: str) -> None:
    if "TRIGGER" in statement:
        connection = sqlite3.connect(written)
        connection.execute(statement)
        connection.close()
    else:
        tamper(written, statement)
    found = faults(written)
    assert any(re.search(fault, line) for line in found), found


def test_an_edit_names_that_entry_alone(written: Path) -> None:
    tamper(written, "UPDATE entries SET time = '2020-01-01T00:00:00.000000Z' WHERE seq = 4")
    assert faults(written) == ("entry 4 was changed, or does not follow entry 3",)


def test_swapped_entries_are_found(written: Path) -> None:
    tamper(
        written,
        "UPDATE entries SET seq = 100 WHERE seq = 4",
        "UPDATE entries SET seq = 4 WHERE seq = 5",
        "UPDATE entries SET seq = 5 WHERE seq = 100",
    )
    assert any("entry 4" in line for line in faults(written))


@pytest.mark.parametrize("seal", ["left", "forged"])
def test_a_chain_recomputed_without_the_key_is_found(written: Path, seal: str) -> None:
    tamper(written, "UPDATE entries SET body = replace(body, 'acct:2', 'acct:1') WHERE seq = 7")
    connection = sqlite3.connect(written)
    connection.execute("DROP TRIGGER entries_no_update")
    relink(connection)
    connection.execute(GUARDS[0])
    if seal == "forged":
        connection.execute("UPDATE head SET mac = ?", (bytes(range(32)),))
    connection.commit()
    connection.close()
    assert faults(written) == ("the seal on the head was not made with this vault's key",)


def test_a_chain_recomputed_with_a_key_from_before_the_rotation_is_found(written: Path) -> None:
    """Rotation is what one does when a key got out: the old key may seal nothing any more."""
    before = written.read_bytes()
    with Ledger.open(written, [KEY]) as ledger:
        ledger.add_epoch(NEXT_KEY)
    assert faults(written, KEY, NEXT_KEY) == ()
    written.write_bytes(before)
    (fault,) = faults(written, KEY, NEXT_KEY)
    assert "does not know epoch 2" in fault


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM entries WHERE seq = 11",
        "UPDATE head SET mac = zeroblob(32)",
        "DELETE FROM head",
        "UPDATE entries SET hash = zeroblob(32) WHERE seq = 11",
        "DELETE FROM entries",
    ],
)
def test_nothing_is_written_after_an_end_that_does_not_hold(written: Path, statement: str) -> None:
    """A new seal would make the damage look whole."""
    tamper(written, *([] if statement == "DELETE FROM entries" else [statement]))
    with Ledger.open(written, [KEY]) as ledger:
        if statement == "DELETE FROM entries":
            tamper(written, statement)
        with pytest.raises(LedgerError, match="is damaged: entries at its end"):
            ledger.add_recipients([Recipient("new")])


def test_a_ledger_put_back_to_an_older_state_is_found_by_its_head(written: Path) -> None:
    older = written.read_bytes()
    with Ledger.open(written, [KEY]) as ledger:
        ledger.add_recipients([Recipient("later")])
        noted = ledger.head
        assert ledger.verify(expect=noted).holds
        ledger.add_recipients([Recipient("later still")])
        assert ledger.verify(expect=noted).holds
    written.write_bytes(older)
    assert faults(written) == ()
    assert faults(written, expect=noted) == (f"entry {noted.seq}, seen earlier, is missing",)
    with Ledger.open(written, [KEY]) as ledger:
        ledger.add_recipients([Recipient("another story")])
    assert faults(written, expect=noted) == (f"entry {noted.seq} is not the one seen earlier",)


def test_the_ledger_of_another_vault_is_refused(written: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    Ledger.create(
        other, vault_id="v-2", profile="draft-1", keys=[EpochKey(1, bytes([9] * 32))]
    ).close()
    other.replace(written)
    with pytest.raises(KeyFault, match="not the one the ledger commits to"):
        Ledger.open(written, [KEY])


def test_a_commitment_cannot_be_exchanged(written: Path) -> None:
    """Whoever invents a key to fit an accusation has to change the first entry, and is found."""
    invented = EpochKey(1, bytes([5] * 32))
    tamper(
        written,
        f"UPDATE entries SET body = replace(body, '{KEY.commitment}', '{invented.commitment}')",
    )
    with pytest.raises(KeyFault):
        Ledger.open(written, [KEY])
    assert "entry 1 was changed, or does not follow entry 0" in faults(written, invented)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET time = 'x'",
        "DELETE FROM entries",
        "UPDATE recipients SET name = 'x'",
        "DELETE FROM recipients",
        "UPDATE fingerprints SET issue = 1",
        "DELETE FROM fingerprints",
        "DELETE FROM head",
    ],
)
def test_the_file_itself_refuses_to_forget(written: Path, statement: str) -> None:
    connection = sqlite3.connect(written)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()


def test_pruning_covers_only_what_it_says(written: Path) -> None:
    """Fingerprints younger than what was pruned cannot be passed off as pruned."""
    border = datetime.now(UTC)
    with Ledger.open(written, [KEY]) as ledger:
        with ledger.issue("acct:1", "rows", profile="p", epoch=1, policy="full") as issue:
            issue.batch(1, {"phone": np.array([5], np.uint64)})
            last = issue.number + 1
        assert ledger.prune(border) == 4
        assert ledger.verify().faults == ()
    tamper(written, f"DELETE FROM fingerprints WHERE entry = {last}")
    assert faults(written) == (f"fingerprints of batch {last} were changed",)


def _ask_case(ledger: Ledger) -> object:
    return ledger.record_case(["00"], 0.1)


@pytest.mark.parametrize(
    ("statement", "ask"),
    [
        (
            "UPDATE fingerprints SET blob = x'0102' WHERE n = 1",
            lambda ledger: ledger.issued("waybill", 1, np.array([1], np.uint64)),
        ),
        ("UPDATE entries SET body = '{' WHERE kind = 'case'", _ask_case),
        ("UPDATE entries SET body = '{}' WHERE kind = 'case'", _ask_case),
        ("UPDATE entries SET body = '[1]' WHERE seq = 1", Ledger.epochs),
        ("UPDATE entries SET body = '{}' WHERE seq = 1", Ledger.epochs),
        ("DELETE FROM entries", lambda ledger: ledger.genesis),
        ("DELETE FROM head", lambda ledger: ledger.head),
    ],
)
def test_damage_met_on_the_way_is_one_clear_line(
    written: Path, statement: str, ask: Callable[[Ledger], object]
) -> None:
    with Ledger.open(written, [KEY]) as ledger:
        tamper(written, statement)
        with pytest.raises(LedgerError, match="is damaged") as caught:
            ask(ledger)
    assert caught.value.hint
    assert "\n" not in str(caught.value)


_BATCH = {"issue": 3, "epoch": 1, "rows": 1, "fingerprints": {}}
_CLOSE = {"issue": 3, "rows": 0, "sha256": None, "status": "done"}


@pytest.mark.parametrize(
    ("kind", "body", "fault"),
    [
        ("batch", {**_BATCH, "epoch": 2}, "batch 4 belongs to no open issue of its epoch"),
        ("batch", {**_BATCH, "issue": 2}, "batch 4 belongs to no open issue of its epoch"),
        ("close", {**_CLOSE, "rows": 9}, "issue 3 was closed with 9 rows, not 0"),
        ("close", {**_CLOSE, "issue": 9}, "entry 4 closes issue 9, which is not open"),
        ("genesis", {"epoch": 2, "commitment": ""}, "entry 4 is genesis: the first entry, and no"),
        ("recipients", {"count": 1, "sha256": digest([])}, "registered by entry 4 were changed"),
        ("recipients", {"count": 0, "sha256": "00" * 32}, "registered by entry 4 were changed"),
    ],
)
def test_sealed_entries_that_contradict_each_other_are_found(
    ledger: Ledger, kind: str, body: dict[str, Json], fault: str
) -> None:
    """What only a holder of the key can have written is held against itself as well."""
    ledger.issue("acct:1", "table", profile="p", epoch=1, policy="full")
    with ledger._store.write() as transaction:
        transaction.append(kind, body)
    assert any(fault in line for line in ledger.verify().faults)


def test_many_faults_are_counted(written: Path) -> None:
    with Ledger.open(written, [KEY]) as ledger:
        for number in range(80):
            ledger.record_case([f"{number:064x}"], 1e-6)
    tamper(written, "UPDATE entries SET time = 'x' WHERE seq > 11")
    found = faults(written)
    assert len(found) == 51
    assert found[-1] == "30 faults more"


def test_progress_is_told(written: Path) -> None:
    steps: list[float] = []
    with Ledger.open(written, [KEY]) as ledger:
        ledger.verify(steps.append)
    assert steps == sorted(steps)
    assert steps[-1] == 1.0

"""Decoys: dealt out by codeword, direct evidence under the same bound."""

from __future__ import annotations

import csv
import io
import json
import random
import stat

import numpy as np
import pytest

import tracemark
from tracemark import UsageError, VaultError
from tracemark.codeword import Codebook
from tracemark.decoys import BITS, Pool
from tracemark.keys import EpochKey
from tracemark.ledger.fingerprints import normal
from tracemark.profiles import CURRENT
from tracemark_cli.sample_orders import orders

PERSONAL = ("运单号", "订单号", "收件人", "手机", "收货地址")


def pool(count: int, seed: int = 5) -> list[dict[str, str]]:
    """Invented here; a user gives identities of his own."""
    rng = random.Random(seed)
    rows = []
    for row in orders(count, seed):
        row["手机"] = f"1{rng.randrange(3 * 10**9, 10**10)}"
        rows.append({column: row[column] for column in PERSONAL})
    return rows


@pytest.fixture
def seeded(vault: tracemark.Vault) -> tracemark.Vault:
    assert vault.add_decoys(pool(800)) == 800
    return vault


def decoys_in(rows: list[dict[str, str]], those: list[dict[str, str]]) -> list[dict[str, str]]:
    phones = {row["手机"] for row in those}
    return [row for row in rows if row["手机"] in phones]


def test_decoys_alone_name_the_recipient(seeded: tracemark.Vault) -> None:
    """Every mark is washed off, names and addresses are gone: the phones of the decoys are left."""
    export = list(orders(2000, 31))
    marked = list(seeded.mark_rows(export, to="acct:0042", decoys=0.05))
    found = decoys_in(marked, pool(800))
    assert 20 < len(found) < 60
    assert len({row["手机"] for row in found}) == len(found)
    phones = [row["手机"] for row in marked]
    random.Random(2).shuffle(phones)
    case = seeded.trace("\n".join(phones))
    assert [one.recipient for one in case.accusations] == ["acct:0042"]
    (evidence,) = case.accusations[0].evidence
    assert (evidence.carrier, evidence.read) == ("decoy", BITS * len(found))
    assert evidence.agreeing == evidence.read
    assert case.samples[0].note == f"Decoys found: {len(found)}."


def test_each_decoy_goes_to_one_recipient_in_sixteen() -> None:
    key = EpochKey(1, bytes(range(32)))
    those = Pool(pool(300), normal)
    subkey, book = key.derive("slots/decoy"), Codebook(key, CURRENT)
    dealt = [
        len(those.dealt_to(book.codeword(f"acct:{n:04d}"), subkey, CURRENT)) for n in range(400)
    ]
    expected = 300 * 2**-BITS
    # the decoys are fixed, so deviations of single positions stay: six standard errors
    assert abs(np.mean(dealt) - expected) < 6 * np.sqrt(expected / 400) + 0.5


def test_the_votes_of_a_dealt_decoy_agree_and_others_are_coins() -> None:
    key = EpochKey(1, bytes(range(32)))
    those = Pool(pool(200), normal)
    subkey, book = key.derive("slots/decoy"), Codebook(key, CURRENT)
    mine = {row["手机"] for row in those.dealt_to(book.codeword("acct:1"), subkey, CURRENT)}
    assert mine
    numbers = [k for k, row in enumerate(those.rows) if row["手机"] in mine]
    reading = those.reading(numbers, subkey, CURRENT)
    assert len(reading) == BITS * len(numbers)
    assert (reading.positions >= CURRENT.biased).all()

    def agreeing(recipient: str) -> float:
        bits = 2.0 * book.codeword(recipient)[reading.positions] - 1
        return float((bits == reading.chips).mean())

    assert agreeing("acct:1") == 1
    others = [agreeing(f"innocent:{n}") for n in range(500)]
    assert abs(np.mean(others) - 0.5) < 6 * 0.5 / np.sqrt(500 * len(reading))


@pytest.mark.parametrize("seed", range(4))
def test_decoys_of_nobody_or_of_another_vault_accuse_nobody(
    seeded: tracemark.Vault, seed: int
) -> None:
    """Whoever collects decoys, for instance from the vault's own file, frames no innocent."""
    rng = random.Random(seed)
    stolen = rng.sample(pool(800), 60)
    case = seeded.trace([dict(row) for row in stolen], alpha=0.5)
    assert case.accusations == ()


def test_to_whom_decoys_were_issued_changes_no_choice_of_slots(seeded: tracemark.Vault) -> None:
    """That depends on codewords, so it may not decide which slots vote."""
    leak = [dict(row) for row in pool(60)]
    before = seeded.trace(leak)
    assert len(
        decoys_in(list(seeded.mark_rows(orders(2000, 35), to="acct:0003", decoys=0.1)), leak)
    )
    after = seeded.trace(leak)
    assert (after.number, after.look) == (before.number, 1)  # the very same votes
    assert after.samples[0].issued > before.samples[0].issued == 0


def test_two_accounts_that_merge_their_exports_are_both_named(seeded: tracemark.Vault) -> None:
    export = list(orders(3000, 32))
    leak = [
        row["手机"]
        for to in ("acct:0007", "acct:0150")
        for row in seeded.mark_rows(export, to=to, decoys=0.1)
    ]
    case = seeded.trace("\n".join(leak))
    named = {one.recipient for one in case.accusations}
    assert named and named <= {"acct:0007", "acct:0150"}


def test_the_rows_themselves_are_as_without_decoys(seeded: tracemark.Vault) -> None:
    export = list(orders(300, 33))
    plain = list(seeded.mark_rows(export, to="acct:0001"))
    mixed = list(seeded.mark_rows(export, to="acct:0001", decoys=0.05))
    assert len(mixed) > len(plain)
    assert list(seeded.without_decoys(mixed)) == plain
    assert [list(row) for row in mixed] == [list(export[0])] * len(mixed)
    again = list(seeded.mark_rows(export, to="acct:0001", decoys=0.05))
    assert again == mixed
    # what says nothing about a person is that of the row before
    place = next(k for k, row in enumerate(mixed) if row in decoys_in(mixed, pool(800)))
    assert mixed[place]["下单时间"] == mixed[place - 1]["下单时间"]


def test_the_ledger_knows_the_decoys(seeded: tracemark.Vault) -> None:
    mixed = list(seeded.mark_rows(orders(300, 34), to="acct:0001", decoys=0.05))
    found = decoys_in(mixed, pool(800))
    had = {entry.body["recipient"] for entry in seeded.custody_of(found[0]["运单号"])}
    assert had == {"acct:0001"}
    assert seeded.verify_ledger().holds


def test_the_pool_grows_is_kept_private_and_vouched_for(vault: tracemark.Vault) -> None:
    assert vault.add_decoys(pool(3)) == 3
    assert vault.add_decoys(pool(5)) == 2
    assert vault.add_decoys(pool(5)) == 0
    path = vault.path / "decoys.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    entries = [entry.body["count"] for entry in vault.ledger_entries("decoys")]
    assert entries == [3, 5]
    # an addition that was broken off between the ledger and the file is completed
    path.rename(path.with_name("decoys.jsonl.new"))
    assert vault.add_decoys(pool(6)) == 1
    path.write_bytes(path.read_bytes() + b"{}\n")
    with pytest.raises(VaultError, match="vouches"):
        vault.trace("x")


@pytest.mark.parametrize(
    "row", [{"姓名": "张三"}, {"手机": "138****1234"}, {"手机": 13800001234}, "13800001234"]
)
def test_what_cannot_be_found_again_is_no_decoy(vault: tracemark.Vault, row: object) -> None:
    with pytest.raises(UsageError, match="decoy 1"):
        vault.add_decoys([row])  # type: ignore[list-item]
    assert not (vault.path / "decoys.jsonl").exists()


def test_wrong_calls_are_told(vault: tracemark.Vault) -> None:
    with pytest.raises(UsageError, match="no decoys"):
        vault.mark_rows([], to="acct:0001", decoys=0.01)
    vault.add_decoys([{"手机": "13800001234"}, *pool(400)])
    for rate in (-0.1, 0.2, float("nan")):
        with pytest.raises(UsageError, match="decoys"):
            vault.mark_rows([], to="acct:0001", decoys=rate)
    vault.add_decoys([{"手机": f"139{n:08d}"} for n in range(400)])
    with pytest.raises(UsageError, match="lacks the column"):
        list(vault.mark_rows(orders(500, 1), to="acct:0001", decoys=0.1))


def as_csv(rows: list[dict[str, str]], end: str = "\r\n") -> bytes:
    sink = io.StringIO(newline="")
    writer = csv.DictWriter(sink, list(rows[0]), lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return sink.getvalue().encode()


def table(vault: tracemark.Vault, content: bytes, decoys: float = 0.0) -> bytes:
    sink = io.BytesIO()
    vault.mark_table(io.BytesIO(content), sink, to="acct:0001", decoys=decoys)
    return sink.getvalue()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_table_gets_the_decoys_that_rows_get(seeded: tracemark.Vault, end: str) -> None:
    """The same decoys behind the same rows; every other line is as without them."""
    export = list(orders(600, 36))
    mixed = table(seeded, as_csv(export, end), 0.05)
    rows = list(csv.DictReader(io.StringIO(mixed.decode(), newline="")))
    assert rows == list(seeded.mark_rows(export, to="acct:0001", decoys=0.05))
    plain = table(seeded, as_csv(export, end)).splitlines(keepends=True)
    left = iter(mixed.splitlines(keepends=True))
    assert all(line in left for line in plain)  # in this order
    assert len(rows) - len(export) > 5
    assert seeded.verify_ledger().holds


def test_decoys_stand_behind_whole_rows_only(seeded: tracemark.Vault) -> None:
    """Cells over several lines, short rows and a last line without an end are passed through."""
    export = as_csv(list(orders(400, 37)), "\n")
    odd = export.replace(b"\n", b"\nshort,row\n", 300)
    odd = odd.replace(b"\nshort,row\n", b"\n", 299) + b'1,2,"a\nb",4,5,6,7,8,9,10\n1,2'
    mixed = table(seeded, odd, 0.1)
    assert b"\nshort,row\n" in mixed
    assert mixed.endswith(b'1,2,"a\nb",4,5,6,7,8,9,10\n1,2')
    decoys = decoys_in(list(csv.DictReader(io.StringIO(mixed.decode()))), pool(800))
    assert len(decoys) > 5


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(list(orders(5, 1))).encode(),
        "文三路159号\n文三路160号\n".encode(),
        "手机,手机\n13900001111,13900002222\n".encode(),
        "13900001111,浙江省杭州市西湖区文三路159号\n".encode(),
    ],
)
def test_what_cannot_take_decoys_is_refused(seeded: tracemark.Vault, content: bytes) -> None:
    issues = len(list(seeded.ledger_entries("issue")))
    with pytest.raises(UsageError, match="cannot be mixed"):
        table(seeded, content, 0.05)
    assert len(list(seeded.ledger_entries("issue"))) == issues


@pytest.mark.parametrize("lines", [False, True])
def test_cleaning_keeps_decoys_or_leaves_them_out(seeded: tracemark.Vault, lines: bool) -> None:
    """Known to the vault only: without it they are rows like others."""
    export = list(orders(300, 38))
    mixed = list(seeded.mark_rows(export, to="acct:0001", decoys=0.05))

    def cleaned(rows: list[dict[str, str]], **options: Pool) -> list[object]:
        content = b"\n".join(json.dumps(row).encode() for row in rows) if lines else as_csv(rows)
        sink = io.BytesIO()
        tracemark.clean_table(io.BytesIO(content), sink, **options)
        text = sink.getvalue().decode()
        return text.splitlines() if lines else list(csv.reader(io.StringIO(text, newline="")))

    assert cleaned(mixed, without=seeded.decoys) == cleaned(export)
    assert len(cleaned(mixed)) > len(cleaned(export))
    with pytest.raises(UsageError, match="left out"):
        tracemark.clean_table(io.BytesIO(b"[{}]"), io.BytesIO(), without=seeded.decoys)

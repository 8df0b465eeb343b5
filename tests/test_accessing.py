"""Access evidence end to end: what a case says of who had the records, and what it never says."""

from __future__ import annotations

from datetime import date

import pytest

import tracemark
from tracemark import accessing
from tracemark_cli.sample_orders import orders

ROWS = list(orders(200, 77))
NUMBERS = [row["运单号"] for row in ROWS]


def leak(numbers: list[str]) -> str:
    return "\n".join(numbers)


def names(case: tracemark.Case) -> list[str]:
    assert case.access is not None
    return [holder.recipient for holder in case.access.holders]


@pytest.fixture
def known(vault: tracemark.Vault) -> tracemark.Vault:
    """Two overlapping exports, one courier, and one desk."""
    list(vault.mark_rows(ROWS[:120], to="acct:0001"))
    list(vault.mark_rows(ROWS[80:], to="acct:0002"))
    vault.record_custody("acct:0003", NUMBERS[:60], date(2026, 3, 9), "deliver")
    vault.record_custody("acct:0004", NUMBERS[30:50], "2026-03-10")
    return vault


def test_bare_numbers_lead_to_who_had_them_and_identify_nobody(known: tracemark.Vault) -> None:
    case = known.trace(leak([*NUMBERS[:30], "YT0000000000001"]))
    assert case.verdict == "no mark"
    assert not case.accusations
    access = case.access
    assert access is not None
    assert (access.records, access.recognised, access.by["waybill"]) == (31, 30, 30)
    assert (access.recipients, access.complete, access.smallest, access.alternatives) == (
        2,
        2,
        1,
        2,
    )
    # the narrower access stands first
    assert names(case) == ["acct:0003", "acct:0001"]
    courier, account = access.holders
    assert (courier.held, courier.issued, courier.custody, courier.all_told) == (30, 0, 30, 60)
    assert (account.held, account.issued, account.custody) == (30, 30, 0)
    assert courier.events == (
        {
            "entry": courier.events[0]["entry"],
            "what": "deliver",
            "when": "2026-03-09",
            "records": 30,
        },
    )
    assert case.to_dict()["access"]["holders"][0]["recipient"] == "acct:0003"


def test_phones_and_masked_phones_are_recognised(known: tracemark.Vault) -> None:
    phones = sorted({row["手机"][:11] for row in ROWS[130:160] if row["手机"][:11].isdigit()})
    assert len(phones) > 10
    case = known.trace(leak(phones))
    assert case.access and case.access.by == {"waybill": 0, "phone": len(phones), "masked": 0}
    assert names(case) == ["acct:0002"]
    masked = [f"{phone[:3]}****{phone[7:11]}" for phone in phones]
    case = known.trace([{"电话": phone} for phone in masked])
    assert case.access and case.access.by == {"waybill": 0, "phone": 0, "masked": len(phones)}
    assert "acct:0002" in names(case)


def test_two_sources_are_explained_together(known: tracemark.Vault) -> None:
    access = known.trace(leak([*NUMBERS[:20], *NUMBERS[180:]])).access
    assert access is not None
    assert access.smallest == 2
    assert {frozenset(some) for some in access.sets} == {
        frozenset({"acct:0001", "acct:0002"}),
        frozenset({"acct:0003", "acct:0002"}),
    }


def test_gaps_in_the_ledger_are_allowed_for(vault: tracemark.Vault) -> None:
    """Three of thirty scans were never recorded, and one who had most of them does not fit."""
    vault.record_custody("acct:0003", NUMBERS[:27])
    vault.record_custody("acct:0004", NUMBERS[:20])
    vault.record_custody("acct:0005", NUMBERS[27:30])
    access = vault.trace(leak(NUMBERS[:30])).access
    assert access is not None
    assert (access.complete, access.allowed, access.sets) == (0, 7, (("acct:0003",),))


def test_above_ten_nobody_is_named(vault: tracemark.Vault) -> None:
    for account in range(accessing.NAMED + 1):
        vault.record_custody(f"acct:{account:04d}", NUMBERS[:30])
    case = vault.trace(leak(NUMBERS[:30]))
    assert case.access is not None
    assert (case.access.complete, case.access.alternatives) == (11, 11)
    assert case.access.holders == case.access.sets == ()
    assert "acct:" not in case.to_json()


def test_only_candidates_are_named_and_others_still_count(known: tracemark.Vault) -> None:
    access = known.trace(leak(NUMBERS[100:120]), among="acct:0002").access
    assert access is not None
    assert [one.recipient for one in access.holders] == ["acct:0002"]
    assert access.holders[0].exclusive == 0  # acct:0001 had them as well
    access = known.trace(leak(NUMBERS[100:120]), among="acct:01").access
    assert access is not None
    assert (access.recognised, access.recipients, access.holders) == (0, 0, ())


def test_a_sample_without_identifiers_has_no_access_evidence(known: tracemark.Vault) -> None:
    assert known.trace("浙江省杭州市西湖区文三路159号").access is None


def test_foreign_numbers_are_recognised_by_nobody(known: tracemark.Vault) -> None:
    access = known.trace(leak([row["运单号"] for row in orders(50, 12345)])).access
    assert access is not None
    assert (access.records, access.recognised, access.holders) == (50, 0, ())


def test_access_does_not_touch_an_identification(known: tracemark.Vault) -> None:
    marked = list(known.mark_rows(ROWS[80:], to="acct:0007"))
    case = known.trace(marked)
    assert [one.recipient for one in case.accusations] == ["acct:0007"]
    assert case.access is not None
    assert {*names(case)} == {"acct:0002", "acct:0007"}


def test_custody_under_an_older_key_is_found(known: tracemark.Vault) -> None:
    known.rotate_key()
    known.record_custody("acct:0009", NUMBERS[:30])
    case = known.trace(leak(NUMBERS[:30]))
    assert {*names(case)} == {"acct:0001", "acct:0003", "acct:0009"}
    had = {entry.body["recipient"] for entry in known.custody_of(NUMBERS[0])}
    assert had == {"acct:0001", "acct:0003", "acct:0009"}

"""An outline misses no number that was issued, and takes few others for one."""

from __future__ import annotations

import numpy as np

from tracemark.ledger import Fingerprinter, Ledger
from tracemark.ledger.outline import Outline
from tracemark_cli.sample_orders import orders


def test_an_outline_misses_none_and_takes_few_others() -> None:
    rng = np.random.default_rng(3)
    values = rng.integers(1, 1 << 63, 50_000).astype(np.uint64) * np.uint64(2) + np.uint64(1)
    others = rng.integers(1, 1 << 63, 200_000).astype(np.uint64) * np.uint64(2)
    outline = Outline(len(values))
    outline.add(values[:20_000])
    outline.add(values[20_000:])
    assert outline.may_hold(values).all()
    assert outline.may_hold(others).mean() < 0.001
    assert not outline.may_hold(np.zeros(3, np.uint64)).any()


def test_it_holds_the_numbers_of_all_issues_and_epochs(vault) -> None:
    first, second = list(orders(60, 4)), list(orders(60, 5))
    list(vault.mark_rows(first, to="acct:0001"))
    vault.rotate_key()
    list(vault.mark_rows(second, to="acct:0002"))
    outline = vault._ledger.outline()
    for epoch, rows in ((0, first), (1, second)):
        of = Fingerprinter(vault._keys[epoch]).of
        assert outline.may_hold(of("waybill", [row["运单号"] for row in rows])).all()
        phones = of("phone", [row["手机"] for row in rows])  # 0 for those that are masked
        assert outline.may_hold(phones[phones != 0]).all() and phones.any()


def test_a_copy_without_numbers_is_not_told_by_them(ledger: Ledger) -> None:
    """In a file and in a database."""
    rng = np.random.default_rng(8)
    numbers = rng.integers(1, 1 << 63, 500).astype(np.uint64)
    assert not ledger.outline().may_hold(numbers).any()
    with ledger.issue("acct:1", "table", profile="p", epoch=1, policy="full") as issue:
        issue.batch(300, {"waybill": numbers[:300], "anchor": numbers[:300]})
        issue.batch(200, {"phone": numbers[300:], "anchor": numbers[300:]})
    assert ledger.outline().may_hold(numbers).all()
    with ledger.issue("acct:2", "table", profile="p", epoch=1, policy="full") as issue:
        issue.batch(1, {"anchor": numbers[:1]})
    assert ledger.outline() is None

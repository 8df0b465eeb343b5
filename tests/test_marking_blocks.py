"""A table that is marked in blocks is marked as its rows are one by one."""

from __future__ import annotations

import csv
import io
from itertools import product
from pathlib import Path

import pytest

from tests.text.hostile import CURATED
from tracemark import Vault
from tracemark_cli.sample_orders import orders


@pytest.mark.parametrize(("policy", "count"), [("full", 5000), ("quiet", 500), ("plain", 500)])
def test_orders_and_hostile_cells(tmp_path: Path, policy: str, count: int) -> None:
    """The same cells, in bulk, by rows, and row by row."""
    rows = list(orders(count, seed=20_261_122))
    # what can stand in a CSV at all, in columns of all the roles that are marked
    odd = [one for one in CURATED if not {*one} & {*"\x00\r"}]
    places = product(odd, ("收货地址", "商品", "备注"))
    rows += [{**row, column: cell} for row, (cell, column) in zip(rows, places, strict=False)]
    source, sink = io.StringIO(newline=""), io.BytesIO()
    writer = csv.DictWriter(source, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    vault = Vault.create(tmp_path / "vault")
    vault.add_recipient("acct:1")
    vault.mark_table(io.BytesIO(source.getvalue().encode()), sink, "acct:1", policy=policy)
    one_by_one = (next(iter(vault.mark_rows([row], "acct:1", policy=policy))) for row in rows[-20:])
    marked = list(csv.DictReader(io.StringIO(sink.getvalue().decode(), newline="")))
    assert marked[-20:] == list(one_by_one)
    assert marked == list(vault.mark_rows(rows, "acct:1", policy=policy))
    changed = sum(new != old for new, old in zip(marked, rows, strict=True))
    assert changed > 0.98 * count

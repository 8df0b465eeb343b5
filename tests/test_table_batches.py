"""One table by several processes: the same bytes, the same ledger, whoever marks it."""

from __future__ import annotations

import io
import os
import signal

import pytest

import tracemark
from tracemark import table_batches
from tracemark_cli.sample_orders import orders

ACCOUNT = "acct:0042"


def table(rows: int) -> bytes:
    held = [list(row.values()) for row in orders(rows, 77)]
    lines = [",".join(next(iter(orders(1, 1)))), *(",".join(f'"{c}"' for c in row) for row in held)]
    lines[rows // 2] = 'not,"by the" book'  # is marked by the process that reads
    return "\r\n".join(lines).encode("gb18030")


def mark(vault: tracemark.Vault, data: bytes, **how: object) -> tuple[bytes, tracemark.Receipt]:
    sink = io.BytesIO()
    return sink, vault.mark_table(io.BytesIO(data), sink, ACCOUNT, name="orders.csv", **how)


def test_workers_give_the_same_bytes_and_entries(vault: tracemark.Vault) -> None:
    data = table(5000)
    alone, receipt = mark(vault, data, policy="plain")
    before = [entry.body for entry in vault.ledger_entries("batch")]
    apart, again = mark(vault, data, policy="plain", workers=2)
    assert apart.getvalue() == alone.getvalue() != data
    assert (again.rows, again.cells, again.sha256) == (receipt.rows, receipt.cells, receipt.sha256)
    after = [entry.body for entry in vault.ledger_entries("batch")][len(before) :]
    assert len(before) > 2
    assert [{**one, "issue": 0} for one in after] == [{**one, "issue": 0} for one in before]


def test_a_worker_that_ends_is_told_and_no_row_leaves_without_the_ledger(
    vault: tracemark.Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_batches, "_work", _end)
    sink = io.BytesIO()
    with pytest.raises(tracemark.UnreadableSample, match=r"orders\.csv: a process .* has ended"):
        vault.mark_table(
            io.BytesIO(table(5000)), sink, ACCOUNT, name="orders.csv", policy="plain", workers=2
        )
    told = sum(entry.body["rows"] for entry in vault.ledger_entries("batch"))
    assert sink.getvalue().count(b"\r\n") - 1 <= told


def _end(block: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)

"""One copy made by several processes: the bytes of one, and a ledger that knows what got out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pytest

import tracemark

arrow = pytest.importorskip("pyarrow", reason="needs the extra 'arrow'")

WHO = "acct:0007"
PART = """
import sys, pyarrow, tracemark
place, job, part, source = sys.argv[1:]
batches = pyarrow.ipc.open_file(source).read_all().to_batches(max_chunksize=20)
with tracemark.Vault.open(place) as vault:
    stream = pyarrow.ipc.new_stream(sys.stdout.buffer, batches[0].schema)
    for batch in vault.mark_part(int(job), part, batches):
        stream.write_batch(batch)
        sys.stdout.buffer.flush()
    stream.close()
"""


@pytest.fixture
def table(export: list[dict[str, str]]) -> Any:
    return arrow.Table.from_pylist(export)


def process(vault: tracemark.Vault, job: int, part: int, table: Any) -> subprocess.Popen[bytes]:
    """Starts marking a hundred rows of the table, in batches of twenty."""
    source = vault.path.parent / f"{part}.arrow"
    with arrow.ipc.new_file(source, table.schema) as file:
        file.write_table(table.slice(100 * part, 100))
    return subprocess.Popen(
        [sys.executable, "-c", PART, str(vault.path), str(job), str(part), str(source)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
    )


def test_a_worker_that_is_killed_leaves_nothing_unknown(vault, table) -> None:
    """And its part, made again, is recorded once."""
    job = vault.open_job(WHO, name="export")
    with process(vault, job, 0, table) as worker:
        first = arrow.ipc.open_stream(worker.stdout).read_next_batch()
        worker.send_signal(signal.SIGKILL)
    assert vault.trace(first.to_pylist()).samples[0].issued > 10
    parts = []
    for part in (0, 1):
        with process(vault, job, part, table) as worker:
            parts.append(arrow.ipc.open_stream(worker.stdout).read_all())
    assert vault.close_job(job) == 200
    assert vault.verify_ledger().faults == ()
    [alone] = vault.mark_batches(table.combine_chunks().to_batches(), WHO)
    assert arrow.concat_tables(parts).to_pylist() == alone.to_pylist()


def test_a_key_rotated_meanwhile_marks_no_part(vault, table) -> None:
    """A copy is of one epoch, that in which its job was opened."""
    before = [batch.to_pylist() for batch in vault.mark_batches(table.to_batches(), WHO)]
    job = vault.open_job(WHO)
    vault.rotate_key()
    parts = [batch.to_pylist() for batch in vault.mark_part(job, "0", table.to_batches())]
    assert parts == before
    assert [batch.to_pylist() for batch in vault.mark_batches(table.to_batches(), WHO)] != before
    vault.close_job(job)
    assert vault.verify_ledger().faults == ()


def test_a_closed_job_takes_no_part(vault, table) -> None:
    job = vault.open_job(WHO)
    assert vault.close_job(job, "cut") == 0
    with pytest.raises(tracemark.UsageError, match="is closed"):
        next(vault.mark_part(job, "0", table.to_batches()))


def test_a_job_for_nobody_or_by_no_policy_is_not_opened(vault) -> None:
    with pytest.raises(tracemark.UnknownRecipient):
        vault.open_job("acct:nobody")
    with pytest.raises(tracemark.UsageError):
        vault.open_job(WHO, "loud")
    assert list(vault.ledger_entries("issue")) == []

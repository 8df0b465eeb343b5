"""Several processes, killed processes, threads and forks: the chain holds and nothing is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tracemark.ledger import Ledger
from tracemark.model import Recipient

WRITER = Path(__file__).with_name("writer.py")


def start(path: Path | str, recipient: str, first: int, batches: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, WRITER, path, recipient, str(first), str(batches)],
        stdout=subprocess.PIPE,
        text=True,
    )


def values_of(batch: int) -> np.ndarray:
    return np.arange(1, 101, dtype=np.uint64) + np.uint64(1000 * batch)


def test_many_processes_write_one_chain(ledger: Ledger, path: Path | str) -> None:
    ledger.add_recipients(Recipient(f"w{n}") for n in range(8))
    writers = [start(path, f"w{n}", 100 * n, 20) for n in range(8)]
    told = [writer.communicate(timeout=60)[0].split() for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * 8
    assert [len(lines) for lines in told] == [20] * 8
    check = ledger.verify()
    assert check.faults == ()
    assert check.open_issues == ()
    assert check.fingerprints == 8 * 20 * 200
    for n in range(8):
        asked = np.concatenate([values_of(100 * n + batch) for batch in range(20)])
        assert ledger.holders("waybill", 1, asked).counts() == {f"w{n}": 2000}


def test_a_killed_writer_loses_nothing_it_told(ledger: Ledger, path: Path | str) -> None:
    """What `batch` returned from is there after kill -9; the issue is open, not damaged."""
    for attempt in range(5):
        first = 1000 * (attempt + 1)
        writer = start(path, "acct:1", first, 900)
        assert writer.stdout is not None
        told = [int(writer.stdout.readline()) for _ in range(1 + 7 * attempt)]
        writer.kill()
        told += map(int, writer.stdout.read().split())
        writer.stdout.close()
        writer.wait(timeout=30)
        for number in told:
            assert ledger.holds("acct:1", "waybill", 1, values_of(number)).all()
            assert ledger.holds("acct:1", "phone", 1, values_of(number)).all()
    check = ledger.verify()
    assert check.faults == ()
    assert len(check.open_issues) == 5


def test_threads_share_a_ledger(ledger: Ledger) -> None:
    def issue(number: int) -> None:
        with ledger.issue("acct:1", "rows", profile="p", epoch=1, policy="full") as opened:
            for batch in range(5):
                opened.batch(100, {"waybill": values_of(10 * number + batch)})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(issue, range(16)))
    check = ledger.verify()
    assert check.faults == ()
    assert check.fingerprints == 16 * 5 * 100


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_fork_does_not_share_the_connection(ledger: Ledger) -> None:
    child = os.fork()
    if not child:
        status = 1
        try:
            _, _, (inherited, _), _ = ledger._store._closer.peek()
            ledger.add_recipients([Recipient("of the child")])
            _, _, (own, _), _ = ledger._store._closer.peek()
            status = 2 if own is inherited else 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    ledger.add_recipients([Recipient("of the parent")])
    assert status == 0
    assert ledger.count("of the") == 2
    assert ledger.verify().faults == ()


def test_verification_sees_one_moment_while_others_write(ledger: Ledger, path: Path | str) -> None:
    writer = start(path, "acct:1", 0, 300)
    assert writer.stdout is not None
    writer.stdout.readline()
    checks = [ledger.verify() for _ in range(10)]
    writer.kill()
    writer.wait(timeout=30)
    writer.stdout.close()
    assert [check.faults for check in checks] == [()] * 10
    assert checks[-1].entries > 3

"""Processes that issue are killed at random moments: nothing that got out is missing."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import tracemark
from benchmarks import kill


@pytest.mark.parametrize("way", kill.WAYS)
def test_what_got_out_is_in_the_ledger_whatever_is_killed_when(way: str, tmp_path: Path) -> None:
    """Four kills of each way to issue; `python -m benchmarks.kill` does 200."""
    folder, rng = tmp_path / "vault", random.Random(way)
    with tracemark.Vault.create(folder) as vault:
        vault.add_recipient(kill.TO)
    found = [kill.kill_one(folder, way, 10**6 * (n + 1), rng, 0.3) for n in range(4)]
    assert sum(one.got_out for one in found) > 0
    assert [one.lost for one in found] == [0] * 4
    assert [one.faults for one in found] == [()] * 4
    assert all(one.next_issue_holds for one in found)

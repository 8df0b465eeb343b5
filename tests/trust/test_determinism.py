"""The same case gives the same JSON byte for byte, in other processes too."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks import determinism


def test_two_processes_say_the_same_byte_for_byte(tmp_path: Path) -> None:
    """Other numbers of threads and another order of hashes; `benchmarks.determinism` adds numpy's
    releases."""
    determinism.prepare(tmp_path, 11, recipients=300)
    told = [determinism.run(sys.executable, one, tmp_path) for one in determinism.SETTINGS]
    assert told[0] == told[1]
    case = json.loads(told[0][2])
    assert case["verdict"] == "identified" and len(case["samples"]) == 4

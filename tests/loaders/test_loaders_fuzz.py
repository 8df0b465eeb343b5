"""Damaged files give rows or one clear refusal. More cases: ``python -m benchmarks.fuzz``."""

from __future__ import annotations

import pytest

from benchmarks import fuzz

TABLES = ["csv", "json", "jsonl", "text", "html", "xlsx", "document", "archive", "gzip"]
PICTURES = ["zpl", "png", "jpeg", "webp", "tiff", "bmp", "gif"]


@pytest.mark.parametrize("kind", [*TABLES, *PICTURES])
def test_damaged_files(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, where a fault shows that a process of its own would hide."""
    if kind == "xlsx":
        pytest.importorskip("python_calamine", reason="needs the extra 'xlsx'")
    monkeypatch.setattr(fuzz, "SEEDS", fuzz.seeds())
    monkeypatch.setattr(fuzz, "SLOW", 60.0)  # a busy machine is no finding
    found = {seed: fuzz.trial((kind, seed))[0] for seed in range(25)}
    assert {seed: one for seed, one in found.items() if one not in ("rows", "refused")} == {}

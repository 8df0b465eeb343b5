"""The verbs that show the ledger to others, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="needs the extra 'sign'")


def test_a_ledger_is_backed_up(run, vault: Path, home: Path) -> None:
    assert "the copy is whole" in run("ledger", "backup", "copy.sqlite").out
    run("ledger", "backup", "copy.sqlite").failed(3, "already")
    assert run("ledger", "backup", "second.sqlite", "--json").json["entries"] > 1


def test_from_checkpoint_to_proof(run, vault: Path, home: Path) -> None:
    assert run("ledger", "checkpoint", "-o", "note.txt").status == 0
    run("recipient", "add", "acct:later")
    verified = run("ledger", "verify", "--checkpoint", "note.txt")
    assert verified.status == 0 and "still begins with" in verified.out
    assert run("ledger", "prove", "2", "--checkpoint", "note.txt", "-o", "one.json").status == 0
    public = run("key", "public").out.strip()
    checked = run("ledger", "check-proof", "one.json", "--checkpoint", "note.txt",
                  "--public-key", public, "--json")  # fmt: skip
    assert checked.json["entry"]["seq"] == 2 and checked.json["compared"]
    assert run("ledger", "prove", "--since", "note.txt", "-o", "more.json").status == 0
    assert "compare it" in run("ledger", "check-proof", "more.json").out
    held = json.loads(Path("one.json").read_text("utf-8"))
    held["entry"]["body"]["count"] = 1
    Path("one.json").write_text(json.dumps(held), "utf-8")
    run("ledger", "check-proof", "one.json").failed(3, "does not hold")


def test_wrong_usage_is_said(run, vault: Path, home: Path) -> None:
    run("ledger", "prove").failed(2, "either the number of an entry or --since")
    run("ledger", "prove", "7777").failed(2, "no entry 7777")
    Path("x").write_bytes(b"\xff\xfe\x00")
    run("ledger", "check-proof", "x").failed(3, "is not text")
    run("ledger", "verify", "--checkpoint", "x").failed(3, "is not text")


def test_the_key_is_sealed_and_unsealed(run, vault: Path, monkeypatch) -> None:
    run("key", "seal").failed(2, "no new passphrase")
    monkeypatch.setenv("TRACEMARK_NEW_PASSPHRASE", "four words of some kind")
    assert run("key", "seal").status == 0
    run("key", "list").failed(3, "no passphrase is at hand")
    monkeypatch.setenv("TRACEMARK_PASSPHRASE", "four words of some kind")
    assert run("key", "list").status == 0
    assert run("key", "unseal").status == 0
    monkeypatch.delenv("TRACEMARK_PASSPHRASE")
    assert run("key", "list").status == 0

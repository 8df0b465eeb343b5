"""``tracemark custody`` and how access evidence is printed."""

from __future__ import annotations

from pathlib import Path

import pytest

NUMBERS = [f"YT{8_000_000_000 + k}" for k in range(40)]


@pytest.fixture
def scans(home: Path) -> Path:
    lines = [f"acct:1001,{number},2026-03-09 08:15,派送" for number in NUMBERS]
    lines += [f"station:YW-012,{number},2026-03-08,扫描" for number in NUMBERS[:30]]
    path = home / "scans.csv"
    path.write_bytes("\r\n".join(["账号,运单号,操作时间,操作", *lines, ""]).encode("gb18030"))
    return path


def test_custody_is_imported_once(run, vault: Path, scans: Path) -> None:
    assert run("custody", "import", scans, "--json").json == {"read": 70, "recorded": 70}
    assert run("custody", "import", scans, "--json").json == {"read": 70, "recorded": 0}
    assert run("custody", "import", "-", stdin=scans.read_bytes()).status == 0
    assert run("ledger", "verify").status == 0


def test_who_had_a_waybill_is_listed(run, vault: Path, scans: Path) -> None:
    run("custody", "import", scans)
    listed = run("custody", "list", NUMBERS[0])
    assert listed.status == 0
    assert all(word in listed.out for word in ("acct:1001", "station:YW-012", "派送", "2026-03-08"))
    assert "station:" not in run("custody", "list", NUMBERS[35]).out
    assert "acct:1001" not in run("custody", "list", "--to", "station:YW-012").out
    assert NUMBERS[0] not in listed.out


def test_access_is_printed_as_access(run, vault: Path, scans: Path, home: Path) -> None:
    run("custody", "import", scans)
    (home / "leak.txt").write_text("\n".join(NUMBERS[:30]), encoding="utf-8")
    ran = run("trace", "leak.txt")
    assert ran.status == 1
    head, access = ran.out.split("access (circumstantial")
    assert "acct:1001" not in head
    assert "it identifies nobody" in access
    assert "cannot be told apart" in access
    assert "义乌北苑站" in access
    assert access.index("station:YW-012") < access.index("acct:1001")  # the narrower first
    words = access.lower()
    assert not any(word in words for word in ("suspect", "guilty", "stole", "culprit", "leaker"))
    assert all(len(line) <= 80 for line in ran.out.splitlines() if line.isascii())


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        ("账号,时间\nacct:1001,2026-03-09\n", 3, ["no column 'waybill'"]),
        ("recipient,waybill\nacct:1001,\n", 3, ["line 2", "no recipient or no waybill"]),
        ("recipient,waybill\nacct:1001,YT123456789\nacct:9,YT123456780\n", 2, ["line 3"]),
        ("recipient,waybill,when\nacct:1001,YT123456789,soon\n", 3, ["line 2", "not a date"]),
        ('recipient,waybill\nacct:1001,"YT1\n', 3, ["not CSV"]),
        ("", 3, ["no column 'recipient'"]),
    ],
)
def test_a_faulty_file_records_nothing(
    run, vault: Path, home: Path, content: str, status: int, words: list[str]
) -> None:
    path = home / "bad.csv"
    path.write_text(content, encoding="utf-8")
    run("custody", "import", path).failed(status, "bad.csv", *words)
    assert run("custody", "list", "--json").out == ""


def test_a_missing_file_is_told(run, vault: Path) -> None:
    run("custody", "import", "nowhere.csv").failed(3, "nowhere.csv")

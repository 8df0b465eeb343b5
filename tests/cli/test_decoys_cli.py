"""``tracemark decoys``, ``mark table --decoys`` and ``clean --without-decoys-of``."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import pytest

from tracemark_cli.sample_orders import orders


def written(path: Path, rows: list[dict[str, str]]) -> Path:
    sink = io.StringIO(newline="")
    writer = csv.DictWriter(sink, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(sink.getvalue().encode())
    return path


@pytest.fixture
def ours(home: Path) -> Path:
    rng, rows = random.Random(3), []
    for row in orders(400, 3):
        row["手机"] = f"1{rng.randrange(3 * 10**9, 10**10)}"
        rows.append(row)
    return written(home / "ours.csv", rows)


def test_decoys_go_in_and_come_out(run, vault: Path, ours: Path, home: Path) -> None:
    """Added, mixed into an export, found in it, and left out where the vault is named."""
    assert run("decoys", "add", ours, "--json").json == {"added": 400, "decoys": 400}
    assert run("decoys", "add", "-", "--json", stdin=ours.read_bytes()).json["added"] == 0
    export = written(home / "export.csv", list(orders(500, 4)))
    ran = run(
        "mark", "table", export, "--to", "acct:1001", "-o", "copy.csv", "--decoys", "0.05", "--json"
    )
    assert ran.json["rows"] > 505
    run("clean", "copy.csv", "-o", "with.csv")
    run("clean", "copy.csv", "-o", "without.csv", "--without-decoys-of", vault)
    run("clean", export, "-o", "plain.csv")
    with_, without, plain = (
        list(csv.reader(io.StringIO((home / f"{name}.csv").read_text(), newline="")))
        for name in ("with", "without", "plain")
    )
    assert without == plain
    assert len(with_) == ran.json["rows"] + 1


def test_what_is_wrong_is_said(run, vault: Path, ours: Path, home: Path) -> None:
    export = written(home / "export.csv", list(orders(5, 4)))
    marking = ("mark", "table", export, "--to", "acct:1001", "-o", "copy.csv", "--decoys")
    run(*marking, "0.01").failed(2, "no decoys")
    run("decoys", "add", "-", stdin=b"").failed(2, "no decoy in stdin")
    run("decoys", "add", "-", stdin="姓名\n张三\n".encode()).failed(2, "decoy 1", "no phone")
    run("decoys", "add", "-", stdin="手机,姓名\n13900001111\n".encode()).failed(3, "1 cells")
    run("decoys", "add", ours)
    run(*marking, "0.5").failed(2, "0.5")
    assert not (home / "copy.csv").exists()

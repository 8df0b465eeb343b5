"""Of very many rows few are read, and those that the ledger knows come first. SPEC 6.1."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from tracemark import sieving
from tracemark.access.collect import Prints, Records
from tracemark.access.identifiers import of_row
from tracemark.access.numbers import numbers_of
from tracemark.keys import EpochKey
from tracemark.ledger import Fingerprinter
from tracemark.loaders import LoadedSample
from tracemark.sieving import TIMES, Sieve
from tracemark.text.reader import CellReader
from tracemark_cli.sample_orders import orders

KEY = EpochKey(1, bytes(range(32)))
HASH = Fingerprinter(KEY).of
HEADERS = ["运单号", "手机", "备注"]
MOST = 100


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sieving, "KNOWN", MOST)
    monkeypatch.setattr(sieving, "UNKNOWN", MOST)


def printed(rows: list[list[str]]) -> Prints:
    return Records([HASH]).printed(numbers_of([of_row(HEADERS, row) for row in rows]))


def read(rows: list[list[str]], known: list[str], part: int) -> list[list[str]]:
    """The rows that are read in the end, of parts of some size."""
    held = HASH("waybill", known)
    sieve = Sieve(lambda: lambda values: np.isin(values, held) & (values != 0), bytes(16))
    kept: set[int] = set()
    for first in range(0, len(rows), part):
        some = rows[first : first + part]
        lines = [",".join(row).encode() for row in some]
        chosen, dropped = sieve.choose(lambda lines=lines: lines, printed(some))
        kept -= set(dropped.tolist())
        kept |= set((first + 1 + np.flatnonzero(chosen)).tolist())
    return sorted(rows[number - 1] for number in kept)


def foreign(count: int) -> list[list[str]]:
    return [[f"YT{7_000_000_000 + 17 * k}", f"139{k:08d}", "急"] for k in range(count)]


def test_a_table_that_is_not_large_is_read_whole() -> None:
    assert read(foreign(MOST), [], 30) == sorted(foreign(MOST))


def test_known_rows_are_read_and_a_sample_of_the_others() -> None:
    rows = foreign(5000)
    known = [row[0] for row in rows[::100]]
    found = read(rows, known, 64)
    assert {row[0] for row in found} >= set(known)
    assert MOST // 4 < len(found) - len(known) <= MOST


def test_what_is_read_depends_neither_on_the_order_nor_on_the_parts() -> None:
    rows = foreign(3000)
    known = [row[0] for row in rows[::10]]
    found = read(rows, known, 64)
    order = np.random.default_rng(5).permutation(len(rows))
    for part in (37, 500, 5000):
        assert read([rows[i] for i in order], known, part) == found


def test_of_known_rows_a_sample_is_read_too() -> None:
    rows = foreign(3000)
    assert MOST // 4 < len(read(rows, [row[0] for row in rows], 64)) <= MOST


def test_rows_without_a_number_are_always_read() -> None:
    """Nothing tells whose they are before they are parsed."""
    rows = foreign(1000) + [["", "", f"备注{k}"] for k in range(300)]
    found = read(rows, [], 64)
    assert sum(row[0] == "" for row in found) == 300


def test_a_row_that_is_repeated_leaves_room_for_others() -> None:
    found = read(foreign(1000) + foreign(1) * 5000, [], 64)
    assert found.count(foreign(1)[0]) <= TIMES
    assert len(found) > MOST // 4


def test_nothing_is_left_out_where_numbers_do_not_tell() -> None:
    sieve = Sieve(lambda: None, bytes(16))
    for _ in range(5):
        chosen, dropped = sieve.choose(lambda: [], printed(foreign(90)))
        assert chosen.all() and not len(dropped)


def leak(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_few_of_ours_among_many_are_traced(vault, rng, tmp_path, monkeypatch) -> None:
    """Rows of ours in fifty times as many foreign ones; few of these are parsed."""
    ours = list(vault.mark_rows(orders(30, 611), to="acct:0042"))
    pile = [*ours, *orders(1500, 612)]
    rng.shuffle(pile)
    parsed = 0
    read_rows = CellReader.read_rows

    def counted(self, rows, numbers=None):
        nonlocal parsed
        parsed += len(rows)
        read_rows(self, rows, numbers)

    monkeypatch.setattr(CellReader, "read_rows", counted)
    monkeypatch.setattr("tracemark.loaders.sample._FIRST", (64,) * 100)
    case = vault.trace(leak(tmp_path / "pile.csv", pile))
    assert [one.recipient for one in case.accusations] == ["acct:0042"]
    assert case.samples[0].rows == 1530
    assert "were looked at closely" in case.samples[0].note
    assert parsed < 900


def test_a_copy_that_was_issued_without_numbers_is_not_overlooked(vault, rng, tmp_path) -> None:
    """Then no number tells whose rows are ours, and all are read."""
    addresses = [{"收货地址": row["收货地址"]} for row in orders(30, 613)]
    marked = vault.mark_rows(addresses, to="acct:0042")
    # somebody has put the addresses into a table with numbers that were never issued
    others = list(orders(1000, 614))
    for row, own in zip(rng.sample(others, 30), marked, strict=True):
        row |= own
    case = vault.trace(leak(tmp_path / "pile.csv", others))
    assert [one.recipient for one in case.accusations] == ["acct:0042"]


def test_all_decoys_count_as_known(vault, tmp_path, monkeypatch) -> None:
    """To whom a decoy was issued depends on codewords: that may not decide what is read."""
    pool = [{"手机": f"139000{k:05d}", "收货地址": f"文三路{k}号"} for k in range(4)]
    vault.add_decoys(pool)
    others = list(orders(1000, 615))
    for row, decoy in zip(others[::250], pool, strict=True):
        row["手机"] = decoy["手机"]
    parsed: set[str] = set()
    read_rows = CellReader.read_rows

    def seen(self, rows, numbers=None):
        parsed.update(cell for row in rows for cell in row)
        read_rows(self, rows, numbers)

    monkeypatch.setattr(CellReader, "read_rows", seen)
    vault.trace(leak(tmp_path / "pile.csv", others))
    assert parsed >= {row["手机"] for row in pool}


def test_parts_hold_what_rows_give(tmp_path) -> None:
    rows = [[*row.values()] for row in orders(700, 616)]
    path = leak(tmp_path / "orders.csv", list(orders(700, 616)))
    loaded = [values for _, values in LoadedSample(path, 1).rows()][1:]
    assert [list(values[: len(row)]) for row, values in zip(rows, loaded, strict=True)] == rows
    lines = [line for part in LoadedSample(path, 1).parts() for line in part.lines()]
    assert b"".join(lines) == path.read_bytes()

"""Columns give the identifiers that rows give one by one."""

from __future__ import annotations

import random

import pytest

from tracemark.access.identifiers import KINDS, of_row
from tracemark.access.numbers import numbers_in, numbers_of

HEADERS = ("运单号", "手机", None, "order no", "备注", "电话")
CELLS = (
    "", "YT8765432109", "13900001111", "138****5678", "139-0000-1111", "急", "A-100042",
    "20260309081500", "SF1234567890123", "0571-87654321", "1.23E+13",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_columns_and_rows_agree(seed: int) -> None:
    rng = random.Random(seed)
    few = CELLS if seed % 2 else CELLS[1:3]
    rows = [[rng.choice(few) for _ in HEADERS] for _ in range(50)]
    more = {row: [rng.choice(CELLS)] for row in rng.sample(range(50), 5)}
    one_by_one = numbers_of(
        [
            of_row([*HEADERS, *[None] * len(more.get(i, []))], [*row, *more.get(i, [])])
            for i, row in enumerate(rows)
        ]
    )
    columns = numbers_in(HEADERS, len(rows), lambda place: [row[place] for row in rows], more)
    assert (columns.records, columns.named) == (one_by_one.records, one_by_one.named)
    for kind in KINDS:
        assert by_row(columns, kind) == by_row(one_by_one, kind)


def by_row(numbers, kind: str) -> dict[int, list[str]]:
    """Identifiers of each row, in order."""
    found: dict[int, list[str]] = {}
    for row, text in zip(numbers.kinds[kind][0].tolist(), numbers.kinds[kind][1], strict=True):
        found.setdefault(row, []).append(text)
    return found

"""Further cells are found in blocks as they are row by row."""

from __future__ import annotations

import random

import pytest

from tracemark.loaders.guesses import Guesser
from tracemark.tables.block import Block, block_of

WIDTH = 5


def rows_of(rng: random.Random) -> list[list[str]]:
    joined, split = rng.choice([0, 0, 0.02, 0.05, 0.3, 1]), rng.choice([0, 0, 0.04, 0.5])
    return [
        [
            f'="00{number}"' if rng.random() < joined else f"abc{number}",
            "浙江省" if rng.random() < split else "x, y",
            "杭州市",
            "张三 13800000000 春晗路8号 2单元" if rng.random() < joined else "春晗路8号",
            'a "b"\nc',
        ]
        for number in range(rng.choice([10, 300, 900]))
    ]


def block(rows: list[list[str]]) -> Block:
    quoted = (",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    found = block_of([f"{line}\n" for line in quoted], ",", [None] * WIDTH)
    assert found is not None
    return found


@pytest.mark.parametrize("seed", range(12))
def test_guesses_of_blocks_are_those_of_rows(seed: int) -> None:
    rng = random.Random(seed)
    rows = rows_of(rng)
    alone, together = Guesser(), Guesser()
    wanted = [alone.guesses(row) for row in rows]
    found: list[list[str]] = []
    while len(found) < len(rows):
        some = rows[len(found) : len(found) + rng.choice([64, 100, 512])]
        more = together.many(block(some))
        found += [more.get(row, []) for row in range(len(some))]
    assert found == wanted


def test_a_block_gives_lines_rows_and_columns() -> None:
    rows = rows_of(random.Random(1))[:100]
    held = block(rows)
    chosen = [3, 5, 5, 0]
    assert held.some(chosen) == [rows[row] for row in chosen]
    assert held.some(range(len(rows))) == rows and held.some([]) == []
    before = [held.column(place) for place in range(WIDTH)]
    assert before == [[row[place] for row in rows] for place in range(WIDTH)]
    text = b"".join(held.lines()).decode()
    assert held.text() == text
    held.put(2, ["宁波市"] * len(rows))
    assert held.column(2) == ["宁波市"] * len(rows) and held.column(1) == before[1]
    assert held.text() == text.replace("杭州市", "宁波市")

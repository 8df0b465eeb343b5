"""Rows are laid to the accused whose codeword explains them, or to nobody."""

from __future__ import annotations

import numpy as np

from tracemark.codeword import Codebook
from tracemark.decoder.rows import MOST, RowReading, rows_of
from tracemark.keys import EpochKey
from tracemark.model import Reading
from tracemark.profiles import CURRENT

BOOK = Codebook(EpochKey(1, bytes(range(32))), CURRENT)


def leak(who: list[str | None], slots: int, noise: float, rng) -> RowReading:
    """Rows of so many slots from given copies; None is an unmarked row."""
    rows = np.repeat(np.arange(1, len(who) + 1), slots)
    positions = rng.integers(0, CURRENT.length, len(rows))
    bits = rng.integers(0, 2, len(rows))
    for row, name in enumerate(who, start=1):
        if name:
            bits[rows == row] = BOOK.codeword(name)[positions[rows == row]]
    bits ^= rng.random(len(rows)) < noise
    return RowReading(
        Reading("wording", np.arange(len(rows), dtype=np.uint64), positions, 2.0 * bits - 1), rows
    )


def test_rows_go_where_they_came_from() -> None:
    """With 30 slots a row nearly all are laid, and under 5 % of those wrongly."""
    rng = np.random.default_rng(20)
    who = [str(rng.choice(["a", "b", "c", ""])) or None for _ in range(400)]
    who = ["stranger" if one == "c" else one for one in who]
    found = rows_of(0, [(BOOK, [leak(who, 30, 0.03, rng)])], ["a", "b"])
    for name, rows in zip("ab", found, strict=True):
        assert rows is not None
        true = [who[number - 1] == name for number in rows.numbers]
        assert np.mean(true) > 0.95 and sum(true) > 0.9 * who.count(name)
        assert len(rows.bits) == rows.count == len(rows.numbers) and min(rows.bits) > 4.2


def test_what_shows_too_little_is_laid_to_nobody() -> None:
    """One slot a row decides nothing; no rows and nobody accused give no answer either."""
    rng = np.random.default_rng(21)
    one = leak(["a"] * 50, 1, 0.0, rng)
    found = rows_of(0, [(BOOK, [one])], ["a", "b"])
    assert all(rows is None or rows.count < 10 for rows in found)
    assert rows_of(0, [(BOOK, [])], ["a"]) == [None]
    assert rows_of(0, [(BOOK, [one])], []) == []


def test_the_list_is_capped_and_the_count_is_not() -> None:
    rng = np.random.default_rng(22)
    [rows] = rows_of(3, [(BOOK, [leak(["a"] * (MOST + 200), 20, 0.0, rng)])], ["a"])
    assert rows is not None and rows.sample == 3
    assert rows.count > MOST == len(rows.numbers) and list(rows.numbers) == sorted(rows.numbers)

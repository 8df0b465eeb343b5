"""The ways in which rows leak: the lines of docs/results-text.md."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import leaks
from benchmarks.leaks import ADDRESS, Row
from tracemark_cli.sample_orders import orders


@dataclass(frozen=True)
class Channel:
    """One line of the table.

    Attributes
    ----------
    name : str
    rows : int
        Rows that leak, of 1,000 issued (of as many, if more leak).
    leak : callable
        What the tracer is handed of them.
    target : str
        What is to be reached, in per cent.
    kept : tuple of str
        The layers that such a leak can keep, for the limit.
    """

    name: str
    rows: int
    leak: leaks.Leak
    target: str
    kept: tuple[str, ...] = ("typography", "wording")


_ALL = ("invisible", "typography", "wording")
_WORDS = ("wording",)


def _as_csv(rows: Sequence[Row], rng: random.Random, folder: Path) -> Path:
    return leaks.write_csv(rows, folder / "some.csv")


def _changed(change: Callable[[str, random.Random], str], column: str = "") -> leaks.Leak:
    """Every cell changed, or those of one column, and the others washed."""

    def leak(rows: Sequence[Row], rng: random.Random, folder: Path) -> Path:
        changed = [
            {
                name: change(text, rng) if column in ("", name) else leaks.washed(text)
                for name, text in row.items()
            }
            for row in rows
        ]
        return leaks.write_csv(changed, folder / "changed.csv")

    return leak


def _merged(count: int, change: Callable[[str], str] = str) -> leaks.Leak:
    def leak(rows: Sequence[Row], rng: random.Random, folder: Path) -> Path:
        foreign = list(orders(count, rng.randrange(1 << 40)))
        pile = leaks.each_cell([*rows, *foreign], change)
        rng.shuffle(pile)
        return leaks.write_csv(pile, folder / "merged.csv")

    return leak


def _gbk(rows: Sequence[Row], rng: random.Random, folder: Path) -> Path:
    return leaks.write_csv(rows, folder / "gbk.csv", "gbk", rng.choice(["ignore", "replace"]))


def _reordered(rows: Sequence[Row], rng: random.Random, folder: Path) -> Path:
    names = list(rows[0])
    rng.shuffle(names)
    kept = [{name: row[name] for name in names} for row in rows]
    rng.shuffle(kept)
    return leaks.as_json(kept, folder / "export.json")


def _joined(rows: Sequence[Row], rng: random.Random, folder: Path) -> Path:
    joined = [{"x": " ".join(leaks.washed(text) for text in row.values())} for row in rows]
    return leaks.write_csv(joined, folder / "joined.csv")


def _pasted(rows: Sequence[Row], rng: random.Random, folder: Path) -> str:
    return leaks.pasted(rows)


def address(rows: Sequence[Row], rng: random.Random, folder: Path) -> str:
    return next(row for row in rows if row[ADDRESS])[ADDRESS]


def _washed(text: str, rng: random.Random) -> str:
    return leaks.washed(text)


CHANNELS = [
    Channel("export, 200 rows, as JSON, reordered", 200, _reordered, "100", _ALL),
    Channel("export, 200 rows, invisible stripped", 200,
            _changed(lambda t, r: leaks.stripped(t)), "100"),
    Channel("export, 200 rows, converted to GBK", 200, _gbk, "100"),
    Channel("export, 200 rows merged with 2,000 foreign", 200, _merged(2000), "100", _ALL),
    Channel("the same, invisible stripped", 200, _merged(2000, leaks.stripped), "100"),
    Channel("50 rows as copied", 50, _as_csv, "100", _ALL),
    Channel("20 rows as copied", 20, _as_csv, "100", _ALL),
    Channel("10 rows as copied", 10, _as_csv, "99", _ALL),
    Channel("5 rows as copied", 5, _as_csv, "98", _ALL),
    Channel("50 rows pasted without header", 50, _pasted, "100", _ALL),
    Channel("one address as copied", 20, address, "90", _ALL),
    Channel("200 rows washed", 200, _changed(_washed), "100", _WORDS),
    Channel("50 rows washed", 50, _changed(_washed), "98", _WORDS),
    Channel("20 rows washed", 20, _changed(_washed), "90", _WORDS),
    Channel("200 rows retyped, 0.5 % typos", 200, _changed(leaks.retyped), "100", _WORDS),
    Channel("50 rows retyped, 0.5 % typos", 50, _changed(leaks.retyped), "95", _WORDS),
    Channel("20 rows retyped, 0.5 % typos", 20, _changed(leaks.retyped), "85", _WORDS),
    Channel("50 rows retyped, 2 % typos", 50,
            _changed(lambda t, r: leaks.retyped(t, r, 0.02)), "", _WORDS),
    Channel("50 rows read by a machine, 3 % errors", 50, _changed(leaks.scanned), "90", _WORDS),
    Channel("50 rows washed, all columns joined", 50, _joined, "", _WORDS),
    Channel("50 rows washed among 5,000 foreign", 50, _merged(5000, leaks.washed), "100", _WORDS),
    Channel("export, 1,000 rows, addresses cut behind the road", 1000,
            _changed(lambda t, r: leaks.cut(t), ADDRESS), "100", _WORDS),
    Channel("export, 1,000 rows, addresses standardised", 1000,
            _changed(lambda t, r: leaks.standardised(t), ADDRESS), "100", _WORDS),
]  # fmt: skip

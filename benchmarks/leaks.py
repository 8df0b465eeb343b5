"""What happens to text on its way out: each leak takes marked rows and gives what a tracer gets.

Written from how people handle exports, not from how the reader works.
"""

from __future__ import annotations

import csv
import io
import json
import random
import re
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

Row = dict[str, str]
Leak = Callable[[Sequence[Row], random.Random, Path], Path | str]

# every default-ignorable character, and the zero-width ones that cleaning lists usually name
_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)

_ASCII = str.maketrans("，。；：、‐—", ",.;:,--")


def write_csv(
    rows: Sequence[Row], path: Path, encoding: str = "utf-8", errors: str = "strict"
) -> Path:
    with path.open("w", encoding=encoding, errors=errors, newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def some(rows: Sequence[Row], count: int, rng: random.Random) -> list[Row]:
    return rng.sample(list(rows), min(count, len(rows)))


def stripped(text: str) -> str:
    """Invisible characters removed."""
    return _IGNORABLE.sub("", text)


def washed(text: str) -> str:
    """Strip, NFKC, spaces removed, punctuation made ASCII."""
    text = unicodedata.normalize("NFKC", stripped(text))
    text = re.sub(r"\s+", "", text)
    return text.translate(_ASCII)


def retyped(text: str, rng: random.Random, rate: float = 0.005) -> str:
    """Washed, and then a typist's errors: a character lost, doubled or mistaken."""
    out = []
    for character in washed(text):
        if rng.random() < rate:
            error = rng.randrange(3)
            if error == 1:
                out.append(character * 2)
            elif error == 2:
                out.append(rng.choice("的地市区路号大小1234567890"))
        else:
            out.append(character)
    return "".join(out)


def each_cell(rows: Sequence[Row], change: Callable[[str], str]) -> list[Row]:
    return [{name: change(value) for name, value in row.items()} for row in rows]


def as_json(rows: Sequence[Row], path: Path) -> Path:
    path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return path


def pasted(rows: Sequence[Row]) -> str:
    """Rows as a spreadsheet puts them on the clipboard: tabs between cells, no header."""
    buffer = io.StringIO()
    csv.writer(buffer, delimiter="\t").writerows(row.values() for row in rows)
    return buffer.getvalue()

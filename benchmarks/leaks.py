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


_READ_AS = str.maketrans(
    "0158日目己已未末人入土士千干栋幢号单", "OlSB目日已己末未入人士土干千拣憧弓卑"
)


def scanned(text: str, rng: random.Random, rate: float = 0.03) -> str:
    """Washed, and then read by a machine: a character mistaken for its like, lost, or spaced."""
    out = []
    for character in washed(text):
        if rng.random() >= rate:
            out.append(character)
        elif (error := rng.randrange(4)) == 0:
            out.append(character + " ")
        elif error > 1:
            out.append(character.translate(_READ_AS) if error == 2 else "口")
    return "".join(out)


def cut(text: str) -> str:
    """What stands behind the road is left off."""
    found = re.search("[路街道巷村弄]", washed(text)[8:])
    return washed(text)[: 8 + found.end()] if found else washed(text)


_STANDARD = (
    (r"(?<=[0-9])(?:幢|号楼)", "栋"), ("二单元", "2单元"), ("一单元", "1单元"), ("三单元", "3单元"),
    (r"(?<=[0-9])层", "楼"), (r"(?<=[0-9]{3})(?=$)", "室"),
    (r"^(浙江|江苏|广东|福建|山东|河南|河北|湖北|湖南|四川|安徽)(?!省)", r"\1省"),
)  # fmt: skip


def standardised(text: str) -> str:
    """Washed, and common spellings of an address made one, as address software does."""
    text = washed(text)
    for pattern, written in _STANDARD:
        text = re.sub(pattern, written, text)
    return text

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

from tracemark_cli.sample_orders import REGIONS

ADDRESS = "收货地址"

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


def standardised(text: str) -> str:
    """What address software makes of a cell: washed, every level with its suffix, 号楼 and 室."""
    text = washed(text)
    for city, (full, province) in _CITIES.items():
        found = re.match(f"(?:{province}?(?:{_short(province)})?)?(?:{city}市?)(?=.)", text)
        if found and found.end():
            text = (province if province != full else "") + full + text[found.end() :]
            break
    text = re.sub("([0-9]+)(?:栋|幢|座|号楼|#楼?)", r"\1号楼", text)
    text = re.sub("(号楼)([0-9]{1,2})(?:-|单元-?)([0-9]{3,4})", r"\1\2单元\3", text)
    return re.sub("(号楼|单元)([0-9]{3,4})[室房号]?(?![0-9])", r"\1\2室", text)


def _short(province: str) -> str:
    return re.sub("(?:省|市|(?:壮族|维吾尔|回族)?自治区)$", "", province)


_CITIES = {region.city.removesuffix("市"): (region.city, region.province) for region in REGIONS}


def cut(text: str) -> str:
    """Washed, and nothing of an address behind its road, or else its first number."""
    text = washed(text)
    road = re.search("路|街(?!道)|大道|巷", text)
    return text[: road.end()] if road else re.split("[0-9]", text, maxsplit=1)[0]


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


_STANDARD = (
    (r"(?<=[0-9])(?:幢|号楼)", "栋"), ("二单元", "2单元"), ("一单元", "1单元"), ("三单元", "3单元"),
    (r"(?<=[0-9])层", "楼"), (r"(?<=[0-9]{3})(?=$)", "室"),
    (r"^(浙江|江苏|广东|福建|山东|河南|河北|湖北|湖南|四川|安徽)(?!省)", r"\1省"),
)  # fmt: skip


def transplant(donor: Row, host: Row) -> Row:
    """Put the donor's invisible characters into the host's cells, at the same places."""
    result = {}
    for name, text in host.items():
        out = list(text)
        for index, character in enumerate(donor[name]):
            if stripped(character) == "" and index <= len(out):
                out.insert(index, character)
        result[name] = "".join(out)
    return result

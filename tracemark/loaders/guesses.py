"""Cells that a leaked table may have held before its columns were joined or split. SPEC 11.9.

It looks at the texts alone. A wrong guess is a cell that nobody was ever issued.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from tracemark.tables.block import Block
from tracemark.tables.segments import is_joined, segments

_FORMULA = re.compile(r'=\s*"(.*)"', re.DOTALL)
_AREA = re.compile(
    r"[一-龥]{2,12}(?:省|市|区|县|旗|州|盟|地区|街道|镇|乡)"
    r"|北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东"
    r"|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门"
)
_MARKS = re.compile("[\ufe00-\ufe0f\u200b-\u200f\u2060-\u2064\ufeff]")  # what a reader does not see
_PLACE = re.compile(r"[一-龥]{2,5}")  # behind an area, 市 or 区 may be left out
_AREA_UPTO = 48  # characters, with those that a reader does not see
_JOINED_FROM = 16  # characters
_AREAS = 5
_FIRST, _ONE_IN, _FEW = 256, 64, 20


class Guesser:
    """Finds further cells of the rows of one table: parts of joined ones, and split ones joined.

    The first rows are looked at whole, and one in many of the rest; of all others only the columns
    in which that found something in more than a few rows.
    """

    def __init__(self) -> None:
        self._rows = 0
        self._looked = 0
        self._found: Counter[int] = Counter()  # rows by column; -1 for split cells
        self._columns: list[int] = []

    def guesses(self, values: Sequence[str]) -> list[str]:
        """Further cells of the next row, none of them among its values."""
        self._rows += 1
        look = self._rows <= _FIRST or self._rows % _ONE_IN == 0
        columns: Sequence[int] = range(-1, len(values)) if look else self._columns
        if not columns:
            return []
        found: dict[str, None] = {}
        for column in columns:
            if column < len(values):
                cells = _split(values) if column < 0 else _parts(values[column])
                more = dict.fromkeys(cells)
                found |= more
                if look and more:
                    self._found[column] += 1
        if look:
            self._looked += 1
            least = self._looked / _FEW
            self._columns = [column for column, count in self._found.items() if count >= least]
        return [text for text in found if text not in values]

    def many(self, block: Block) -> dict[int, list[str]]:
        """Further cells of those of the next rows that have any, as `guesses` gives them."""
        found: dict[int, list[str]] = {}
        cells: dict[int, list[str]] = {}
        row, rows = 0, block.rows
        while row < rows:
            unseen = min(rows - row, _ONE_IN - 1 - self._rows % _ONE_IN)
            if self._rows < _FIRST or not unseen or -1 in self._columns:
                if more := self.guesses(block.some([row])[0]):
                    found[row] = more
                row += 1
                continue
            for column in self._columns:
                values = cells.get(column) or cells.setdefault(column, block.column(column))
                for place in range(row, row + unseen):
                    if more := [*dict.fromkeys(_parts(values[place]))]:
                        found.setdefault(place, []).extend(more)
            for place in self._columns and range(row, row + unseen):
                if place in found:
                    values = block.some([place])[0]
                    found[place] = [c for c in dict.fromkeys(found[place]) if c not in values]
            self._rows += unseen
            row += unseen
        return {row: more for row, more in sorted(found.items()) if more}


def _parts(value: str) -> Iterator[str]:
    """The text of a formula, and the parts of a joined cell."""
    plain = formula(value)
    if plain != value:
        yield plain
    if len(plain) >= _JOINED_FROM and is_joined(plain):
        yield from segments(plain)


def formula(value: str) -> str:
    """The text of a formula that is nothing but a text, as in ``="0012"``."""
    match = _FORMULA.fullmatch(value) if value[:1] == "=" else None
    return match[1].replace('""', '"') if match else value


def _split(values: Sequence[str]) -> Iterator[str]:
    """Province, city, district and address that stand in columns of their own, from each on."""
    areas = 0
    for number, value in enumerate(values):
        bare = _MARKS.sub("", value).strip() if len(value) <= _AREA_UPTO else ""
        if _AREA.fullmatch(bare) or (areas and _PLACE.fullmatch(bare)):
            areas = min(areas + 1, _AREAS)
            continue
        if areas and value:
            for first in range(number - areas, number):
                yield "".join(part.strip() for part in values[first : number + 1])
        areas = 0

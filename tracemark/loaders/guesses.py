"""Cells that a leaked table may have held before its columns were joined or split. SPEC 11.9.

Looks at the texts alone. A wrong guess is a cell that nobody was ever issued.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tracemark.tables.segments import is_joined, segments

_FORMULA = re.compile(r'=\s*"(.*)"', re.DOTALL)
_AREA = re.compile(
    r"[一-龥]{2,12}(?:省|市|区|县|旗|州|盟|地区|街道|镇|乡)"
    r"|北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东"
    r"|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门"
)
_MARKS = re.compile("[\ufe00-\ufe0f\u200b-\u200f\u2060-\u2064\ufeff]")  # what a reader does not see
_JOINED_FROM = 16  # characters
_AREAS = 5


def guesses(values: Sequence[str]) -> list[str]:
    """Further cells of a row: parts of joined ones, and split ones joined.

    Parameters
    ----------
    values : sequence of str
        The row's cells.

    Returns
    -------
    list of str
        None of them among the values.
    """
    found: dict[str, None] = {}
    for value in values:
        plain = formula(value)
        if plain != value:
            found[plain] = None
        if len(plain) >= _JOINED_FROM and is_joined(plain):
            found |= dict.fromkeys(segments(plain))
    found |= dict.fromkeys(_split(values))
    return [text for text in found if text not in values]


def formula(value: str) -> str:
    """The text of a formula that is nothing but a text, as in ``="0012"``."""
    match = _FORMULA.fullmatch(value) if value[:1] == "=" else None
    return match[1].replace('""', '"') if match else value


def _split(values: Sequence[str]) -> Iterator[str]:
    """Province, city, district and address that stand in columns of their own, from each on."""
    areas = 0
    for number, value in enumerate(values):
        if len(value) <= 48 and _AREA.fullmatch(_MARKS.sub("", value).strip()):
            areas = min(areas + 1, _AREAS)
            continue
        if areas and value:
            for first in range(number - areas, number):
                yield "".join(part.strip() for part in values[first : number + 1])
        areas = 0

"""Makes the text vectors text-1.json. Run by hand, once for each version of the format.

    python -m tests.vectors.make_text

What the reader and the marker must find is written down beside every cell: its anchor and road, its
slots with their positions and masks, and the marked text under each policy and encoding.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tracemark.codeword import Codebook
from tracemark.keys import EpochKey
from tracemark.profiles import CURRENT
from tracemark.text import CellMarker, clean
from tracemark.text.marker import numbers
from tracemark.text.parse import anchor, is_code, parse, road
from tracemark.text.rules import rules
from tracemark.text.siphash import siphash
from tracemark.text.slots import FINE, CellHash

PATH = Path(__file__).parent / "text-1.json"
KEY = EpochKey(1, bytes(range(32)))
RECIPIENT = "acct:1042"
WAYS: dict[str, dict[str, Any]] = {
    "full": {"policy": "full"},
    "quiet": {"policy": "quiet"},
    "plain": {"policy": "plain"},
    "full in gbk": {"policy": "full", "encoding": "gbk"},
    "plain in ascii": {"policy": "plain", "encoding": "ascii"},
    "plain with numerals": {"policy": "plain", "numerals": True},
}
ADDRESSES = """\
浙江省杭州市西湖区文三路159号西溪花园3栋2单元501室
江苏 南京市 鼓楼区 中山北路88号（东门）3幢1201
山东省青岛市市南区香港中路10号楼5楼
12 North Main Street, Apt 5, Springfield
杭州滨江区江南家园3幢2-501
松江工业园区A栋12F
845 W Elmwood Ave Ste 300, Austin, TX 78701, USA
上海市松江区松江工业园振兴路8号
广西壮族自治区南宁市青秀区民族大道(东)100号A座
江苏省苏州市昆山市花桥镇金城村3组12号
浙江省杭州市西湖区文三路
浙江省杭州市西湖区９号
西湖区9号"""
OTHERS = [
    ("remark", "请放门口，谢谢"),
    ("remark", "送货前请电话联系，不要放驿站"),
    ("remark", "麻烦包装好一点，尽快发货，发顺丰"),
    ("item", "蒙牛纯牛奶250ml*24盒（整箱）"),
    ("item", "加厚羊绒围巾 颜色:酒红;规格:XL"),
    ("text", "西溪花园"),
    ("text", "SF1234567890"),
    ("text", "１２３ 號 ㎏ 👨\u200d👩\u200d👧 天地玄黄"),
    ("masked", "138****5678"),
    ("masked", "139****1234"),
    ("masked", "13812345678"),
    ("phone", "138****5678"),
    ("name", "张*三"),
    ("id", "SF1234567890"),
]


def cells() -> list[tuple[str, str]]:
    """Roles and cells: of every family at least one form of each class."""
    from tests.text.test_text_rules import FAMILIES, PAIRS
    from tests.text.test_text_rules import OTHERS as MORE

    found = [("address", cell) for cell in ADDRESSES.splitlines()] + OTHERS
    for name, pair in PAIRS.items():
        found += [(min(FAMILIES[name].roles), cell) for cell in (*pair, *MORE.get(name, ()))]
    return list(dict.fromkeys(found))


def entry(role: str, cell: str) -> dict[str, Any]:
    """One cell, and all that follows from it."""
    codeword = Codebook(KEY, CURRENT).codeword(RECIPIENT)
    parsed, hashed = parse(cell, rules()), CellHash(KEY.derive("slots/text"))
    content = "" if is_code(cell) else anchor(parsed)
    keys = hashed(content), hashed(road(parsed) or content)
    chips = []
    for number, leads in numbers(parsed.slots) if content else ():
        u = siphash(*keys[leads][3:], number)
        family, turn = number >> 32, number & (FINE - 1)
        chips.append([family, turn, number >> 31 & 1, (u >> 1) % CURRENT.length, u & 1])
    marked = {
        way: CellMarker(KEY.derive("slots/text"), codeword, CURRENT, **options).mark(cell, role)
        for way, options in WAYS.items()
    }
    return {
        "role": role,
        "cell": cell,
        "anchor": content,
        "road": road(parsed) if content else "",
        "anchor id": keys[0][0] if content else 0,
        "clean": clean(cell),
        "chips": chips,
        **{way: text for way, (text, _) in marked.items()},
        "placed": [way for way, (_, identity) in marked.items() if identity],
    }


def document() -> dict[str, Any]:
    """The whole file."""
    return {
        "made by": "root key bytes 0 to 31, epoch 1, profile text-1, recipient acct:1042,"
        " subkey slots/text, built-in rules, no target encoding unless one is named",
        "expect": "a cell has this anchor, road, anchor id and canonical text; its visible chips"
        " are [family, turn, 0 or 1 for the second chip, position, mask]; marking it in its role"
        " gives these texts, with chips placed only where the way is named in 'placed'",
        "cells": [entry(*one) for one in cells()],
    }


def _spelled(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _lines(entry: dict[str, Any]) -> str:
    """One cell, a line for each thing that is said of it."""
    return "{" + ",\n ".join(f"{_spelled(k)}: {_spelled(v)}" for k, v in entry.items()) + "}"


if __name__ == "__main__":
    made = document()
    head = "".join(f"{_spelled(key)}: {_spelled(made[key])},\n" for key in ("made by", "expect"))
    cells_ = ",\n".join(_lines(one) for one in made["cells"])
    PATH.write_text(f'{{\n{head}"cells": [\n{cells_}\n]}}\n', encoding="utf-8")

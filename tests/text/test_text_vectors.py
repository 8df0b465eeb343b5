"""The text carriers' test vectors. They change with the format's version only."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tracemark.codeword import Codebook
from tracemark.keys import EpochKey
from tracemark.profiles import PROFILES
from tracemark.text import CellMarker, clean
from tracemark.text.parse import anchor, parse
from tracemark.text.rules import rules
from tracemark.text.siphash import siphash

VECTORS = Path(__file__).parents[1] / "vectors" / "draft-1-text.json"
CELLS = json.loads(VECTORS.read_text(encoding="utf-8"))["cells"]


@pytest.mark.parametrize("entry", CELLS)
@pytest.mark.parametrize("policy", ["full", "plain"])
def test_vector(entry: dict[str, Any], policy: str) -> None:
    """Each cell has the published anchor, canonical text, marked text and anchor id."""
    key, profile = EpochKey(1, bytes(range(32))), PROFILES["draft-1"]
    codeword = Codebook(key, profile).codeword("acct:1042")
    marker = CellMarker(key.derive("slots/text"), codeword, profile, policy)
    assert anchor(parse(entry["cell"], rules())) == entry["anchor"]
    assert marker.mark(entry["cell"], entry["role"]) == (
        entry[policy],
        entry[f"{policy} anchor id"],
    )
    assert clean(entry[policy]) == clean(entry["cell"]) == entry["clean"]


def test_by_the_book() -> None:
    """The first cell's chips, worked out from SPEC 5.3 to 5.5 with hashlib alone."""
    key, profile = EpochKey(1, bytes(range(32))), PROFILES["draft-1"]
    bits = Codebook(key, profile).codeword("acct:1042").tolist()
    entry = CELLS[0]
    digest = hashlib.blake2b(entry["anchor"].encode(), key=key.derive("slots/text")).digest()
    assert int.from_bytes(digest[:8], "big") == entry["full anchor id"]

    # 5.5: 18 symbols of three chips, two behind each of the first letters where letters are few
    start = int.from_bytes(digest[8:12], "big")
    masks = int.from_bytes(digest[12:20], "big")
    chips = [
        (n > 2 and bits[profile.biased + (start + n) % profile.uniform]) ^ (masks >> (63 - n)) & 1
        for n in range(54)
    ]  # the first symbol shows its masks alone
    symbols = [4 * chips[n] + 2 * chips[n + 1] + chips[n + 2] for n in range(0, 54, 3)]
    letters = "浙江杭州西湖文路西溪花园"  # 省 市 区 三 号 栋 单 元 室 … stand in forms of slots
    expected = []
    for place, letter in enumerate(letters):
        both = symbols[place], *symbols[len(letters) + place : len(letters) + place + 1]
        expected.append(letter + "".join(chr(0xFE03 + symbol) for symbol in both))
    found = re.findall("[一-鿿][\ufe03-\ufe0a]+", entry["full"])
    assert found == expected

    # 5.4: SipHash of a slot's number under a key from the digest gives its mask and position
    def chip(number: int, content: str = entry["anchor"]) -> int:
        own = hashlib.blake2b(content.encode(), key=key.derive("slots/text")).digest()
        k0, k1 = int.from_bytes(own[32:40], "little"), int.from_bytes(own[40:48], "little")
        u = siphash(k0, k1, number)
        return bits[(u >> 1) % profile.length] ^ (u & 1)

    forms = {
        (101, 0): "省" not in entry["plain"],
        (102, 0): "州市" not in entry["plain"],
        (201, 0): "区 文" in entry["plain"],
        (105, 0): "159号" not in entry["plain"],
        (112, 0): "小区" in entry["plain"],
        (113, 0): "单元" not in entry["plain"],
    }
    for (family, turn), form in forms.items():
        # 5.3: the head is keyed by the text up to the road
        head = family in (101, 102, 201)
        assert form == chip(
            family << 32 | turn, "浙江杭州西湖区文三路" if head else entry["anchor"]
        )

    # 5.4: of four forms the first chip is the higher digit, the second has 2^31 in its number
    found = re.search("园(?:小区)?3(栋|号楼|幢|座)2.*501(室|房|号|)$", entry["plain"])
    assert found is not None
    for family, shown, classes in (
        (103, found[1], ["栋", "号楼", "幢", "座"]),
        (104, found[2], ["室", "", "房", "号"]),
    ):
        first, second = chip(family << 32), chip(family << 32 | 1 << 31)
        assert classes.index(shown) == 2 * first + second

"""The text carriers' test vectors. They change with the format's version only."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from tracemark.codeword import Codebook
from tracemark.keys import EpochKey
from tracemark.profiles import PROFILES
from tracemark.text import CellMarker, CellReader, clean
from tracemark.text.columns import ColumnMarker
from tracemark.text.parse import anchor, parse, road
from tracemark.text.rules import LOCALES, rules
from tracemark.text.siphash import siphash

# changed with a new version of the format, and a new profile, only
FROZEN = "cfab2bd64463ec163ecccf53684652f5790b9140f3920f1126f9967377663c1b"
RULES = "acca3a955e3b6637f0ac33c35f5ef7fb6920f56decfdabfb8fab0bd7e9d0ab3f"

KEY, PROFILE = EpochKey(1, bytes(range(32))), PROFILES["text-1"]
SLOTS, CODEWORD = KEY.derive("slots/text"), Codebook(KEY, PROFILE).codeword("acct:1042")
PATH = Path(__file__).parents[1] / "vectors" / "text-1.json"
CELLS = json.loads(PATH.read_text(encoding="utf-8"))["cells"]
WAYS = {
    "full": CellMarker(SLOTS, CODEWORD, PROFILE, "full"),
    "quiet": CellMarker(SLOTS, CODEWORD, PROFILE, "quiet"),
    "plain": CellMarker(SLOTS, CODEWORD, PROFILE, "plain"),
    "full in gbk": CellMarker(SLOTS, CODEWORD, PROFILE, "full", encoding="gbk"),
    "plain in ascii": CellMarker(SLOTS, CODEWORD, PROFILE, "plain", encoding="ascii"),
    "plain with numerals": CellMarker(SLOTS, CODEWORD, PROFILE, "plain", numerals=True),
}


def test_the_format_is_frozen() -> None:
    """Neither the vectors nor the families and contexts of the rules are those of another day."""
    folder = resources.files("tracemark.text.rules")
    sources = [
        tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8")) for name in LOCALES
    ]
    spelled = json.dumps(sources, ensure_ascii=False, sort_keys=True).encode()
    assert hashlib.sha256(spelled).hexdigest() == RULES
    assert hashlib.sha256(PATH.read_bytes()).hexdigest() == FROZEN


@pytest.mark.parametrize("entry", CELLS, ids=lambda one: f"{one['role']}:{one['cell'][:24]}")
def test_vector(entry: dict[str, Any]) -> None:
    """Each cell has the published anchor, road, canonical text and marked texts."""
    parsed = parse(entry["cell"], rules())
    if entry["anchor"]:
        assert (anchor(parsed), road(parsed)) == (entry["anchor"], entry["road"])
    assert clean(entry["cell"]) == entry["clean"]
    for way, marker in WAYS.items():
        identity = entry["anchor id"] if way in entry["placed"] else 0
        assert marker.mark(entry["cell"], entry["role"]) == (entry[way], identity)
        assert clean(entry[way]) == entry["clean"] or way == "plain with numerals"


@pytest.mark.parametrize("way", WAYS)
def test_columns_give_the_same(way: str) -> None:
    """All vectors of a role in one column."""
    for role in {entry["role"] for entry in CELLS}:
        column = [entry for entry in CELLS if entry["role"] == role]
        marked, _ = ColumnMarker(WAYS[way]).mark([entry["cell"] for entry in column], role)
        assert marked == [entry[way] for entry in column]


@pytest.mark.parametrize("way", ["full", "plain"])
def test_chips_are_read_where_they_are_published(way: str) -> None:
    """The reader finds the positions and masks of the visible chips, and what they show."""
    for entry in CELLS:
        reader = CellReader([SLOTS], PROFILE, numerals=True)
        reader.read(entry[way])
        found = sorted(
            (int(family >> 1), int(family & 1), int(position), (chip > 0) ^ (form > 0))
            for layer in reader.take()[0].layers
            for family, position, chip, form in zip(
                layer.families.tolist(), layer.reading.positions.tolist(),
                layer.reading.chips.tolist(), layer.forms.tolist(), strict=True,
            )
            if family
        )  # fmt: skip
        if way in entry["placed"]:
            published = [
                (family, second, place, bool(mask))
                for family, _, second, place, mask in entry["chips"]
            ]
            assert found == sorted(published)


def test_by_the_book() -> None:
    """The first cell's chips, worked out from SPEC 5.3 to 5.5 with hashlib alone."""
    key, profile = KEY, PROFILE
    bits = Codebook(key, profile).codeword("acct:1042").tolist()
    entry = CELLS[0]
    digest = hashlib.blake2b(entry["anchor"].encode(), key=key.derive("slots/text")).digest()
    assert int.from_bytes(digest[:8], "big") == entry["anchor id"]

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

"""Markers and readers: policies, encodings, epochs, selection by anchor."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tracemark.codeword import Codebook
from tracemark.errors import UsageError
from tracemark.keys import EpochKey
from tracemark.profiles import CURRENT, Profile
from tracemark.text import POLICIES, CellMarker, CellReader, clean
from tracemark.text.fold import strip_symbols
from tracemark.text.slots import CellHash
from tracemark_cli.sample_orders import orders

KEYS = [EpochKey(1, b"1" * 32), EpochKey(2, b"2" * 32)]
SLOTS = [key.derive("slots/text") for key in KEYS]
BOOKS = [Codebook(key, CURRENT) for key in KEYS]
CODEWORD = BOOKS[0].codeword("a")
ADDRESS = "浙江省杭州市西湖区文三路159号西溪花园（东门）3栋2单元501室"
ADDRESSES = [row["收货地址"] for row in orders(300, seed=4)]


def test_one_address_names_one_of_a_million() -> None:
    """A copied address carries 51 uniform chips: more than the 40 bits that a million needs."""
    marked, placed = CellMarker(SLOTS[0], CODEWORD, CURRENT, "quiet").mark(ADDRESS, "address")
    reader = CellReader(SLOTS[:1], CURRENT)
    reader.read(marked)
    [layer] = [x for x in reader.take()[0].layers if x.reading.carrier == "invisible"]
    assert len(layer.reading) == len(set(layer.reading.slots.tolist())) == 51
    assert len(set(layer.reading.positions.tolist())) == 51
    assert layer.reading.positions.min() >= CURRENT.biased
    assert set(layer.anchors.tolist()) == {placed}
    agree = CODEWORD[layer.reading.positions] == (layer.reading.chips > 0)
    assert agree.all()


def test_a_short_cell_has_two_symbols_behind_a_letter() -> None:
    """With fewer letters than lanes the later lanes stand behind the same letters again."""
    marker = CellMarker(SLOTS[0], CODEWORD, CURRENT, "quiet")
    for letters, symbols in ((3, 0), (4, 8), (8, 16), (9, 18), (12, 18), (30, 18)):
        marked, placed = marker.mark(("甲乙丙丁戊己庚辛壬癸" * 3)[:letters], "text")
        assert len(marked) - letters == symbols
        assert (placed != 0) == (symbols > 0)
        reader = CellReader(SLOTS[:1], CURRENT)
        reader.read(marked)
        layers = {layer.reading.carrier: layer.reading for layer in reader.take()[0].layers}
        assert {name: len(one) for name, one in layers.items()} == (
            {"check": 3, "invisible": 3 * symbols - 3} if symbols else {}
        )
        if symbols:
            one = layers["invisible"]
            assert (CODEWORD[one.positions] == (one.chips > 0)).all()


def test_symbols_that_are_lost_are_not_read() -> None:
    """A copy that lost some symbols still reads right in the lanes that are left."""
    long = ADDRESS + "，先打电话联系门卫再进来"  # a letter for each symbol
    marked, _ = CellMarker(SLOTS[0], CODEWORD, CURRENT, "quiet").mark(long, "address")
    places = [i for i, c in enumerate(marked) if "\ufe03" <= c <= "\ufe0a"]
    torn = "".join(c for i, c in enumerate(marked) if i not in places[2:9])
    reader = CellReader(SLOTS[:1], CURRENT)
    reader.read(torn)
    [layer] = [x for x in reader.take()[0].layers if x.reading.carrier == "invisible"]
    assert len(layer.reading) == 3 * (17 - 7)
    assert (CODEWORD[layer.reading.positions] == (layer.reading.chips > 0)).all()


@pytest.mark.parametrize(
    ("policy", "encoding", "layers"),
    [
        ("full", None, ("invisible", "typography", "wording")),
        ("full", "utf-8", ("invisible", "typography", "wording")),
        ("full", "utf-16", ("invisible", "typography", "wording")),
        ("full", "gb18030", ("invisible", "typography", "wording")),
        ("full", "gbk", ("typography", "wording")),
        ("full", "gb2312", ("typography", "wording")),
        ("full", "ascii", ("wording",)),
        ("quiet", "utf-8", ("invisible",)),
        ("quiet", "gbk", ()),
        ("plain", "utf-8", ("typography", "wording")),
    ],
)
def test_layers(policy: str, encoding: str | None, layers: tuple[str, ...]) -> None:
    """What an encoding cannot hold is left out, and the marker says what is left."""
    marker = CellMarker(SLOTS[0], CODEWORD, CURRENT, policy, encoding=encoding)
    assert marker.layers == layers
    if encoding and encoding != "ascii":
        for address in ADDRESSES:
            if address.encode(encoding, "ignore").decode(encoding) == address:
                marker.mark(address, "address")[0].encode(encoding)


@pytest.mark.parametrize("encoding", ["gbk", "gb2312", "big5", "shift_jis", "latin-1", "ascii"])
def test_narrow_encodings_hold_what_is_written(encoding: str) -> None:
    """A cell that fits an encoding fits it when marked for it."""
    marker = CellMarker(SLOTS[0], CODEWORD, CURRENT, encoding=encoding)
    for cell in [*ADDRESSES, "12 North Main Road, Apt 5", "送到門口", "請放門口（東側）"]:
        try:
            cell.encode(encoding)
        except UnicodeEncodeError:
            continue
        marker.mark(cell, "address")[0].encode(encoding)


def test_numerals_are_rewritten_only_where_allowed() -> None:
    """2单元 becomes 二单元 for about half of the cells if that is allowed, else never."""
    cells = [f"西溪花园{n}栋{n % 9 + 1}单元" for n in range(1, 100)]
    never = CellMarker(SLOTS[0], CODEWORD, CURRENT, "plain")
    allowed = CellMarker(SLOTS[0], CODEWORD, CURRENT, "plain", numerals=True)
    rewritten = 0
    for cell in cells:
        assert not set("一二三四五六七八九") & set(never.mark(cell, "address")[0])
        marked = allowed.mark(cell, "address")[0]
        rewritten += bool(set("一二三四五六七八九") & set(marked))
        assert clean(marked, numerals=True) == clean(cell, numerals=True)
    assert 30 < rewritten < 70


def test_every_epoch_is_read_in_one_pass() -> None:
    """A copy of epoch 2 reads exactly under its key, and as noise under the other."""
    codeword = BOOKS[1].codeword("a")
    marker = CellMarker(SLOTS[1], codeword, CURRENT, "quiet")
    reader = CellReader(SLOTS, CURRENT)
    for address in ADDRESSES:
        reader.read(marker.mark(address, "address")[0], "address")
    agreement = []
    for book, found in zip(BOOKS, reader.take(), strict=True):
        [layer] = [x for x in found.layers if x.reading.carrier == "invisible"]
        expected = book.codeword("a")[layer.reading.positions]
        agreement.append(float(np.mean(expected == (layer.reading.chips > 0))))
    assert agreement[1] == 1
    assert 0.47 < agreement[0] < 0.53
    assert all(not found.layers for found in reader.take())


def test_selection_by_issued_anchors() -> None:
    """Slots of cells that were never issued are told apart by their anchor ids."""
    marker = CellMarker(SLOTS[0], CODEWORD, CURRENT)
    issued = np.sort(np.array([marker.mark(a, "address")[1] for a in ADDRESSES[:100]], np.uint64))
    reader = CellReader(SLOTS[:1], CURRENT)
    for address in ADDRESSES[:100]:
        reader.read(marker.mark(address, "address")[0], "address")
    [own] = reader.take()
    for address in ADDRESSES:
        copy = marker.mark(address, "address")[0] if address in ADDRESSES[:100] else address
        reader.read(copy, "address")
    [mixed] = reader.take()
    for alone, among in zip(own.layers, mixed.layers, strict=True):
        kept = among.among(issued).reading
        assert set(kept.slots.tolist()) == set(alone.reading.slots.tolist())
        assert not len(among.among(np.empty(0, np.uint64)))
    assert set(own.anchors.tolist()) == set(issued.tolist())


def test_policies_place_nothing_else() -> None:
    """Quiet keeps the visible text, plain keeps out symbols, full does both."""
    visible = 0
    for address in ADDRESSES:
        copies = {
            policy: CellMarker(SLOTS[0], CODEWORD, CURRENT, policy).mark(address, "address")[0]
            for policy in POLICIES
        }
        assert strip_symbols(copies["quiet"]) == address
        assert strip_symbols(copies["full"]) == copies["plain"]
        visible += copies["plain"] != address
    assert visible > 200


def test_wrong_calls() -> None:
    """A policy, an encoding or a codeword that cannot be meant is named."""
    with pytest.raises(UsageError, match="no policy 'loud'"):
        CellMarker(SLOTS[0], CODEWORD, CURRENT, "loud")
    with pytest.raises(UsageError, match="no encoding 'utf-99'"):
        CellMarker(SLOTS[0], CODEWORD, CURRENT, encoding="utf-99")
    with pytest.raises(UsageError, match="has 128 bits"):
        CellMarker(SLOTS[0], CODEWORD, Profile("tiny", 64, 64, 2))


def test_cell_hash_vector() -> None:
    """The cell key of a known anchor under a known subkey: part of the format."""
    assert CellHash(bytes(32))("浙江杭州西湖区文三路159") == (
        13890102922043210736,
        3599135160,
        18388942391595606485,
        6299141899345927600,
        1906833032628190965,
    )


def test_a_flattened_family_does_not_speak() -> None:
    """Where all slots of a family show one form, as after a wash, none of them is heard."""
    marker = CellMarker(SLOTS[0], CODEWORD, CURRENT, "plain")
    pairs = [marker.mark(address, "address") for address in ADDRESSES]
    issued = np.unique(np.array([anchor for _, anchor in pairs], np.uint64))
    heard = {}
    for name, wash in (("as copied", str), ("all 室", lambda text: re.sub("[房号]$", "室", text))):
        reader = CellReader(SLOTS[:1], CURRENT)
        for marked, _ in pairs:
            reader.read(wash(marked), "address")
        [layer] = [x for x in reader.take()[0].layers if x.reading.carrier == "wording"]
        rooms = layer.families == 2 * 104  # 501室 or 501, but not which of two forms of each
        assert rooms.sum() > 100
        heard[name] = len(layer.among(issued)), int(rooms.sum())
    rooms = heard["as copied"][1]
    assert rooms <= heard["as copied"][0] - heard["all 室"][0] < 1.1 * rooms

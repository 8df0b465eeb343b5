"""What marking leaves as it is: codes, addresses of the net, markup, states that are none."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracemark.codeword import Codebook
from tracemark.keys import EpochKey
from tracemark.marking import RowMarker
from tracemark.profiles import CURRENT
from tracemark.text import CellMarker, CellReader
from tracemark.text.columns import ColumnMarker
from tracemark.text.fold import SYMBOLS, strip_symbols
from tracemark.text.kept import free, kept
from tracemark.text.parse import parse
from tracemark.text.rules import rules
from tracemark.text.scan import Scanner
from tracemark.text.states import _PREFIXES

from .hostile import addresses, cells, english, words

KEY = EpochKey(1, bytes(range(32)))
SLOTS, BOOK = KEY.derive("slots/text"), Codebook(KEY, CURRENT)
MARKERS = {
    policy: [CellMarker(SLOTS, BOOK.codeword(f"a{n}"), CURRENT, policy) for n in range(24)]
    for policy in ("full", "quiet", "plain")
}
fragments = st.sampled_from(
    words("""
    AB-500ml-白 KX- -白 SF1234567 jo@web.de https://x.cn/ a.cn www. /ab C-501 1Z _ BIC <b> &amp;
    =SUM( [" "] { : } DE 19701 の - . 12-b 500g *2 颜色:黑 请放 ， , （ ） ( ) 红 Apt 4b Road
    """)
)
held = st.lists(st.one_of(fragments, fragments, st.just(" "), addresses, english), max_size=8).map(
    "".join
)
NEAR = re.compile(f"[{SYMBOLS}]")

# a cell, its role, and the part of it that must stay
CODES = [
    ("Sendung RR123456785DE bitte abholen", "remark", "RR123456785DE"),
    ("Tracking TBA303412345678 was left outside", "remark", "TBA303412345678"),
    ("JJD000390007812345678 for the neighbours", "remark", "JJD000390007812345678"),
    ("Tracking 1Z999AA10123456784, gate open", "remark", "1Z999AA10123456784"),
    ("Tracking 1Z 999 AA1 01 2345 6784 today", "remark", "1Z 999 AA1 01 2345 6784"),
    ("单号YT7712345678901请改址到西溪花园", "remark", "YT7712345678901"),
    ("please mail jo.schmidt@web-shop.de and wait", "remark", "jo.schmidt@web-shop.de"),
    ("jörg.1@müller-shop.de", "text", "jörg.1@müller-shop.de"),
    ("c/o info@firma.de, Packstation 145, 50667 Köln", "address", "info@firma.de"),
    ("see https://shop.example/and & more", "remark", "https://shop.example/and"),
    ("图片 https://x.cn/红 杯.jpg", "item", "https://x.cn/红"),
    ("look at www.shop.de for more", "remark", "www.shop.de"),
    ("images/blue-mug.jpg and saucer", "item", "images/blue-mug.jpg"),
    ("call 1-800-FLOWERS ext 12", "remark", "1-800-FLOWERS"),
    ("IBAN GB29 NWBK 6016 1331 9268 19 please", "remark", "GB29 NWBK 6016 1331 9268 19"),
    ("our bank: BIC COBADEFFXXX, thanks", "remark", "COBADEFFXXX"),
    ("Hauptstraße 12a, Köln", "address", "12a"),
    ("Hinterhaus B2, Köln", "address", "B2"),
    ("12 Millway, Apt4B, Leeds", "address", "4B"),
    ("soap 500ml for hands", "item", "500ml"),
    ("杯子 AB-500ml-白 两个装", "item", "AB-500ml-白"),
    ("纸箱 KX-2kg-B 黑 大号", "item", "KX-2kg-B"),
    ("茶叶 CL-250g*3 红", "item", "CL-250g*3"),
    ("品番 ST-100g", "item", "ST-100g"),
    ("SKU:AB-500ml-白", "item", "AB-500ml-白"),
    ('<p>Blue mug &amp; saucer <a href="salt and pepper">', "item", '<a href="salt and pepper">'),
    ("<p>Blue mug &amp; saucer", "item", "&amp;"),
    ('=HYPERLINK("http://x.y/0","0 Oak Street")', "text", '=HYPERLINK("http://x.y/0","0 Oak'),
    ("+SUM(A1) salt and pepper, 12 pieces", "text", "+SUM(A1) salt and pepper, 12 pieces"),
    ('{"name": "salt and pepper"}', "text", '{"name": "salt and pepper"}'),
    ('[{"颜色：深": "红，黑 酒红"}, "请放门口，谢谢"]', "text", '请放门口，谢谢"]'),
]


@pytest.mark.parametrize("policy", MARKERS)
@pytest.mark.parametrize(("text", "role", "code"), CODES, ids=[code[0] for code in CODES])
def test_codes_stay(text: str, role: str, code: str, policy: str) -> None:
    """No recipient's copy shows another code, nor a symbol within or beside it."""
    for marker in MARKERS[policy]:
        marked = marker.mark(text, role)[0]
        assert code in marked
        start = marked.index(code)
        assert not NEAR.search(marked[max(start - 1, 0) : start + len(code) + 1])


@pytest.mark.parametrize(
    "text",
    [
        "Marienplatz 1, München, DE 80331",
        "Herzl 4, Haifa, IL 31000",
        "Belém, PA 66010, Brasil",
        "Bogotá, CO 11001",
        "Viale Monza 3, MI 20125 Milano",
        "MG 12, Mumbai, IN 40001",
        "Lyon, LA 69001",
        "Cuiaba, MT 78005-000",
        "Kuala Lumpur, PA 50450",
        "Chicago, IL 60611, Germany",
        "Chicago, IL 60611 Nord",
    ],
)
def test_states_elsewhere_stay(text: str) -> None:
    """A state's letters before a code that is no ZIP code of that state are not expanded."""
    assert {marker.mark(text, "address")[0] for marker in MARKERS["plain"]} == {text}


@pytest.mark.parametrize(
    "behind", ["", ", USA", " US", ", United States", "-1234", ", Attn 5", "\nTel"]
)
def test_states_of_the_us_are_marked(behind: str) -> None:
    """Where the ZIP code is the state's, it is written in both ways."""
    text = f"12 Millway, Chicago, IL 60611{behind}"
    shown = {marker.mark(text, "address")[0] for marker in MARKERS["plain"]}
    assert {"IL" in one for one in shown} == {"Illinois" not in one for one in shown}
    assert len({"IL 6" in one for one in shown}) == 2


def test_every_state_has_its_zip_codes() -> None:
    """Fifty states, and no prefix is of two but 063, which a New York island has."""
    assert set(_PREFIXES) == {form.upper() for form in _codes()}
    taken = [
        prefix
        for spans in _PREFIXES.values()
        for low, high in spans
        for prefix in range(low, high + 1)
    ]
    assert sorted(p for p in set(taken) if taken.count(p) > 1) == [63]


def _codes() -> list[str]:
    return [form for form in rules().families[1161].classes if len(form) == 2]


@pytest.mark.parametrize("text", ["タオル（白） 500ml", "お茶 200g*3 酒红", "보온병紅 500ml"])
def test_no_chinese_words_in_japanese(text: str) -> None:
    """Beside kana or hangul punctuation may change, words do not."""
    for marker in MARKERS["plain"]:
        marked = marker.mark(text, "item")[0]
        assert re.sub(r"[（）()*x×]", "", marked) == re.sub(r"[（）()*x×]", "", text)


@pytest.mark.parametrize("header", ["商品名", "品名カラー", "상품명"])
def test_no_chinese_words_under_japanese_headers(header: str) -> None:
    """One Japanese header is enough for all cells of a table."""
    rows = [((header, "备注"), ("水筒 500ml", "水筒 500ml"))]
    for n in range(8):
        marker = RowMarker(KEY, CURRENT, f"a{n}", policy="plain")
        assert marker.mark(rows)[0] == [["水筒 500ml", "水筒 500ml"]]


def test_chinese_headers_leave_the_words() -> None:
    """The same cells in a Chinese table show both forms."""
    rows = [(("商品名称",), ("水筒 500ml",))]
    shown = {RowMarker(KEY, CURRENT, f"a{n}", policy="plain").mark(rows)[0][0][0] for n in range(8)}
    assert shown == {"水筒 500ml", "水筒 500毫升"}


def test_symbols_of_older_copies_are_read() -> None:
    """Lanes keep their letters: where a copy shows a symbol in a code, it is read."""
    text, marker = "Sendung RR123456785DE bitte", MARKERS["quiet"][0]
    key, parsed = marker.hash(parse_anchor(text)), parse(text, rules())
    older = marker.finish(marker.draft(text, "remark")._replace(spared=kept("", "")), key, [])[0]
    assert parsed.text == strip_symbols(older) == text
    counts = []
    for copy in (older, marker.mark(text, "remark")[0]):
        reader = CellReader([SLOTS], CURRENT)
        reader.read(copy, "remark")
        layers = {one.reading.carrier: one.reading for one in reader.take()[0].layers}
        one = layers["invisible"]
        assert ((one.chips > 0) == (BOOK.codeword("a0")[one.positions] == 1)).all()
        counts.append(len(one))
    assert counts == [51, 51 - 3 * 4]


def parse_anchor(text: str) -> str:
    return MARKERS["quiet"][0].draft(text, "remark").content


@settings(max_examples=600, deadline=None, derandomize=True)
@given(st.one_of(held, cells))
def test_what_is_kept_does_not_depend_on_the_mark(text: str) -> None:
    """A copy leaves the same slots alone as the cell it was made of."""
    for marker in MARKERS["plain"][:2]:
        marked = marker.mark(text, "text")[0]
        before, after = (parse(strip_symbols(one), rules()) for one in (text, marked))
        assert [slot[1] for slot in free(after)] == [slot[1] for slot in free(before)]


@settings(max_examples=600, deadline=None, derandomize=True)
@given(st.lists(held, max_size=8), st.sampled_from(["address", "item", "text"]))
def test_columns_keep_the_same(column: list[str], role: str) -> None:
    """What is found in a column at once is what is found cell by cell."""
    marker = MARKERS["full"][0]
    assert ColumnMarker(marker).mark(column, role)[0] == [marker.mark(c, role)[0] for c in column]


@settings(max_examples=600, deadline=None, derandomize=True)
@given(held, st.sampled_from(["address", "item", "text"]))
def test_a_second_mark_replaces_the_first(text: str, role: str) -> None:
    """Marked for one recipient and then another, a cell reads as if marked for the other."""
    first, second = MARKERS["full"][:2]
    found = []
    for copy in (second.mark(text, role)[0], second.mark(first.mark(text, role)[0], role)[0]):
        reader = CellReader([SLOTS], CURRENT)
        reader.read(copy, role)
        found.append(
            [
                (one.reading.slots.tolist(), one.reading.chips.tolist())
                for one in reader.take()[0].layers
            ]
        )
    assert found[0] == found[1]


@settings(max_examples=600, deadline=None, derandomize=True)
@given(st.lists(held, max_size=8))
def test_columns_read_the_same(column: list[str]) -> None:
    """The scanner finds in a column what it finds in each cell."""
    scanner = Scanner(rules(), frozenset(rules().families.values()))
    single = [
        scanner.one(cell, i, frozenset(rules().families.values())) for i, cell in enumerate(column)
    ]
    numbers = sorted(n for one in single if one for n, _, _ in one[5])
    assert sorted(scanner.scan(column).numbers.tolist()) == numbers


def test_json_still_parses() -> None:
    """Keys and values of a cell that holds JSON are what they were."""
    held = {"颜色": "红，黑", "请放门口": [1, "500ml"]}
    for marker in MARKERS["full"]:
        assert json.loads(marker.mark(json.dumps(held, ensure_ascii=False), "text")[0]) == held

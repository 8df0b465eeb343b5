"""The families: each means the same in both forms, and moves no other slot."""

from __future__ import annotations

import itertools
import math
import random
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks import leaks
from tracemark.codeword import Codebook
from tracemark.errors import UsageError
from tracemark.keys import EpochKey
from tracemark.profiles import CURRENT
from tracemark.text import CellMarker, CellReader, clean, find_role
from tracemark.text.fold import fold
from tracemark.text.parse import anchor, edits, parse, rewrite, road
from tracemark.text.roles import MARKED
from tracemark.text.rules import LAYERS, Family, rules
from tracemark_cli.sample_orders import orders

from .addresses import ADDRESSES, ENGLISH, ITEMS

# family: (a cell that shows chip 0, the same cell with chip 1)
PAIRS = {
    "province": ("浙江省杭州西湖区文三路", "浙江杭州西湖区文三路"),
    "city": ("浙江杭州市西湖区文三路", "浙江杭州西湖区文三路"),
    "building": ("西溪花园3栋2单元", "西溪花园3幢2单元"),
    "room": ("西溪花园A座501室", "西溪花园A座501"),
    "house-number": ("文三路159号", "文三路159"),
    "floor": ("黄龙大厦A座12楼", "黄龙大厦A座12层"),
    "and": ("文三路与学院路交叉口", "文三路和学院路交叉口"),
    "crossing": ("文三路学院路交叉口", "文三路学院路交汇处"),
    "beside": ("世纪联华超市旁边", "世纪联华超市旁"),
    "gate": ("西溪花园东门", "西溪花园东门口"),
    "tower": ("黄龙大厦A座501", "黄龙大厦A栋501"),
    "estate": ("西溪花园3栋501", "西溪花园小区3栋501"),
    "unit": ("西溪花园3栋2单元501", "西溪花园3栋2-501"),
    "park": ("松江工业园A区3号", "松江工业园区A区3号"),
    "house-room": ("秀水路1399弄16号1802室", "秀水路1399弄16号1802"),
    "unit-numeral": ("西溪花园2单元东户", "西溪花园二单元东户"),
    "gap": ("浙江杭州西湖区文三路", "浙江杭州西湖区 文三路"),
    "hyphen": ("西溪花园3-2-501", "西溪花园3‐2-501"),
    "brackets": ("放门卫（东侧）", "放门卫(东侧)"),
    "comma": ("放门卫，不急", "放门卫,不急"),
    "colon": ("颜色：白", "颜色:白"),
    "semicolon": ("白色；大号", "白色;大号"),
    "times": ("新疆灰枣5盒*2", "新疆灰枣5盒x2"),
    "gram": ("新疆灰枣500g装", "新疆灰枣500克装"),
    "kilogram": ("东北大米5kg装", "东北大米5公斤装"),
    "millilitre": ("保温杯500ml白", "保温杯500毫升白"),
    "centimetre": ("相框20cm白", "相框20厘米白"),
    "shade": ("女士围巾 颜色:酒红", "女士围巾 颜色:酒红色"),
    "size": ("男士冲锋衣，2XL", "男士冲锋衣，2XL码"),
    "metre": ("纯棉四件套1.8m床", "纯棉四件套1.8米床"),
    "millimetre": ("瑜伽垫10mm", "瑜伽垫10毫米"),
    "litre": ("电热水壶1.5L", "电热水壶1.5升"),
    "post-free": ("【包邮】电热水壶", "【免邮】电热水壶"),
    "please": ("请放在门卫处", "麻烦放在门卫处"),
    "do-not": ("不要放快递柜", "别放快递柜"),
    "thanks": ("放在门卫谢谢", "放在门卫多谢"),
    "to": ("送到门卫室里", "送至门卫室里"),
    "soon": ("尽快安排发货", "尽早安排发货"),
    "call": ("到了电话联系", "到了电联"),
    "before": ("送货前打电话", "送货之前打电话"),
    "weekday": ("只有周六上午在家", "只有星期六上午在家"),
    "square-brackets": ("【现货】新疆灰枣", "[现货]新疆灰枣"),
    "colour": ("台灯颜色:白", "台灯颜色分类:白"),
    "to-the-door": ("务必送货上门", "务必送上门"),
    "ring": ("到了打电话", "到了打个电话"),
    "at-home": ("周末家里有人", "周末家中有人"),
    "after": ("晚上6点后有人在", "晚上6点以后有人在"),
    "ship": ("缺货就算了，请尽快发货", "缺货就算了，请尽快发"),
    "a-little": ("麻烦包装好一点", "麻烦包装好点"),
    "locker": ("就放在楼下丰巢", "就放在楼下丰巢柜"),
    "courier": ("贵重物品发顺丰", "贵重物品发顺丰快递"),
    "deliver": ("只能工作日送", "只能工作日送货"),
    "put": ("放门卫处就好", "放在门卫处就好"),
    "or": ("放门卫或者放车库", "放门卫或放车库"),
    "road": ("12 Old Mill Road, Leeds", "12 Old Mill Rd, Leeds"),
    "street": ("12 Mill Street, Leeds", "12 Mill St, Leeds"),
    "avenue": ("12 Mill Avenue, Leeds", "12 Mill Ave, Leeds"),
    "drive": ("12 Mill Drive", "12 Mill Dr"),
    "boulevard": ("12 Mill Boulevard", "12 Mill Blvd"),
    "lane": ("12 Mill Lane", "12 Mill Ln"),
    "court": ("12 Mill Court", "12 Mill Ct"),
    "place": ("12 Mill Place", "12 Mill Pl"),
    "terrace": ("12 Mill Terrace", "12 Mill Ter"),
    "parkway": ("12 Mill Parkway", "12 Mill Pkwy"),
    "highway": ("12 Mill Highway", "12 Mill Hwy"),
    "circle": ("12 Mill Circle", "12 Mill Cir"),
    "square": ("12 Mill Square", "12 Mill Sq"),
    "apartment": ("12 Millway, Apartment 5B", "12 Millway, Apt 5B"),
    "suite": ("12 Millway, Suite 300", "12 Millway, Ste 300"),
    "floor-en": ("12 Millway, 3rd Floor", "12 Millway, 3rd Fl"),
    "building-en": ("12 Millway, Building 5", "12 Millway, Bldg 5"),
    "room-en": ("12 Millway, Room 5", "12 Millway, Rm 5"),
    "department": ("12 Millway, Department 5", "12 Millway, Dept 5"),
    "post-box": ("PO Box 12, Leeds", "P.O. Box 12, Leeds"),
    "mask": ("138****5678", "138＊＊＊＊5678"),
    "north": ("12 North Millway", "12 N Millway"),
    "south": ("12 South Millway", "12 S Millway"),
    "east": ("12 East Millway", "12 E Millway"),
    "west": ("12 West Millway", "12 W Millway"),
    "northeast": ("12 Northeast Millway", "12 NE Millway"),
    "northwest": ("12 Northwest Millway", "12 NW Millway"),
    "southeast": ("12 Southeast Millway", "12 SE Millway"),
    "southwest": ("12 Southwest Millway", "12 SW Millway"),
    "state": ("12 Millway, Austin, TX 78701", "12 Millway, Austin, Texas 78701"),
    "country-us": ("12 Millway, Austin 78701, USA", "12 Millway, Austin 78701, US"),
    "country-uk": ("12 Millway, Leeds, UK", "12 Millway, Leeds, United Kingdom"),
    "please-en": ("please ring the bell", "pls ring the bell"),
    "thanks-en": ("ring the bell, thanks", "ring the bell, thx"),
    "do-not-en": ("do not ring the bell", "don't ring the bell"),
    "and-en": ("salt and pepper", "salt & pepper"),
    "pieces": ("spoons, 12 pieces", "spoons, 12 pcs"),
}
# The two other forms of a family that has four.
OTHERS = {
    "building": ("西溪花园3号楼2单元", "西溪花园3座2单元"),
    "room": ("西溪花园A座501房", "西溪花园A座501号"),
    "tower": ("黄龙大厦A幢501", "黄龙大厦A号楼501"),
}
FAMILIES = {family.name: family for family in rules().families.values()}

# Cells in which a careless rule would change what is meant.
LEFT_ALONE = [
    "青岛市南区香港中路",  # 市南区 is a district, not a district of a 市
    "南京路步行街",  # a road, not the city
    "朝阳区朝阳路",
    "上海花园小区",  # an estate
    "北海超市",
    "5G手机",
    "128g内存",
    "周一鸣收",
    "0571-88888888-801",
    "138-1234-5678",
    "2026-11-21",
    "12:30",
    "1,234",
    "1.23E+13",
    "人民路24小时便利店",
    "环城路3期",
    "地铁3号线",
    "邮编310012",
    "RTX4090",
    "Dr Smith",
    "12 St James",
    "蛋白粉 口红 大红袍",
    "桃园3舍",  # a dormitory
    "奶粉3段",
    "St Mary",
]


@pytest.mark.parametrize("name", FAMILIES)
def test_both_forms_of_each_family(name: str) -> None:
    """Each family turns its example from one form into the other and back, and nothing else."""
    family = FAMILIES[name]
    forms = *PAIRS[name], *OTHERS.get(name, ())
    assert len(forms) == len(family.written)
    if family.fine:  # the example's second form is that of any class but the first
        forms = tuple(sorted(forms, key=lambda text: shown(text, family)))
    for own, other in itertools.permutations(range(len(forms)), 2):
        parsed = parse(forms[own], rules())
        [slot] = [slot for slot in parsed.slots if slot[0] is family]
        assert family.classes[slot[4]] == own
        written = family.written[other][slot[4]]
        assert rewrite(forms[own], edits(parsed, slot, other, written)) == forms[other]
    zero, *others = (parse(text, rules()) for text in forms)
    for one in others:
        assert (anchor(zero), road(zero)) == (anchor(one), road(one))
        assert [slot[:2] for slot in zero.slots] == [slot[:2] for slot in one.slots]
    assert len({clean(text, numerals=True) for text in forms}) == 1


def shown(text: str, family: Family) -> int:
    """The class that the one slot of a family shows."""
    [spelling] = [slot[4] for slot in parse(text, rules()).slots if slot[0] is family]
    return family.classes[spelling]


def test_the_examples_are_those_of_the_families() -> None:
    """No family is without an example."""
    assert set(PAIRS) == set(FAMILIES)


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_left_alone(text: str) -> None:
    """What only looks like an example is no slot, for its other form means another thing."""
    assert [slot[0].name for slot in parse(text, rules()).slots] == []


def marked(cell: str, shown: Sequence[int]) -> str:
    """A cell whose slots show these classes."""
    parsed = parse(cell, rules())
    changes = [
        change
        for slot, own in zip(parsed.slots, shown, strict=True)
        if slot[0].classes[slot[4]] != own
        for change in edits(parsed, slot, own, slot[0].written[own][slot[4]])
    ]
    return rewrite(cell, changes)


def test_all_forms_of_real_cells_keep_the_structure() -> None:
    """Whichever forms all the slots of an order's cells show, the slots and the anchor stay."""
    rng = random.Random(21)
    cells = [*ADDRESSES, *ITEMS, *ENGLISH]
    for row in orders(300, seed=21):
        cells += [cell for header, cell in row.items() if find_role(header, cell) in MARKED]
    for cell in cells:
        parsed = parse(cell, rules())
        numbers = [slot[1] for slot in parsed.slots]
        every = [range(len(slot[0].written)) for slot in parsed.slots]
        for _ in range(min(40, math.prod(map(len, every)))):
            classes = [rng.choice(some) for some in every]
            changed = marked(cell, classes)
            again = parse(changed, rules())
            assert [slot[1] for slot in again.slots] == numbers, (cell, changed)
            assert (anchor(again), road(again)) == (anchor(parsed), road(parsed))
            assert [slot[0].classes[slot[4]] for slot in again.slots] == classes


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("浙江省杭州市西湖区文三路159号3栋2单元501室", "浙江杭州西湖区文三路"),
        ("浙江杭州西湖区 文新街道文三路", "浙江杭州西湖区文新街道文三路"),
        ("浙江省杭州市西湖区望江大道(东)", "浙江杭州西湖区望江大道"),
        ("上海市松江区松江工业园区振兴路8号", "上海松江区松江工业园振兴路"),
        ("江苏省苏州市昆山市花桥镇金城村3组12号", "江苏苏州昆山花桥镇金城村"),
        ("西湖区9号", ""),  # too little
        ("文三路159号3栋", ""),  # no head
    ],
)
def test_road(text: str, content: str) -> None:
    """The head is keyed by the text up to the first road, else up to what is no Han letter."""
    assert road(parse(text, rules())) == content


def test_an_address_cut_behind_its_road_keeps_its_head() -> None:
    """Cut, or with another house number, 400 addresses show the chips of their heads still."""
    key = EpochKey(1, bytes(32))
    codeword = Codebook(key, CURRENT).codeword("a")
    marker = CellMarker(key.derive("slots/text"), codeword, CURRENT, "plain")
    reader = CellReader([key.derive("slots/text")], CURRENT)
    for row in orders(400, seed=22):
        copy, _ = marker.mark(row["收货地址"], "address")
        reader.read(leaks.cut(copy), "address")
        reader.read(leaks.cut(copy) + "1234号", "address")
    [read] = [one for one in reader.take()[0].layers if one.reading.carrier == "wording"]
    heads = np.isin(read.families // 2, [101, 102])
    agree = (codeword[read.reading.positions] == (read.reading.chips > 0))[heads]
    assert len(agree) > 900
    assert agree.mean() > 0.95


@pytest.mark.parametrize("text", ["东城皮革城3栋", "中心幼儿园3栋", "大学桃园3栋", "电商产业园3栋"])
def test_no_estate(text: str) -> None:
    """小区 is written behind names of housing estates only."""
    assert "estate" not in [slot[0].name for slot in parse(text, rules()).slots]


def test_addresses_of_other_styles_have_slots_too() -> None:
    """Villages, dormitories, towers, markets and parks: three chips of wording each on average."""
    chips = sum(
        1 + slot[0].fine
        for cell in ADDRESSES
        for slot in parse(cell, rules()).slots
        if slot[0].layer == "wording" and not slot[0].option
    )
    assert chips > 3 * len(ADDRESSES)


@pytest.mark.parametrize("cell", [*ADDRESSES, *ITEMS, *ENGLISH])
def test_digits_of_other_styles_stay(cell: str) -> None:
    """Whatever form its slots show, a cell keeps its digits and its canonical text."""
    rng = random.Random(cell)
    slots = parse(cell, rules()).slots
    for _ in range(8):
        changed = marked(
            cell, [0 if s[0].option else rng.randrange(len(s[0].written)) for s in slots]
        )
        assert re.findall("[0-9]", changed) == re.findall("[0-9]", cell)
        assert clean(changed) == clean(cell)


def test_ids_are_as_published() -> None:
    """A family's id is part of the format: this list only grows."""
    assert {family.id: family.name for family in rules().families.values()} == {
        **{101: "province", 102: "city", 103: "building", 104: "room", 105: "house-number"},
        **{106: "floor", 107: "and", 108: "crossing", 109: "beside", 110: "gate"},
        **{
            111: "tower",
            112: "estate",
            113: "unit",
            114: "park",
            115: "house-room",
            306: "shade",
            307: "size",
        },
        **{308: "metre", 309: "millimetre", 310: "litre", 311: "post-free", 415: "ship"},
        **{416: "a-little", 417: "locker", 418: "courier", 419: "deliver"},
        **{120: "unit-numeral", 201: "gap", 202: "hyphen", 203: "brackets", 204: "comma"},
        **{205: "colon", 206: "semicolon", 207: "times", 301: "gram", 302: "kilogram"},
        **{303: "millilitre", 304: "centimetre", 401: "please", 402: "do-not", 403: "thanks"},
        **{404: "to", 405: "soon", 406: "call", 407: "before", 408: "weekday", 409: "or"},
        **{208: "square-brackets", 305: "colour", 410: "to-the-door", 411: "ring"},
        **{412: "at-home", 413: "after", 414: "put"},
        **{1101: "road", 1102: "street", 1103: "avenue", 1104: "drive", 1105: "boulevard"},
        **{1106: "lane", 1107: "court", 1108: "place", 1109: "terrace", 1110: "parkway"},
        **{1111: "highway", 1112: "circle", 1113: "square", 1131: "apartment", 1132: "suite"},
        **{1133: "floor-en", 1134: "building-en", 1135: "room-en", 1136: "department"},
        **{1151: "north", 1152: "south", 1153: "east", 1154: "west", 1155: "northeast"},
        **{1156: "northwest", 1157: "southeast", 1158: "southwest", 1401: "please-en"},
        **{1137: "post-box", 1161: "state", 1162: "country-us", 1201: "mask", 1163: "country-uk"},
        **{1402: "thanks-en", 1403: "do-not-en", 1404: "and-en", 1405: "pieces"},
    }


def test_what_is_written_is_plain() -> None:
    """Written forms fold to themselves but for case: else a copy would not parse as its host."""
    for family in rules().families.values():
        assert family.layer in LAYERS
        assert family.roles <= set(MARKED)
        for own, forms in enumerate(family.written):
            for spelling, form in forms.items():
                if family.classes[spelling] != own:
                    assert fold(form) == (form.lower(), None)


EXTRA = """
locale = "zh-CN"
[[family]]
id = 50001
name = "behind"
layer = "wording"
roles = ["address", "text"]
before = '小区'
forms = [["后面"], ["后边"]]
"""


def test_a_rule_of_ones_own(tmp_path: Path) -> None:
    """A file of rules adds to the built-in ones."""
    path = tmp_path / "own.toml"
    path.write_text(EXTRA, encoding="utf-8")
    own = rules(path)
    assert [s[0].name for s in parse("翠苑小区后边", own).slots] == ["behind"]
    assert clean("翠苑小区后边", own) == "翠苑小区后面"
    assert clean("翠苑小区后边") == "翠苑小区后边"
    assert set(rules().families) < set(own.families)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("locale = [", "is not TOML"),
        ('locale = "fr"', "names no locale"),
        (EXTRA.replace("50001", "101"), "two families have the id 101"),
        (EXTRA.replace("50001", "0"), "the rule family 'behind' is malformed"),
        (EXTRA.replace('["后边"]', '["后面"]'), "the rule family 'behind' is malformed"),
        (EXTRA.replace('"wording"', '"meaning"'), "the rule family 'behind' is malformed"),
        (EXTRA.replace("'小区'", "'小区('"), "the context of the rule family 'behind'"),
        (EXTRA.replace("'小区'", "'[小区'"), "the context of the rule family 'behind'"),
    ],
)
def test_bad_rules(tmp_path: Path, text: str, complaint: str) -> None:
    """Each flaw in a file of rules is named in one line."""
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=complaint) as caught:
        rules(path)
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_missing_rules(tmp_path: Path) -> None:
    """A file that is not there is a usage error."""
    with pytest.raises(UsageError, match="cannot be read"):
        rules(tmp_path / "none.toml")

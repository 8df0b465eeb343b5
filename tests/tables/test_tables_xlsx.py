"""Of a workbook only the texts of marked cells change."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracemark
from tests.loaders import made
from tracemark.errors import UnreadableSample
from tracemark.tables import open_document

ADDRESS = "浙江省金华市义乌市北苑街道春晗路8号2栋1单元301室"
OTHER = "浙江省金华市义乌市北苑街道春晗路9号3栋2单元402室"


def shared(*numbers: int, line: int = 1) -> str:
    cells = "".join(f'<c s="7" t="s"><v>{number}</v></c>' for number in numbers)
    return f'<row r="{line}" ht="15">{cells}</row>'


def marked(vault: tracemark.Vault, data: bytes, **options: object) -> bytes:
    out = io.BytesIO()
    vault.mark_table(io.BytesIO(data), out, to="acct:0007", name="a.xlsx", **options)
    return out.getvalue()


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def values(data: bytes) -> list[list[str]]:
    rows = open_document(io.BytesIO(data), name="a.xlsx").rows()
    return [list(row.values) for row in rows]


def text(value: str) -> str:
    return f"<t>{value}</t>"


def test_cells_are_marked_as_rows_are(vault, export) -> None:
    rows = export[:30]
    out = marked(vault, made.workbook({"订单": made.rows_of_strings(rows)}))
    wanted = list(vault.mark_rows(rows, to="acct:0007"))
    assert values(out) == [list(row.values()) for row in wanted]
    assert marked(vault, made.workbook({"订单": made.rows_of_strings(rows)})) == out


def test_all_but_the_changed_texts_stays_byte_for_byte(vault) -> None:
    sheet = (
        '<row r="1"><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>'
        '<row r="3" spans="1:4"><c r="A3" s="4" t="s"><v>2</v></c>'
        '<c r="B3"><f>LEN(A3)</f><v>22</v></c><c r="C3" t="str"><f>A3</f><v>x</v></c>'
        '<c r="D3" t="b"><v>1</v></c></row><!-- end -->'
    )
    texts = [text("收货地址"), text("数量"), f'<t>{ADDRESS}</t><phoneticPr fontId="1"/>']
    others = {
        "xl/styles.xml": b"<styles/>",
        "xl/media/a.png": bytes(range(256)),
        "docProps/x": b"y",
    }
    data = made.workbook({"a": sheet}, texts, others)
    before, after = parts(data), parts(marked(vault, data))
    assert list(before) == list(after)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"xl/sharedStrings.xml"}
    found = re.fullmatch(
        re.escape(before["xl/sharedStrings.xml"]).replace(re.escape(ADDRESS.encode()), b"(.*)"),
        after["xl/sharedStrings.xml"],
    )
    assert found and tracemark.clean(found[1].decode()) == tracemark.clean(ADDRESS)


def test_a_text_under_two_roles_changes_only_where_it_is_marked(vault) -> None:
    """The same shared string is an address in one column, and a waybill number's in another."""
    texts = [text("运单号"), text("收货地址"), text(ADDRESS), text(OTHER)]
    for order in ((2, 2), (2, 3), (3, 2)):
        rows = shared(0, 1) + shared(*order, line=2) + shared(2, 2, line=3)
        out = marked(vault, made.workbook({"a": rows}, texts))
        (first, second), (third, fourth) = values(out)
        assert first == (ADDRESS if order[0] == 2 else OTHER)
        assert third == ADDRESS and second not in (ADDRESS, OTHER) and fourth != ADDRESS
        assert tracemark.clean(fourth) == tracemark.clean(ADDRESS)
        count = re.search(rb'uniqueCount="(\d+)"', parts(out)["xl/sharedStrings.xml"])
        entries = parts(out)["xl/sharedStrings.xml"].count(b"<si>")
        assert count and int(count[1]) == entries > 4


def test_rich_texts_and_formulas_are_left_alone(vault) -> None:
    rich = f"<r><rPr><b/></rPr><t>{ADDRESS}</t></r><r><t>收</t></r>"
    rows = shared(0, line=1) + shared(1, line=2)
    rows += f'<row r="3"><c t="str"><f>"{OTHER}"</f><v>{OTHER}</v></c></row>'
    data = made.workbook({"a": rows}, [text("收货地址"), rich])
    assert parts(marked(vault, data)) == parts(data)


def test_a_header_under_a_title_is_found(vault) -> None:
    texts = [
        text("订单导出"),
        text("收件人"),
        text("内容"),
        text("数量"),
        text(ADDRESS),
        text("张三"),
    ]
    rows = shared(0) + shared(1, 2, 3, line=2) + shared(5, 4, 5, line=3)
    data = made.workbook({"a": rows}, texts)
    document = open_document(io.BytesIO(data))
    assert document.headers == ["收件人", "内容", "数量"]
    out = marked(vault, data, columns={"内容": "address"})
    assert values(out)[0][1] != ADDRESS
    with pytest.raises(tracemark.UsageError, match="no column"):
        marked(vault, data, columns={"没有": "address"})


def test_cleaning_gives_the_same_cells(vault, export) -> None:
    data = made.workbook({"订单": made.rows_of_strings(export[:20])})
    cleaned = []
    for one in (data, marked(vault, data)):
        out = io.BytesIO()
        tracemark.clean_table(io.BytesIO(one), out, name="a.xlsx")
        cleaned.append(values(out.getvalue()))
    assert cleaned[0] == cleaned[1]


def test_numbers_reach_the_ledger_as_they_are_typed(vault) -> None:
    """A waybill number that Excel keeps as a number is known again when it leaks as text."""
    rows = (
        shared(0, 1)
        + '<row r="2"><c><v>7.7120000000012E+13</v></c><c t="inlineStr"><is><t>'
        + f"{ADDRESS}</t></is></c></row>"
    )
    data = made.workbook({"a": rows}, [text("运单号"), text("收货地址")])
    assert values(data)[0][0] == "77120000000012"
    assert b"7.7120000000012E+13" in parts(marked(vault, data))["xl/worksheets/sheet1.xml"]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")))
def test_any_text_comes_back_as_it_was_written(value: str) -> None:
    names = ("收货地址", "x")
    cells = "".join(f"<c t='inlineStr'><is><t>{name}</t></is></c>" for name in names)
    cells = f"<row>{cells}</row>"
    document = open_document(io.BytesIO(made.workbook({"a": cells + cells.replace("收", "放")})))
    [row] = [row for row in document.rows() if row.values]
    document.render(row, [row.values[0], value])
    assert values(b"".join(document.rest()))[0][1:] == [value]


@pytest.mark.parametrize(
    ("part", "data"),
    [
        ("xl/workbook.xml", b"<workbook>"),
        ("xl/sharedStrings.xml", b"\xff\xfe<\x00"),
        ("xl/worksheets/sheet1.xml", b"<worksheet><row></worksheet>"),
        ("xl/worksheets/sheet1.xml", b"<?xml version='1.0' encoding='utf-16'?><a/>"),
        ("_rels/.rels", b"<a/>"),
    ],
)
def test_a_broken_workbook_is_refused(vault, part: str, data: bytes) -> None:
    with pytest.raises(UnreadableSample, match="workbook") as caught:
        marked(vault, made.workbook({"a": shared(0)}, [text("x")], {part: data}))
    assert caught.value.hint

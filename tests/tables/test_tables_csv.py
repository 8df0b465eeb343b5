"""Delimited tables: dialects, headers, and quotes in odd places."""

from __future__ import annotations

import io
import re

import pytest

from tracemark.errors import UnreadableSample, UsageError
from tracemark.tables import Document, Row, open_document
from tracemark.tables.csv import is_header, sniff_delimiter


def opened(text: str, name: str = "a.csv", **options: object) -> Document:
    return open_document(io.BytesIO(text.encode()), name=name, **options)  # type: ignore[arg-type]


def cells(text: str, name: str = "a.csv") -> list[list[str]]:
    return [row.values for row in opened(text, name).rows() if row.values]


def changed(document: Document, change: dict[str, str]) -> str:
    """The file with some values replaced by others."""
    return "".join(
        document.render(row, [change.get(value, value) for value in row.values])
        for row in document.rows()
    )


def test_only_the_changed_cell_is_quoted_anew() -> None:
    text = 'name,address,note\r\n"A",Road 1,"x ""y"""\n B ,Road 2,\r\n\r\nC,"Road\r\n3",z'
    after = changed(opened(text), {"Road 1": "Rd, 1", "Road 2": "Rd 2", "Road\r\n3": "Rd\r\n3"})
    assert after == ('name,address,note\r\n"A","Rd, 1","x ""y"""\n B ,Rd 2,\r\n\r\nC,"Rd\r\n3",z')


@pytest.mark.parametrize("value", ['"', '5" pipe', "a,b", "a\nb", "a\rb", '"a"'])
def test_a_new_value_is_quoted_where_it_has_to_be(value: str) -> None:
    quoted = '"' + value.replace('"', '""') + '"'
    assert changed(opened("n,m\nx,y\n"), {"x": value}) == f"n,m\n{quoted},y\n"
    assert changed(opened('n,m\nx,",y"\n'), {"x": value}) == f'n,m\n{quoted},",y"\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a,b\n1,5" pipe\n', [["1", '5" pipe']]),
        ('a,b\n"x"y,2\n', [["xy", "2"]]),
        ('a,b\n"x,y"z"w,2\n', [['x,yz"w', "2"]]),
        ('a,b\n1,""\n', [["1", ""]]),
        ('a,b\n1,""""\n', [["1", '"']]),
        ('a,b\n"1\n2",3\n', [["1\n2", "3"]]),
        ('a,b\n"1\r\n\r\n2",3\n', [["1\r\n\r\n2", "3"]]),
    ],
)
def test_quotes_read_as_spreadsheets_read_them(text: str, expected: list[list[str]]) -> None:
    assert cells(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a,b\n"x,1\ny,2\n', [['"x', "1"], ["y", "2"]]),
        ('a,b\n"x,1\n"y,2\nz,3\n', [['"x', "1"], ['"y', "2"], ["z", "3"]]),
        ('a,b\n1,"\n2,x\n', [["1", '"'], ["2", "x"]]),
    ],
)
def test_a_quote_that_is_never_closed_swallows_no_rows(
    text: str, expected: list[list[str]]
) -> None:
    assert cells(text) == expected
    assert changed(opened(text), {}) == text


def test_a_stray_quote_before_many_rows_reads_on_in_one_pass() -> None:
    text = 'a,b\n"x,1\n' + "y,2\n" * 50_000
    assert len(cells(text)) == 50_001


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_found_by_the_lines_that_agree(delimiter: str) -> None:
    rows = [["名称", "价格", "地址"], ["衣,服", "1;5", "路|号\t室"], ["裤", "3", "巷"]] * 3
    quoted = [
        [f'"{cell}"' if any(c in cell for c in ",;|\t") else cell for cell in row] for row in rows
    ]
    text = "".join(delimiter.join(row) + "\n" for row in quoted)
    document = opened(text)
    assert document.headers == rows[0]
    assert [row.values for row in document.rows() if row.values] == rows[1:]


def test_a_fullwidth_comma_is_no_delimiter() -> None:
    assert sniff_delimiter("甲，乙\n丙，丁\n") is None
    assert cells("备注\n好，谢谢\n放门口，东\n") == [["好，谢谢"], ["放门口，东"]]


def test_decimal_commas_do_not_hide_the_semicolons() -> None:
    assert sniff_delimiter("name;price;note\na;1,5;x\nb;2,5;y\nc;3;z, w\n") == ";"


def test_an_excel_separator_line_is_obeyed_and_kept() -> None:
    text = "sep=;\r\nname;note\r\na;b,c,d\r\n"
    document = opened(text)
    assert document.headers == ["name", "note"]
    assert changed(document, {"b,c,d": "e"}) == "sep=;\r\nname;note\r\na;e\r\n"


def test_a_title_above_the_header_is_no_header() -> None:
    text = "五月订单,,\n\n单号,地址,备注\n1,春晗路8号,x\n"
    document = opened(text)
    assert document.headers == ["单号", "地址", "备注"]
    assert changed(document, {"x": "y"}) == text.replace("x", "y")
    assert opened("备注\n1,2,3\n").headers == ["备注"]


def test_inch_marks_do_not_hide_the_delimiter() -> None:
    assert sniff_delimiter('管;5" 长;a,b\n板;6;c\n条;7" x 8";d\n', preferred=",") == ";"


def test_ragged_rows_keep_their_shape() -> None:
    text = "a,b\n1\n1,2,3,4\n,\n1,2\n"
    rows = [row for row in opened(text).rows() if row.values]
    assert [list(row.headers) for row in rows] == [
        ["a"],
        ["a", "b", None, None],
        ["a", "b"],
        ["a", "b"],
    ]
    assert changed(opened(text), {"3": "x", "1": "y"}) == "a,b\ny\ny,2,x,4\n,\ny,2\n"


@pytest.mark.parametrize(
    "header",
    [
        "运单号,收件人,手机号*,收货地址,备注",
        "id,name,name,,address",
        "*订单编号,收件人手机1,2023年销量",
        "only",
    ],
)
def test_a_first_row_of_names_is_the_header(header: str) -> None:
    document = opened(header + "\nx,1\n")
    assert document.headers == header.split(",")
    assert [row.values for row in document.rows() if row.values] == [["x", "1"]]


@pytest.mark.parametrize(
    "row",
    [
        "YT0000000000001,张三,浙江省",
        "张*,138****5678,地址",
        "张三,义乌市春晗路8号,好",
        "1,2,3",
        "衣服,1.23E+13,x",
        "衣服,2024-05-06,x",
        "," + "很长的一段文字" * 7,
    ],
)
def test_a_first_row_of_data_is_no_header(row: str) -> None:
    assert not is_header(row.split(","))
    document = opened(row + "\n" + row + "\n")
    rows = list(document.rows())
    assert document.headers is None
    assert [list(r.headers) for r in rows] == [[None] * len(row.split(","))] * 2


def test_a_sample_to_trace_offers_its_header_row_too() -> None:
    rows = list(opened("好,行\n你,我\n", errors="replace").rows())
    assert [row.values for row in rows] == [["好", "行"], ["你", "我"]]


def test_scientific_notation_and_leading_zeros_come_through_untouched() -> None:
    text = "单号,备注\n1.23E+13,x\n0012,y\n"
    assert changed(opened(text), {"x": "z"}) == "单号,备注\n1.23E+13,z\n0012,y\n"


def test_a_table_without_quotes_gets_none_unless_a_cell_needs_it() -> None:
    text = "name\tnote\na\tb c, d\n"
    assert (
        changed(opened(text, "a.tsv"), {"b c, d": "b\u3000c，d"}) == "name\tnote\na\tb\u3000c，d\n"
    )
    assert changed(opened(text, "a.tsv"), {"a": "a\tb"}) == 'name\tnote\n"a\tb"\tb c, d\n'


def test_a_single_emptied_cell_is_not_a_blank_line() -> None:
    assert changed(opened("note\nx\n"), {"x": ""}) == 'note\n""\n'


def test_lines_are_numbered_through_embedded_newlines() -> None:
    rows = opened('a,b\n"1\n2",x\n\n3,4\n').rows()
    assert [(row.line, row.values) for row in rows] == [
        (1, []),
        (2, ["1\n2", "x"]),
        (4, []),
        (5, ["3", "4"]),
    ]


def test_the_number_of_cells_cannot_be_changed() -> None:
    document = opened("a,b\n1,2\n")
    row = list(document.rows())[-1]
    with pytest.raises(UsageError, match="line 2 has 2 cells, got 1"):
        document.render(row, ["1"])


class Endless:
    """A pipe with one line of a gigabyte in it; counts what is taken."""

    def __init__(self, start: bytes, more: bytes) -> None:
        self.taken = 0
        self._start = start
        self._more = more

    def read(self, size: int, /) -> bytes:
        block = (self._start + self._more * size)[:size]
        self._start = b""
        self.taken += size
        return block if self.taken < 1 << 30 else b""


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.jsonl", "a.json"])
@pytest.mark.parametrize("errors", ["strict", "replace"])
def test_a_line_of_a_gigabyte_is_refused_early(name: str, errors: str) -> None:
    pipe = Endless(b'["' if "json" in name else b"a,b\n", b"x")
    with pytest.raises(UnreadableSample) as caught:
        for _ in open_document(pipe, name=name, errors=errors, limit=1 << 20).rows():
            pass
    assert pipe.taken < 8 << 20
    assert re.search(r"line [12]\b.* longer than 1048576", str(caught.value))


def test_a_quoted_cell_without_end_is_read_as_rows_within_the_limit() -> None:
    pipe = Endless(b'a,b\n1,"x', b"\ny,2")
    rows = iter(open_document(pipe, name="a.csv", limit=1 << 20).rows())
    first: list[Row] = [next(rows) for _ in range(3)]
    assert [row.values for row in first] == [[], ["1", '"x'], ["y", "2"]]
    assert pipe.taken < 8 << 20

"""JSON and JSON Lines: which strings are cells, how they are written, and what is refused."""

from __future__ import annotations

import io
import json
import tracemalloc

import pytest

from tracemark.errors import UnreadableSample
from tracemark.tables import Document, open_document


def opened(text: str, name: str = "a.json", errors: str = "strict") -> Document:
    return open_document(io.BytesIO(text.encode()), name=name, errors=errors)


def rows(text: str, name: str = "a.json", errors: str = "strict") -> list[dict[str | None, str]]:
    return [
        dict(zip(row.headers, row.values, strict=True))
        for row in opened(text, name, errors).rows()
        if row.values
    ]


def changed(document: Document, old: str, new: str) -> str:
    return "".join(
        document.render(row, [new if value == old else value for value in row.values])
        for row in document.rows()
    )


def test_each_object_of_an_array_is_a_row_and_numbers_are_no_cells() -> None:
    text = '[{"name": "甲", "n": 1.50, "ok": true, "x": null},\n {"name": "乙", "n": 1e400}]'
    assert rows(text) == [{"name": "甲"}, {"name": "乙"}]
    assert changed(opened(text), "乙", "丙") == text.replace("乙", "丙")


def test_nested_values_take_their_nearest_key() -> None:
    text = '[{"to": {"name": "a", "tags": ["b", {"k": "c"}, "d"]}, "note": "e"}]'
    row = next(row for row in opened(text).rows() if row.values)
    assert list(zip(row.headers, row.values, strict=True)) == [
        ("name", "a"),
        ("tags", "b"),
        ("k", "c"),
        ("tags", "d"),
        ("note", "e"),
    ]


def test_the_list_inside_an_answer_of_an_interface_is_read_object_by_object() -> None:
    text = '{"code": 0, "data": {"page": "1", "list": [{"a": "x"}, {"a": "y"}]}, "msg": "ok"}'
    assert rows(text) == [{"page": "1"}, {"a": "x"}, {"a": "y"}, {"msg": "ok"}]


def test_one_object_with_a_list_of_texts_is_one_row() -> None:
    assert rows('{"a": "x", "b": {"c": ["y", "z"]}}') == [{"a": "x", "c": "z"}]


def test_an_array_of_arrays_and_texts_is_read_element_by_element() -> None:
    document = opened('[["a", "b"], "c", 1, []]')
    assert [row.values for row in document.rows()] == [[], ["a", "b"], ["c"], [], [], []]


def test_json_lines_named_json_are_read() -> None:
    assert rows('{"a": "x"}\n{"a": "y"}\n') == [{"a": "x"}, {"a": "y"}]


def test_rows_know_their_lines() -> None:
    document = opened('[\n  {\n    "a": "x"\n  },\n  {"a": "y"}\n]\n')
    assert [row.line for row in document.rows() if row.values] == [2, 5]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_a_changed_cell_keeps_the_way_its_file_writes_characters(name: str) -> None:
    plain = '{"a": "路K号", "b": "室"}'
    escaped = '{"a": "\\u8defK\\u53f7", "b": "x"}'
    mixed = '{"a": "\\u8defK\\u53f7", "b": "室"}'
    assert changed(opened(plain, name), "路K号", "路九号") == plain.replace("K", "九")
    assert changed(opened(escaped, name), "路K号", "路九号") == escaped.replace("K", "\\u4e5d")
    assert changed(opened(escaped, name), "x", "室") == escaped.replace('"x"', '"\\u5ba4"')
    assert changed(opened(mixed, name), "路K号", "路九号") == mixed.replace("K", "\\u4e5d")


def test_escapes_are_resolved_and_neighbours_keep_theirs() -> None:
    text = r'{"a": "1\/2\n\u0000\"é", "b": "\/"}'
    assert rows(text) == [{"a": '1/2\n\0"é', "b": "/"}]
    assert changed(opened(text), '1/2\n\0"é', 'q"') == r'{"a": "q\"", "b": "\/"}'


def test_half_a_surrogate_pair_is_no_cell_and_stays() -> None:
    text = r'[{"a": "\ud83d", "b": "\ud83d\ude00"}]'
    assert rows(text) == [{"b": "😀"}]
    assert changed(opened(text), "😀", "👍") == r'[{"a": "\ud83d", "b": "\ud83d\udc4d"}]'


def test_repeated_keys_and_huge_numbers_come_through() -> None:
    text = '{"a": "x", "a": "y", "n": ' + "9" * 5000 + "}"
    document = opened(text)
    assert [row.values for row in document.rows()] == [["x", "y"]]
    assert changed(opened(text), "z", "z") == text


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('[{"a": "x"},\n {"a" "y"}]', "line 2, column 7"),
        ('[{"a": "x"},\n {"a": "y"}', "line 2, column 12"),
        ('[{"a": "x"}\n {"a": "y"}]', "line 2, column 2: ',' or ']' expected"),
        ('{"a": "x",\n\n "b": }', "line 3, column 7"),
        ('{"a": "x"', "line 1, column 10: ',' or '}' expected"),
        ('{"a" 1}', "line 1, column 6: ':' expected"),
        ("{1: 2}", "line 1, column 2: a key expected"),
        ('["unterminated', "line 1, column 2: unterminated string"),
        ("[1, 2, x]", "line 1, column 8"),
        ("\n\n", "line 3, column 1: no JSON value"),
        ("[" * 500 + "]" * 500, "nested deeper than 200"),
        ('{"a":' * 300 + "1" + "}" * 300, "nested deeper than 200"),
        ('[{"a":' * 100_000, "nested deeper than 200"),
        ('[{"a": "\\x"}]', "line 1, column 9"),
    ],
)
def test_malformed_json_is_refused_with_line_and_column(text: str, where: str) -> None:
    with pytest.raises(UnreadableSample) as caught:
        list(opened(text).rows())
    assert where in str(caught.value)
    assert str(caught.value).startswith("a.json: ")


def test_a_fault_far_into_a_big_file_is_found_where_it_is() -> None:
    text = "[\n" + '{"a": "春晗路"},\n' * 60_000 + '{"a": "春晗路"]\n'
    with pytest.raises(UnreadableSample, match=r"line 60002, column 12"):
        list(opened(text).rows())


def test_malformed_json_lines_are_refused_with_line_and_column() -> None:
    with pytest.raises(UnreadableSample, match=r"a.jsonl: line 3, column 7: expecting value"):
        list(opened('{"a": "x"}\n\n{"a": }\n', "a.jsonl").rows())


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_a_broken_sample_to_trace_still_gives_its_strings(name: str) -> None:
    text = '{"a": "x"}\n{"a": "y", "b": "路8号"\n路9号\n{"a": "\\q"}\n{"a": "z"}\n'
    found = rows(text, name, errors="replace")
    assert {"a": "x"} in found
    assert {"a": "y", "b": "路8号"} in found
    assert {None: "路9号"} in found
    assert {"a": "z"} in found


def test_a_cut_download_still_gives_the_rows_before_the_cut() -> None:
    text = json.dumps([{"a": f"x{i}"} for i in range(1000)])[:-30]
    found = rows(text, errors="replace")
    assert found[:990] == [{"a": f"x{i}"} for i in range(990)]


def test_an_array_is_read_in_constant_memory() -> None:
    source = io.BytesIO(b"[" + (b'{"a":"b"},' + b" " * 490) * 40_000 + b'{"a":"b"}]')
    tracemalloc.start()
    count = sum(len(row.values) for row in open_document(source, name="a.json").rows())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 40_001
    assert peak < 6_000_000  # the file has twenty million bytes


def test_a_key_that_ends_the_file_behind_other_records_is_a_fault_in_one_line() -> None:
    text = '{"a": "b"} {"c"'
    with pytest.raises(UnreadableSample, match="':' expected"):
        rows(text)
    assert rows(text, errors="replace")[0] == {"a": "b"}

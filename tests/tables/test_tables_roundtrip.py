"""An untouched rewrite is the file, byte for byte; an edited cell is all that an edit changes."""

from __future__ import annotations

import codecs
import csv
import io
import json
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracemark.tables import Document, open_document
from tracemark.tables.csv import DelimitedDocument
from tracemark.tables.rows import Origin

ENCODINGS = {
    "utf-8": (b"", "utf-8"),
    "utf-8-sig": (codecs.BOM_UTF8, "utf-8"),
    "utf-16-le": (codecs.BOM_UTF16_LE, "utf-16-le"),
    "utf-16-be": (codecs.BOM_UTF16_BE, "utf-16-be"),
    "gb18030": (b"", "gb18030"),
    "gbk": (b"", "gbk"),
}
NEWLINES = st.sampled_from(["\n", "\r\n", "\r"])
# every character that means something to some format, and some that mean nothing to any
HOSTILE = st.sampled_from(
    [*",;|\t\"'\\/{}[]:= \n\r0a19*+Ee.-号栋，（\u3000\u00b7é中", "\0", '""', ',"']
)
BEYOND_GBK = st.sampled_from(
    ["😀", "👨\u200d👩", "\ufe05", "\u200b", "\u2028", "\x85", "\ufffd", "𠮷"]
)


def texts(encoding: str, max_size: int = 12) -> st.SearchStrategy[str]:
    alphabet = HOSTILE if encoding == "gbk" else HOSTILE | BEYOND_GBK
    return st.lists(alphabet, max_size=max_size).map("".join)


class Dribble:
    """A pipe that hands over a few bytes at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        self._file = io.BytesIO(data)
        self._step = step

    def read(self, size: int, /) -> bytes:
        return self._file.read(min(size, self._step))


def rewritten(document: Document) -> bytes:
    return b"".join(document.encode(document.render(r, list(r.values))) for r in document.rows())


def edited(document: Document, index: int, change: str) -> tuple[str, list[str]]:
    """The text with one cell replaced, and the values of all cells after that."""
    out, values = [], []
    for row in document.rows():
        cells = list(row.values)
        if 0 <= index - len(values) < len(cells):
            cells[index - len(values)] = change
        values += cells
        out.append(document.render(row, cells))
    return "".join(out), values


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("kind", ["csv", "tsv", "text"])
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_any_text_untouched_is_the_same_bytes(
    kind: str, encoding: str, data: st.DataObject
) -> None:
    mark, codec = ENCODINGS[encoding]
    text = data.draw(texts(encoding, 60))
    content = mark + text.encode(codec)
    step = data.draw(st.integers(1, 40))
    if content:
        source = Dribble(content, step)
        assert rewritten(open_document(source, kind=kind, encoding=encoding)) == content


class Table(NamedTuple):
    delimiter: str
    text: str
    rows: list[list[str]]
    spans: list[tuple[int, int]]  # of all cells, quotes included


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """A well-formed table with cells quoted here and there."""
    delimiter = draw(st.sampled_from(",\t;|"))
    newline = draw(NEWLINES)
    rows = draw(st.lists(st.lists(texts("utf-8"), min_size=1, max_size=5), min_size=1, max_size=8))
    text, spans = "", []
    for row in rows:
        for cell in row:
            special = {delimiter, '"', "\r", "\n"} & set(cell)
            quoted = special or draw(st.booleans()) or row == [""]
            start = len(text)
            text += '"' + cell.replace('"', '""') + '"' if quoted else cell
            spans.append((start, len(text)))
            text += delimiter
        text = text[:-1] + newline
    return Table(delimiter, text[: spans[-1][1]] if draw(st.booleans()) else text, rows, spans)


def pieces(text: str, step: int) -> list[str]:
    return [text[at : at + step] for at in range(0, len(text), step)]


def opened_table(table: Table, step: int) -> DelimitedDocument:
    pieces = [table.text[at : at + step] for at in range(0, len(table.text), step)]
    return DelimitedDocument(pieces, Origin(lenient=True), delimiter=table.delimiter)


def reparsed(text: str, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


@given(table=tables(), step=st.integers(1, 50))
@settings(max_examples=150, deadline=None)
def test_a_well_formed_table_reads_as_the_csv_module_reads_it(table: Table, step: int) -> None:
    assert reparsed(table.text, table.delimiter) == table.rows
    found = [row for row in opened_table(table, step).rows() if row.values]
    assert [row.values for row in found] == table.rows
    assert all(len(row.headers) == len(row.values) for row in found)


@given(table=tables(), step=st.integers(1, 50), change=texts("utf-8"), data=st.data())
@settings(max_examples=200, deadline=None)
def test_editing_one_cell_of_a_table_changes_that_cell_alone(
    table: Table, step: int, change: str, data: st.DataObject
) -> None:
    """Alone to the csv module, and alone in the text: its neighbours keep their quotes."""
    index = data.draw(st.integers(0, len(table.spans) - 1))
    after, values = edited(opened_table(table, step), index, change)
    start, end = table.spans[index]
    assert after.startswith(table.text[:start])
    assert after.endswith(table.text[end:])
    assert [cell for row in reparsed(after, table.delimiter) for cell in row] == values
    expected = [cell for row in table.rows for cell in row]
    expected[index] = change
    assert values == expected


LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts("utf-8")
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(texts("utf-8", 4), inner, max_size=4)
    ),
    max_leaves=12,
)


def strings(value: object) -> list[str]:
    """All string values in a JSON value, in order."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [s for v in value for s in strings(v)] if isinstance(value, list) else []


def opened(text: str, kind: str, step: int, encoding: str = "utf-8") -> Document:
    mark, codec = ENCODINGS[encoding]
    return open_document(Dribble(mark + text.encode(codec), step), kind=kind, encoding=encoding)


@pytest.mark.parametrize("encoding", [e for e in ENCODINGS if e != "gbk"])
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_json_untouched_is_the_same_bytes_and_every_string_is_a_cell(
    encoding: str, data: st.DataObject
) -> None:
    value = data.draw(VALUES)
    text = json.dumps(
        value,
        ensure_ascii=data.draw(st.booleans()),
        indent=data.draw(st.sampled_from([None, 0, 2, "\t"])),
    ) + data.draw(st.sampled_from(["", "\n", " \r\n"]))
    step = data.draw(st.integers(1, 40))
    mark, codec = ENCODINGS[encoding]
    assert rewritten(opened(text, "json", step, encoding)) == mark + text.encode(codec)
    document = opened(text, "json", step, encoding)
    assert [cell for row in document.rows() for cell in row.values] == strings(value)


@given(value=VALUES, change=texts("utf-8"), ascii_only=st.booleans(), data=st.data())
@settings(max_examples=100, deadline=None)
def test_editing_one_string_of_a_json_file_changes_that_string_alone(
    value: object, change: str, ascii_only: bool, data: st.DataObject
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=data.draw(st.sampled_from([None, 1])))
    before = strings(value)
    if before:
        index = data.draw(st.integers(0, len(before) - 1))
        after, _ = edited(opened(text, "json", 17), index, change)
        before[index] = change
        assert strings(json.loads(after)) == before
        assert text.isascii() <= after.isascii()


@given(records=st.lists(VALUES, min_size=1, max_size=5), newline=st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=80, deadline=None)
def test_json_lines_untouched_and_edited(records: list[object], newline: str) -> None:
    text = (newline * 2).join(json.dumps(record, ensure_ascii=False) for record in records)
    assert rewritten(opened(text, "jsonl", 5)) == text.encode()
    found = [s for row in opened(text, "jsonl", 5).rows() for s in row.values]
    assert found == [s for r in records for s in strings(r)]
    after, values = edited(opened(text, "jsonl", 5), 0, '改"\n')
    lines = [json.loads(line) for line in after.split(newline) if line]
    assert [s for line in lines for s in strings(line)] == values

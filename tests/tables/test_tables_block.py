"""Rows cut many at once: what is read and written one by one is read and written in blocks."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from itertools import repeat

from hypothesis import given, settings
from hypothesis import strategies as st

from tracemark.tables import Document, open_document
from tracemark.tables.block import Block

HEADER = "运单号,收货地址,备注"
_PIECES = [",", '"', '""', ',"', '",', "\n", "\r\n", "\r", "路", "a", " ", "\x1f", "\x1e", "\u2028"]
ends = st.sampled_from(["\n", "\r\n", "\r"])
tame = st.text("路a1，\x1f ", max_size=4)
quoted = st.text('路a,"\n\r\x1f', max_size=4).map(lambda s: '"' + s.replace('"', '""') + '"')
rows = st.lists(st.one_of(tame, tame, quoted), min_size=3, max_size=3).map(",".join)
wild = st.lists(st.sampled_from(_PIECES), max_size=12).map("".join)
tables = st.tuples(st.lists(st.one_of(rows, rows, rows, wild), max_size=12), ends, st.booleans())
changes = st.sampled_from([str, lambda s: s + ",", lambda s: s + '"\n', lambda s: "x" + s])


def opened(text: str) -> Document:
    return open_document(io.BytesIO(text.encode()), name="a.csv", encoding="utf-8")


def one_by_one(text: str, change: Callable[[str], str]) -> tuple[list[list[str]], str]:
    document = opened(text)
    read, written = [], ""
    for row in document.rows():
        if row.values:
            read.append(row.values)
        written += document.render(row, [change(one) if one else "" for one in row.values])
    return read, written


def in_parts(text: str, change: Callable[[str], str], size: int) -> tuple[list[list[str]], str]:
    document = opened(text)
    read, written = [], ""
    for part in document.parts(repeat(size)):
        if isinstance(part, Block):
            columns = [part.column(place) for place in range(len(part.headers))]
            read += map(list, zip(*columns, strict=True))
            for place, column in enumerate(columns):
                part.put(place, [change(one) if one else "" for one in column])
            written += part.text()
            continue
        for row in part:
            if row.values:
                read.append(row.values)
            written += document.render(row, [change(one) if one else "" for one in row.values])
    return read, written


@settings(max_examples=300, deadline=None, derandomize=True)
@given(tables, changes, st.sampled_from([1, 3, 100]))
def test_any_table(
    table: tuple[Iterable[str], str, bool], change: Callable[[str], str], size: int
) -> None:
    """Quotes by the book or not, rows over several lines, other widths, stray line ends."""
    lines, end, closed = table
    text = end.join([HEADER, *lines]) + end * closed
    assert in_parts(text, change, size) == one_by_one(text, change)
    assert in_parts(text, str, size)[1] == text


def test_one_column() -> None:
    """A table of one column has no delimiter, and a blank line in it is no row."""
    for lines in (["a", '"b,c"', "d"], ["a", "", "b"]):
        text = "\n".join(["收货地址", *lines]) + "\n"
        assert in_parts(text, str.upper, 100) == one_by_one(text, str.upper)


def test_few_rows_are_read_one_by_one() -> None:
    """One row in 500 that is not by the book does not slow down the others."""
    lines = [f'YT{n},文三路{n}号,"x,{n}\ny"' if n % 500 else f'YT{n},5" 管' for n in range(8000)]
    text = "\n".join([HEADER, *lines]) + "\n"
    parts = list(opened(text).parts(repeat(4096)))
    assert sum(part.rows for part in parts if isinstance(part, Block)) > 6000
    assert in_parts(text, str, 4096) == one_by_one(text, str)

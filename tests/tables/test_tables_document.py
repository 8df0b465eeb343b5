"""What kind of file it is, from its name or its beginning; empty files; lines; hashes."""

from __future__ import annotations

import hashlib
import io

import pytest

from tracemark.errors import UnreadableSample, UsageError
from tracemark.tables import HashingReader, open_document
from tracemark.tables.lines import Lines


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.csv", "x", "csv"),
        ("a.CSV", "a\tb\n1\t2\n", "tsv"),
        ("a.tsv", "a\tb\n", "tsv"),
        ("a.json", "[]", "json"),
        ("a.jsonl", "{}", "jsonl"),
        ("a.ndjson", "{}", "jsonl"),
        ("a.txt", "张三,138\n你好\n", "text"),
        (None, "姓名,电话\n张三,1\n", "csv"),
        (None, "姓名,电话\n张三,1", "csv"),
        (None, "姓名\t电话\n张三\t1\n", "tsv"),
        (None, "sep=;\na;b\n", "csv"),
        (None, '[{"a": 1}]', "json"),
        (None, '{"a": 1,\n"b": 2}', "json"),
        (None, '{"a": 1}\n{"a": 2}\n', "jsonl"),
        (None, "[2024-05-06 12:33] 张三: 好\n", "text"),
        (None, "{张三} 好\n", "text"),
        (None, "张三 13800000000 义乌市春晗路8号,2单元", "text"),
        (None, "张三,13800000000,义乌市春晗路8号\n" * 3, "text"),
        (None, "张三,13800000000,义乌市春晗路8号\n" * 9, "csv"),
        ("-", '名,址\n甲,"路,\n8号"\n', "csv"),
    ],
)
def test_the_kind_is_found(name: str | None, content: str, kind: str) -> None:
    assert open_document(io.BytesIO(content.encode()), name=name).kind == kind


def test_the_kind_can_be_said() -> None:
    assert open_document(io.BytesIO(b"a,b\n1,2\n"), name="a.csv", kind="text").kind == "text"
    with pytest.raises(UsageError, match="'docx' is not known"):
        open_document(io.BytesIO(b"a"), kind="docx")
    with pytest.raises(UsageError, match="'ignore'"):
        open_document(io.BytesIO(b"a"), errors="ignore")


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.jsonl", "a.txt", None])
@pytest.mark.parametrize("errors", ["strict", "replace"])
def test_an_empty_file_is_refused(name: str | None, errors: str) -> None:
    with pytest.raises(UnreadableSample, match="the file is empty") as caught:
        open_document(io.BytesIO(b""), name=name, errors=errors)
    assert caught.value.hint


def test_ten_thousand_blank_lines_above_a_table_are_read_as_they_come() -> None:
    content = b"\n" * 10_000 + b"a,b\n"
    document = open_document(io.BytesIO(content), name="a.csv")
    assert "".join(row.raw for row in document.rows()).encode() == content


@pytest.mark.parametrize("content", ["\ufeff", "\n\n", "\ufeff\r\n", "a\r\n", "\r", " "])
@pytest.mark.parametrize("kind", ["csv", "text"])
def test_files_with_next_to_nothing_in_them_come_back(content: str, kind: str) -> None:
    document = open_document(io.BytesIO(content.encode()), kind=kind)
    assert "".join(document.render(r, list(r.values)) for r in document.rows()) == content


def test_plain_lines_keep_their_ends() -> None:
    document = open_document(io.BytesIO("一\r\n\n二\r三".encode()), name="a.txt")
    out = [document.render(row, [value + "x" for value in row.values]) for row in document.rows()]
    assert out == ["一x\r\n", "\n", "二x\r", "三x"]


@pytest.mark.parametrize(
    "text", ["a\r\nb\rc\n\r\n\r\rd", "\r\n", "\r", "a", "\r\r\n", "a\x85b\u2028c\x0bd\n"]
)
@pytest.mark.parametrize("step", [1, 2, 3, 100])
def test_lines_are_cut_as_universal_newlines_are(text: str, step: int) -> None:
    pieces = [text[at : at + step] for at in range(0, len(text), step)]
    assert list(Lines(pieces, limit=100, name="x")) == list(io.StringIO(text, newline=""))


def test_lines_given_back_come_again_first() -> None:
    lines = Lines(["1\n2\n3\n"], limit=100, name="x")
    stream = iter(lines)
    assert next(stream) == "1\n"
    taken = [lines.following(), lines.following()]
    assert lines.following() is None
    lines.give_back([line for line in taken if line])
    assert list(stream) == ["2\n", "3\n"]


def test_a_line_too_long_is_named_by_its_number() -> None:
    chunks = iter(["a\nb\r", "c\n", *["x" * 10] * 100])
    with pytest.raises(UnreadableSample, match="y: line 4 is longer than 50 characters"):
        list(Lines(chunks, limit=50, name="y"))
    assert len(list(chunks)) > 90


def test_the_hash_of_what_was_read_is_that_of_the_file() -> None:
    content = "名,址\n甲,路\n".encode() * 100_000
    source = HashingReader(io.BytesIO(content))
    assert sum(1 for _ in open_document(source, name="a.csv").rows()) == 200_000
    assert source.sha256 == hashlib.sha256(content).hexdigest()
    assert source.size == len(content)

"""A stranger's file costs what the limits allow, and its refusal says what and where."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

import tracemark
from tracemark import LIMITS, Limits, MissingExtra, UnreadableSample
from tracemark.loaders import LoadedSample, open_samples

from . import made


def rows(path: Path, **limits: int) -> list[list[str]]:
    found: list[list[str]] = []
    for sample in open_samples([path], replace(LIMITS, **limits)):
        found += [list(values) for _, values in sample.rows()]
    return found


def refused(path: Path, *words: str, **limits: int) -> None:
    with pytest.raises(UnreadableSample) as caught:
        rows(path, **limits)
    assert str(path.name) in str(caught.value) and caught.value.hint
    assert all(word in f"{caught.value} {caught.value.hint}" for word in words), caught.value


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(made.zipped({"a.csv": bytes(50 << 20)}))
    refused(tmp_path / "a.zip", "unpacked", unpacked=1 << 20)


def test_a_zip_file_that_lies_about_its_size(tmp_path: Path) -> None:
    data = bytearray(made.zipped({"a.csv": b"a,b\n" * 500_000}))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = (1000).to_bytes(4, "little")
    (tmp_path / "a.zip").write_bytes(data)
    refused(tmp_path / "a.zip", unpacked=1 << 16)


def test_a_gzip_bomb(tmp_path: Path) -> None:
    import gzip

    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(bytes(50 << 20)))
    refused(tmp_path / "a.csv.gz", "unpacked", unpacked=1 << 20)


def test_too_many_files(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(made.zipped({f"{n}.csv": b"a" for n in range(30)}))
    refused(tmp_path / "a.zip", "members", members=10)


def test_names_in_an_archive_are_no_paths(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(made.zipped({"../../evil.csv": b"a,b\n1,2\n3,4\n"}))
    assert ["1", "2"] in rows(tmp_path / "a.zip")
    assert {path.name for path in tmp_path.iterdir()} == {"a.zip"}
    assert not (tmp_path.parent / "evil.csv").exists()


def test_an_archive_within_an_archive(tmp_path: Path) -> None:
    inner = made.zipped({"a.csv": b"a,b\n1,2\n"})
    (tmp_path / "a.zip").write_bytes(made.zipped({"inner.zip": inner}))
    refused(tmp_path / "a.zip", "archive within an archive")


def test_a_locked_archive(tmp_path: Path) -> None:
    data = bytearray(made.zipped({"a.csv": b"a,b\n"}))
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    refused(tmp_path / "a.zip", "password")


@pytest.mark.parametrize("depth", [3, 500])
def test_tables_in_tables(tmp_path: Path, depth: int) -> None:
    (tmp_path / "a.html").write_text("<table>" * depth + "<tr><td>x" + "</table>" * depth)
    if depth > LIMITS.depth:
        refused(tmp_path / "a.html", "depth")
    else:
        assert rows(tmp_path / "a.html") == [["x"]]


def test_elements_that_are_never_closed_cost_no_stack(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<html>" + "<div><b>" * 20_000 + "北苑街道1号")
    assert rows(tmp_path / "a.html") == [["北苑街道1号"]]


def test_a_row_that_is_too_wide(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<table><tr>" + "<td>x" * 50)
    refused(tmp_path / "a.html", "width", width=40)


def test_a_long_cell_is_cut(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<table><tr><td>" + "x" * 5000 + "<td>y")
    assert rows(tmp_path / "a.html", cell=100) == [["x" * 100, "y"]]


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="no limits on this system")
def test_time_and_memory(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<table>" + "<tr><td>北苑街道1号<td>2" * 200_000)
    refused(tmp_path / "a.html", "time or memory", seconds=1)
    refused(tmp_path / "a.html", "time or memory", memory=1 << 24)


def test_too_many_pages(tmp_path: Path) -> None:
    pytest.importorskip("pypdfium2")
    (tmp_path / "a.pdf").write_bytes(made.pdf([[(20, 20, "北苑")]] * 6))
    refused(tmp_path / "a.pdf", "pages", pages=5)
    assert len(rows(tmp_path / "a.pdf")) == 6


@pytest.mark.parametrize(
    ("data", "module"),
    [
        (b"%PDF-1.7\n" + bytes(300), "pypdfium2"),
        (b"PAR1" + bytes(300), "pyarrow"),
        (b"ARROW1\x00\x00" + bytes(300), "pyarrow"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000), "python_calamine"),
        (made.zipped({"xl/workbook.xml": b"<a>"}), "python_calamine"),
    ],
)
def test_a_broken_file_is_unreadable(tmp_path: Path, data: bytes, module: str) -> None:
    pytest.importorskip(module)
    (tmp_path / "a").write_bytes(data)
    refused(tmp_path / "a", "broke")


@pytest.mark.parametrize(
    ("data", "module", "extra"),
    [
        (b"%PDF-1.7\n", "pypdfium2", "pdf"),
        (b"PAR1" + bytes(9), "pyarrow", "arrow"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "python_calamine", "xlsx"),
    ],
)
def test_a_missing_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, module: str, extra: str
) -> None:
    """The whole trace stops, before anything is scored: the person can mend it."""
    (tmp_path / f"{module}.py").write_text("raise ImportError")
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "leak").write_bytes(data)
    with pytest.raises(MissingExtra) as caught:
        rows(tmp_path / "leak")
    assert caught.value.hint == f"pip install 'tracemark[{extra}]'"
    assert "leak: a" in str(caught.value)


def test_a_workbook_that_declares_a_document_type_is_refused() -> None:
    """Entities that grow, and files that entities name, have no way in."""
    sheet = made.rows_of_strings([{"收货地址": "北苑街道1号"}])
    evil = b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/hostname'>]><sst><si><t>&b;</t></si></sst>"
    data = made.workbook({"a": sheet}, others={"xl/sharedStrings.xml": evil})
    with pytest.raises(UnreadableSample, match="document type"):
        tracemark.clean_table(io.BytesIO(data), io.BytesIO(), name="a.xlsx")


def test_an_unreadable_archive_spoils_no_case(vault, export, tmp_path: Path) -> None:
    copy = list(vault.mark_rows(export[:20], to="acct:0001"))
    (tmp_path / "b.zip").write_bytes(b"PK\x03\x04" + bytes(100))
    case = vault.trace(tmp_path / "b.zip", copy)
    assert [sample.status for sample in case.samples] == ["unreadable", "marked"]
    assert [accusation.recipient for accusation in case.accusations] == ["acct:0001"]
    assert case.samples[0].sha256


def test_limits_are_numbers_that_can_be_set(vault, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", "a,b\n1,2\n")
        archive.writestr("b.csv", "a,b\n1,2\n")
    case = vault.trace(tmp_path / "a.zip", limits=Limits(members=1))
    assert case.verdict == "unreadable" and "2 files" in case.samples[0].note


def test_no_cell_stands_in_a_message(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<table><tr>" + "<td>张三的地址" * 50)
    with pytest.raises(UnreadableSample) as caught:
        rows(tmp_path / "a.html", width=40)
    assert "张三" not in str(caught.value) + caught.value.hint


def test_a_sample_is_hashed_whatever_it_is(tmp_path: Path) -> None:
    import hashlib

    (tmp_path / "a.html").write_text("<table><tr><td>x")
    sample = LoadedSample(tmp_path / "a.html", 1)
    list(sample.rows())
    assert sample.sha256 == hashlib.sha256((tmp_path / "a.html").read_bytes()).hexdigest()


def test_a_file_without_a_name_in_an_archive_is_read(tmp_path: Path) -> None:
    """Found by damaging documents: its name was lost, and `is_dir` looks at the last letter."""
    data = made.zipped({"a.csv": b"a,b\n1,2\n3,4\n"})
    for head, size, at in ((b"PK\x03\x04", 26, 30), (b"PK\x01\x02", 28, 46)):
        start = data.index(head)
        nameless = data[: start + size] + bytes(2) + data[start + size + 2 : start + at]
        data = nameless + data[start + at + len("a.csv") :]
    (tmp_path / "a.zip").write_bytes(_moved(data))
    [sample] = open_samples([tmp_path / "a.zip"])
    assert "file 1, without a name" in sample.path
    assert ["1", "2"] in rows(tmp_path / "a.zip")


def _moved(data: bytes) -> bytes:
    """A ZIP file whose end says where its list of files is and how long."""
    end, first = data.index(b"PK\x05\x06"), data.index(b"PK\x01\x02")
    where = (end - first).to_bytes(4, "little") + first.to_bytes(4, "little")
    return data[: end + 12] + where + data[end + 20 :]

"""The same verbs serve every format, and say what they lack."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pytest
from PIL import Image

import tracemark
from tests.loaders import made


@pytest.fixture
def book(home: Path, export: bytes) -> Path:
    """The export as a workbook."""
    rows = list(csv.DictReader(io.StringIO(export.decode())))
    (home / "orders.xlsx").write_bytes(made.workbook({"订单": made.rows_of_strings(rows)}))
    return home / "orders.xlsx"


def test_a_workbook_is_marked_cleaned_and_traced(run, vault: Path, book: Path) -> None:
    pytest.importorskip("python_calamine")
    ran = run("mark", "table", "orders.xlsx", "--to", "acct:1042", "-o", "copy.xlsx")
    assert ran.status == 0, ran.errors
    traced = run("trace", "copy.xlsx")
    assert traced.status == 0 and "acct:1042" in traced.out and "workbook" in traced.out
    assert run("clean", "copy.xlsx", "-o", "clean.xlsx").status == 0
    assert run("trace", "clean.xlsx").status == 1


def test_an_archive_on_stdin_is_called_by_its_files(run, vault: Path, table: Path) -> None:
    copy = run("mark", "table", "orders.csv", "--to", "acct:1042", "-o", "-").output
    ran = run("trace", "-", "--json", stdin=made.zipped({"a/b.csv": copy}))
    assert ran.status == 0
    assert [sample["path"] for sample in ran.json["samples"]] == ["-/a/b.csv"]


def test_a_limit_can_be_set(run, vault: Path, table: Path) -> None:
    Path("a.zip").write_bytes(made.zipped({"a.csv": b"a,b\n", "b.csv": b"c,d\n"}))
    ran = run("trace", "a.zip", "--limit", "members=1")
    assert ran.status == 3 and "2 files inside" in ran.out
    assert run("trace", "a.zip", "--limit", "members=2").status == 1


@pytest.mark.parametrize("limit", ["members", "members=", "members=-1", "rows=5", "=5"])
def test_a_limit_that_is_none(run, vault: Path, table: Path, limit: str) -> None:
    run("trace", "orders.csv", "--limit", limit).failed(2, "--limit")


def test_a_missing_extra_is_named(
    run, vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is scored: the ledger holds no case."""
    (tmp_path / "pypdfium2.py").write_text("raise ImportError")
    monkeypatch.syspath_prepend(str(tmp_path))
    Path("leak.pdf").write_bytes(b"%PDF-1.7\n")
    ran = run("trace", "leak.pdf")
    ran.failed(2, "leak.pdf", "'pdf'")
    assert "pip install 'tracemark[pdf]'" in ran.errors
    assert "case" not in run("ledger", "show").out


def test_ocr_that_is_asked_for_and_not_there(
    run, vault: Path, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracemark.loaders.sample.find_spec", lambda name: None)
    run("trace", "orders.csv", "--ocr").failed(2, "'ocr'")
    assert run("trace", "orders.csv", "--no-ocr").status == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("mark", "table", "orders.csv", "--to", "acct:1042", "-o", "copy.xlsx"),
        ("mark", "table", "orders", "--to", "acct:1042", "-o", "copy.xlsx"),
        ("mark", "table", "-", "--to", "acct:1042", "-o", "copy.parquet"),
        ("mark", "label", "-", "--to", "acct:1042", "-o", "copy.png"),
        ("clean", "-", "-o", "copy.xls"),
        ("mark", "label", "really.jpg", "--to", "acct:1042", "-o", "copy.tif"),
        ("mark", "label", "label.png", "--to", "acct:1042", "-o", "copy.TIFF"),
        ("tile", "--to", "acct:1042", "-o", "copy.jpg"),
        ("clean", "orders.csv", "-o", "copy.json"),
    ],
)
def test_no_file_is_called_what_it_is_not(
    run, vault: Path, table: Path, arguments: tuple[str, ...]
) -> None:
    """And nothing is released that could not be opened by its name."""
    shutil.copy("orders.csv", "orders")
    Image.new("1", (608, 1040), 1).save("label.png")
    shutil.copy("label.png", "really.jpg")
    given = Path("orders").read_bytes() if "-" in arguments else b""
    run(*arguments, stdin=given).failed(2, arguments[-1], "its name says otherwise")
    assert not Path(arguments[-1]).exists()
    with tracemark.Vault.open(vault) as opened:
        assert not list(opened.ledger_entries("issue"))


def test_a_workbook_in_the_name_of_a_text_is_a_workbook(run, vault: Path, book: Path) -> None:
    book.rename("export.csv")
    assert run("mark", "table", "export.csv", "--to", "acct:1042", "-o", "copy.xlsx").status == 0
    ran = run("mark", "table", "export.csv", "--to", "acct:1042", "-o", "copy.tsv")
    ran.failed(2, "copy.tsv would hold .xlsx")
    # named as its original is, it is the user's own
    assert run("mark", "table", "export.csv", "--to", "acct:1042", "-o", "copy.csv").status == 0


@pytest.mark.parametrize("name", ["label.webp", "label.gif", "label.avif"])
def test_what_no_copy_can_be_is_said_as_such(run, vault: Path, name: str) -> None:
    """Not that the copy's name is wrong: no name would be right."""
    Image.new("L", (608, 1040), 255).save(name)
    ran = run("mark", "label", name, "--to", "acct:1042", "-o", "copy.png")
    ran.failed(2, "is not written")


def test_a_document_is_no_workbook(run, vault: Path) -> None:
    Path("letter.docx").write_bytes(made.zipped({"word/document.xml": b"<w/>"}))
    ran = run("mark", "table", "letter.docx", "--to", "acct:1042", "-o", "copy.csv")
    assert ran.status != 0 and "would hold" not in ran.errors


@pytest.mark.parametrize("name", ["copy.CSV", "copy.txt", "copy"])
def test_other_names_are_the_users_own(run, vault: Path, table: Path, name: str) -> None:
    assert run("mark", "table", "orders.csv", "--to", "acct:1042", "-o", name).status == 0

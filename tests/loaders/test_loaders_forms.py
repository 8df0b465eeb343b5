"""Whatever a copy arrives as, it is read, and traced to the account it was released to."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

import tracemark
from tracemark.loaders import LoadedSample
from tracemark.loaders.forms import form_of

from . import made

ACCOUNT = "acct:0042"
LINES = "{收件人} {手机} {收货地址} {备注}"


@pytest.fixture
def copy(vault: tracemark.Vault, export) -> list[dict[str, str]]:
    return list(vault.mark_rows(export[:60], to=ACCOUNT))


def traced(vault: tracemark.Vault, sample: object) -> tracemark.Case:
    case = vault.trace(sample)
    assert [accusation.recipient for accusation in case.accusations] == [ACCOUNT]
    return case


def arrow_file(rows: made.Rows, stream: bool) -> bytes:
    arrow = pytest.importorskip("pyarrow")
    table, held = arrow.Table.from_pylist(rows), io.BytesIO()
    opened = arrow.ipc.new_stream if stream else arrow.ipc.new_file
    with opened(held, table.schema) as writer:
        writer.write_table(table)
    return held.getvalue()


def parquet(rows: made.Rows) -> bytes:
    arrow = pytest.importorskip("pyarrow")
    held = io.BytesIO()
    pytest.importorskip("pyarrow.parquet").write_table(arrow.Table.from_pylist(rows), held)
    return held.getvalue()


def xlsx(rows: made.Rows) -> bytes:
    pytest.importorskip("python_calamine")
    return made.workbook({"订单": made.rows_of_strings(rows)})


def pdf(rows: made.Rows) -> bytes:
    pytest.importorskip("pypdfium2")
    return made.pdf(made.wrapped([{k: strip(v) for k, v in row.items()} for row in rows], 60))


def strip(text: str) -> str:
    """As a printer's font shows it: nothing that a reader does not see."""
    return re.sub("[\ufe00-\ufe0f]", "", text)


@pytest.mark.parametrize(
    ("form", "make"),
    [
        ("html", lambda rows: made.page(rows).encode()),
        ("html", lambda rows: made.page(rows).encode("utf-16")),
        ("document", made.document),
        ("workbook", xlsx),
        ("columnar", parquet),
        ("columnar", lambda rows: arrow_file(rows, stream=False)),
        ("columnar", lambda rows: arrow_file(rows, stream=True)),
        ("pdf", pdf),
        ("archive", lambda rows: made.zipped({"表/订单.csv": made.csv(rows).encode()})),
        ("archive", lambda rows: gzip.compress(made.csv(rows).encode())),
        ("archive", lambda rows: bz2.compress(made.csv(rows).encode())),
        ("archive", lambda rows: lzma.compress(made.csv(rows).encode())),
    ],
)
def test_a_file_is_known_by_its_content(vault, copy, tmp_path: Path, form: str, make) -> None:
    """Under a name that says nothing, and under one that says something else."""
    path = tmp_path / "leak.csv"
    path.write_bytes(make(copy))
    assert form_of(path) == form
    case = traced(vault, path)
    assert case.samples[0].issued >= 50
    assert case.samples[0].kind == ("csv" if form == "archive" else form)


def test_a_web_page_that_is_pasted(vault, copy) -> None:
    assert traced(vault, made.page(copy)).samples[0].kind == "html"


def test_a_workbook_saved_as_xml(vault, copy, tmp_path: Path) -> None:
    cells = "".join(
        "<Row>"
        + "".join(f'<Cell><Data ss:Type="String">{c}</Data></Cell>' for c in row.values())
        + "</Row>"
        for row in copy
    )
    page = (
        '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="a">'
        f"<Table>{cells}</Table></Worksheet></Workbook>"
    )
    (tmp_path / "a.xls").write_text(page, encoding="utf-8")
    traced(vault, tmp_path / "a.xls")


def test_wrapped_addresses_of_a_pdf_are_read_whole(vault, copy, tmp_path: Path) -> None:
    pytest.importorskip("pypdfium2")
    (tmp_path / "a.pdf").write_bytes(
        made.pdf(made.wrapped([{k: strip(v) for k, v in row.items()} for row in copy], 14))
    )
    found = {text for _, row in LoadedSample(tmp_path / "a.pdf", 1).rows() for text in row}
    letters = {"".join(filter(str.isalnum, tracemark.clean(text))) for text in found}
    wanted = ["".join(filter(str.isalnum, tracemark.clean(row["收货地址"]))) for row in copy]
    assert sum(one in letters for one in wanted) >= 0.9 * len(wanted)


def test_an_archives_files_are_samples_of_their_own(vault, copy, tmp_path: Path) -> None:
    files = {
        "a.csv": made.csv(copy[:30]).encode(),
        "b/c.html": made.page(copy[30:]).encode(),
        "__MACOSX/._a.csv": b"rubbish",
    }
    (tmp_path / "leak.zip").write_bytes(made.zipped(files))
    case = traced(vault, tmp_path / "leak.zip")
    names = [sample.path.removeprefix(str(tmp_path)) for sample in case.samples]
    assert names == ["/leak.zip/a.csv", "/leak.zip/b/c.html"]


@pytest.mark.parametrize(
    "line",
    [
        "老李: {收货地址}😀",
        "[2024-05-06 12:33:21] 老李: {收件人} {手机} {收货地址}",
        "老李 14:22\n{收件人}，{手机}，{收货地址}\n",
        "「老李：{收货地址}」\n- - - - - - - -\n收到",
        "小王(12345678) 2024/5/6 14:22:01\n3. {收件人}{手机}{收货地址}\n",
        "收件人：{收件人}\n手机号码：{手机}\n详细地址：{收货地址}\n",
        "12/5/24, 10:33 - 老李: {收货地址}",
        "> {收货地址}",
    ],
)
def test_chat_text(vault, copy, line: str) -> None:
    case = traced(vault, "\n".join(line.format(**row) for row in copy))
    assert case.samples[0].issued >= 45  # of some 55 that hold an address


def test_a_table_whose_columns_were_joined(vault, copy, tmp_path: Path) -> None:
    rows = [{"序号": str(n), "信息": LINES.format(**row)} for n, row in enumerate(copy)]
    (tmp_path / "a.csv").write_text(made.csv(rows), encoding="utf-8")
    assert traced(vault, tmp_path / "a.csv").samples[0].issued >= 50


def test_an_address_that_was_split_into_columns(vault, export, tmp_path: Path) -> None:
    rows = [
        {"收货地址": f"浙江省金华市义乌市北苑街道春晗路{n}号2栋1单元301室"} for n in range(1, 40)
    ]
    lines = []
    for row in vault.mark_rows(rows, to=ACCOUNT):
        whole = row["收货地址"]
        city, district = whole.index("金"), whole.index("义")
        lines.append({"省": whole[:city], "市": whole[city:district], "地址": whole[district:]})
    (tmp_path / "a.csv").write_text(made.csv(lines), encoding="utf-8")
    assert traced(vault, tmp_path / "a.csv").samples[0].issued >= 35


def test_what_excel_makes_of_a_table(vault, copy, tmp_path: Path) -> None:
    """Numbers in scientific notation, texts as formulas, a separator line, and GBK."""
    lines = ["sep=;", "运单号;地址"]
    lines += [f'7.71E+13;="{row["收货地址"]}"' for row in copy]
    (tmp_path / "a.csv").write_bytes("\r\n".join(lines).encode("gb18030"))
    assert traced(vault, tmp_path / "a.csv").samples[0].issued >= 50


def test_one_column_without_a_name(vault, copy) -> None:
    traced(vault, "\n".join(row["收货地址"] for row in copy))


@pytest.mark.slow
def test_a_screenshot_of_a_table_is_read() -> None:
    """That a picture's text arrives; how far it leads stands in the design notes."""
    pytest.importorskip("rapidocr")
    pytest.importorskip("onnxruntime")
    picture = Image.new("RGB", (420, 120), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(26)
    for n in range(2):
        draw.text((10, 20 + 50 * n), f"{n + 3} Main Street Apt {n}", "black", font)
    sample = LoadedSample(picture, 1)
    texts = {text.replace(" ", "") for _, row in sample.words() for text in row}
    assert {"3MainStreetApt0", "4MainStreetApt1"} <= texts
    assert sample.kind == "picture text" and sample.guessed

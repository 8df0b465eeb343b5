"""`clean_table`: what every copy of the same data has in common."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

import tracemark
from tracemark_cli.leaks import as_csv
from tracemark_cli.sample_orders import orders

ROWS = list(orders(400, seed=31))


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tracemark.Vault]:
    path = tmp_path_factory.mktemp("cleaning") / "vault"
    with tracemark.Vault.create(path, key=bytes(range(50, 82))) as vault:
        vault.add_recipients(["acct:1", "acct:2"])
        yield vault


def marked(vault: tracemark.Vault, content: bytes, name: str, to: str = "acct:1") -> bytes:
    sink = io.BytesIO()
    vault.mark_table(io.BytesIO(content), sink, to=to, name=name)
    return sink.getvalue()


def cleaned(content: bytes, name: str) -> bytes:
    sink = io.BytesIO()
    tracemark.clean_table(io.BytesIO(content), sink, name=name)
    return sink.getvalue()


def cells(content: bytes, name: str) -> object:
    text = content.decode()
    if name.endswith(".csv"):
        return list(csv.reader(io.StringIO(text, newline="")))
    if name.endswith(".jsonl"):
        return [json.loads(line) for line in text.splitlines()]
    return text


FILES = {
    "orders.csv": as_csv(ROWS).encode(),
    "orders.jsonl": "".join(json.dumps(row) + "\n" for row in ROWS).encode(),
    "slashes.jsonl": b'{"address": "Sch\\u00f6nstra\\u00dfe 12\\/3, 50667 K\\u00f6ln"}\n' * 9,
    "addresses.txt": "".join(row["收货地址"] + "\n" for row in ROWS).encode(),
}


@pytest.mark.parametrize("name", FILES)
def test_all_copies_and_the_original_clean_to_the_same(vault: tracemark.Vault, name: str) -> None:
    original = cleaned(FILES[name], name)
    for to in ("acct:1", "acct:2"):
        copy = marked(vault, FILES[name], name, to)
        assert copy != FILES[name]
        assert cleaned(copy, name) == original


TAIWAN = [
    {
        "訂單編號": f"TW{n:06}",
        "收件人": "王小姐" if n % 3 else '"小"林, 二',
        "收件地址": f"高雄市苓雅區中正一路{n}號18樓之6",
        "备注": ("下午兩點後再送，電話請先聯絡", "請放管理室, 謝謝\n不要按鈴", '8" 螢幕；易碎')[
            n % 3
        ],
        "金額": n,
    }
    for n in range(90)
]
DIALECTS: dict[str, dict[str, Any]] = {
    "minimal": {},
    "all": {"quoting": csv.QUOTE_ALL},
    "texts": {"quoting": csv.QUOTE_NONNUMERIC},
    "semicolons": {"delimiter": ";"},
    "semicolons, all": {"delimiter": ";", "quoting": csv.QUOTE_ALL},
    "tabs": {"delimiter": "\t"},
    "bars": {"delimiter": "|", "lineterminator": "\n"},
}


def written(rows: list[dict[str, Any]], *, header: bool, **dialect: Any) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), **dialect)
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


@pytest.mark.parametrize("header", [True, False], ids=["header", "no header"])
@pytest.mark.parametrize("rows", [TAIWAN, ROWS], ids=["tw", "cn"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_all_copies_clean_to_the_same_bytes(
    vault: tracemark.Vault, rows: list[dict[str, Any]], dialect: str, header: bool
) -> None:
    """No quote is left that only one copy's form needed; the author's own quotes stay."""
    original = written(rows[:90], header=header, **DIALECTS[dialect])
    copies = [marked(vault, original, "a.csv", to) for to in ("acct:1", "acct:2")]
    once = cleaned(original, "a.csv")
    assert [cleaned(copy, "a.csv") for copy in copies] == [once, once] != copies
    if "all" in dialect:
        assert once.count(b'"') == original.count(b'"')


def test_quotes_without_need_stay_where_the_author_sets_them() -> None:
    plain = '編號,备注\nA,"請放管理室，謝謝"\nB,請放管理室，謝謝\n'
    assert cleaned(plain.encode(), "a.csv").decode() == plain.replace('"', "")
    for kept in ('"編號","备注"\n"A","請放管理室，謝謝"\n', '編號,备注\n"A","請放管理室，謝謝"\n'):
        assert cleaned(kept.encode(), "a.csv").decode() == kept


@pytest.mark.parametrize("name", FILES)
def test_cleaning_twice_equals_cleaning_once(name: str) -> None:
    once = cleaned(FILES[name], name)
    assert cleaned(once, name) == once
    assert tracemark.clean_table(io.BytesIO(once), io.BytesIO(), name=name) == 0


def test_cells_that_are_never_marked_stay_as_they_are() -> None:
    after = cells(cleaned(FILES["orders.csv"], "orders.csv"), "orders.csv")
    assert isinstance(after, list)
    for before, row in zip(ROWS, after[1:], strict=True):
        held = dict(zip(before, row, strict=True))
        for column in ("运单号", "订单号", "收件人", "手机", "数量", "金额", "下单时间"):
            assert held[column] == before[column]


def test_the_changed_cells_are_counted() -> None:
    table = "地址\n浙江杭州市西湖区文三路159号3幢2单元501\n"
    once = cleaned(table.encode(), "a.csv")
    assert tracemark.clean_table(io.BytesIO(table.encode()), io.BytesIO(), name="a.csv") == 1
    assert once.decode() == "地址\n" + tracemark.clean(table.splitlines()[1]) + "\n"


def test_a_role_that_does_not_exist_is_refused() -> None:
    with pytest.raises(tracemark.UsageError, match="place"):
        tracemark.clean_table(io.BytesIO(b"a\nxx\n"), io.BytesIO(), {"a": "place"}, name="a.csv")

"""`clean_table`: what every copy of the same data has in common."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

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
    "addresses.txt": "".join(row["收货地址"] + "\n" for row in ROWS).encode(),
}


@pytest.mark.parametrize("name", FILES)
def test_all_copies_and_the_original_clean_to_the_same(vault: tracemark.Vault, name: str) -> None:
    original = cleaned(FILES[name], name)
    for to in ("acct:1", "acct:2"):
        copy = marked(vault, FILES[name], name, to)
        assert copy != FILES[name]
        assert cells(cleaned(copy, name), name) == cells(original, name)


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

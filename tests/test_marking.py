import csv
import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tracemark
from tests.conftest import KEY
from tests.text import hostile
from tracemark_cli.sample_orders import orders

ADDRESS = "收货地址"


def mark_bytes(vault, data: bytes, name: str = "orders.csv", **options) -> tuple[bytes, object]:
    sink = io.BytesIO()
    receipt = vault.mark_table(io.BytesIO(data), sink, to="acct:0007", name=name, **options)
    return sink.getvalue(), receipt


def as_csv(rows) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def test_rows_are_marked_lazily_and_in_order(vault, export):
    """Nothing is read before the first row is asked for; keys, order and other types stay."""
    taken = []

    def source():
        for row in export:
            taken.append(row)
            yield {**row, "count": 3, "price": None}

    marked = vault.mark_rows(source(), to="acct:0007")
    assert not taken
    first = next(marked)
    assert len(taken) < len(export)
    assert list(first) == [*export[0], "count", "price"]
    assert first["count"] == 3 and first["price"] is None
    rest = list(marked)
    for before, after in zip(export, [first, *rest], strict=True):
        assert tracemark.clean(after[ADDRESS]) == tracemark.clean(before[ADDRESS])
        for name in ("运单号", "订单号", "手机", "收件人", "数量", "金额", "下单时间"):
            assert after[name] == before[name]


def test_a_cell_is_marked_the_same_alone_and_in_bulk(vault, export):
    """Drip leaks and re-exports give no second view of the code."""
    bulk = list(vault.mark_rows(export, to="acct:0007"))
    drip = [next(vault.mark_rows([row], to="acct:0007")) for row in export[::20]]
    assert drip == bulk[::20]
    assert list(vault.mark_rows(export[::-1], to="acct:0007")) == bulk[::-1]


def test_marking_again_replaces_the_mark(vault, export):
    """A copy marked twice traces to the last recipient, not to the first."""
    first = list(vault.mark_rows(export, to="acct:0007"))
    second = list(vault.mark_rows(first, to="acct:0008"))
    case = vault.trace(second)
    assert [a.recipient for a in case.accusations] == ["acct:0008"]


def test_no_digit_of_any_cell_changes(vault, export):
    """House numbers, phones, quantities: every digit, in order, in every cell."""
    for before, after in zip(export, vault.mark_rows(export, to="acct:0003"), strict=True):
        for name, text in before.items():
            assert re.findall(r"\d", after[name]) == re.findall(r"\d", text)


def cells(data: bytes, name: str):
    """A changed cell may have gained quotes, so tables are compared as cells."""
    text = io.StringIO(data.decode(), newline="")
    if name.endswith("csv"):
        return list(csv.reader(text))
    return list(csv.reader(text, delimiter="\t")) if name.endswith("tsv") else data


@pytest.mark.parametrize("name", ["orders.csv", "orders.tsv", "orders.json", "orders.jsonl"])
def test_only_marked_cells_change_in_a_file(vault, export, name):
    """Outside the marked cells a file keeps every byte; the receipt's hash is the copy's."""
    if name.endswith("json"):
        data = json.dumps(export, ensure_ascii=False, indent=1).encode()
    elif name.endswith("jsonl"):
        data = b"".join(json.dumps(r, ensure_ascii=False).encode() + b"\r\n" for r in export)
    else:
        data = as_csv(export)
        data = data.replace(b",", b"\t") if name.endswith("tsv") else b"\xef\xbb\xbf" + data
    marked, receipt = mark_bytes(vault, data, name)
    assert hashlib.sha256(marked).hexdigest() == receipt.sha256
    assert marked != data
    cleaned, canonical = io.BytesIO(), io.BytesIO()
    tracemark.clean_table(io.BytesIO(marked), cleaned, name=name)
    tracemark.clean_table(io.BytesIO(data), canonical, name=name)
    assert cells(cleaned.getvalue(), name) == cells(canonical.getvalue(), name)


def test_gbk_files_get_no_invisible_layer_and_say_so(vault, export):
    """What the encoding cannot hold is left out, and the receipt names what is in use."""
    kept = [
        {name: text.encode("gbk", "ignore").decode("gbk") for name, text in row.items()}
        for row in export
    ]
    marked, receipt = mark_bytes(vault, as_csv(kept).decode().encode("gbk"))
    assert receipt.layers == ("typography", "wording") and receipt.encoding == "gbk"
    assert receipt.used == receipt.layers
    marked.decode("gbk")


def test_a_policy_that_the_encoding_cannot_hold_is_refused(vault, export):
    """Nothing invisible fits into GBK: an unmarked copy must not pass for a marked one."""
    with pytest.raises(tracemark.UsageError, match="gbk cannot hold"):
        mark_bytes(vault, "地址\n浙江省杭州市西湖区文三路159号\n".encode("gbk"), policy="quiet")


@pytest.mark.parametrize("workers", [1, 2])
def test_the_layers_used_are_those_that_this_copy_has(vault, workers):
    """A German table has no words that may change, whatever the policy allows."""
    table = "Anschrift;n\n" + "".join(f"Große Bleichen {n}, 50667 Köln;{n}\n" for n in range(99))
    for policy, used in (("full", ("invisible",)), ("plain", ())):
        sink = io.BytesIO()
        receipt = vault.mark_table(
            io.BytesIO(table.encode()), sink, "acct:0007", policy=policy, workers=workers
        )
        assert (receipt.used, bool(receipt.cells)) == (used, bool(used))


def test_policies(vault, export):
    """quiet changes nothing a reader sees; plain adds nothing invisible."""
    invisible = re.compile("[\ufe03-\ufe0a]")
    quiet = list(vault.mark_rows(export, to="acct:0007", policy="quiet"))
    plain = list(vault.mark_rows(export, to="acct:0007", policy="plain"))
    for before, seen, searched in zip(export, quiet, plain, strict=True):
        for name, text in before.items():
            assert invisible.sub("", seen[name]) == invisible.sub("", text)
            assert not invisible.search(searched[name]) or invisible.search(text)
    assert quiet != export and plain != export


def test_columns_overrule_headers(vault):
    """A role given for a column counts more than its name."""
    row = {"x1": "浙江省杭州市西湖区文三路159号3幢2单元501室", "备注": "谢谢，请放门口（快递柜）"}
    [marked] = vault.mark_rows([row], to="acct:0001", columns={"x1": "address", "备注": "id"})
    assert marked["备注"] == row["备注"] and marked["x1"] != row["x1"]


def test_nested_values_are_marked_by_their_nearest_key(vault, export):
    """As the same rows in JSON Lines, and traced as they are."""
    rows = [
        {"no": n, "ship": {"收货地址": row["收货地址"], "notes": [row["备注"], (None, 2.5)]}}
        for n, row in enumerate(export[:40])
    ]
    marked = list(vault.mark_rows(rows, to="acct:0042", columns={"notes": "remark"}))
    assert [row["no"] for row in marked] == list(range(40))
    assert marked[0]["ship"]["notes"][1] == (None, 2.5)
    assert rows[0]["ship"]["收货地址"] == export[0]["收货地址"] != marked[0]["ship"]["收货地址"]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    sink = io.BytesIO()
    columns = {"notes": "remark"}
    vault.mark_table(io.BytesIO(lines.encode()), sink, "acct:0042", columns, name="a.jsonl")
    told = [json.loads(line) for line in sink.getvalue().splitlines()]
    assert [row["ship"] for row in json.loads(json.dumps(marked))] == [row["ship"] for row in told]
    assert [one.recipient for one in vault.trace(marked).accusations] == ["acct:0042"]


def test_a_role_for_a_column_that_no_row_has(vault, export):
    """Said at the first row; a column that only some rows have is enough."""
    marked = vault.mark_rows(export, to="acct:0042", columns={"zpi": "address"})
    with pytest.raises(tracemark.UsageError, match="no column 'zpi' in the rows"):
        next(marked)
    rows = [{"a": "x"}, {"zpi": 7}]
    assert list(vault.mark_rows(rows, to="acct:0042", columns={"zpi": "address"})) == rows


def test_a_text_without_room_says_so(vault):
    for text, policy, cells in (
        ("12345", "full", 0),
        ("", "full", 0),
        ("文三路159号3幢501", "plain", 1),
    ):
        marked, receipt = vault.issue_text(text, "acct:0042", policy=policy)
        assert (receipt.cells, marked == text or bool(cells)) == (cells, True)


def test_unknown_names_are_refused_before_anything_is_read(vault):
    """Recipient, policy and role are checked at the call; the hint says what to do."""

    def untouched():
        raise AssertionError("read")
        yield {}

    for problem, options in [
        (tracemark.UnknownRecipient, {"to": "acct:9999"}),
        (tracemark.UsageError, {"to": "acct:0001", "policy": "loud"}),
        (tracemark.UsageError, {"to": "acct:0001", "columns": {"x": "adress"}}),
    ]:
        with pytest.raises(problem) as caught:
            vault.mark_rows(untouched(), **options)
        assert caught.value.hint
    with pytest.raises(tracemark.UsageError, match="no column 'Adresse'"):
        mark_bytes(vault, b"a,b\n1,2\n", columns={"Adresse": "address"})


def test_an_issue_cut_short_says_so(vault, export):
    """A reader that goes away leaves a closed issue with what it got, marked as cut."""
    rows = vault.mark_rows(export, to="acct:0007")
    next(rows)
    rows.close()
    closing = list(vault.ledger_entries("close"))[-1]
    assert closing.body["status"] == "cut" and closing.body["rows"] >= 1


def test_a_row_that_got_out_is_in_the_ledger_whatever_is_killed(tmp_path):
    """kill -9 in the middle of an export: every row printed was recorded before."""
    program = f"""
import sys, tracemark
from tracemark_cli.sample_orders import orders
vault = tracemark.Vault.create({str(tmp_path / "vault")!r}, key=bytes(range(32)))
vault.add_recipient("acct:1")
for row in vault.mark_rows(orders(100_000, 5), to="acct:1"):
    print(row["运单号"], flush=True)
"""
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    ) as child:
        printed = [child.stdout.readline().decode().strip() for _ in range(700)]
        child.send_signal(signal.SIGKILL)
        printed += child.stdout.read().decode().split("\n")[:-1]
    with tracemark.Vault.open(tmp_path / "vault") as vault:
        assert not vault.verify_ledger().faults
        recorded = sum(entry.body["rows"] for entry in vault.ledger_entries("batch"))
        assert len(printed) <= recorded < 100_000
        from tracemark.keys import EpochKey
        from tracemark.ledger import Fingerprinter

        prints = Fingerprinter(EpochKey(1, KEY)).waybills([p for p in printed if p])
        known = vault._ledger.issued("waybill", 1, prints)
        assert known[prints != 0].all() and (prints != 0).sum() > 500


def test_mark_text(vault):
    """One address on a screen carries a mark by itself."""
    text = "浙江省杭州市西湖区文三路159号颐高数码广场3幢2单元501室"
    marked = vault.mark_text(text, to="acct:0009")
    assert marked != text and tracemark.clean(marked) == tracemark.clean(text)
    assert [a.recipient for a in vault.trace(marked).accusations] == ["acct:0009"]


def test_sample_orders_are_not_already_marked():
    """The generator of test data writes none of our symbols."""
    assert not any(
        "\ufe03" <= c <= "\ufe0a" for row in orders(300, 1) for v in row.values() for c in v
    )


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(st.lists(hostile.cells, min_size=3, max_size=3), min_size=1, max_size=5))
def test_hostile_tables_keep_all_that_is_not_marked(vault, rows):
    """Any cells at all: identifiers, phones and every digit stay, and the table stays a table."""
    rows = [[cell.encode("utf-8", "replace").decode() for cell in row] for row in rows]
    header = ["运单号", "手机", "收货地址", "商品", "备注"]
    table = [header, *(["YT7712345678901", "13800138000", *row] for row in rows)]
    text = io.StringIO(newline="")
    csv.writer(text).writerows(table)
    marked, _ = mark_bytes(vault, text.getvalue().encode())
    after = list(csv.reader(io.StringIO(marked.decode(), newline="")))
    assert len(after) == len(table) and after[0] == header
    for old, new in zip(table[1:], after[1:], strict=True):
        assert new[:2] == old[:2]
        for before, now in zip(old, new, strict=True):
            assert re.findall(r"\d", now) == re.findall(r"\d", before)
            assert tracemark.clean(now) == tracemark.clean(before)

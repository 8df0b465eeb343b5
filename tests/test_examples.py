"""The examples run and do what they say."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

import tracemark
from tracemark_cli.sample_orders import COLUMNS, orders

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    name, *rest = map(str, arguments)
    return subprocess.run(
        [sys.executable, EXAMPLES / name, *rest], capture_output=True, text=True, check=True
    )


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[tracemark.Vault]:
    with tracemark.Vault.create(tmp_path / "vault", key=bytes(range(7, 39))) as vault:
        vault.add_recipients(f"acct:{number}" for number in range(1000, 1100))
        yield vault


# orders


def test_the_same_seed_gives_the_same_orders_and_a_longer_export_begins_with_them() -> None:
    few, many = list(orders(50, seed=5)), list(orders(80, seed=5))
    assert few == many[:50]
    assert few != list(orders(50, seed=6))
    assert all(tuple(row) == COLUMNS for row in few)


def test_orders_hold_what_real_exports_hold() -> None:
    rows = list(orders(20_000, seed=8))
    joined = {column: [row[column] for row in rows] for column in COLUMNS}

    def share(column: str, test: object) -> float:
        return sum(map(test, joined[column])) / len(rows)  # type: ignore[call-overload]

    assert 0.5 < share("备注", lambda cell: not cell) < 0.7
    assert 0.1 < share("手机", lambda cell: "****" in cell) < 0.2
    assert len(set(joined["收货地址"])) > 15_000
    for oddity in ("\u200d", "\u200b", "\n", '"', "NULL", "\ufe0f"):
        assert any(oddity in cell for cell in joined["备注"]), ascii(oddity)
    assert any(cell.startswith(("=", "+", "-", "@")) for cell in joined["备注"])
    assert "1.23E+13" in joined["运单号"]
    assert any(not _holds("gbk", cell) and _holds("gb18030", cell) for cell in joined["收件人"])


def _holds(encoding: str, text: str) -> bool:
    return text.encode(encoding, errors="ignore").decode(encoding) == text


def test_orders_are_written_as_csv_and_as_json_lines(tmp_path: Path) -> None:
    run("orders.py", 30, tmp_path / "a.csv", "--seed", 9)
    run("orders.py", 30, tmp_path / "a.jsonl", "--seed", 9)
    run("orders.py", 30, tmp_path / "g.csv", "--seed", 9, "--encoding", "gbk")
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    lines = (tmp_path / "a.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    assert table == [json.loads(line) for line in lines] == list(orders(30, seed=9))
    assert (tmp_path / "g.csv").read_bytes().decode("gbk").count("\n") >= 31


# at export time


def test_an_export_that_leaks_is_traced() -> None:
    verdict, accusation = run("export_time.py").stdout.splitlines()
    assert verdict == "identified"
    assert accusation.startswith("released to acct:1042; bound ")


def test_a_waybill_that_leaks_is_traced() -> None:
    pytest.importorskip("segno", reason="needs the extra 'bench'")
    verdict, accusation, waybill = run("print_waybill.py").stdout.splitlines()
    assert verdict == "identified"
    assert accusation.startswith("released to station:012; bound ")
    assert waybill == "the mark belongs to this waybill: confirmed"


# a streaming download


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address(vault: tracemark.Vault) -> Iterator[str]:
    application = load("streaming_download").Download(vault, lambda: orders(150, seed=4))
    with make_server("127.0.0.1", 0, application, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/orders.csv"
        server.shutdown()
        thread.join()


def test_a_download_is_traced_to_the_account_that_took_it(
    vault: tracemark.Vault, address: str
) -> None:
    with urllib.request.urlopen(f"{address}?account=acct:1042") as response:
        copy = response.read().decode()
    rows = list(csv.DictReader(io.StringIO(copy, newline="")))
    assert [row["运单号"] for row in rows] == [row["运单号"] for row in orders(150, seed=4)]
    case = vault.trace(rows[20:60])
    assert [accusation.recipient for accusation in case.accusations] == ["acct:1042"]


def test_an_unknown_account_gets_nothing(address: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{address}?account=acct:9")
    with refused.value as answer:
        assert (answer.code, answer.read()) == (403, b"no such account\n")


def test_a_download_sends_before_all_is_read(vault: tracemark.Vault) -> None:
    """The first line leaves when no more than one chunk of rows has been asked for."""
    asked = 0

    def query() -> Iterator[dict[str, str]]:
        nonlocal asked
        for row in orders(100_000, seed=4):
            asked += 1
            yield row

    application = load("streaming_download").Download(vault, query)
    sent = application({"QUERY_STRING": "account=acct:1042"}, lambda *_: None)
    assert asked == 0
    next(iter(sent))
    assert asked <= 4096
    sent.close()

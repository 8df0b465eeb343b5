"""Exports of web frameworks and the print filter: what leaves them is marked and in the ledger."""

from __future__ import annotations

import csv
import importlib.util
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import tracemark
from tracemark_cli.sample_orders import orders

EXAMPLES = Path(__file__).parents[1] / "examples"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(table: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.decode(), newline="")))


def named(case: tracemark.Case) -> list[str]:
    return [accusation.recipient for accusation in case.accusations]


# FastAPI


@pytest.fixture
def fastapi(vault: tracemark.Vault) -> Any:
    pytest.importorskip("fastapi", reason="needs the extra 'serve'")
    pytest.importorskip("httpx", reason="needs httpx")
    from starlette.testclient import TestClient

    app = load("fastapi_export").create_app(vault, lambda: orders(150, seed=4))
    return TestClient(app)


@pytest.mark.filterwarnings("ignore:Using `httpx`")
def test_fastapi_streams_the_copy_of_the_account_that_asks(vault, fastapi) -> None:
    answer = fastapi.get("/orders.csv", headers={"X-Account": "acct:0042"})
    assert answer.status_code == 200
    rows = read(answer.content)
    assert [row["运单号"] for row in rows] == [row["运单号"] for row in orders(150, seed=4)]
    assert named(vault.trace(rows[20:70])) == ["acct:0042"]
    [issue] = vault.ledger_entries("issue")
    [close] = vault.ledger_entries("close")
    assert (close.body["issue"], close.body["rows"]) == (issue.seq, 150)


@pytest.mark.filterwarnings("ignore:Using `httpx`")
def test_fastapi_answers_nothing_that_cannot_be_recorded(vault, fastapi) -> None:
    assert fastapi.get("/orders.csv", headers={"X-Account": "acct:9"}).status_code == 403
    assert list(vault.ledger_entries("issue")) == []
    vault.close()
    answer = fastapi.get("/orders.csv", headers={"X-Account": "acct:0042"})
    assert answer.status_code == 503 and "运单号" not in answer.text


@pytest.mark.filterwarnings("ignore:Using `httpx`")
def test_fastapi_sends_a_block_when_no_more_is_read_than_the_ledger_holds(vault) -> None:
    pytest.importorskip("fastapi", reason="needs the extra 'serve'")
    module = load("fastapi_export")
    rows = vault.mark_rows(orders(20_000, seed=4), to="acct:0042")
    lines = module.as_csv(rows)
    first = read(next(lines))
    held = sum(batch.body["rows"] for batch in vault.ledger_entries("batch"))
    assert 0 < len(first) - 1 <= held < 20_000
    lines.close()
    rows.close()
    [close] = vault.ledger_entries("close")
    assert (close.body["status"], close.body["rows"]) == ("cut", held)


def test_an_export_of_nothing_has_a_header() -> None:
    pytest.importorskip("fastapi", reason="needs the extra 'serve'")
    assert b"".join(load("fastapi_export").as_csv([])).count(b"\r\n") == 1


# Django: settings are made once for a process


@pytest.fixture(scope="module")
def django(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    pytest.importorskip("django", reason="needs Django")
    patch = pytest.MonkeyPatch()
    patch.setenv("DEMO_FOLDER", str(tmp_path_factory.mktemp("django")))
    patch.syspath_prepend(EXAMPLES)  # where its drawing of a waybill is
    module = load("django_export")
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["testserver"]
    module.prepare(120)
    yield module
    module.vault().close()
    patch.undo()


@pytest.fixture
def browser(django: ModuleType) -> Any:
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client()
    client.force_login(User.objects.get(username="demo"))
    return client


def chosen(django: ModuleType, action: str) -> dict[str, object]:
    return {
        "action": action,
        "select_across": 1,
        "_selected_action": [django.Order.objects.first().pk],
    }


def test_the_admin_exports_the_copy_of_who_has_logged_in(django, browser) -> None:
    answer = browser.post("/admin/orders/order/", chosen(django, "export_csv"))
    rows = read(b"".join(answer.streaming_content))
    assert [row["运单号"] for row in rows] == [
        order.waybill for order in django.Order.objects.order_by("-pk")
    ]
    assert named(django.vault().trace(rows)) == ["acct:1"]


def test_the_admin_exports_a_workbook(django, browser) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    answer = browser.post("/admin/orders/order/", chosen(django, "export_xlsx"))
    header, *rows = openpyxl.load_workbook(io.BytesIO(answer.content)).active.values
    table = [dict(zip(header, (cell or "" for cell in row), strict=True)) for row in rows]
    assert len(table) == 120
    assert named(django.vault().trace(table)) == ["acct:1"]


def test_the_admin_exports_nothing_to_whom_the_vault_does_not_know(django, browser) -> None:
    from django.contrib.auth.models import User

    stranger, _ = User.objects.get_or_create(username="new", is_staff=True, is_superuser=True)
    browser.force_login(stranger)
    answer = browser.post("/admin/orders/order/", chosen(django, "export_csv"), follow=True)
    page = answer.content.decode()
    assert "No export: " in page and f"acct:{stranger.pk}" in page


def test_a_label_is_a_marked_pdf_and_staff_only(django, browser) -> None:
    for needed, extra in (("segno", "bench"), ("pikepdf", "pdf"), ("pypdfium2", "pdf")):
        pytest.importorskip(needed, reason=f"needs the extra '{extra}'")
    order = django.Order.objects.first()
    answer = browser.get(f"/label/{order.pk}.pdf")
    assert answer.status_code == 200 and answer.content.startswith(b"%PDF")
    assert answer.content != django.drawn(order)
    [*_, issue] = django.vault().ledger_entries("issue")
    assert (issue.body["recipient"], issue.body["what"]) == ("acct:1", "label")
    assert issue.body["waybill"]
    browser.logout()
    assert browser.get(f"/label/{order.pk}.pdf").status_code == 302


# the print filter, called as CUPS calls it


def printed(
    vault: tracemark.Vault, data: bytes, options: str = "", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    known = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)),
        "TRACEMARK_VAULT": str(vault.path),
        "TRACEMARK_QUEUES": "zebra-1=acct:0012 zebra-2=acct:0013",
        "PRINTER": "zebra-1",
    }
    return subprocess.run(
        [sys.executable, EXAMPLES / "print_filter.py", "17", "anna", "label", "1", options],
        input=data,
        capture_output=True,
        check=False,
        env={**known, **environment},
    )


@pytest.fixture
def label() -> bytes:
    pytest.importorskip("segno", reason="needs the extra 'bench'")
    from examples.waybill import waybill

    file = io.BytesIO()
    waybill(77, size="100x150").save(file, "PNG", dpi=(203, 203))
    return file.getvalue()


def test_the_filter_marks_for_the_station_of_the_queue(vault, label) -> None:
    done = printed(vault, label, "media=100x150mm waybill=YT7712345678901")
    assert (done.returncode, done.stderr) == (0, b"INFO: 1 marked for acct:0012\n")
    from PIL import Image

    case = vault.trace(Image.open(io.BytesIO(done.stdout)), waybill="YT7712345678901")
    assert named(case) == ["acct:0012"]
    assert case.accusations[0].binding == "confirmed"


@pytest.mark.parametrize(
    ("data", "environment", "said"),
    [
        (b"%!PS-Adobe-3.0\n", {}, b"ERROR: not printed, not marked: "),
        (b"", {}, b"ERROR: not printed, not marked: "),
        (None, {"PRINTER": "office"}, b"station:office"),
        (None, {"TRACEMARK_VAULT": "nowhere"}, b"no vault in nowhere"),
    ],
)
def test_what_cannot_be_marked_is_not_printed(vault, label, data, environment, said) -> None:
    done = printed(vault, label if data is None else data, **environment)
    assert (done.returncode, done.stdout) == (1, b"")
    assert said in done.stderr and done.stderr.startswith(b"ERROR: not printed, not marked: ")
    assert b"Traceback" not in done.stderr
    assert list(vault.ledger_entries("issue")) == []


def test_as_a_backend_it_hands_the_marked_job_on(vault, label, tmp_path) -> None:
    """To the backend that its address names, which prints the copies."""
    backend = tmp_path / "backend" / "socket"
    backend.parent.mkdir()
    backend.write_text('#!/bin/sh\ncp "$6" "$SENT"; echo "$DEVICE_URI $4" >> "$SENT.log"; exit 6\n')
    backend.chmod(0o755)
    wired = {
        "DEVICE_URI": "tracemark:socket://10.0.0.5",
        "CUPS_SERVERBIN": str(tmp_path),
        "SENT": str(tmp_path / "sent"),
    }
    done = printed(vault, label, **wired)
    assert (done.returncode, done.stdout) == (6, b"")  # the other backend's word
    assert (tmp_path / "sent.log").read_text() == "socket://10.0.0.5 1\n"
    assert named(vault.trace(tmp_path / "sent")) == ["acct:0012"]
    (tmp_path / "sent").unlink()
    assert printed(vault, b"no label", **wired).returncode == 3  # held
    assert printed(vault, label, **wired, PRINTER="office").returncode == 4  # stopped
    assert not (tmp_path / "sent").exists()


def test_as_a_backend_it_says_what_it_is() -> None:
    found = subprocess.run(
        [sys.executable, EXAMPLES / "print_filter.py"], capture_output=True, check=True
    )
    assert found.stdout.startswith(b"network tracemark: ")

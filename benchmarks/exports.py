"""What marking adds to a request: FastAPI and Django, in pairs with and without.

    python -m benchmarks.exports

Milliseconds, medians: wall time without and with, then processor time without and with. The
requests are made in this process, to the examples' own applications.
"""

from __future__ import annotations

import itertools
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import tracemark
from tracemark_cli.sample_orders import orders

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))


class Unmarked:
    """Hands everything on as it is."""

    def mark_rows(self, rows: Iterable[Any], to: str) -> Iterable[Any]:
        return iter(rows)

    def mark_label_pdf(self, data: bytes, to: str, waybill: str) -> bytes:
        return data


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        fastapi(Path(folder))
        os.environ["DEMO_FOLDER"] = str(Path(folder) / "django")
        Path(os.environ["DEMO_FOLDER"]).mkdir()
        django()


def fastapi(folder: Path) -> None:
    from fastapi_export import create_app
    from starlette.testclient import TestClient

    rows = list(orders(2000, random.SystemRandom().randrange(1 << 40)))
    with tracemark.Vault.create(folder / "vault") as vault:
        vault.add_recipient("acct:1")
        for size in (1, 100, 2000):

            def query(size: int = size) -> Iterable[Any]:
                return itertools.islice(rows, size)

            apps = [TestClient(create_app(one, query)) for one in (Unmarked(), vault)]

            def ask(marked: bool, _: int, apps: list[Any] = apps) -> None:
                apps[marked].get("/orders.csv", headers={"X-Account": "acct:1"}).raise_for_status()

            show(f"FastAPI, CSV, {size} rows", pairs(ask, 7))


def django() -> None:
    import django_export as example
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client

    settings.ALLOWED_HOSTS = ["testserver"]
    example.prepare(1000)
    client, vault = Client(), example.vault()
    client.force_login(User.objects.get(username="demo"))
    chosen = {"action": "export_csv", "select_across": 1, "_selected_action": [1]}

    def export(marked: bool, _: int) -> None:
        example.vault = lambda: vault if marked else Unmarked()
        b"".join(client.post("/admin/orders/order/", chosen).streaming_content)

    def label(marked: bool, turn: int) -> None:
        example.vault = lambda: vault if marked else Unmarked()
        if client.get(f"/label/{turn + 1}.pdf").status_code != 200:
            raise SystemExit("the label was refused")

    show("Django, CSV, 1000 rows", pairs(export, 5))
    show("Django, waybill as PDF", pairs(label, 5))
    vault.close()


def pairs(ask: Callable[[bool, int], None], count: int) -> list[float]:
    """Medians over pairs, the first of which only warms up."""
    found = []
    for turn in range(count + 1):
        times = []
        for marked in (False, True):
            wall, cpu = time.perf_counter(), time.process_time()
            ask(marked, turn)
            times.append((time.perf_counter() - wall, time.process_time() - cpu))
        if turn:
            found.append((*(wall for wall, _ in times), *(cpu for _, cpu in times)))
    return [1000 * statistics.median(column) for column in zip(*found, strict=True)]


def show(what: str, times: list[float]) -> None:
    print(what, *(f"{one:.1f}" for one in times), flush=True)


if __name__ == "__main__":
    main()

"""Load on the marking service: requests a second, waiting times, and what is lost.

    python -m benchmarks.service --seconds 20

Clients on the same machine ask for one thing after another; the service runs as a process of its
own. Beside each line the same work done by the library in this process, one core, no HTTP.
"""

from __future__ import annotations

import argparse
import http.client
import io
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import tracemark
from benchmarks.common import recipient
from examples.waybill import waybill
from tracemark.service import Tokens

PORT = 8799


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "vault"
        with tracemark.Vault.create(folder) as vault:
            vault.add_recipients(recipient(i) for i in range(1000))
        token = Tokens(folder).issue("acct:", prefix=True)
        server = subprocess.Popen(
            [sys.executable, "-m", "tracemark_cli", "serve", "--port", str(PORT),
             "--vault", str(folder)], stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            answering()
            print("| request | clients | requests/s | p50 ms | p99 ms | failed | library alone/s |")
            print("| --- | --- | --- | --- | --- | --- | --- |")
            for what, path, kind, body in requests():
                for clients in (1, 4, 16):
                    print(line(what, path, kind, body, clients, token, folder, options.seconds))
        finally:
            server.terminate()
            server.wait()
        with tracemark.Vault.open(folder) as vault:
            print(f"\nThe ledger holds: {vault.verify_ledger().holds}.")


def requests() -> list[tuple[str, str, str, bytes]]:
    rows = "运单号,收货地址\n" + "".join(
        f"YT{n:013},浙江省金华市义乌市北苑街道雪峰西路{n}号3幢2单元501室\n" for n in range(200)
    )
    picture = io.BytesIO()
    waybill(5, size="100x150", dpi=203, layout="ruled").save(picture, "PNG", dpi=(203, 203))
    return [
        ("table of 200 rows", "/v1/tables", "text/csv", rows.encode()),
        ("label 100x150 mm", "/v1/labels", "image/png", picture.getvalue()),
    ]


def line(
    what: str,
    path: str,
    kind: str,
    body: bytes,
    clients: int,
    token: str,
    folder: Path,
    for_: float,
) -> str:
    waits: list[float] = []
    failed = [0]
    end = time.monotonic() + for_

    def client(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", PORT)
        headers = {"Content-Type": kind, "Authorization": f"Bearer {token}"}
        while time.monotonic() < end:
            start = time.perf_counter()
            connection.request("POST", f"{path}?to={recipient(number)}", body, headers)
            answer = connection.getresponse()
            answer.read()
            waits.append(time.perf_counter() - start)
            failed[0] += answer.status != 200
        connection.close()

    threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    slow = statistics.quantiles(waits, n=100)[98]
    return (
        f"| {what} | {clients} | {len(waits) / for_:.0f} | {1000 * statistics.median(waits):.0f} "
        f"| {1000 * slow:.0f} | {failed[0]} | {alone(folder, kind, body, min(for_, 5)):.0f} |"
    )


def alone(folder: Path, kind: str, body: bytes, seconds: float) -> float:
    """The same copies made in this process, a second."""
    with tracemark.Vault.open(folder) as vault:

        def table() -> None:
            vault.mark_table(io.BytesIO(body), io.BytesIO(), to=recipient(1), kind="csv")

        def label() -> None:
            vault.mark_label_file(io.BytesIO(body), io.BytesIO(), to=recipient(1))

        work: Callable[[], None] = table if kind == "text/csv" else label
        done, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            work()
            done += 1
    return done / seconds


def answering() -> None:
    for _ in range(200):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", PORT)
            connection.request("GET", "/v1/health")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the service does not answer")


if __name__ == "__main__":
    main()

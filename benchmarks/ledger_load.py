"""Many processes issue into one ledger: entries a second, waiting times, and what is lost.

    python -m benchmarks.ledger_load --processes 8 --seconds 600
    python -m benchmarks.ledger_load --seconds 600 --ledger postgresql://user@host/database

Every process opens the vault by itself and marks one row after another, each an issue of its own
(three durable writes), and every hundredth time 500 rows as one issue. Afterwards every row that
got out is looked up, and the ledger is verified.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from pathlib import Path

import numpy as np

import tracemark
from benchmarks.kill import row
from tracemark.ledger.fingerprints import Fingerprinter

KEY = bytes(32)  # of a vault that is thrown away


def issue(ledger: str, folder: Path, number: int, until: float) -> None:
    """Issue until the time is over; keep the waiting times and how many rows got out."""
    waits, out, first = [], 0, number * 10**9
    with tracemark.Vault.open(ledger) as vault:
        while time.time() < until:
            count = 500 if len(waits) % 100 == 99 else 1
            start = time.perf_counter()
            rows = map(row, range(first + out, first + out + count))
            out += sum(1 for _ in vault.mark_rows(rows, to=f"acct:{number}"))
            waits.append((count, time.perf_counter() - start))
    np.savez(folder / f"waits-{number}.npz", waits=waits, out=out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--ledger", default="", help="address of an empty PostgreSQL database")
    options = parser.parse_args()
    context = multiprocessing.get_context("forkserver")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ledger = options.ledger or str(folder / "vault")
        os.environ["TRACEMARK_KEY"] = f"1:{KEY.hex()}"
        with tracemark.Vault.create(ledger) as vault:
            vault.add_recipients(f"acct:{n}" for n in range(options.processes))
            before = vault._ledger.head.seq
            start = time.time()
            until = start + options.seconds
            those = [
                context.Process(target=issue, args=(ledger, folder, n, until))
                for n in range(options.processes)
            ]
            for one in those:
                one.start()
            for one in those:
                one.join()
            taken = time.time() - start
            entries = vault._ledger.head.seq - before
            single, rows, lost = [], 0, 0
            for n in range(options.processes):
                with np.load(folder / f"waits-{n}.npz") as told:
                    counts, waits = told["waits"].T
                    out = int(told["out"])
                single.extend(waits[counts == 1])
                rows += out
                numbers = [row(n * 10**9 + i)["运单号"] for i in range(out)]
                prints = Fingerprinter(vault._keys[-1]).waybills(numbers)
                lost += int((~vault._ledger.holds(f"acct:{n}", "waybill", 1, prints)).sum())
            check = vault.verify_ledger()
    middle, high = 1000 * np.quantile(single, [0.5, 0.99])
    print("| processes | seconds | entries/s | rows/s | one row, p50 ms | p99 ms | lost | holds |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    print(
        f"| {options.processes} | {taken:.0f} | {entries / taken:.0f} | {rows / taken:.0f} "
        f"| {middle:.0f} | {high:.0f} | {lost} of {rows:,} | {check.holds} |"
    )
    print(f"\n{os.cpu_count()} processors; load at the end {os.getloadavg()[0]:.1f}.")


if __name__ == "__main__":
    main()

"""Spark's workers beside one process: the same bytes, and how long.

    python -m benchmarks.spark --rows 1000000 --workers 2 --check 10

Writes as many invented orders as asked for to Parquet files, no two alike, marks them on a local
Spark, and marks every CHECKth file again in one process: the rows must be the same. The ledger is
verified whole.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as arrow
import pyarrow.compute as compute
import pyarrow.parquet as parquet

import tracemark
from tracemark import spark
from tracemark_cli.sample_orders import orders

_FILE = 250_000  # rows
_WHO = "acct:0042"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--check", type=int, default=1, help="every how many files")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        run(Path(name), options.rows, options.workers, options.check)


def run(folder: Path, rows: int, workers: int, check: int) -> None:
    sources = write(folder / "in", rows)
    with tracemark.Vault.create(folder / "vault") as vault:
        vault.add_recipients(f"acct:{number:04}" for number in range(200))
        session = started(folder, workers)
        begun = time.perf_counter()
        frame = session.read.parquet(*map(str, sources))
        with spark.marked(frame, _WHO, vault=vault, name="benchmark") as copy:
            copy.write.parquet(str(folder / "out"))
        seconds = time.perf_counter() - begun
        session.stop()
        print(f"{rows:,} rows by {workers} workers: {seconds:.0f} s, {rows / seconds:,.0f} rows/s")
        sizes = {part: megabytes(folder / part) for part in ("in", "out", "vault")}
        print("disk: " + ", ".join(f"{part} {size:,.0f} MB" for part, size in sizes.items()))
        [close] = vault.ledger_entries("close")
        found = vault.verify_ledger()
        print(
            f"ledger: {found.entries} entries, {close.body['rows']:,} rows, faults {found.faults}"
        )
        again(vault, sources[::check], folder / "out")


def megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def again(vault: tracemark.Vault, sources: list[Path], out: Path) -> None:
    """Mark some files in one process, and hold the rows against those that Spark wrote."""
    whole = parquet.ParquetDataset(out)
    alike = total = 0
    cpu = 0.0
    for source in sources:
        table = parquet.read_table(source)
        begun = time.process_time()
        alone = arrow.Table.from_batches(vault.mark_batches(table.to_batches(10_000), _WHO))
        cpu += time.process_time() - begun
        first, last = (table["重量"][place].as_py() for place in (0, -1))
        reach = (compute.field("重量") >= first) & (compute.field("重量") <= last)
        theirs = parquet.read_table(whole.files, filters=reach).sort_by("重量")
        alike += alone.num_rows * theirs.cast(alone.schema).equals(alone)
        total += alone.num_rows
    speed = f"{total / cpu:,.0f} rows/s of its processor time"
    print(f"{alike:,} of {total:,} rows checked are those of one process ({speed})")


def write(folder: Path, rows: int) -> list[Path]:
    """Files of orders; each row has a number, a waybill and an address of its own."""
    folder.mkdir()
    few = arrow.Table.from_pylist(
        list(orders(_FILE // 5, random.SystemRandom().randrange(1 << 40)))
    )
    paths = []
    for start in range(0, rows, _FILE):
        table = arrow.concat_tables([few] * 5).slice(0, min(_FILE, rows - start))
        numbers = arrow.array(range(start, start + table.num_rows))
        texts = compute.cast(numbers, arrow.string())
        table = replaced(
            table, "运单号", compute.binary_join_element_wise("YT88", texts, "000", "")
        )
        table = replaced(
            table, "收货地址", compute.binary_join_element_wise(table["收货地址"], texts, "号", "")
        )
        table = table.append_column("重量", compute.cast(numbers, arrow.float64()))
        paths.append(folder / f"{start:010}.parquet")
        parquet.write_table(table, paths[-1])
    return paths


def replaced(table: arrow.Table, name: str, column: Any) -> arrow.Table:
    return table.set_column(table.schema.get_field_index(name), name, column)


def started(folder: Path, workers: int) -> Any:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    from pyspark.sql import SparkSession

    return (
        SparkSession.builder.master(f"local[{workers}]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.local.dir", str(folder))
        .getOrCreate()
    )


if __name__ == "__main__":
    main()

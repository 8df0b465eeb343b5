"""How fast marking and tracing are: writes docs/results-speed.md.

    python -m benchmarks.speed -o docs/results-speed.md

Marking is measured in pairs: the same file through Python's csv reader and writer, then through
`Vault.mark_table`, ledger included, again and again; the median of the ratios of processor time is
the figure. Labels are marked, and their PNGs decoded and encoded, by turns.
Tracing is measured against the number of candidates.
"""

from __future__ import annotations

import argparse
import cProfile
import csv
import io
import pstats
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from PIL import Image

import tracemark
from benchmarks import leaks
from examples.waybill import waybill
from tracemark_cli.sample_orders import orders


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--most", type=int, default=1_000_000, help="candidates, up to 10 million")
    parser.add_argument("--profile", action="store_true", help="show where the time goes")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = [
            *marking(folder, options.rows, options.pairs, show=options.profile),
            "",
            *labels(folder, options.pairs),
            "",
            *tracing(folder, options.most),
        ]
    text = "\n".join(lines) + "\n"
    print(text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")


def timed(work: Callable[[], object]) -> float:
    """Processor time: others may be using the machine."""
    start = time.process_time()
    work()
    return time.process_time() - start


def marking(folder: Path, rows: int, pairs: int, *, show: bool) -> Iterator[str]:
    source, sink = folder / "orders.csv", folder / "out.csv"
    leaks.write_csv(list(orders(rows, random.SystemRandom().randrange(1 << 40))), source)
    vault = tracemark.Vault.create(folder / "vault")
    vault.add_recipient("acct:1")

    def copy() -> None:
        with source.open(newline="") as a, sink.open("w", newline="") as b:
            csv.writer(b).writerows(csv.reader(a))

    def mark(policy: str) -> Callable[[], None]:
        def run() -> None:
            with source.open("rb") as a, sink.open("wb") as b:
                vault.mark_table(a, b, to="acct:1", policy=policy, name="orders.csv")

        return run

    yield f"Marking {rows:,} rows of ten columns ({source.stat().st_size / 1e6:.0f} MB), one core."
    yield ""
    yield "| policy | rows/s, median | times csv reader + writer, median (all pairs) |"
    yield "| --- | --- | --- |"
    for policy in ("full", "quiet", "plain"):
        ratios, speeds = [], []
        for _ in range(pairs):
            base, ours = timed(copy), timed(mark(policy))
            ratios.append(ours / base)
            speeds.append(rows / ours)
        shown = ", ".join(f"{ratio:.2f}" for ratio in sorted(ratios))
        yield (
            f"| {policy} | {statistics.median(speeds):,.0f} "
            f"| {statistics.median(ratios):.2f} ({shown}) |"
        )
    if show:
        profiler = cProfile.Profile()
        profiler.runcall(mark("full"))
        buffer = io.StringIO()
        pstats.Stats(profiler, stream=buffer).sort_stats("tottime").print_stats(25)
        print(buffer.getvalue())


def labels(folder: Path, pairs: int) -> Iterator[str]:
    """20 labels and then their PNGs, `pairs` times over; a first time is left out."""
    vault = tracemark.Vault.create(folder / "labels")
    vault.add_recipient("acct:1")
    seed = random.SystemRandom().randrange(1 << 30)
    drawn = [waybill(seed + number, size="100x150") for number in range(20)]

    def again(data: bytes) -> None:
        with Image.open(io.BytesIO(data)) as picture:
            picture.save(io.BytesIO(), "PNG")

    yield "Marking a waybill of 100 x 150 mm at 203 dpi, ledger included, and its PNG, one core."
    yield ""
    yield "| mode | ms a label, median | times its PNG decoded and encoded, median (least, most) |"
    yield "| --- | --- | --- |"
    for mode in ("1", "L", "RGB"):
        ours, base = [], []
        pictures = [picture.convert(mode) for picture in drawn]
        files = [png(picture) for picture in pictures]
        for _ in range(pairs + 1):
            ours.append([timed(partial(vault.mark_label, one, "acct:1")) for one in pictures])
            base.append([timed(partial(again, data)) for data in files])
        each = [statistics.median(times) for times in zip(*ours[1:], strict=True)]
        of = [statistics.median(times) for times in zip(*base[1:], strict=True)]
        ratios = [a / b for a, b in zip(each, of, strict=True)]
        yield (
            f"| {mode} | {1000 * statistics.median(each):.1f} | {statistics.median(ratios):.2f} "
            f"({min(ratios):.2f}, {max(ratios):.2f}) |"
        )


def png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def tracing(folder: Path, most: int) -> Iterator[str]:
    yield "Tracing 50 copied rows: whole `Vault.trace`, one epoch, one sample."
    yield ""
    yield "| candidates | seconds | peak memory, MB |"
    yield "| --- | --- | --- |"
    number = 1000
    while number <= most:
        vault = tracemark.Vault.create(folder / f"vault-{number}")
        vault.add_recipients(f"acct:{i:08d}" for i in range(number))
        to = f"acct:{random.SystemRandom().randrange(number):08d}"
        marked = list(vault.mark_rows(orders(50, random.SystemRandom().randrange(1 << 40)), to=to))
        path = leaks.write_csv(marked, folder / "leak.csv")
        start = time.perf_counter()
        case = vault.trace(path)
        seconds = time.perf_counter() - start
        if [accusation.recipient for accusation in case.accusations] != [to]:
            raise SystemExit(f"traced wrongly among {number}")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        yield f"| {number:,} | {seconds:.2f} | {peak:.0f} |"
        vault.close()
        number *= 10


if __name__ == "__main__":
    main()

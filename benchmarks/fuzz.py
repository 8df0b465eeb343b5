"""Damaged and hostile files through every loader: each gives rows or one clear refusal.

Run:  python -m benchmarks.fuzz --cases 100000 [--only xlsx html …] [--seed 1] [--keep FOLDER]

Files that are whole are damaged at random (bytes flipped, cut, doubled, filled with what formats
find hard) and handed to the loader within this process. Rows, UnreadableSample and UsageError are
fine; anything else is a finding, kept in FOLDER. Parsers that are not Python run in a forked
process, so that a crash is counted and not suffered; a user meets such a crash as UnreadableSample.
"""

from __future__ import annotations

import argparse
import gzip
import io
import multiprocessing
import random
import tempfile
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.fuzz_seeds import seeds, zipped
from tracemark.errors import UnreadableSample, UsageError
from tracemark.label.raster import luminance
from tracemark.loaders import LIMITS, open_samples
from tracemark.loaders.child import PARSERS
from tracemark.loaders.forms import form_of
from tracemark.showing import small
from tracemark.tables import open_document

SLOW = 5.0  # seconds that a small file may take
HANGS = 60.0
BATCH = 500  # files to a process
FINE = (UnreadableSample, UsageError)
HARD = [
    *(b"\x00", b"\xff" * 8, b"\r", b'"', b'""', b"<" * 50, b"<table>" * 30, b"&#x110000;", b"&lt"),
    *(b"]]>", b"<!--", b"<![CDATA[", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"[" * 300, b'{"a":' * 300),
    *(b"\\ud800", "\ufeff".encode(), b"PK\x03\x04", b"PK\x05\x06", b"\x00" * 200, b"1e999", b"-1"),
    *(b"999999999999999999999", b'r="XFD1048577"', b't="s"', b"<v>4294967296</v>", b"_x000D_"),
]


def damaged(data: bytes, rng: random.Random) -> bytes:
    """A file with one to six faults; most packed files get theirs inside."""
    if data[:2] == b"PK" and rng.random() < 0.7:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        name = rng.choice(list(parts))
        return zipped({**parts, name: damaged(b" " + parts[name], rng)})
    if data[:2] == b"\x1f\x8b" and rng.random() < 0.7:
        return gzip.compress(damaged(gzip.decompress(data), rng), 1)
    if data[:4] == b"\x89PNG" and rng.random() < 0.7:
        return checked(damaged(b"\x00" + data[1:], rng), data[:1])
    out = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at, end = sorted((rng.randrange(len(out) + 1), rng.randrange(len(out) + 1)))
        end = min(end, at + rng.choice((1, 4, 30, 1000)))
        fault = rng.randrange(6)
        if fault == 0 and at < len(out):
            out[at] ^= 1 << rng.randrange(8)
        elif fault == 1:
            del out[at:end]
        elif fault == 2:
            out[at:at] = out[at:end] * rng.choice((1, 2, 40))
        elif fault == 3:
            out[at:end] = rng.randbytes(end - at)
        elif fault == 4 and rng.random() < 0.2:
            del out[at:]
        else:
            out[at:at] = rng.choice(HARD)
    return bytes(out)


def checked(data: bytes, first: bytes) -> bytes:
    """A damaged PNG whose chunks carry the right checksums, as far as chunks can be told."""
    out, at = bytearray(first + data[1:8]), 8
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        body = data[at + 4 : at + 8 + size]
        out += data[at : at + 4] + body + zlib.crc32(body).to_bytes(4, "big")
        at += 12 + size
    return bytes(out) + data[at:]


def read(path: Path) -> None:
    """All that a trace would do with a file, but in this process."""
    limits = replace(LIMITS, unpacked=1 << 26)
    for sample in open_samples([path], limits):
        held = sample.given
        form = form_of(held) if isinstance(held, Path) else "table"
        if sample.pictured:
            picture = sample.picture()
            luminance(picture), small(picture)
        elif form in PARSERS:
            parse = import_module(f"tracemark.loaders.{PARSERS[form]}").rows
            consume(
                sample._with_guesses([None] * len(row), row) for row in parse(held, limits) if row
            )
        else:
            consume(sample.rows())


def rewrite(path: Path) -> None:
    """What marking would do with it: every text but the first letters doubled."""
    with path.open("rb") as file:
        document = open_document(file, name=path.name)
        for row in document.rows():
            if row.values:
                document.encode(document.render(row, [value + value[:1] for value in row.values]))
        consume(document.rest())


def consume(items: Iterator[Any]) -> None:
    for _ in items:
        pass


def trial(job: tuple[str, int]) -> tuple[str, str]:
    """One damaged file. Returns what came of it, and its bytes in hexadecimal for a finding."""
    kind, seed = job
    rng = random.Random(f"{kind} {seed}")
    data = damaged(SEEDS[kind], rng)
    action: Callable[[Path], None] = rng.choice((read, rewrite))
    start = time.process_time()
    with tempfile.TemporaryDirectory(prefix="tracemark-") as folder:
        path = Path(folder) / rng.choice(("a.csv", "a.json", "a.xlsx", "a", "a.html"))
        path.write_bytes(data)
        try:
            action(path)
            outcome = "rows"
        except FINE as error:
            outcome = "refused" if error.hint else "refused without a hint"
        except Exception as fault:
            outcome = f"{action.__name__}: {type(fault).__module__}.{type(fault).__name__}"
    if time.process_time() - start > SLOW:
        outcome = f"{action.__name__}: slow"
    return outcome, "" if outcome in ("rows", "refused") else data.hex()


def outcomes(kind: str, first: int, end: int) -> Iterator[tuple[int, str, str]]:
    """Seed, outcome and bytes of every trial; a process that ends or hangs is followed by another.

    What a parser that is not Python did to its process is no finding: a user meets a refusal.
    """
    fork = multiprocessing.get_context("fork")
    while first < end:
        answers, told = fork.Pipe(duplex=False)
        last = min(first + BATCH, end)
        child = fork.Process(target=tell, args=(told, kind, range(first, last)))
        child.start()
        told.close()
        while first < last:
            try:
                outcome, data = answers.recv() if answers.poll(HANGS) else ("hangs", "")
            except EOFError:
                outcome, data = "crash", ""
            yield first, outcome, data
            first += 1
            if outcome in ("crash", "hangs"):
                break
        child.kill()
        child.join()
        answers.close()


def tell(told: Connection, kind: str, seeds: Iterable[int]) -> None:
    for seed in seeds:
        told.send(trial((kind, seed)))


SEEDS: dict[str, bytes] = {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    SEEDS.update(seeds())
    kinds = options.only or list(SEEDS)
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in kinds}
    first = options.seed * 10_000_000
    share = -(-options.cases // len(kinds))
    for kind in kinds:
        for seed, outcome, data in outcomes(kind, first, first + share):
            counts[kind][outcome] += 1
            if data and options.keep:
                options.keep.mkdir(parents=True, exist_ok=True)
                (options.keep / f"{kind}-{seed}").write_bytes(bytes.fromhex(data))
        print(f"{kind:9} {sum(counts[kind].values()):7} {dict(counts[kind])}", flush=True)


if __name__ == "__main__":
    main()

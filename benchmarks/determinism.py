"""The same case gives the same JSON, byte for byte: other threads, hash seeds, releases of numpy.

    python -m benchmarks.determinism --python old/bin/python --python new/bin/python

A vault and four samples are made once. Every run gets a copy of the vault, marks a table and a
label again and traces all samples in one case, in a process of its own.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import tracemark
from tests.label.hosts import label
from tracemark_cli.sample_orders import orders

ROOT = Path(__file__).parents[1]
KEY = bytes(range(32))
SAMPLES = ("rows.csv", "stripped.txt", "mixed.json", "label.jpg")
SETTINGS = (
    {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "1"},
    {"OMP_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "4", "PYTHONHASHSEED": "271828"},
)


def prepare(folder: Path, seed: int, recipients: int = 2000) -> None:
    """Make the vault and the samples."""
    rng = random.Random(seed)
    with tracemark.Vault.create(folder / "vault", key=KEY) as vault:
        vault.add_recipients(f"acct:{n:04}" for n in range(recipients))
        one, other = rng.sample(range(recipients), 2)
        copies = [list(vault.mark_rows(orders(60, seed), to=f"acct:{n:04}")) for n in (one, other)]
        marked = vault.mark_label(label(seed), to=f"acct:{one:04}", waybill="YT7712345678901")
    lines = [",".join(copies[0][0]), *(",".join(row.values()) for row in copies[0])]
    (folder / "rows.csv").write_text("\n".join(lines) + "\n", "utf-8")
    washed = "\n".join("\t".join(row.values()) for row in copies[1])
    (folder / "stripped.txt").write_text(
        "".join(c for c in washed if not 0xFE00 <= ord(c) <= 0xFE0F)
    )
    mixed = [rng.choice(pair) for pair in zip(*copies, strict=True)]
    (folder / "mixed.json").write_text(json.dumps(mixed, ensure_ascii=False), "utf-8")
    marked.convert("L").save(folder / "label.jpg", quality=60)


def case(folder: Path) -> str:
    """What a process has to say about it: its numpy, digests of its marks, and the case."""
    digest, sink = hashlib.sha256(), io.BytesIO()
    with tracemark.Vault.open(folder / "vault") as vault:
        found = vault.trace(*(Path(name) for name in SAMPLES))
        vault.mark_table(io.BytesIO((folder / "rows.csv").read_bytes()), sink, to="acct:0001")
        digest.update(sink.getvalue())
        digest.update(vault.mark_label(label(5), to="acct:0001").tobytes())
    return f"{np.__version__}\n{digest.hexdigest()}\n{found.to_json()}\n"


def run(python: str, settings: dict[str, str], folder: Path) -> tuple[str, str, str]:
    """numpy's release, digest of the marks and the case, as another process has them."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(shutil.copytree(folder, Path(name) / "copy"))
        done = subprocess.run(
            [python, "-m", "benchmarks.determinism", "--case", str(copy)],
            env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
            cwd=copy, capture_output=True, text=True, encoding="utf-8", check=True,
        )  # fmt: skip
    numpy, marks, told = done.stdout.split("\n", 2)
    return numpy, marks, told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", action="append", help="an interpreter; may be repeated")
    parser.add_argument("--cases", type=int, default=3)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--case", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        sys.stdout.reconfigure(encoding="utf-8")
        print(case(options.case), end="")
        return
    print("| seed | numpy | threads | same marks | same case | verdict | accused |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    differ = 0
    for seed in range(options.seed, options.seed + options.cases):
        with tempfile.TemporaryDirectory() as name:
            prepare(Path(name), seed)
            first = None
            for python in options.python or [sys.executable]:
                for settings in SETTINGS:
                    numpy, marks, told = run(python, settings, Path(name))
                    first = first or (marks, told)
                    same = [one == other for one, other in zip(first, (marks, told), strict=True)]
                    differ += not all(same)
                    found = json.loads(told)
                    print(
                        f"| {seed} | {numpy} | {settings['OMP_NUM_THREADS']} | {same[0]} "
                        f"| {same[1]} | {found['verdict']} | {len(found['accusations'])} |",
                        flush=True,
                    )
    sys.exit(bool(differ))


if __name__ == "__main__":
    main()

"""How long a photo of a label takes among a million recipients: seconds on the clock.

    python -m benchmarks.photo_speed --photos 24 --labels DIR

Fresh labels, marked, printed and photographed with 12 megapixels by the channel `phone`. Each is
traced by a process of its own, as by the command line, the time from its first line to its last;
then all of them, one after the other, in one open vault. Run nothing beside it, and once before
it counts: a fresh tree compiles its sources.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import tracemark
from benchmarks.channels import CHANNELS
from benchmarks.common import N, recipient
from benchmarks.label import host

ALLOWED = 5.0  # seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=24)
    parser.add_argument("--labels", type=Path, help="a folder of labels, drawn ones beside them")
    options = parser.parse_args()
    shared = sorted(options.labels.glob("*.png")) if options.labels else []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        taken = photos(folder, options.photos, shared)
        rows = {
            "each by `tracemark trace`": [
                by_command(folder / "vault", *photo) for photo in taken.items()
            ],
            "all in one open vault": in_one_vault(folder / "vault", taken),
        }
    print("| traced | named | median | most | within 5 s |")
    print("| --- | --- | --- | --- | --- |")
    for what, row in rows.items():
        seconds = [second for second, _ in row]
        named = sum(right for _, right in row)
        within = sum(second <= ALLOWED for second in seconds)
        print(
            f"| {what} | {named} of {len(row)} | {statistics.median(seconds):.1f} s"
            f" | {max(seconds):.1f} s | {within} of {len(row)} |"
        )
        print("  ".join(f"{second:.1f}" for second in seconds), file=sys.stderr)


def photos(folder: Path, many: int, shared: list[Path]) -> dict[Path, str]:
    """Photos of labels marked in a fresh vault, and to whom each label was released."""
    rng = random.SystemRandom()
    taken: dict[Path, str] = {}
    with tracemark.Vault.create(folder / "vault") as vault:
        vault.add_recipients(recipient(i) for i in range(N))
        while len(taken) < many:
            to = recipient(rng.randrange(N))
            seed = rng.randrange(1 << 60)
            try:
                marked = vault.mark_label(host(random.Random(seed), shared), to=to)
            except tracemark.HostTooSmall:
                continue
            photo = CHANNELS["phone"](marked, np.random.default_rng(seed))
            path = folder / f"{len(taken):03d}.jpg"
            photo.save(path, quality=92)
            taken[path] = to
    return taken


def by_command(vault: Path, photo: Path, to: str) -> tuple[float, bool]:
    """Seconds of one command, and whether it named the right one alone."""
    command = ["tracemark", "trace", str(photo), "--vault", str(vault), "--json"]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    case = json.loads(done.stdout)
    return seconds, [accused["recipient"] for accused in case["accusations"]] == [to]


def in_one_vault(vault: Path, taken: dict[Path, str]) -> Sequence[tuple[float, bool]]:
    """The same of each photo in one vault that stays open; opening it is not counted."""
    rows = []
    with tracemark.Vault.open(vault) as opened:
        for photo, to in taken.items():
            start = time.perf_counter()
            case = opened.trace(photo)
            seconds = time.perf_counter() - start
            rows.append((seconds, [accused.recipient for accused in case.accusations] == [to]))
    return rows


if __name__ == "__main__":
    main()

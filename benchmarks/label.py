"""Traces leaked labels among a million recipients: the table of docs/results-label.md.

    python -m benchmarks.label --trials 100 -o docs/results-label.md

Every trial draws a fresh waybill (size, layout and resolution by lot) or takes one of the shared
carrier labels, marks it for a fresh recipient and sends it through a channel of
`benchmarks.channels`. The line is that of N recipients; as in `benchmarks.text`, a few hundred of
them are scored. A miss is a *pose failure* where the pilot was not found, else a *chip failure*.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

import tracemark
from benchmarks.channels import CHANNELS
from benchmarks.common import N, recipient, some_candidates, wilson
from examples.waybill import waybill

TARGETS = {
    "png": 99, "jpeg50": 99, "scaled": 99, "turned": 99, "quarter": 99, "screenshot": 99,
    "scan200": 98, "scan300": 98, "scan-tenth": 90, "copy": 98, "copy-twice": 95, "median": 95,
    "despeckled": 95, "phone": 95, "chat": 95, "chat-quarter": 90, "chat-half-frame": 85,
    "curl2": 80,
}  # fmt: skip
SIZES = ("76x130", "100x150", "100x180", "4x6")
LAYOUTS = ("ruled", "sparse", "dense")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--nulls", type=int, default=0, help="pictures that carry no mark of ours")
    parser.add_argument("--seed", type=int, default=None, help="fresh by default")
    parser.add_argument("--profile", default="default")
    parser.add_argument("--only", default="", help="channels, with commas between")
    parser.add_argument("--labels", type=Path, help="folder of carrier labels to mark as well")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
    lines = []
    for line in table(options, seed):
        print(line, flush=True)
        lines.append(line)
    if options.output:
        options.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


def table(options: argparse.Namespace, seed: int) -> Iterator[str]:
    yield f"Seed {seed}, profile {options.profile}, N = {N:,}, alpha = 1e-6."
    yield ""
    yield (
        "| channel | identified | n | 95 % Wilson | target % | pose failures | chip failures "
        "| wrong | bits, median | seconds, median | refused |"
    )
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    shared = sorted(options.labels.glob("*.png")) if options.labels else []
    with tempfile.TemporaryDirectory() as name:
        vault = tracemark.Vault.create(Path(name) / "vault", key=random.Random(seed).randbytes(32))
        vault.add_recipients(recipient(i) for i in range(N))
        for channel in options.only.split(",") if options.only else TARGETS:
            yield measure(vault, channel, options, random.Random(f"{seed}/{channel}"), shared)
        if options.nulls:
            yield from nulls(vault, options.nulls, random.Random(f"{seed}/nulls"), shared)


def host(rng: random.Random, shared: list[Path]) -> Image.Image:
    """A label nobody has seen: drawn, or in one case of four one of the shared ones."""
    if shared and rng.random() < 0.25:
        with Image.open(rng.choice(shared)) as picture:
            return picture.copy()
    return waybill(
        rng.randrange(1 << 30),
        size=rng.choice(SIZES),
        dpi=rng.choice((203, 203, 203, 300)),
        layout=rng.choice(LAYOUTS),
    )


def measure(
    vault: tracemark.Vault,
    channel: str,
    options: argparse.Namespace,
    rng: random.Random,
    shared: list[Path],
) -> str:
    right = wrong = refused = pose = chips = done = 0
    bits, seconds = [], []
    while done < options.trials:
        to = recipient(rng.randrange(N))
        try:
            marked = vault.mark_label(host(rng, shared), to=to, profile=options.profile)
        except tracemark.HostTooSmall:
            refused += 1
            continue
        done += 1
        picture = CHANNELS[channel](marked, np.random.default_rng(rng.randrange(1 << 60)))
        start = time.perf_counter()
        with some_candidates(vault, to, rng=rng, all_of_them=False):
            case = vault.trace(picture)
        seconds.append(time.perf_counter() - start)
        named = {accusation.recipient: accusation for accusation in case.accusations}
        right += to in named
        wrong += bool(set(named) - {to})
        bits.append(named[to].score if to in named else 0.0)
        if to not in named:
            pose += case.samples[0].slots == 0
            chips += case.samples[0].slots > 0
    low, high = wilson(right, done)
    return (
        f"| {channel} | {100 * right / done:.0f} % | {done} | {100 * low:.1f}–{100 * high:.1f} "
        f"| {TARGETS.get(channel, '')} | {pose} | {chips} | {wrong} "
        f"| {statistics.median(bits):.0f} | {statistics.median(seconds):.1f} | {refused} |"
    )


def nulls(
    vault: tracemark.Vault, count: int, rng: random.Random, shared: list[Path]
) -> Iterator[str]:
    """Unmarked labels and labels of another key through the channels: who is accused?"""
    other = tracemark.Vault.create(vault.path.with_name("other"), key=rng.randbytes(32))
    other.add_recipient("acct:1")
    verdicts: dict[str, int] = {}
    for trial in range(count):
        picture = host(rng, shared)
        if trial % 2:
            try:
                picture = other.mark_label(picture, to="acct:1")
            except tracemark.HostTooSmall:
                continue
        channel = CHANNELS[rng.choice(list(TARGETS))]
        sample = channel(picture, np.random.default_rng(rng.randrange(1 << 60)))
        with some_candidates(vault, recipient(0), rng, all_of_them=False):
            verdict = vault.trace(sample).verdict
        verdicts[verdict] = verdicts.get(verdict, 0) + 1
    other.close()
    yield ""
    yield f"Null pictures (unmarked, or marked under another key), by verdict: {verdicts}."


if __name__ == "__main__":
    main()

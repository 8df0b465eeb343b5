"""Traces leaked labels among a million recipients: the table of docs/results-label.md.

    python -m benchmarks.label --trials 100 --nulls 1000 --log trials.jsonl -o docs/results-label.md

Every trial draws a fresh waybill (size, layout and resolution by lot) or takes one of the shared
carrier labels, marks it for a fresh recipient and sends it through a channel of
`benchmarks.channels`. The line is that of N recipients; as in `benchmarks.text`, a few hundred of
them are scored. A miss is a *pose failure* where the pilot was not found, else a *chip failure*.

Trials go round the channels and each is a line of the log, so that a long run can be broken off
and gone on with. Trials of another state of the code are left out of the table.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

import tracemark
from benchmarks.channels import CHANNELS
from benchmarks.common import N, recipient, some_candidates, wilson
from benchmarks.trials import Trial, logged, options_of, state
from examples.waybill import waybill

TARGETS = {
    "png": 99, "jpeg50": 99, "scaled": 99, "turned": 99, "quarter": 99, "screenshot": 99,
    "scan200": 98, "scan300": 98, "scan-tenth": 90, "copy": 98, "copy-twice": 95, "median": 95,
    "despeckled": 95, "phone": 95, "chat": 95, "chat-quarter": 90, "chat-half-frame": 85,
    "curl2": 80,
}  # fmt: skip
SIZES = ("76x130", "100x150", "100x180", "4x6")
LAYOUTS = ("ruled", "sparse", "dense")
CODE = ("benchmarks/channels", "tracemark/label")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=100, help="of each channel")
    parser.add_argument("--nulls", type=int, default=0, help="pictures that carry no mark of ours")
    parser.add_argument("--profile", default="default")
    parser.add_argument("--only", default="", help="channels, with commas between")
    parser.add_argument("--labels", type=Path, help="folder of carrier labels to mark as well")
    parser.add_argument("--others", type=Path, help="folder of pictures that are no labels")
    options_of(parser)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    mine = {"state": state(*CODE), "profile": options.profile}
    done = logged(options, mine, lambda done: run(options, done))
    text = "\n".join(table(done, options.profile)) + "\n"
    print(text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")


def run(options: argparse.Namespace, done: Sequence[Trial]) -> Iterator[Trial]:
    """Go round the channels until each has its trials; nulls in between."""
    shared = sorted(options.labels.glob("*.png")) if options.labels else []
    others = sorted(path for path in options.others.iterdir()) if options.others else []
    channels = options.only.split(",") if options.only else list(TARGETS)
    have = Counter(trial["channel"] for trial in done)
    rng = random.SystemRandom()
    with tempfile.TemporaryDirectory() as name:
        vault = tracemark.Vault.create(Path(name) / "vault")
        vault.add_recipients(recipient(i) for i in range(N))
        stranger = tracemark.Vault.create(Path(name) / "other")
        stranger.add_recipient("acct:1")
        for turn in range(options.trials):
            for channel in channels:
                if have[channel] <= turn:
                    yield one_leak(vault, channel, options.profile, rng.randrange(1 << 60), shared)
            for number in range(
                turn * options.nulls // options.trials, (turn + 1) * options.nulls // options.trials
            ):
                if have["null"] <= number:
                    yield one_null(vault, stranger, rng.randrange(1 << 60), shared, others)
        stranger.close()
        vault.close()


def host(rng: random.Random, shared: list[Path]) -> Image.Image:
    """A label nobody has seen: drawn, or in one case of four one of the shared ones."""
    if shared and rng.random() < 0.25:
        return opened(rng.choice(shared))
    return waybill(
        rng.randrange(1 << 30),
        size=rng.choice(SIZES),
        dpi=rng.choice((203, 203, 203, 300)),
        layout=rng.choice(LAYOUTS),
    )


def opened(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.copy()


def one_leak(
    vault: tracemark.Vault, channel: str, profile: str, seed: int, shared: list[Path]
) -> Trial:
    """Mark a fresh label, leak it, trace it."""
    rng = random.Random(seed)
    to = recipient(rng.randrange(N))
    trial: Trial = {"channel": channel, "seed": seed}
    try:
        marked = vault.mark_label(host(rng, shared), to=to, profile=profile)
    except tracemark.HostTooSmall:
        return trial | {"outcome": "refused"}
    picture = CHANNELS[channel](marked, np.random.default_rng(rng.randrange(1 << 60)))
    start = time.perf_counter()
    with some_candidates(to, rng=rng, all_of_them=False):
        case = vault.trace(picture, ocr=False)
    named = {accusation.recipient: accusation for accusation in case.accusations}
    return trial | {
        "outcome": "named" if to in named else "chips" if case.samples[0].slots else "pose",
        "wrong": bool(set(named) - {to}),
        "bits": round(named[to].score, 1) if to in named else 0.0,
        "seconds": round(time.perf_counter() - start, 2),
    }


def one_null(
    vault: tracemark.Vault,
    stranger: tracemark.Vault,
    seed: int,
    shared: list[Path],
    others: list[Path],
) -> Trial:
    """Trace what carries no mark of ours: unmarked, another vault's, or no label at all."""
    rng = random.Random(seed)
    kind = rng.choice(("unmarked", "another vault's", "no label")[: 3 if others else 2])
    picture = opened(rng.choice(others)) if kind == "no label" else host(rng, shared)
    if kind == "another vault's":
        try:
            picture = stranger.mark_label(picture, to="acct:1")
        except tracemark.HostTooSmall:
            kind = "unmarked"
    channel = CHANNELS[
        rng.choice(["png", "quarter", "turned"] if kind == "no label" else list(TARGETS))
    ]
    sample = channel(
        picture.convert("RGB") if kind == "no label" else picture,
        np.random.default_rng(rng.randrange(1 << 60)),
    )
    start = time.perf_counter()
    with some_candidates(recipient(0), rng=rng, all_of_them=False):
        verdict = vault.trace(sample, ocr=False).verdict
    seconds = round(time.perf_counter() - start, 2)
    return {"channel": "null", "seed": seed, "kind": kind, "outcome": verdict, "seconds": seconds}


def table(trials: Iterable[Trial], profile: str) -> Iterator[str]:
    by_channel: dict[str, list[Trial]] = {}
    for trial in trials:
        by_channel.setdefault(trial["channel"], []).append(trial)
    nulls = by_channel.pop("null", [])
    yield f"Profile {profile}, N = {N:,}, alpha = 1e-6."
    yield ""
    yield (
        "| channel | identified | n | 95 % Wilson | target % | pose failures | chip failures "
        "| wrong | bits, median | seconds, median | refused |"
    )
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for channel in sorted(by_channel, key=[*TARGETS, *CHANNELS].index):
        yield row(channel, by_channel[channel])
    if nulls:
        seen = Counter((trial["kind"], trial["outcome"]) for trial in nulls)
        yield ""
        yield f"{len(nulls):,} null pictures:"
        yield ""
        yield "| what | verdict | pictures |"
        yield "| --- | --- | --- |"
        for (kind, verdict), count in sorted(seen.items()):
            yield f"| {kind} | {verdict} | {count} |"


def row(channel: str, trials: Sequence[Trial]) -> str:
    of = Counter(trial["outcome"] for trial in trials)
    leaks = [trial for trial in trials if trial["outcome"] != "refused"]
    if not leaks:
        return f"| {channel} | | 0 | | {TARGETS.get(channel, '')} | | | | | | {of['refused']} |"
    low, high = wilson(of["named"], len(leaks))
    return (
        f"| {channel} | {100 * of['named'] / len(leaks):.0f} % | {len(leaks)} "
        f"| {100 * low:.1f}–{100 * high:.1f} | {TARGETS.get(channel, '')} | {of['pose']} "
        f"| {of['chips']} | {sum(trial['wrong'] for trial in leaks)} "
        f"| {statistics.median(trial['bits'] for trial in leaks):.0f} "
        f"| {statistics.median(trial['seconds'] for trial in leaks):.1f} | {of['refused']} |"
    )


if __name__ == "__main__":
    main()

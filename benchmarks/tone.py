"""How tones survive: pictures marked by `Vault.mark_label`, and screens under `screen_tile`.

    python -m benchmarks.tone --trials 100 --nulls 200 --log tone.jsonl

Each trial draws a fresh picture or page and traces it. A few hundred recipients are registered
and scored; the line is that of N. Only the tones are read: how labels are found and how
long that takes stands in `benchmarks.label`. Pages are drawn with invented orders; pictures are
drawn too, unless a folder of pictures is given.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from PIL import Image

import tracemark
from benchmarks.channels.base import chain, jpeg
from benchmarks.channels.digital import as_file, kept, scaled, sent
from benchmarks.channels.monitor import monitor
from benchmarks.common import N, recipient, timed, wilson
from benchmarks.trials import Trial, logged, options_of, state
from tests.tone import hosts
from tracemark.case import SampleReport
from tracemark.label_tracing import Mark, PictureRead
from tracemark.loaders import LoadedSample

Rng = np.random.Generator

PICTURES = {
    "file": as_file,
    "JPEG 50": jpeg(50),
    "half size": scaled(0.5, 0.5),
    "a quarter": kept(0.25),
    "a quarter, JPEG 70": chain(kept(0.25), jpeg(70)),
    "chat app": sent,
}
SCREENS = {
    "file": as_file,
    "JPEG 50 to 80": jpeg(50, 80),
    "50 to 150 %, JPEG 70": chain(scaled(0.5, 1.5), jpeg(70)),
    "a quarter": kept(0.25),
    "a quarter, JPEG 60": chain(kept(0.25), jpeg(60)),
    "chat app": sent,
    "photo, to 10 degrees": monitor(10, 3),
    "photo, to 20 degrees": monitor(20, 5),
    "photo to 20 degrees, chat app": chain(monitor(20, 5), sent),
}
CHANNELS = {"pictures": PICTURES, "screens": SCREENS}
CODE = ("tracemark/tone", "tracemark/tone_tracing.py", "tracemark/decoder", "benchmarks/channels")
KNOWN = 512  # recipients that are registered
NULLS = ("unmarked picture", "unmarked screen", "another vault's", "no label")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=20, help="of each channel")
    parser.add_argument("--nulls", type=int, default=40)
    parser.add_argument("--pictures", type=Path, help="folder of grey and colour pictures")
    parser.add_argument("--others", type=Path, help="folder of pictures that are no labels")
    options_of(parser)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        mock.patch("tracemark.ledger.recipients.count", lambda *_: N),
        mock.patch("tracemark.tracing.read_picture", no_label),
    ):
        vault = tracemark.Vault.create(Path(name) / "vault")
        vault.add_recipients(recipient(i) for i in range(KNOWN))
        bench = Bench(vault, random.SystemRandom(), options.pictures, options.others)
        mine = {"state": state(*CODE)}
        done = logged(options, mine, lambda done: bench.run(options.trials, options.nulls, done))
        vault.close()
    text = "\n".join(tables(done)) + "\n"
    print(text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")


def no_label(
    sample: LoadedSample, picture: Image.Image, keys: Sequence[Any], *_: object
) -> list[PictureRead]:
    """In place of the search for labels."""
    report = SampleReport(sample.path, sample.sha256, sample.kind, "no mark")
    return [PictureRead(report, [[] for _ in keys], Mark())]


class Bench:
    """Trials against one vault."""

    def __init__(
        self, vault: tracemark.Vault, rng: random.Random, pictures: Path | None, others: Path | None
    ) -> None:
        self.vault = vault
        self.rng = rng
        self.pictures = sorted(pictures.iterdir()) if pictures else []
        self.others = sorted(others.iterdir()) if others else []

    def run(self, trials: int, nulls: int, done: Sequence[Trial]) -> Iterator[Trial]:
        """Go round the channels until each has its trials, with nulls in between."""
        have = Counter(trial["channel"] for trial in done)
        for turn in range(trials):
            for what, channels in CHANNELS.items():
                for name, channel in channels.items():
                    if have[f"{what}: {name}"] <= turn:
                        host = self.picture if what == "pictures" else self.screen
                        yield {"channel": f"{what}: {name}"} | self.trial(host, channel)
            for number in range(turn * nulls // trials, (turn + 1) * nulls // trials):
                if have["null"] <= number:
                    yield {"channel": "null"} | self.null()

    def picture(self, to: str) -> tuple[Image.Image, float]:
        while True:
            host = self.host()
            try:
                marked = self.vault.mark_label(host, to=to)
            except tracemark.HostTooSmall:
                continue
            off = np.asarray(host, float) - np.asarray(marked, float)
            return marked, float(10 * np.log10(255**2 / np.square(off).mean()))

    def host(self) -> Image.Image:
        if self.pictures:
            with Image.open(self.rng.choice(self.pictures)) as opened:
                return opened.convert("RGB")
        size = self.rng.choice(((800, 600), (1200, 900), (2400, 1800)))
        return hosts.scene(self.rng.randrange(1 << 30), size)

    def screen(self, to: str) -> tuple[Image.Image, float]:
        zoom = self.rng.choice((1.0, 1.0, 1.25, 1.5, 2.0))
        width, height = self.rng.choice(((1920, 1080), (1536, 864), (1366, 768)))
        page = hosts.table(
            self.rng.randrange(1 << 30),
            (round(width * zoom), round(height * zoom)),
            dark=self.rng.random() < 0.25,
        )
        return hosts.covered(page, self.vault.screen_tile(to=to), zoom), 0.0

    def trial(
        self,
        host: Callable[[str], tuple[Image.Image, float]],
        channel: Callable[[Image.Image, Rng], Image.Image],
    ) -> Trial:
        to = recipient(self.rng.randrange(KNOWN))
        marked, quality = host(to)
        sample = channel(marked, np.random.default_rng(self.rng.randrange(1 << 60)))
        case, seconds = timed(lambda: self.vault.trace(sample, ocr=False))
        assert case.candidates == N
        named = {one.recipient: one.score for one in case.accusations}
        return {
            "named": to in named,
            "wrong": bool(set(named) - {to}),
            "bits": round(named.get(to, 0.0), 1),
            "psnr": round(quality, 2),
            "seconds": seconds,
        }

    def null(self) -> Trial:
        kind = self.rng.choice(NULLS if self.others else NULLS[:-1])
        if kind == "no label":
            with Image.open(self.rng.choice(self.others)) as opened:
                sample = opened.convert("RGB")
        elif kind == "unmarked picture":
            sample = self.host()
        else:
            sample = hosts.table(self.rng.randrange(1 << 30), (1366, 768))
        if kind == "another vault's":
            with (
                tempfile.TemporaryDirectory() as name,
                tracemark.Vault.create(Path(name) / "other") as other,
            ):
                other.add_recipient("acct:1")
                sample = hosts.covered(sample, other.screen_tile("acct:1"))
        case, seconds = timed(lambda: self.vault.trace(sample, ocr=False))
        return {"verdict": case.verdict, "seconds": seconds}


def tables(trials: Sequence[Trial]) -> Iterator[str]:
    yield f"N = {N:,}, alpha = 1e-6, fresh seeds; default profile."
    for what, channels in CHANNELS.items():
        yield from ("", f"**{what}**", "")
        yield "| channel | identified | n | 95 % Wilson | wrong | bits, median | CPU s |"
        yield "| --- | --- | --- | --- | --- | --- | --- |"
        for name in channels:
            if some := [one for one in trials if one["channel"] == f"{what}: {name}"]:
                yield row(name, some)
    quality = [one["psnr"] for one in trials if one["channel"].startswith("pictures: ")]
    if quality:
        yield from ("", f"PSNR of pictures {min(quality):.1f} to {max(quality):.1f} dB.")
    if nulls := [one for one in trials if one["channel"] == "null"]:
        named = sum(one["verdict"] != "no mark" for one in nulls)
        seconds = statistics.median(one["seconds"] for one in nulls)
        yield from ("", f"**nulls**: {len(nulls)}", "")
        yield f"{named} named or taken for marked; median {seconds:.2f} s of CPU time."


def row(name: str, trials: list[Trial]) -> str:
    named = sum(one["named"] for one in trials)
    low, high = wilson(named, len(trials))
    return (
        f"| {name} | {100 * named / len(trials):.0f} % | {len(trials)} "
        f"| {100 * low:.1f}–{100 * high:.1f} | {sum(one['wrong'] for one in trials)} "
        f"| {statistics.median(one['bits'] for one in trials):.0f} "
        f"| {statistics.median(one['seconds'] for one in trials):.1f} |"
    )


if __name__ == "__main__":
    main()

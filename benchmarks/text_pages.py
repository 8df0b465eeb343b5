"""Pages of 50 marked rows as pictures, read by OCR and traced among a million recipients.

    python -m benchmarks.text_pages --trials 10 --log pages.jsonl

Needs the extras ``ocr`` and ``bench`` and a font with Chinese letters. A page is drawn as a back
office shows it or a printer prints it: a table of some of the columns, letters of 12 to 22 dots.
The line is that of N recipients; as in `benchmarks.text`, a few hundred of them are scored.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import tracemark
from benchmarks import leaks
from benchmarks.channels import base
from benchmarks.channels.camera import Shot, photo
from benchmarks.channels.digital import as_file, scaled, sent
from benchmarks.channels.flatbed import scan
from benchmarks.common import N, recipient, some_candidates, wilson
from benchmarks.leaks import Row
from benchmarks.trials import Trial, logged, options_of, state
from examples.waybill import FONTS
from tracemark_cli.sample_orders import orders

COLUMNS = ("运单号", "收件人", "手机", "收货地址", "商品", "备注")
CHANNELS = {
    "screenshot": as_file,
    "screenshot, JPEG 60 to 85": base.jpeg(60, 85),
    "screenshot through a chat app": sent,
    "screenshot at 70 to 130 %": base.chain(scaled(0.7, 1.3), base.jpeg(80)),
    "page scanned at 200 dpi": scan(200),
    "phone photo of the page": photo(Shot(tilt=10, spin=4)),
}
ROWS = 50


def page(rows: Sequence[Row], rng: random.Random) -> Image.Image:
    """The rows as a table on a white page, at 150 to 200 dots an inch where it is paper."""
    fonts = [path for path in FONTS if Path(path).exists()]
    size = rng.randrange(12, 23)
    font = ImageFont.truetype(rng.choice(fonts), size, layout_engine=ImageFont.Layout.BASIC)
    names = [name for name in COLUMNS if name in ("手机", "收货地址") or rng.random() < 0.7]
    cells = [names, *([row[name] for name in names] for row in rows)]
    widths = [max(font.getlength(line[k]) for line in cells) + 2 * size for k in range(len(names))]
    step = round(size * rng.uniform(1.5, 2.2))
    sheet = Image.new("L", (round(sum(widths)) + 80, step * len(cells) + 80), 255)
    draw = ImageDraw.Draw(sheet)
    ruled = rng.random() < 0.5
    for number, line in enumerate(cells):
        x, y = 40.0, 40 + number * step
        if ruled:
            draw.line((40, y - 2, sheet.width - 40, y - 2), fill=190)
        for text, width in zip(line, widths, strict=True):
            draw.text((x, y), text, font=font, fill=20)
            x += width
    sheet.info["dpi"] = (size * 16.0, size * 16.0)  # letters of 4.5 points, as fine print has
    return sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=10, help="of each channel")
    parser.add_argument("--only", default="", help="channels whose name contains this")
    options_of(parser)
    options = parser.parse_args()
    mine = {"state": state("tracemark/text", "tracemark/loaders", "tracemark/decoder")}
    print("\n".join(table(logged(options, mine, lambda done: run(options, done)))))


def run(options: argparse.Namespace, done: Sequence[Trial]) -> Iterator[Trial]:
    """Go round the channels until each has its trials."""
    have = Counter(trial["channel"] for trial in done)
    with tempfile.TemporaryDirectory() as name:
        vault = tracemark.Vault.create(Path(name) / "vault")
        vault.add_recipients(recipient(i) for i in range(N))
        for turn in range(options.trials):
            for channel in CHANNELS:
                if options.only in channel and have[channel] <= turn:
                    yield one(vault, channel, random.SystemRandom().randrange(1 << 60))
        vault.close()


def one(vault: tracemark.Vault, channel: str, seed: int) -> Trial:
    """Issue a thousand rows, show fifty of them, trace the picture."""
    rng = random.Random(seed)
    to = recipient(rng.randrange(N))
    copy = list(vault.mark_rows(orders(1000, rng.randrange(1 << 40)), to=to))
    shown = leaks.each_cell(leaks.some(copy, ROWS, rng), leaks.stripped)
    picture = CHANNELS[channel](page(shown, rng), np.random.default_rng(rng.randrange(1 << 60)))
    start = time.process_time()
    with some_candidates(to, rng=rng, all_of_them=False):
        case = vault.trace(picture, ocr=True)
    named = {accusation.recipient: accusation.score for accusation in case.accusations}
    sample = case.samples[-1]
    return {
        "channel": channel,
        "seed": seed,
        "named": to in named,
        "wrong": bool(set(named) - {to}),
        "bits": round(named.get(to, 0.0), 1),
        "verdict": case.verdict,
        "rows": sample.rows,
        "slots": sample.slots,
        "issued": sample.issued,
        "size": list(picture.size),
        "seconds": round(time.process_time() - start, 1),
    }


def table(trials: Sequence[Trial]) -> Iterator[str]:
    yield "| picture | identified | n | 95 % Wilson | wrong | bits, median | CPU s, median |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for channel in CHANNELS:
        some = [trial for trial in trials if trial["channel"] == channel]
        if some:
            hits = sum(trial["named"] for trial in some)
            low, high = wilson(hits, len(some))
            yield (
                f"| {channel} | {100 * hits / len(some):.0f} % | {len(some)}"
                f" | {100 * low:.0f}–{100 * high:.0f} | {sum(t['wrong'] for t in some)}"
                f" | {statistics.median(t['bits'] for t in some):.0f}"
                f" | {statistics.median(t['seconds'] for t in some):.0f} |"
            )


if __name__ == "__main__":
    main()

"""Take the pictures of docs/pictures anew: a label beside its marked copy, and the report.

    python -m benchmarks.pictures docs/pictures

All data is invented; the photo is simulated. Needs the extras `bench` and `browser`, Chromium, and
fonts with Chinese characters. Look at what it makes before it is taken.
"""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path

import numpy as np
import typer
from PIL import Image

import tracemark
from benchmarks.channels import CHANNELS
from examples.waybill import fields, waybill
from tracemark_cli.sample_orders import orders

KEY = bytes(range(5, 37))
STATION = "station:YW-012"
PART = (0, 260, 400, 580)  # of the label, in dots
ROWS = 40
SHOWN = 1745  # pixels of the page
SHADE = 128


def main(folder: Path, seed: int = 12) -> None:
    """Take all pictures into a folder."""
    folder = folder.resolve()
    text = fields(seed, "zh")
    plain = waybill(text, size="100x150")
    with tempfile.TemporaryDirectory() as where, chdir(where):  # so that names are short
        with tracemark.Vault.create("vault", key=KEY) as vault:
            vault.add_recipients(f"acct:{number}" for number in range(100_000))
            vault.add_recipient(STATION, name="义乌北苑站", kind="station")
            marked = vault.mark_label(plain, to=STATION, waybill=text["运单号"])
            _beside(plain, marked).save(folder / "label.png", optimize=True)
            samples = _leaked(vault, marked, seed)
            case = vault.trace(*samples, waybill=text["运单号"])
        assert [one.recipient for one in case.accusations] == [STATION]
        asked = f"tracemark trace {' '.join(map(str, samples))} --waybill {text['运单号']}"
        page = Path("case.html").resolve()
        page.write_text(case.to_html("en", asked=f"{asked} --report case.html"), "utf-8")
        take(page, folder)


def _beside(plain: Image.Image, marked: Image.Image) -> Image.Image:
    """A part of the label before and after marking, two pixels a dot, a line between them."""
    parts = [one.crop(PART).convert("1") for one in (plain, marked)]
    wide, tall = parts[0].size
    sheet = Image.new("L", (2 * wide + 12, tall), SHADE)
    for place, part in enumerate(parts):
        sheet.paste(part, (place * (wide + 12), 0))
    return sheet.resize((2 * sheet.width, 2 * sheet.height), Image.Resampling.NEAREST)


def _leaked(vault: tracemark.Vault, label: Image.Image, seed: int) -> Sequence[Path]:
    """A photo of the label, and rows of the same station's export among foreign ones."""
    photo, table = Path("photo.jpg"), Path("chat-list.csv")
    CHANNELS["chat"](label, np.random.default_rng(seed)).save(photo, quality=90)
    ours = list(vault.mark_rows(orders(ROWS, seed), to=STATION))
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(ours[0]))
        writer.writeheader()
        writer.writerows([*ours, *orders(ROWS // 4, seed + 1)])
    return photo, table


def take(page: Path, folder: Path) -> None:
    """The report's first screens in both languages, and in the dark."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        own = shutil.which("chromium")  # else the one that playwright has installed
        browser = started.chromium.launch(executable_path=own, args=["--no-sandbox"])
        for lang, scheme, name in (
            ("en", "light", "report.png"),
            ("zh", "light", "report.zh-CN.png"),
            ("en", "dark", "report-dark.png"),
        ):
            tab = browser.new_context(
                viewport={"width": 900, "height": SHOWN}, color_scheme=scheme
            ).new_page()
            tab.goto(page.as_uri())
            tab.locator(f"label[for={lang}]").click()
            tab.screenshot(path=folder / name)
            Image.open(folder / name).quantize(256).save(folder / name, optimize=True)
        browser.close()


if __name__ == "__main__":
    typer.run(main)

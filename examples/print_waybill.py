"""Mark a waybill at the moment it is printed: the words on it and the picture of it.

    python examples/print_waybill.py

Makes a vault in a temporary folder, prints one invented waybill for a station, lets a worn scan of
its middle leak, and traces that with the number that stands on it.
Needs a Chinese font, or TRACEMARK_FONT; and the extra ``bench`` for the QR code.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from PIL import Image, ImageFilter
from waybill import Fields, fields, waybill

import tracemark


def printed(vault: tracemark.Vault, order: Fields, station: str) -> Image.Image:
    """The label as the printer is sent it. This is all that printing needs to change."""
    return vault.mark_waybill(order, waybill, to=station)


def leaked(label: Image.Image) -> Image.Image:
    """The middle of the label, scanned a little askew and small."""
    middle = label.convert("L").crop((0, label.height // 4, label.width, 3 * label.height // 4))
    askew = middle.rotate(2, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    return askew.filter(ImageFilter.GaussianBlur(0.8))


def main() -> None:
    """Print, leak, trace."""
    order = fields(seed=11)
    with (
        tempfile.TemporaryDirectory() as folder,
        tracemark.Vault.create(Path(folder) / "vault") as vault,
    ):
        vault.add_recipients(f"station:{number:03}" for number in range(500))
        photo = leaked(printed(vault, order, "station:012"))
        case = vault.trace(photo, waybill=order["运单号"])
    print(case.verdict)
    for accusation in case.accusations:
        print(f"released to {accusation.recipient}; bound {accusation.bound:.1g}")
        print(f"the mark belongs to this waybill: {accusation.binding}")


if __name__ == "__main__":
    main()

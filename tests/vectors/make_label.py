"""Makes label-1.json and the pictures beside it: marked labels, a marked picture and a tile.

    python -m tests.vectors.make_label

The test reads the pictures with the release at hand: whoever was marked in them must be named. The
lattices' digests say which slot stands where and shows what. Never regenerated silently: a release
that reads them otherwise could not trace labels that hang on parcels already. label-1-300dpi.png is
not made any more: its nubs are three dots wide, as they once were at 300 dpi.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import tracemark
from tests.tone.hosts import scene
from tracemark.keys import EpochKey
from tracemark.label import binding
from tracemark.label import lattice as labels
from tracemark.tone import lattice as tones

HERE = Path(__file__).parent
FILE = HERE / "label-1.json"
KEY = bytes(range(32))
TO = "station:YW-012"
NUMBER = "YT7712345678901"
PROFILES = ("discreet", "default", "robust")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, picture in pictures(Path(folder)):
            picture.save(HERE / name, dpi=picture.info.get("dpi", (72, 72)), optimize=True)
    FILE.write_text(json.dumps(made(), indent=1) + "\n", "utf-8")


def pictures(folder: Path) -> Iterator[tuple[str, Image.Image]]:
    """Labels in each profile, one of them at 300 dpi and one without a number; a scene; a tile."""
    from examples.waybill import waybill  # late: drawing waybills takes what reading them does not

    with tracemark.Vault.create(folder / "vault", key=KEY) as vault:
        vault.add_recipient(TO)
        for number, profile in enumerate(PROFILES):
            host = waybill(7 + number, size="76x130", layout="ruled")
            bound = None if profile == "robust" else NUMBER
            yield (
                f"label-1-{profile}.png",
                vault.mark_label(host, to=TO, waybill=bound, profile=profile),
            )
        fine = waybill(11, size="76x130", dpi=300, layout="dense")
        yield "label-1-fine.png", vault.mark_label(fine, to=TO, waybill=NUMBER)
        grey = scene(3, (360, 270)).convert("L")
        yield "label-1-tones.png", vault.mark_label(grey, to=TO)
        yield "label-1-tile.png", vault.screen_tile(to=TO)


def made() -> dict[str, Any]:
    key = EpochKey(1, KEY)
    label = labels.lattice_of(key.derive("slots/label"))
    bound = binding.bind(label, key.derive("slots/label"), 0x0123_4567_89AB_CDEF)
    return {
        "key": KEY.hex(),
        "to": TO,
        "number": NUMBER,
        "label": _digests(label, "on", "masks", "ranks", "positions"),
        "label, bound to 0123456789abcdef": _digests(bound, "masks"),
        "tones": {
            use: _digests(
                tones.lattice_of(key.derive("slots/tone"), use),
                *("code", "sync", "check", "masks", "positions"),
            )
            for use in ("picture", "tile")
        },
    }


def _digests(lattice: object, *fields: str) -> dict[str, str]:
    """SHA-256 of each array as 32-bit little-endian integers, row by row."""
    return {
        name: hashlib.sha256(np.asarray(getattr(lattice, name)).astype("<u4").tobytes()).hexdigest()
        for name in fields
    }


if __name__ == "__main__":
    main()

"""Labels drawn for the tests, and ways to look at what was read."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tracemark.label.reading import LabelReading
from tracemark.profiles import CURRENT

KEY = b"label tests' key, 32 bytes long."
SEEN = 7.4  # deviations at which one of a million is named at 1e-6
BARS = (60, 700, 540, 800)  # left, top, right, bottom


def noted(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, what: Callable[..., Any]
) -> list[Any]:
    """What each call of a function is about, as `what` has it from what the call is given."""
    calls: list[Any] = []
    real = getattr(module, name)

    def called(*given: Any) -> Any:
        calls.append(what(*given))
        return real(*given)

    monkeypatch.setattr(module, name, called)
    return calls


def codeword(seed: int) -> np.ndarray:
    """Some recipient's codeword."""
    return np.random.default_rng(seed).integers(0, 2, CURRENT.length).astype(np.uint8)


def label(seed: int = 0, rule: int = 2) -> Image.Image:
    """A 76 x 130 mm label at 203 dpi: a frame, rules of some dots, invented words, a barcode."""
    rng = np.random.default_rng(seed)
    image = Image.new("1", (608, 1040), 1)
    draw = ImageDraw.Draw(image)
    draw.rectangle((8, 8, 599, 1031), outline=0, width=rule)
    for y in (110, 230, 330, 470, 600, 690, 840, 930):
        draw.line((8, y, 599, y), fill=0, width=rule)
    draw.line((300, 230, 300, 330), fill=0, width=rule)
    draw.line((420, 840, 420, 1031), fill=0, width=rule)
    for y, size, words in (
        (20, 60, "NORTH POST"),
        (130, 80, f"{rng.integers(100, 999)}-K{rng.integers(10, 99)}"),
        (245, 50, "HUB 07"),
        (345, 36, f"LEE * 138****{rng.integers(1000, 9999)}"),
        (395, 30, f"12 LANE END, HOUSE {rng.integers(1, 99)}"),
        (485, 30, "FROM: TOWN HALL DEPOT"),
        (525, 26, "THE OLD MILL, FAR FIELD"),
        (615, 40, "TEA, FELT, THREE TILES"),
        (855, 36, "TELL THE HOLDER"),
        (945, 40, "FILE E 1"),
    ):
        draw.text((24, y), words, font=ImageFont.load_default(size), fill=0)
    x = BARS[0]
    while x < BARS[2] - 12:
        width = int(rng.integers(1, 5)) * 2
        draw.rectangle((x, BARS[1], x + width - 1, BARS[3]), fill=0)
        x += width + int(rng.integers(1, 5)) * 2
    image.info["dpi"] = (203, 203)
    return image


def agreement(reading: LabelReading, bits: np.ndarray) -> float:
    """How well chips agree with a codeword, in standard deviations of a stranger's."""
    total = power = 0.0
    for part in reading.readings:
        total += float(part.chips @ (2.0 * bits[part.positions] - 1))
        power += float(part.chips @ part.chips)
    return total / power**0.5 if power else 0.0

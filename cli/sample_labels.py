"""Labels as a thermal printer is sent them, and what a scanner and a phone make of them.

Light stand-ins, drawn and simulated with Pillow alone, for the demo; the channels that figures are
measured with stand in benchmarks/. All words and numbers are invented.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from .sample_orders import Chance

_WIDTH, _HEIGHT = 608, 1040  # 76 x 130 mm at 203 dpi
_RULES = (110, 230, 330, 470, 600, 690, 840, 930)
_BARS = (60, 700, 540, 800)


def label(number: str, chance: Chance) -> Image.Image:
    """One label with this waybill number: mode 1, 203 dpi."""
    image = Image.new("1", (_WIDTH, _HEIGHT), 1)
    draw = ImageDraw.Draw(image)
    draw.rectangle((8, 8, _WIDTH - 9, _HEIGHT - 9), outline=0, width=2)
    for y in _RULES:
        draw.line((8, y, _WIDTH - 9, y), fill=0, width=2)
    draw.line((300, 230, 300, 330), fill=0, width=2)
    draw.line((420, 840, 420, _HEIGHT - 9), fill=0, width=2)
    house, flat = chance.digits(2), chance.digits(3)
    for y, size, words in (
        (20, 60, "NORTHGATE"),
        (130, 80, f"{chance.digits(3)}-K{chance.digits(2)}"),
        (245, 50, f"HUB {chance.digits(2)}"),
        (345, 36, f"T. L*  138****{chance.digits(4)}"),
        (395, 30, f"{house} Millfield Lane, Flat {flat}"),
        (485, 30, "FROM: Old Town Depot"),
        (525, 26, "7 Ferry Road, Harbour End"),
        (615, 40, "Tea, felt hats, tiles"),
        (802, 26, number),
        (855, 36, "Leave with holder"),
        (945, 40, f"FILE {chance.digits(4)}"),
    ):
        draw.text((24, y), words, font=ImageFont.load_default(size), fill=0)
    x = _BARS[0]
    while x < _BARS[2] - 12:  # bars to look at; no code
        wide = 2 * (1 + int(chance.random() * 4))
        draw.rectangle((x, _BARS[1], x + wide - 1, _BARS[3]), fill=0)
        x += wide + 2 * (1 + int(chance.random() * 4))
    image.info["dpi"] = (203, 203)
    return image


def printed(image: Image.Image) -> Image.Image:
    """The label on paper: 16 pixels a millimetre, the dots a little round and grown."""
    large = image.convert("L").resize((2 * image.width, 2 * image.height), Image.Resampling.NEAREST)
    return large.filter(ImageFilter.GaussianBlur(0.9)).point(lambda shade: 40 + shade * 200 // 255)


def scanned(image: Image.Image, chance: Chance) -> Image.Image:
    """A scan at 300 dpi, a little askew, with grain."""
    turned = printed(image).rotate(
        4 * chance.random() - 2, Image.Resampling.BICUBIC, expand=True, fillcolor=235
    )
    scale = 11.8 / 16
    size = round(turned.width * scale), round(turned.height * scale)
    return _grainy(turned.resize(size, Image.Resampling.BOX), 3, chance)


def photographed(image: Image.Image, chance: Chance) -> Image.Image:
    """A phone's photo through a chat app: tilted, unevenly lit, 1,280 pixels, JPEG."""
    paper = printed(image)
    wide, high = paper.size
    tilt = 0.00008 + 0.00008 * chance.random()
    lean = 0.1 * chance.random() - 0.05
    seen = paper.transform(
        (wide + 300, high + 300),
        Image.Transform.PERSPECTIVE,
        (1.08, lean, -160, -lean, 1.08, -120, tilt / 2, tilt),
        Image.Resampling.BICUBIC,
        fillcolor=120,
    )
    seen.thumbnail((1280, 1280), Image.Resampling.LANCZOS)
    lit = np.asarray(seen) * np.linspace(0.7, 1.0, seen.width)[None, :]
    return _grainy(Image.fromarray(lit.astype(np.uint8)), 4, chance, quality=80)


def _grainy(image: Image.Image, grain: float, chance: Chance, quality: int = 92) -> Image.Image:
    noise = np.random.default_rng(int(chance.random() * 2**32)).normal(
        0, grain, (image.height, image.width)
    )
    shades = np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(shades).save(file, "JPEG", quality=quality)
    return Image.open(io.BytesIO(file.getvalue()))

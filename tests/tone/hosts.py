"""Grey and coloured pictures and screens, drawn for the tests: nothing in them is real."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw

KEY = b"tone tests' key, 32 bytes long.."


def scene(seed: int, size: tuple[int, int] = (800, 600)) -> Image.Image:
    """Coloured noise with the spectrum of natural pictures, and a few flat shapes on it."""
    rng = np.random.default_rng(seed)
    width, height = size
    across, down = np.fft.fftfreq(width)[None, :], np.fft.fftfreq(height)[:, None]
    fall = 1 / np.maximum(np.hypot(across, down), 1 / max(size)) ** 1.5
    layers = []
    for _ in range(3):
        noise = np.fft.ifft2(np.fft.fft2(rng.standard_normal((height, width))) * fall).real
        layers.append(128 + 45 * noise / noise.std())
    shade = np.mean(layers, axis=0)
    pixels = np.clip(np.stack([0.7 * shade + 0.3 * one for one in layers], 2), 0, 255)
    picture = Image.fromarray(pixels.astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for _ in range(5):
        x, y = int(rng.integers(0, width - 90)), int(rng.integers(0, height - 70))
        draw.rectangle((x, y, x + 80, y + 50), fill=tuple(int(v) for v in rng.integers(0, 255, 3)))
        draw.text((x + 5, y + 10), "PARCEL 07", fill="white")
    return picture


def table(seed: int, size: tuple[int, int] = (1600, 900), dark: bool = False) -> Image.Image:
    """A busy page of a back office: a side bar, buttons, an order table with stripes."""
    rng = np.random.default_rng(seed)
    paper, ink, stripe, rule = (
        ("#1e1e1e", "#d8d8d8", "#2a2a2a", "#3a3a3a")
        if dark
        else ("#ffffff", "#333333", "#f6f8fa", "#e1e4e8")
    )
    page = Image.new("RGB", size, paper)
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, 170, size[1]), fill="#1f2d3d")
    draw.rectangle((170, 0, size[0], 50), fill="#2f74c0")
    for line, word in enumerate(("Home", "Orders", "Dispatch", "Labels", "Returns", "Rights")):
        draw.text((24, 80 + 40 * line), word, fill="#c0ccda", font_size=15)
    draw.text((190, 14), "Orders / all orders", fill="white", font_size=18)
    for row, y in enumerate(range(70, size[1], 30)):
        if row % 2:
            draw.rectangle((180, y, size[0], y + 30), fill=stripe)
        draw.line((180, y, size[0], y), fill=rule)
        cells = (
            f"YT{rng.integers(10**12, 10**13)}",
            f"LEE * 138****{rng.integers(1000, 9999)}",
            f"{rng.integers(1, 400)} Lane End, House {rng.integers(1, 99)}, Flat "
            f"{rng.integers(100, 900)}, North Field, Old Town",
            f"{rng.integers(5, 500)}.{rng.integers(10, 99)}",
            f"2026-11-{rng.integers(10, 29)} {rng.integers(10, 23)}:{rng.integers(10, 59)}",
        )
        for x, text in zip((190, 360, 540, 1040, 1160), cells, strict=True):
            draw.text((x, y + 7), text, fill=ink, font_size=14)
        colour = ("#33aa55", "#ee9900", "#dd3333")[int(rng.integers(3))]
        draw.rounded_rectangle((1360, y + 6, 1430, y + 24), 8, fill=colour)
    return page


def covered(page: Image.Image, tile: Image.Image, zoom: float = 1.0) -> Image.Image:
    """A page with a tile laid over all of it, as a browser does at some zoom of the screen."""
    if zoom != 1:
        side = (round(tile.width * zoom), round(tile.height * zoom))
        tile = tile.resize(side, Image.Resampling.BILINEAR)
    layer = Image.new("RGBA", page.size)
    for y in range(0, page.height, tile.height):
        for x in range(0, page.width, tile.width):
            layer.paste(tile, (x, y))
    return Image.alpha_composite(page.convert("RGBA"), layer).convert("RGB")


# where the corners of a page are seen, in parts of its sides: 20 degrees and more aslant
ASIDE = (
    ((0.04, 0.10), (0.95, 0.02), (0.95, 0.97), (0.04, 0.90)),
    ((0.10, 0.06), (0.90, 0.05), (0.99, 0.95), (0.02, 0.95)),
    ((0.12, 0.02), (0.93, 0.15), (0.91, 0.97), (0.05, 0.89)),
)


def seen(page: Image.Image, corners: tuple[tuple[float, float], ...]) -> Image.Image:
    """A page whose corners are seen there, clockwise from the upper left, on a dark desk."""
    size = np.array(page.size)
    there = np.array(corners) * size
    here = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * size
    rows = []
    for (u, v), (x, y) in zip(there, here, strict=True):
        rows += [[u, v, 1, 0, 0, 0, -x * u, -x * v], [0, 0, 0, u, v, 1, -y * u, -y * v]]
    found = np.linalg.solve(np.array(rows), here.ravel())
    method = Image.Resampling.BICUBIC
    return page.transform(
        page.size, Image.Transform.PERSPECTIVE, tuple(found), method, fillcolor="#202020"
    )


def jpeg(picture: Image.Image, quality: int) -> Image.Image:
    """Saved as JPEG and opened again."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file)


def half(picture: Image.Image) -> Image.Image:
    """At half its size."""
    return picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS)


def quarter(picture: Image.Image, x: float, y: float) -> Image.Image:
    """A quarter of the picture, cut out at some place; x and y in [0, 1]."""
    left, top = int(x * picture.width / 2), int(y * picture.height / 2)
    return picture.crop((left, top, left + picture.width // 2, top + picture.height // 2))

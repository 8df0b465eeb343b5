"""Simulated ways by which labels leak, written from the physics of the devices.

    from benchmarks.channels import CHANNELS
    sample = CHANNELS["chat-quarter"](label, numpy.random.default_rng(7))

`label` is a Pillow image as a printer is sent it, with its dpi. The same seed gives the same
sample. Everything beyond the digital channels is printed on a simulated thermal printer first.
Needs opencv: pip install 'tracemark[bench]'.
"""

from __future__ import annotations

from .base import Channel, chain, jpeg
from .camera import Shot, photo
from .digital import (
    as_file,
    despeckle,
    jpegs,
    kept,
    median,
    scaled,
    screenshot,
    sent,
    turned,
    upside_down,
)
from .flatbed import copier, scan
from .printer import thermal

PLAIN = Shot()
CURLED = {mm: photo(Shot(sagitta=mm)) for mm in (1.0, 2.0, 3.0)}

DIGITAL: dict[str, Channel] = {
    "png": as_file,
    "jpeg50": jpegs(50),
    "jpeg-twice": jpegs(70, 60),
    "scaled": chain(scaled(0.5, 1.5), jpeg(75, 92)),
    "half": scaled(0.5, 0.5),
    "turned": turned(-180, 180),
    "quarter": kept(0.25),
    "tenth": kept(0.1),
    "screenshot": screenshot,
    "screenshot-sent": chain(screenshot, sent),
    "median": median,
    "despeckled": despeckle,
}
PAPER: dict[str, Channel] = {
    "scan150": chain(thermal, scan(150)),
    "scan200": chain(thermal, scan(200)),
    "scan300": chain(thermal, scan(300)),
    "scan-quarter": chain(thermal, scan(300), kept(0.25)),
    "scan-tenth": chain(thermal, scan(300), kept(0.1)),
    "scan-median": chain(thermal, scan(200), median),
    "scan-upside-down": chain(thermal, scan(200), upside_down),
    "copy": chain(thermal, copier, scan(300)),
    "copy-twice": chain(thermal, copier, copier, scan(300)),
}
PHOTO: dict[str, Channel] = {
    "phone": chain(thermal, photo(PLAIN)),
    "phone-upright": chain(thermal, photo(Shot(tilt=10, spin=4))),
    "chat": chain(thermal, photo(PLAIN), sent),
    "chat-twice": chain(thermal, photo(PLAIN), sent, sent),
    "chat-quarter": chain(thermal, photo(PLAIN), kept(0.25), sent),
    "chat-then-quarter": chain(thermal, photo(PLAIN), sent, kept(0.25)),
    "chat-tenth": chain(thermal, photo(PLAIN), kept(0.1), sent),
    "chat-half-frame": chain(thermal, photo(Shot(fill=(0.5, 0.6))), sent),
    "chat-shaken": chain(thermal, photo(Shot(shake=12)), sent),
    "chat-covered": chain(thermal, photo(Shot(covered=0.35)), sent),
    "chat-cluttered": chain(thermal, photo(Shot(clutter=5, fill=(0.5, 0.8))), sent),
    "chat-upside-down": chain(thermal, photo(PLAIN), upside_down, sent),
    "chat-sideways": chain(thermal, photo(Shot(spin=180, fill=(0.6, 0.8))), sent),
    "curl1": chain(thermal, CURLED[1.0], sent),
    "curl2": chain(thermal, CURLED[2.0], sent),
    "curl3": chain(thermal, CURLED[3.0], sent),
    "copy-chat": chain(thermal, copier, photo(PLAIN), sent),
}
CHANNELS: dict[str, Channel] = DIGITAL | PAPER | PHOTO

__all__ = ["CHANNELS", "DIGITAL", "PAPER", "PHOTO", "Channel", "Shot", "chain", "copier", "photo",
           "scan", "thermal"]  # fmt: skip

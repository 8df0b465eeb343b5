"""What becomes of a printed label once it leaks: the ways that the demo tries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops

import tracemark

from .sample_labels import label, photographed, scanned
from .sample_orders import Chance

Picture = Callable[[Image.Image, Chance], Image.Image]


@dataclass(frozen=True, slots=True)
class LabelLeak:
    """One way of leaking a label.

    Attributes
    ----------
    title, file : str
        As for `leaks.Leak`.
    photos : sequence of callable
        From the marked label and a source of chance to what leaks of it.
    marked : bool
        Whether the label was marked at all.
    framed : bool
        Whether the mark is moved to another waybill first.
    """

    title: str
    file: str
    photos: Sequence[Picture]
    marked: bool = True
    framed: bool = False


def _kept_third(image: Image.Image, chance: Chance) -> Image.Image:
    scan = scanned(image, chance)
    return scan.crop((0, scan.height // 3, scan.width, 2 * scan.height // 3))


LABEL_LEAKS = (
    LabelLeak("label, scanned", "label-scan.jpg", (scanned,)),
    LabelLeak("label, a third of a scan", "label-third.jpg", (_kept_third,)),
    LabelLeak("label, phone photo, chat app", "label-chat.jpg", (photographed,)),
    LabelLeak("label, two photos", "label-two.jpg", (photographed, photographed)),
    LabelLeak("label, mark moved to another", "label-moved.jpg", (scanned,), framed=True),
    LabelLeak("label, never marked", "label-plain.jpg", (photographed,), marked=False),
)


@dataclass(frozen=True, slots=True)
class LeakedLabel:
    """The pictures of one leak, and the number on the waybill that they show."""

    pictures: list[Image.Image]
    number: str


def leaked(vault: tracemark.Vault, leak: LabelLeak, to: str, chance: Chance) -> LeakedLabel:
    """Print a label for a recipient, and leak it."""
    number = "YT77" + chance.digits(11)
    plain = label(number, chance)
    copy = vault.mark_label(plain, to=to, waybill=number) if leak.marked else plain
    if leak.framed:
        nubs = ImageChops.logical_and(plain, ImageChops.invert(copy.convert("L")).convert("1"))
        number = "YT77" + chance.digits(11)
        other = label(number, chance)
        copy = ImageChops.logical_and(other, ImageChops.invert(nubs.convert("L")).convert("1"))
    return LeakedLabel([photo(copy, chance) for photo in leak.photos], number)

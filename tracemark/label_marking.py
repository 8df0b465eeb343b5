"""Pictures marked: labels and screens. SPEC 10, 15; a part of the marking corridor."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tracemark.codeword import codeword_of
from tracemark.errors import AlreadyMarked, HostTooSmall, UsageError
from tracemark.keys import EpochKey
from tracemark.ledger.fingerprints import Fingerprinter, Fingerprints
from tracemark.memory import keep_freed
from tracemark.model import Unseen
from tracemark.profiles import Profile

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True, slots=True)
class MarkedLabel:
    """One marked label and what the ledger is told about it.

    Attributes
    ----------
    image : PIL image
    prints : (0 or 1,) uint64
        Fingerprint of its waybill number.
    sha256 : str
        Of mode, size and pixels.
    """

    image: Image.Image
    prints: Fingerprints
    sha256: str


def mark_label(
    image: Image.Image,
    recipient: str,
    keys: Sequence[EpochKey],
    profile: Profile,
    *,
    waybill: str | None,
    strength: str,
    dpi: float | None,
    again: bool,
    unseen: Unseen | None = None,
    tones: bool = False,
) -> MarkedLabel:
    """Mark one label under the newest key, bound to its number; with tones if wanted. SPEC 10."""
    from tracemark import label, tone  # late: most programs mark rows only

    keep_freed()
    key = keys[-1]
    # SPEC 10.9: the word that the mark is bound to is the number's fingerprint
    prints = Fingerprinter(key).waybills([waybill] if waybill is not None else [])
    if not prints.all():
        raise UsageError(
            "the waybill number has fewer than 6 letters and digits, or is masked",
            hint="give the whole number, or none",
        )
    # SPEC 10.10: a label carries one mark
    subkeys = [one.derive("slots/label") for one in keys]
    raster, geometry = label.Raster(image), label.geometry_of(image, dpi)
    toned = tones and tone.suits(image)
    tonekeys = [one.derive("slots/tone") for one in keys if toned]
    if not again and (
        label.carries_mark(raster, subkeys, geometry) or tone.carries_mark(image, tonekeys, profile)
    ):
        raise AlreadyMarked(
            "the label carries a mark of this vault already",
            hint="mark the label as it was before; again=True (--again) adds a second mark",
        )
    codeword, marked = codeword_of(key, profile, recipient), image
    try:
        marked, _ = label.embed(
            raster,
            codeword,
            key.derive("slots/label"),
            profile_name=strength,
            dpi=dpi,
            word=int(prints[0]) if len(prints) else label.binding.UNBOUND,
            profile=profile,
            unseen=unseen,
        )
    except HostTooSmall:
        if not toned:
            raise
    # SPEC 15.3: what is grey or coloured carries tones as well, or alone
    if toned:
        marked = tone.embed(
            marked,
            codeword,
            key.derive("slots/tone"),
            strength=strength,
            alone=marked is image,
            profile=profile,
        )
    return MarkedLabel(marked, prints, _digest(marked))


def screen_tile(
    recipient: str, key: EpochKey, profile: Profile, *, size: tuple[int, int], strength: str
) -> MarkedLabel:
    """A tile that marks the screens it covers. SPEC 15.3."""
    from tracemark import tone

    codeword = codeword_of(key, profile, recipient)
    tile = tone.tile(
        codeword, key.derive("slots/tone"), size=size, strength=strength, profile=profile
    )
    return MarkedLabel(tile, Fingerprinter(key).waybills([]), _digest(tile))


def _digest(picture: Image.Image) -> str:
    """SHA-256 of mode, size and pixels."""
    # Pillow takes twenty times as long to pack the dots of a 1-bit label
    bits = picture.mode == "1"
    pixels = np.packbits(np.asarray(picture), axis=1).tobytes() if bits else picture.tobytes()
    return hashlib.sha256(f"{picture.mode} {picture.size}\n".encode() + pixels).hexdigest()

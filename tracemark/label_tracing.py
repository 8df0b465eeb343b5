"""Pictures as samples: number, original, chips. SPEC 10; a part of the tracing corridor.

Nothing here has seen a codeword. What is chosen, from the picture, the key, the ledger and what the
investigator brought, is free.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from PIL import Image

from tracemark.barcodes import numbers, numbers_in
from tracemark.case import Pilot, SampleReport
from tracemark.errors import MissingExtra, UnreadableSample, UsageError
from tracemark.keys import EpochKey
from tracemark.ledger import Ledger
from tracemark.ledger.fingerprints import Fingerprinter
from tracemark.loaders import LoadedSample
from tracemark.memory import keep_freed
from tracemark.model import Reading
from tracemark.pictures import is_picture, loaded, open_picture

if TYPE_CHECKING:
    from tracemark.label import LabelReading

PILOT_BOUND = 1e-4  # a picture counts as marked where the pilot's bound is below this
LEAST_BOUND = 1e-300  # what a float can still say

_CLEAR = 9.0  # deviations of the pilot beside the original at which it is not read blind as well
_BESIDE = "read beside the original"

Originals: TypeAlias = Callable[[str], Image.Image]


@dataclass(frozen=True, slots=True)
class Clues:
    """What an investigator brings beside the pictures.

    Attributes
    ----------
    waybills : sequence of str or None
        The number of each sample's label.
    original : PIL image or None
        The label as it was before marking, for every picture.
    originals : callable or None
        From a waybill number to such a picture.
    decoys : sequence of str
        Texts of all decoys: their numbers count as issued, for to whom they were depends on
        codewords.
    """

    waybills: Sequence[str | None]
    original: Image.Image | None = None
    originals: Originals | None = None
    decoys: Sequence[str] = ()

    @classmethod
    def of(
        cls,
        samples: int,
        waybill: str | Sequence[str | None] | None,
        original: object,
        originals: Originals | None,
    ) -> Clues:
        """Check what was given. Raises UsageError, or UnreadableSample for a broken original."""
        if waybill is None or isinstance(waybill, str):
            waybills: Sequence[str | None] = [waybill] * samples
        else:
            waybills = list(waybill)
        if len(waybills) != samples:
            raise UsageError(
                f"{len(waybills)} waybill numbers for {samples} samples",
                hint="give one number for all samples, or one for each, in their order",
            )
        return cls(waybills, _opened(original) if is_original(original) else None, originals)

    def used(self, pictures: int) -> None:
        """Raise UsageError where what was brought for pictures has none to stand beside."""
        if pictures or not (self.original or any(self.waybills)):
            return
        what = "the original label" if self.original else "a waybill number"
        raise UsageError(
            f"{what} was given, but no sample is a picture",
            hint="leave it out, or give the photo, scan or label file that it belongs to",
        )


def is_original(original: object) -> bool:
    """Whether an original is a picture, and not a table."""
    return isinstance(original, Image.Image) or (
        isinstance(original, Path) and is_picture(original)
    )


@dataclass(frozen=True, slots=True)
class Mark:
    """What binds the mark of one picture to its waybill, under every epoch. SPEC 10.9.

    Attributes
    ----------
    source : str
        Where the number came from: ``given``, ``barcode``, or empty.
    keys : sequence of bytes
        The label carrier's subkey of each epoch.
    words : sequence of sequences of int
        For each epoch, the words that the picture's number may have there.
    free, bound : sequences of lists of Reading
        For each epoch, the slots that stand for themselves and those that need the number.
    why : str
        Why there is no number.
    """

    source: str = ""
    keys: Sequence[bytes] = ()
    words: Sequence[Sequence[int]] = ()
    free: Sequence[list[Reading]] = ()
    bound: Sequence[list[Reading]] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class PictureRead:
    """One picture as it will be scored.

    Attributes
    ----------
    report : SampleReport
    epochs : sequence of lists of Reading
        The votes under each epoch's key.
    mark : Mark
    seen : sequence of LabelReading
        Under each epoch's key, for exhibits; bound slots that could not be turned back are erased.
    """

    report: SampleReport
    epochs: Sequence[list[Reading]]
    mark: Mark
    seen: Sequence[LabelReading] = ()


@dataclass(frozen=True, slots=True)
class _Number:
    """Candidates for a picture's waybill number, and their words under each epoch."""

    source: str
    texts: Sequence[str]
    words: Sequence[Sequence[int]] = field(default_factory=list)
    why: str = ""


def read_picture(
    sample: LoadedSample,
    picture: Image.Image,
    keys: Sequence[EpochKey],
    ledger: Ledger,
    clues: Clues,
) -> list[PictureRead]:
    """Read one sample's picture under all keys, each label in it for itself. SPEC 10.8 to 10.11.

    Raises UnreadableSample.
    """
    keep_freed()
    given = clues.waybills[sample.number - 1]
    number = _number(picture, given, sample.codes, keys, ledger, clues.decoys)
    original = clues.original or _found(clues.originals, number.texts)
    subkeys = [key.derive("slots/label") for key in keys]
    turns = [
        _turn(words, plain=not clues.decoys and ledger.unnumbered(key.epoch))
        for key, words in zip(keys, number.words, strict=True)
    ]
    return [
        _read_label(sample, place, found, number, turns, subkeys)
        for place, found in enumerate(_labels(picture, original, subkeys), start=1)
    ]


def _read_label(
    sample: LoadedSample,
    place: int,
    found: Sequence[LabelReading],
    number: _Number,
    turns: Sequence[int | None],
    subkeys: Sequence[bytes],
) -> PictureRead:
    """One label of a picture, as it was read under each key."""
    from tracemark import label  # late: most programs mark rows only

    best = max(found, key=lambda one: one.pilot)
    # SPEC 10.9: bound slots vote where the word is known that they were turned by
    parts = [
        [label.binding.split(reading, subkey) for reading in one.readings]
        for one, subkey in zip(found, subkeys, strict=True)
    ]
    votes = [
        [free for free, _ in some]
        + [label.binding.unbind(bound, subkey, turn) for _, bound in some if turn is not None]
        for some, turn, subkey in zip(parts, turns, subkeys, strict=True)
    ]
    mark = Mark(
        number.source,
        subkeys,
        number.words,
        [[free for free, _ in some] for some in parts],
        [[bound for _, bound in some] for some in parts],
        number.why,
    )
    test = Pilot(0, 0, max(LEAST_BOUND, min(1.0, _chance(found))))
    report = SampleReport(
        sample.path if place == 1 else f"{sample.path} (label {place})",
        sample.sha256,
        sample.kind,
        "marked" if test.bound <= PILOT_BOUND else "no mark",
        slots=max(sum(map(len, readings)) for readings in votes) if best.locked else 0,
        pilot=test,
        note=_BESIDE if isinstance(best, label.BesideReading) else best.why or best.way,
    )
    seen = [
        replace(one, readings=[_legible(reading, subkey, turn) for reading in one.readings])
        for one, turn, subkey in zip(found, turns, subkeys, strict=True)
    ]
    return PictureRead(report, votes, mark, seen)


def _turn(words: Sequence[int], *, plain: bool) -> int | None:
    """The word that bound slots are turned back under, if there can be just one. SPEC 10.9.

    `plain` where no label has a number. It is not asked in a vault with decoys: whose labels have
    a decoy's number depends on codewords.
    """
    from tracemark.label.binding import UNBOUND

    if plain:
        return UNBOUND
    return words[0] if len(words) == 1 else None


def _legible(reading: Reading, key: bytes, turn: int | None) -> Reading:
    """Every slot in its place, those that need a number nobody knows with a chip of 0."""
    from tracemark import label

    if turn is None:
        return label.binding.erase(reading, key)
    return label.binding.unbind(reading, key, turn)


def _labels(
    picture: Image.Image, original: Image.Image | None, keys: Sequence[bytes]
) -> list[list[LabelReading]]:
    """Each label of a picture under every key: blind, or beside the original.

    Beside an original there is one label, under each key whichever way has the clearer pilot.
    """
    from tracemark import label

    if original is None:
        blind = label.read_under(picture, keys)
        return [list(some) for some in zip_longest(*blind, fillvalue=label.LabelReading())]
    found = label.read_beside(picture, original, keys)
    if max(one.pilot for one in found) >= _CLEAR:
        return [found]
    alone = [label.read(picture, key) for key in keys]
    return [
        [
            one
            if one.pilot >= other.pilot
            else replace(other, why=other.why or f"read blind: {one.why}")
            for one, other in zip(found, alone, strict=True)
        ]
    ]


def _chance(found: Sequence[LabelReading]) -> float:
    """Chance of such a pilot in anything that we never marked, all that was tried counted."""
    from tracemark.label import BesideReading

    best = max(found, key=lambda one: one.pilot)
    # down to whole 64ths: the last bits of a pilot differ from one release of numpy to the next
    pilot = math.floor(64 * best.pilot) / 64
    if isinstance(best, BesideReading):  # Hoeffding: one pose for each key, nothing chosen
        return math.exp(-(max(pilot, 0.0) ** 2) / 2) * len(found)
    return math.erfc(pilot / math.sqrt(2)) / 2 * sum(one.poses for one in found)


def _number(
    picture: Image.Image,
    given: str | None,
    codes: Sequence[str],
    keys: Sequence[EpochKey],
    ledger: Ledger,
    decoys: Sequence[str],
) -> _Number:
    """The picture's waybill number: the one given, else what its codes and the ledger agree on.

    `codes` are the texts of those that need no reading.
    """
    if given is not None:
        words = [_words(key, [given]) for key in keys]
        if not any(words):
            raise UsageError(
                "the waybill number given has fewer than 6 letters and digits",
                hint="give it as it is printed on the label, unmasked",
            )
        return _Number("given", [given], words)
    nothing: list[list[int]] = [[] for _ in keys]
    try:
        texts = numbers_in(codes) or numbers(picture)
    except MissingExtra as error:
        return _Number("", (), nothing, why=f"{error}: {error.hint}")
    if not texts:
        return _Number("", (), nothing, why="no barcode could be read, and no number was given")
    words = [_words(key, texts) for key in keys]
    known = [_ours(key, some, ledger, decoys) for key, some in zip(keys, words, strict=True)]
    why = "" if any(known) else "no code in the picture holds a number that this vault issued"
    return _Number("barcode" if any(known) else "", texts, known, why)


def _ours(key: EpochKey, words: Sequence[int], ledger: Ledger, decoys: Sequence[str]) -> list[int]:
    """Those that were issued, and those of decoys whether issued or not. SPEC 10.9."""
    issued = ledger.issued("waybill", key.epoch, words)
    always = set(_words(key, decoys))
    return [word for word, ours in zip(words, issued, strict=True) if ours or word in always]


def _words(key: EpochKey, texts: Sequence[str]) -> list[int]:
    """Distinct words of those texts that have one."""
    prints = Fingerprinter(key).waybills(texts).tolist()
    return list(dict.fromkeys(word for word in prints if word))


def _found(originals: Originals | None, texts: Sequence[str]) -> Image.Image | None:
    """The original of the first number that has one; LookupError and None both say it has none."""
    for text in texts if originals else ():
        try:
            picture = originals(text) if originals else None
        except LookupError:
            continue
        if picture is not None:
            return picture
    return None


def _opened(original: object) -> Image.Image:
    if isinstance(original, Image.Image):
        return loaded(original, name="the original")
    path = Path(str(original))
    try:
        with path.open("rb") as file:
            return open_picture(file, name=str(path))
    except OSError as error:
        raise UnreadableSample(
            f"cannot read {path}: {error.strerror}", hint="check the file name"
        ) from None

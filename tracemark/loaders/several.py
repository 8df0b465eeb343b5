"""Samples one after the other, those of an archive each by itself. SPEC 11.9."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tracemark.errors import UnreadableSample
from tracemark.loaders.archive import unpacked
from tracemark.loaders.limits import LIMITS, Limits
from tracemark.loaders.pages import pages
from tracemark.loaders.parts import Part
from tracemark.loaders.sample import LoadedSample, Sample


def open_samples(
    samples: Iterable[Sample], limits: Limits = LIMITS, *, ocr: bool = False
) -> Iterator[LoadedSample]:
    """The samples one after the other, those of an archive each by itself.

    An archive's files are there only until the next sample is asked for. An archive that cannot be
    unpacked is a sample itself, and unreadable.
    """
    for number, sample in enumerate(samples, start=1):
        loaded = LoadedSample(sample, number, limits=limits, ocr=ocr)
        if isinstance(sample, Path) and loaded.form == "archive":
            yield from _members(sample, number, limits, ocr)
        else:
            yield loaded
            yield from _pages(loaded, limits)


def _pages(loaded: LoadedSample, limits: Limits) -> Iterator[LoadedSample]:
    """What may be labels in a PDF or ZPL stream, once its text was read."""
    if loaded.kind in ("pdf", "zpl"):
        yield from pages(loaded, limits)


def _members(sample: Path, number: int, limits: Limits, ocr: bool) -> Iterator[LoadedSample]:
    with tempfile.TemporaryDirectory(prefix="tracemark-") as folder:
        found = False
        try:
            for name, held in unpacked(sample, Path(folder), limits):
                found = True
                inside = f"{sample}/{name}"
                member = LoadedSample(
                    held, number, name=inside, limits=limits, ocr=ocr, fleeting=True
                )
                yield member
                yield from _pages(member, limits)
        except UnreadableSample as error:
            found = True
            yield _Broken(sample, number, error)
        if not found:
            empty = UnreadableSample("the archive is empty", hint="check that it was saved whole")
            yield _Broken(sample, number, empty)


class _Broken(LoadedSample):
    """An archive of which nothing more can be read."""

    def __init__(self, sample: Path, number: int, error: UnreadableSample) -> None:
        super().__init__(sample, number)
        self._error = error
        with sample.open("rb") as file:
            self.sha256 = hashlib.file_digest(file, "sha256").hexdigest()

    def parts(self) -> Iterator[Part]:
        yield from ()
        raise UnreadableSample(f"{self.path}: {self._error}", hint=self._error.hint)

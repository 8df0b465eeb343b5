"""From a sample, whatever it arrived as, to rows of cells or to a picture. SPEC 11.

A loader tells nothing about marks: it hands over texts and their headers, or a picture, and
afterwards the hash of what it read.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image

from tracemark.errors import UnreadableSample, UsageError
from tracemark.pictures import is_picture, open_picture
from tracemark.tables import open_document
from tracemark.tables.segments import segments
from tracemark.tables.source import HashingReader, blocks

Sample = Path | str | Image.Image | Iterable[Mapping[str, Any]]
Cells = tuple[Sequence[str | None], Sequence[str]]


class LoadedSample:
    """One sample, read once.

    Attributes
    ----------
    path : str
        How reports call it.
    kind : str
        ``csv``, ``tsv``, ``json``, ``jsonl``, ``text``, ``rows`` or ``picture``; ``unknown`` until
        it is read.
    sha256 : str
        Hexadecimal, of a file's bytes, a text's UTF-8, or rows as JSON Lines; set once it is read.
    titles : int
        How many of the rows only name the columns.
    """

    def __init__(self, sample: Sample, number: int) -> None:
        self.kind = "unknown"
        self.sha256 = ""
        self.titles = 0
        self._sample = sample
        self._source: HashingReader | None = None
        if isinstance(sample, Path):
            self.path = str(sample)
        elif isinstance(sample, str):
            self.path = f"text {number}"
        elif isinstance(sample, Image.Image):
            self.path = f"picture {number}"
        elif isinstance(sample, Iterable) and not isinstance(sample, bytes | Mapping):
            self.path = f"rows {number}"
        else:
            raise UsageError(
                f"sample {number} is a {type(sample).__name__}",
                hint="a sample is a pathlib.Path, a str, a picture, or an iterable of rows (dicts)",
            )

    @property
    def pictured(self) -> bool:
        """Whether `picture` reads it, and not `rows`."""
        if isinstance(self._sample, Path):
            return is_picture(self._sample)
        return isinstance(self._sample, Image.Image)

    @property
    def part(self) -> float:
        """How much of a file has been read, 0 to 1; 0 for other samples."""
        if self._source is None or not isinstance(self._sample, Path):
            return 0.0
        return min(1.0, self._source.size / max(1, self._sample.stat().st_size))

    def picture(self) -> Image.Image:
        """The picture.

        Raises
        ------
        UnreadableSample
            If it is broken, of a kind that is not read, or too large.
        """
        self.kind = "picture"
        if isinstance(self._sample, Image.Image):
            self.sha256 = hashlib.sha256(
                f"{self._sample.mode} {self._sample.size}\n".encode() + self._sample.tobytes()
            ).hexdigest()
            return self._sample
        with Path(self.path).open("rb") as file:
            self.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            return open_picture(file, name=self.path)

    def rows(self) -> Iterator[Cells]:
        """Headers and values of each row; of a plain line of text, the cells it may consist of.

        Raises
        ------
        UnreadableSample
            If it cannot be read as what it seems to be.
        """
        if isinstance(self._sample, Path):
            try:
                with self._sample.open("rb") as file:
                    yield from self._file(file, self._sample.name)
            except OSError as error:
                raise UnreadableSample(
                    f"cannot read {self.path}: {error.strerror}", hint="check the file name"
                ) from None
        elif isinstance(self._sample, str):
            encoded = self._sample.encode("utf-8", "surrogatepass")
            yield from self._file(io.BytesIO(encoded), None)
        elif not isinstance(self._sample, Image.Image):
            self.kind = "rows"
            yield from self._mappings(self._sample)

    def _file(self, file: BinaryIO, name: str | None) -> Iterator[Cells]:
        source = self._source = HashingReader(file)
        try:
            document = open_document(source, name=name or self.path, errors="replace")
            self.kind = document.kind
            for row in document.rows():
                if document.kind == "text" and row.values:
                    yield (), segments(row.values[0])
                elif row.values:
                    self.titles += row.values == document.headers
                    yield row.headers, row.values
        finally:
            for _ in blocks(source):  # what could not be read is hashed all the same
                pass
            self.sha256 = source.sha256

    def _mappings(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Cells]:
        digest = hashlib.sha256()
        for number, row in enumerate(rows, start=1):
            if not isinstance(row, Mapping):
                raise UsageError(
                    f"row {number} of {self.path} is a {type(row).__name__}",
                    hint="each row is a mapping from column name to value",
                )
            texts = {str(name): value for name, value in row.items() if isinstance(value, str)}
            line = json.dumps(texts, ensure_ascii=True)
            digest.update(line.encode() + b"\n")
            yield tuple(texts), tuple(texts.values())
        self.sha256 = digest.hexdigest()

"""One sample, read once: what it is, its rows or its picture, and its hash. SPEC 11.9."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from itertools import chain, repeat
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image

from tracemark.errors import MissingExtra, UnreadableSample, UsageError
from tracemark.loaders.apart import rows_apart
from tracemark.loaders.forms import Form, form_of, is_markup
from tracemark.loaders.guesses import Guesser
from tracemark.loaders.limits import LIMITS, Limits
from tracemark.loaders.meanwhile import Rows, meanwhile
from tracemark.loaders.parts import PART, Alike, Cells, Mixed, Part, in_parts
from tracemark.pictures import loaded, open_picture, readable
from tracemark.tables import Row, open_document
from tracemark.tables.block import Block
from tracemark.tables.csv import is_header
from tracemark.tables.nested import texts_in
from tracemark.tables.segments import segments, wrapped
from tracemark.tables.source import HashingReader, blocks

Sample = Path | str | Image.Image | Iterable[Mapping[str, Any]]

_FIRST = 64, 512, 4096  # rows of the first parts: who looks at a few need not wait for many
_GUESSED = {"text", "pdf", "zpl", "picture text"}


class LoadedSample:
    """One sample, read once.

    Parameters
    ----------
    sample : Path, str, PIL image or iterable of mappings
    number : int
        From 1; names a sample that has no name.
    name : str, optional
        What to call a file, where its path does not say.
    limits : Limits
    ocr : bool
        Whether pages of a PDF that have no text are looked at.
    fleeting : bool
        Whether the file will be gone when the next sample is read.

    Attributes
    ----------
    given : Path, str, PIL image or iterable of mappings
    again : the same, or None
        None if it cannot be read a second time.
    path : str
        How reports call it.
    kind : str
        ``csv``, ``tsv``, ``json``, ``jsonl``, ``text``, ``rows``, ``html``, ``workbook``,
        ``document``, ``pdf``, ``zpl``, ``columnar``, ``picture`` or ``picture text``;
        ``unknown`` until it is read.
    sha256 : str
        Hexadecimal, of a file's bytes, a text's UTF-8, or rows as JSON Lines; set once it is read.
    titles : int
        How many of the rows only name the columns.
    """

    drawn = False  # a page of a file that is a sample itself
    codes: Sequence[str] = ()  # what its barcodes say, where that needs no reading

    def __init__(
        self,
        sample: Sample,
        number: int,
        *,
        name: str | None = None,
        limits: Limits = LIMITS,
        ocr: bool = False,
        fleeting: bool = False,
    ) -> None:
        self.number = number
        self.kind = "unknown"
        self.sha256 = ""
        self.titles = 0
        self.given = sample
        self.again = None if fleeting else sample
        self._source: HashingReader | None = None
        self._limits = limits
        self._ocr = ocr
        self._guesser = Guesser()
        self._words: Callable[[], Rows] | None = None
        if isinstance(sample, Path):
            self.path = name or os.fsencode(sample).decode(errors="backslashreplace")
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
    def form(self) -> Form:
        """What it is, by its contents; a file that cannot be read is called a table."""
        if isinstance(self.given, Image.Image):
            return "picture"
        if isinstance(self.given, str):
            return "html" if is_markup(self.given[:4096].encode(errors="replace")) else "table"
        if isinstance(self.given, Path):
            try:
                return form_of(self.given)
            except OSError:
                return "table"
        return "table"

    @property
    def pictured(self) -> bool:
        """Whether `picture` reads it, and not `rows`."""
        return self.form == "picture"

    @property
    def guessed(self) -> bool:
        """Whether its cells are guesses, most of them wrong."""
        return self.kind in _GUESSED

    @property
    def part(self) -> float:
        """How much of a table's file has been read, 0 to 1; 0 for other samples."""
        if self._source is None or not isinstance(self.given, Path):
            return 0.0
        return min(1.0, self._source.size / max(1, self.given.stat().st_size))

    def picture(self) -> Image.Image:
        """The picture, upright.

        Raises
        ------
        UnreadableSample
            If it is broken, of a kind that is not read, or too large.
        """
        self.kind = "picture"
        if isinstance(self.given, Image.Image):
            shown = loaded(self.given, name=self.path)
            self.sha256 = hashlib.sha256(
                f"{shown.mode} {shown.size}\n".encode() + shown.tobytes()
            ).hexdigest()
            return readable(shown)
        if not isinstance(self.given, Path):
            raise UsageError(f"{self.path} is no picture", hint="give a picture's file")
        with self.given.open("rb") as file:
            self.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            return readable(open_picture(file, name=self.path))

    @contextmanager
    def meanwhile(self, wanted: bool) -> Iterator[None]:
        """Have `words` of a file read in the background, should it take long to see to the rest."""
        if not wanted or not isinstance(self.given, Path):
            yield
            return
        parse = partial(rows_apart, "ocr", self.given, self.path, self._limits)
        with meanwhile(parse) as self._words:
            yield
        self._words = None

    def words(self) -> Iterator[Cells]:
        """What a picture says, line by line, each as the cells that it may consist of.

        Raises
        ------
        MissingExtra
            If there is nothing to read pictures with.
        UnreadableSample
            If reading it costs more than the limits allow.
        """
        self.kind = "picture text"
        if self._words is not None:
            yield from (((), row) for row in self._words() if row is not None)
        elif isinstance(self.given, Path):
            yield from self._apart("ocr", self.given)
        elif isinstance(self.given, Image.Image):
            with tempfile.TemporaryDirectory(prefix="tracemark-") as folder:
                held = Path(folder) / "picture.png"
                readable(self.given).convert("RGB").save(held, compress_level=1)
                yield from self._apart("ocr", held)

    def rows(self) -> Iterator[Cells]:
        """Headers and values of each row; see `parts`."""
        for part in self.parts():
            yield from part.rows(range(len(part)))

    def parts(self) -> Iterator[Part]:
        """Headers and values of all rows in order; of plain lines the cells they may consist of.

        Cells that a table may have held before its columns were joined or split stand behind its
        own, without headers.

        Raises
        ------
        MissingExtra
            If the library that reads it is not installed.
        UnreadableSample
            If it cannot be read as what it seems to be.
        """
        if isinstance(self.given, Path):
            try:
                if self.given.is_char_device():  # /dev/zero has no end
                    raise UnreadableSample(f"{self.path} is a device", hint="give a file")
                yield from self._file(self.given, self.form)
            except OSError as error:
                raise UnreadableSample(
                    f"cannot read {self.path}: {error.strerror}", hint="check the file name"
                ) from None
        elif isinstance(self.given, str):
            yield from self._text(self.given.encode("utf-8", "surrogatepass"), self.form)
        elif not isinstance(self.given, Image.Image):
            self.kind = "rows"
            yield from in_parts(self._mappings(self.given))

    def _file(self, path: Path, form: Form) -> Iterator[Part]:
        if form == "table":
            with path.open("rb") as file:
                yield from self._table(file, Path(self.path).name)
            return
        with path.open("rb") as file:
            self.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if form == "archive":
            raise UnreadableSample(
                f"{self.path}: an archive within an archive, or a broken one",
                hint="unpack it, and trace what it held",
            )
        self.kind = form
        yield from in_parts(self._apart("scans" if form == "pdf" and self._ocr else form, path))

    def _text(self, encoded: bytes, form: Form) -> Iterator[Part]:
        if form == "table":
            yield from self._table(io.BytesIO(encoded), None)
            return
        self.sha256, self.kind = hashlib.sha256(encoded).hexdigest(), form
        with tempfile.TemporaryDirectory(prefix="tracemark-") as folder:
            held = Path(folder) / "text"
            held.write_bytes(encoded)
            yield from in_parts(self._apart(form, held))

    def _apart(self, form: str, path: Path) -> Iterator[Cells]:
        """Rows from a parser in a process of its own; the first of a table may name its columns."""
        names: Sequence[str] | None = None
        for row in rows_apart(form, path, self.path, self._limits):
            if row is None:
                names = None
            elif self.guessed:
                yield (), row
            elif any(row):
                if names is None:
                    names = row if len(row) > 1 and is_header(row) else ()
                    self.titles += row is names
                headers = [*names[: len(row)], *[None] * (len(row) - len(names))]
                yield self._with_guesses(headers, row)

    def _table(self, file: BinaryIO, name: str | None) -> Iterator[Part]:
        source = self._source = HashingReader(file)
        try:
            document = open_document(source, name=name or self.path, errors="replace")
            self.kind = document.kind
            last = ""
            for part in document.parts(chain(_FIRST, repeat(PART))):
                if isinstance(part, Block):
                    self.titles += _repeated(part, document.headers)
                    yield Alike(part, self._guesser.many(part))
                elif document.kind == "text":
                    lines, last = self._lines(part, last)
                    yield lines
                else:
                    yield self._mixed([row for row in part if row.values], document.headers)
        finally:
            for _ in blocks(source):  # what could not be read is hashed all the same
                pass
            self.sha256 = source.sha256

    def _lines(self, rows: Sequence[Row], last: str) -> tuple[Mixed, str]:
        """Lines of a text as cells they may consist of; `last` is the line before, empty for none.

        Also returned is what stands last in them.
        """
        cells: list[Cells] = []
        for row in rows:
            line = row.values[0] if row.values else ""
            if row.values:
                cells.append(((), [*segments(line), *wrapped(last, line)]))
            last = line
        return Mixed(cells), last

    def _mixed(self, rows: Sequence[Row], headers: Sequence[str] | None) -> Mixed:
        self.titles += sum(row.values == headers for row in rows)
        cells = [self._with_guesses(row.headers, row.values) for row in rows]
        return Mixed(cells, [row.raw for row in rows])

    def _mappings(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Cells]:
        digest = hashlib.sha256()
        for number, row in enumerate(rows, start=1):
            if not isinstance(row, Mapping):
                raise UsageError(
                    f"row {number} of {self.path} is a {type(row).__name__}",
                    hint="each row is a mapping from column name to value",
                )
            texts = [(str(key), text) for key, text in texts_in({**row})]
            flat = dict(texts)
            line = json.dumps(flat if len(flat) == len(texts) else texts, ensure_ascii=True)
            digest.update(line.encode() + b"\n")
            yield self._with_guesses([key for key, _ in texts], [text for _, text in texts])
        self.sha256 = digest.hexdigest()

    def _with_guesses(self, headers: Sequence[str | None], values: Sequence[str]) -> Cells:
        more = self._guesser.guesses(values)
        return ([*headers, *[None] * len(more)], [*values, *more]) if more else (headers, values)


def _repeated(block: Block, headers: Sequence[str] | None) -> int:
    """How many rows only name the columns, as where several tables were put together."""
    if not headers or not block.may_hold(headers[0]):
        return 0
    alike = [row for row, cell in enumerate(block.column(0)) if cell == headers[0]]
    return sum(values == headers for values in block.some(alike))


def reads_pictures(asked: bool | None) -> bool:
    """Whether the text of pictures is to be read: as asked, else where the library is installed.

    Raises
    ------
    MissingExtra
        If it was asked for and the library is not installed.
    """
    there = find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None
    if asked and not there:
        raise MissingExtra("ocr", "reading the text of pictures")
    return there if asked is None else asked

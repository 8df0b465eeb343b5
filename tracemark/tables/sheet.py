"""The XML parts of a workbook, read with the places of what can be replaced in them. SPEC 11.10."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO
from xml.parsers import expat

from tracemark.errors import UnreadableSample

_BLOCK = 1 << 16
_MOST_CELLS = 16_384
_ESCAPED = re.compile("_x[0-9A-Fa-f]{4}_")  # a character written as its number
_MARKUP = re.compile("[&<>\r]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}


@dataclass(slots=True)
class Piece:
    """A text of a workbook's part.

    Attributes
    ----------
    text : str
    start, end : int
        The bytes of its element in the part; both 0 where it must not be replaced.
    tag : str
        The element's name as it stands there.
    """

    text: str = ""
    start: int = 0
    end: int = 0
    tag: str = "t"

    def written(self, text: str) -> bytes:
        """The element with another text."""
        escaped = _MARKUP.sub(lambda found: _ENTITIES[found[0]], text)
        kept = ' xml:space="preserve"' if text != text.strip() or "\n" in text else ""
        return f"<{self.tag}{kept}>{escaped}</{self.tag}>".encode()


@dataclass(slots=True)
class Cell:
    """One cell of a sheet.

    Attributes
    ----------
    column : int
        From 1.
    kind : str
        ``s`` (a shared string), ``inlineStr``, ``n``, ``str``, ``b``, ``e`` or ``d``.
    piece : Piece
        The text in place, or the number of the shared string.
    """

    column: int
    kind: str
    piece: Piece


class Part:
    """Runs one part through a parser that knows no entity but XML's own five.

    Parameters
    ----------
    file : binary file
    name : str
        For messages.
    """

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._name = name
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.XmlDeclHandler = self._declared
        self._parser.StartElementHandler = self._starts
        self._parser.EndElementHandler = self._ends
        self._parser.CharacterDataHandler = self._says
        self._tag = ""
        self._texts: list[str] = []
        self._open: Piece | None = None
        self._closing: Piece | None = None

    def run(self) -> Iterator[None]:
        """Parse block by block. Raises UnreadableSample where the part breaks its format."""
        try:
            first = True
            while block := self._file.read(_BLOCK):
                if first and block.startswith((b"\xff\xfe", b"\xfe\xff")):
                    raise self._broken()
                first = False
                self._parser.Parse(block)
                yield
            self._parser.Parse(b"", True)
            yield
        except (expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError):
            raise self._broken() from None

    def _opened(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins; its name is without a prefix."""

    def _closed(self, name: str) -> None:
        """An element ends."""

    def begin(self, tag: str) -> Piece:
        """Collect the text of the element that begins here."""
        self._texts = []
        self._open = Piece(start=self._parser.CurrentByteIndex, tag=tag)
        return self._open

    def _starts(self, tag: str, attributes: dict[str, str]) -> None:
        self._settle()
        self._tag = tag
        self._opened(tag.rpartition(":")[2], attributes)

    def _ends(self, tag: str) -> None:
        self._settle()
        if self._open is not None:
            self._open.text = "".join(self._texts)
            self._closing, self._open = self._open, None
        self._closed(tag.rpartition(":")[2])

    def _says(self, text: str) -> None:
        if self._open is not None:
            self._texts.append(text)

    def _settle(self) -> None:
        """A collected element reaches to where the next tag begins."""
        if self._closing is not None:
            self._closing.end = self._parser.CurrentByteIndex
            self._closing = None

    def _refuse(self, *_: object) -> None:
        raise UnreadableSample(
            f"{self._name}: it declares a document type, which no workbook needs",
            hint="open it in a spreadsheet program and save it again",
        )

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and encoding.lower() not in ("utf-8", "utf8", "us-ascii", "ascii"):
            raise self._broken()

    def _broken(self) -> UnreadableSample:
        return UnreadableSample(
            f"{self._name}: a broken workbook",
            hint="open it in a spreadsheet program and save it again",
        )


class SharedStrings(Part):
    """The texts that cells refer to by number: ``strings``, and whether each may be replaced."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        super().__init__(file, name)
        self.strings: list[Piece] = []
        self.root = Piece()
        self.last = 0  # where further texts can be put
        self._now: list[Piece] = []
        self._rich = 0

    def _opened(self, name: str, attributes: dict[str, str]) -> None:
        if name == "sst":
            self.root = self._closing = Piece(start=self._parser.CurrentByteIndex, tag=self._tag)
        elif name == "si":
            self._now, self._rich = [], 0
        elif name in ("r", "rPh"):
            self._rich += 1
        elif name == "t":
            self._now.append(self.begin(self._tag))

    def _closed(self, name: str) -> None:
        if name == "si":
            plain = len(self._now) == 1 and not self._rich
            if plain and not _ESCAPED.search(self._now[0].text):
                self.strings.append(self._now[0])
            else:
                self.strings.append(Piece("".join(piece.text for piece in self._now)))
        elif name == "sst":
            self.last = self._parser.CurrentByteIndex


class Sheet(Part):
    """The rows of a sheet: ``rows`` holds those that are read and not yet taken."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        super().__init__(file, name)
        self.rows: list[tuple[int, list[Cell]]] = []
        self._line = 0
        self._cells: list[Cell] = []
        self._column = 0
        self._cell: Cell | None = None
        self._texts_of: list[Piece] = []
        self._locked = False

    def _opened(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._column = _column(attributes.get("r", "")) or self._column + 1
            self._cell = Cell(self._column, attributes.get("t", "n"), Piece())
            self._texts_of, self._locked = [], False
        elif name == "row":
            number = attributes.get("r", "")
            self._line = int(number) if number.isdecimal() else self._line + 1
            self._cells, self._column = [], 0
        elif self._cell is not None:
            if name in ("f", "r", "rPh"):
                self._locked = True
            elif name == ("t" if self._cell.kind == "inlineStr" else "v"):
                self._texts_of.append(self.begin(self._tag))

    def _closed(self, name: str) -> None:
        if name == "c" and self._cell is not None:
            cell, texts = self._cell, self._texts_of
            free = len(texts) == 1 and (
                cell.kind == "s" or not (self._locked or _ESCAPED.search(texts[0].text))
            )
            if free:
                cell.piece = texts[0]
            else:
                cell.piece = Piece("".join(piece.text for piece in texts))
            self._cells.append(cell)
            self._cell = None
            if len(self._cells) > _MOST_CELLS:
                raise self._broken()
        elif name == "row":
            self.rows.append((self._line, self._cells))


class Elements(Part):
    """The attributes of a small part's elements: ``found`` holds (name, attributes)."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        super().__init__(file, name)
        self.found: list[tuple[str, dict[str, str]]] = []

    def _opened(self, name: str, attributes: dict[str, str]) -> None:
        self.found.append((name, attributes))


def spliced(file: IO[bytes], changes: Iterable[tuple[int, int, bytes]]) -> Iterator[bytes]:
    """A part with some of its bytes replaced.

    Parameters
    ----------
    file : binary file
        The part, from its beginning.
    changes : iterable of (start, end, new bytes)
        In order and without overlap.
    """
    at = 0
    for start, end, new in changes:
        while at < start and (block := file.read(min(_BLOCK, start - at))):
            at += len(block)
            yield block
        file.read(end - start)
        yield new
        at = end
    while block := file.read(_BLOCK):
        yield block


def _column(reference: str) -> int:
    """The number of a column, from 1, by a cell's reference; 0 without one."""
    number = 0
    for character in reference.rstrip("0123456789$").lstrip("$").upper():
        if not "A" <= character <= "Z":
            return 0
        number = number * 26 + ord(character) - 64
    return number

"""XLSX workbooks, of which only the texts of changed cells are written anew. SPEC 11.10.

Styles, numbers, formulas, widths, pictures, charts, macros and every other part stay what they are,
byte for byte; so does all of a sheet and of the shared strings around the texts that change. A text
that cells share is replaced where it stands if all its cells change alike; else the others are
pointed at a new one.
"""

from __future__ import annotations

import posixpath
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from tracemark.errors import UnreadableSample
from tracemark.tables.csv import is_header
from tracemark.tables.rows import Document, Origin, Row
from tracemark.tables.sheet import Cell, Elements, Piece, SharedStrings, Sheet, spliced
from tracemark.tables.source import BLOCK, held_for
from tracemark.tables.zipped import checked_zip, unzipping

_HELD = 8 << 20  # bytes of a workbook that are held in memory
_BOOK = "officeDocument"
_TOP = 8  # rows of a sheet among which its header is looked for
_UNIQUE = re.compile(rb'(uniqueCount\s*=\s*["\'])(\d+)')

Change = tuple[int, int, bytes]


@dataclass(slots=True)
class SheetRow(Row):
    """A row of a sheet, and where its cells stand."""

    sheet: str = ""
    cells: list[Cell] = field(default_factory=list)


class XlsxDocument(Document):
    """An XLSX or XLSM file. Its rows render as nothing; `rest` is the whole file.

    Parameters
    ----------
    blocks : iterable of bytes
        The file.
    origin : Origin

    Raises
    ------
    UnreadableSample
        If it is no workbook, broken, locked or too large.
    """

    kind = "xlsx"

    def __init__(self, blocks: Iterable[bytes], origin: Origin) -> None:
        super().__init__([], origin)
        held = held_for(self)
        for block in blocks:
            held.write(block)
        held.seek(0)
        self._what = f"XLSX workbook: {self.name}"
        try:
            self._zip = checked_zip(held)
        except UnreadableSample as error:
            raise UnreadableSample(f"{self.name}: no XLSX: {error}", hint=error.hint) from None
        self._there = set(self._zip.namelist())
        with unzipping(self._what):
            self._sheets, self._shared = self._parts()
            self._strings, self._root, self._last = self._read_strings()
        self._given: dict[int, str] = {}  # shared string: what stands there now
        self._added: dict[str, int] = {}
        self._changes: dict[str, list[Change]] = {}
        self._names = {sheet: self._header(sheet) for sheet in self._sheets}
        named = [name for names in self._names.values() for name in names[1].values()]
        self.headers = named or None

    def quote(self, value: str, raw: str) -> str:
        """The value itself."""
        return value

    def _rows(self) -> Iterator[Row]:
        for sheet in self._sheets:
            top, names = self._names[sheet]
            for line, cells in self._read(sheet):
                found = [cell for cell in cells if cell.kind in ("s", "inlineStr", "n")]
                values = [self._value(cell) for cell in found]
                row = SheetRow(line, (), values, "", None, sheet, found)
                if line <= top or not any(values):
                    self.render(row, values)
                else:
                    row.headers = [names.get(cell.column) for cell in found]
                    yield row

    def render(self, row: Row, values: Sequence[str]) -> str:
        """Nothing: the cells are kept for `rest`. Raises UsageError for another number of them."""
        super().render(row, values)
        if isinstance(row, SheetRow):
            for cell, old, new in zip(row.cells, row.values, values, strict=True):
                if cell.kind == "s":
                    self._share(row.sheet, cell.piece, old, new)
                elif cell.kind == "inlineStr" and new != old:
                    self._change(row.sheet, cell.piece, new)
        return ""

    def rest(self) -> Iterator[bytes]:
        """The whole workbook, with the cells as they were rendered."""
        with tempfile.SpooledTemporaryFile(_HELD) as out:
            with (
                unzipping(self._what),
                zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as copy,
            ):
                for member in self._zip.infolist():
                    info = zipfile.ZipInfo(member.filename, member.date_time)
                    info.compress_type = member.compress_type
                    info.external_attr, info.create_system = member.external_attr, 3
                    info.file_size = member.file_size + (1 << 20)
                    with self._zip.open(member) as old, copy.open(info, "w") as new:
                        changes = self._changes_in(member.filename)
                        if changes:
                            new.writelines(spliced(old, changes))
                        else:
                            shutil.copyfileobj(old, new, BLOCK)
            out.seek(0)
            while block := out.read(BLOCK):
                yield block
        self._zip.close()

    def _changed(self, row: Row, values: Sequence[str]) -> str:
        return ""

    def _share(self, sheet: str, cell: Piece, old: str, new: str) -> None:
        """Let a cell have its shared string, or point it at another where that is taken."""
        number = self._number(cell)
        if number is None:
            return
        whole = self._strings[number].text if new == old else new
        if self._given.setdefault(number, whole) != whole:
            added = self._added.setdefault(whole, len(self._strings) + len(self._added))
            self._change(sheet, cell, str(added))

    def _change(self, part: str, piece: Piece, text: str) -> None:
        self._changes.setdefault(part, []).append((piece.start, piece.end, piece.written(text)))

    def _changes_in(self, part: str) -> list[Change]:
        changes = sorted(self._changes.get(part, ()))
        if part != self._shared:
            return changes
        for number, text in self._given.items():
            piece = self._strings[number]
            if text != piece.text:
                changes.append((piece.start, piece.end, piece.written(text)))
        if self._added:
            with self._zip.open(part) as file:
                root = file.read(self._root.end)[self._root.start :]
            count = f"{len(self._strings) + len(self._added)}".encode()
            changes.append((self._root.start, self._root.end, _UNIQUE.sub(rb"\g<1>" + count, root)))
            prefix = self._root.tag.rpartition("sst")[0]
            new = [Piece(tag=f"{prefix}t").written(text) for text in self._added]
            item = f"{prefix}si".encode()
            entries = b"".join(b"<%b>%b</%b>" % (item, one, item) for one in new)
            changes.append((self._last, self._last, entries))
        return sorted(changes)

    def _value(self, cell: Cell) -> str:
        """A cell's text; nothing where it must not be replaced."""
        text = cell.piece.text
        if cell.kind == "inlineStr":
            return text if cell.piece.end else ""
        if cell.kind == "n":
            return _number(text)
        number = self._number(cell.piece)
        return (
            self._strings[number].text if number is not None and self._strings[number].end else ""
        )

    def _number(self, piece: Piece) -> int | None:
        """Which shared string a cell refers to."""
        text = piece.text.strip()
        known = len(text) < 10 and text.isdecimal() and int(text) < len(self._strings)
        return int(text) if known else None

    def _read(self, sheet: str) -> Iterator[tuple[int, list[Cell]]]:
        with unzipping(self._what), self._zip.open(sheet) as file:
            part = Sheet(file, self.name)
            for _ in part.run():
                rows, part.rows = part.rows, []
                yield from rows

    def _header(self, sheet: str) -> tuple[int, dict[int, str]]:
        """The line of a sheet's header, 0 without one, and the names of its columns."""
        first = [(line, cells) for line, cells in islice(self._read(sheet), _TOP) if cells]
        for number, (line, cells) in enumerate(first):
            names = {cell.column: text for cell in cells if (text := self._said(cell))}
            if len(names) == 1 and any(len(others) > 2 for _, others in first[number + 1 :]):
                continue  # a title
            if names and is_header(list(names.values())):
                return line, names
            if names:
                break
        return 0, {}

    def _said(self, cell: Cell) -> str:
        if cell.kind != "s":
            return cell.piece.text
        number = self._number(cell.piece)
        return "" if number is None else self._strings[number].text

    def _read_strings(self) -> tuple[list[Piece], Piece, int]:
        if not self._shared:
            return [], Piece(), 0
        with self._zip.open(self._shared) as file:
            part = SharedStrings(file, self.name)
            for _ in part.run():
                pass
        return part.strings, part.root, part.last

    def _parts(self) -> tuple[list[str], str]:
        """The sheets' parts in the workbook's order, and that of the shared strings."""
        book = next((part for part, kind in self._targets("").values() if kind == _BOOK), "")
        if not book:
            raise UnreadableSample(
                f"{self.name}: a ZIP archive that is no XLSX workbook",
                hint="unpack it, or save it as XLSX or CSV first",
            )
        targets = self._targets(book)
        sheets = []
        for name, attributes in self._elements(book):
            if name == "sheet":
                key = next((v for k, v in attributes.items() if k.endswith(":id")), "")
                part, kind = targets.get(key, ("", ""))
                if kind == "worksheet":
                    sheets.append(part)
        shared = [part for part, kind in targets.values() if kind == "sharedStrings"]
        return sheets, shared[0] if shared else ""

    def _targets(self, part: str) -> dict[str, tuple[str, str]]:
        """What a part refers to: id to (name of the part, last word of its kind)."""
        folder, name = posixpath.split(part)
        found = {}
        for element, attributes in self._elements(posixpath.join(folder, "_rels", f"{name}.rels")):
            target = attributes.get("Target", "")
            whole = posixpath.normpath(posixpath.join("/" + folder, target)).lstrip("/")
            if element == "Relationship" and whole in self._there:
                kind = attributes.get("Type", "").rpartition("/")[2]
                found[attributes.get("Id", "")] = whole, kind
        return found

    def _elements(self, part: str) -> list[tuple[str, dict[str, str]]]:
        if part not in self._there:
            return []
        with self._zip.open(part) as file:
            read = Elements(file, self.name)
            for _ in read.run():
                pass
        return read.found


def _number(text: str) -> str:
    """A number as it would be typed: what Excel keeps as 1.38E+10 as its digits."""
    try:
        value = float(text)
    except ValueError:
        return text
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else text

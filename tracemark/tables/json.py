"""JSON and JSON Lines as rows. SPEC 11.4, 11.5."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NoReturn

from tracemark.errors import UnreadableSample
from tracemark.tables.lines import Lines
from tracemark.tables.rows import Document, Origin, Row

DEPTH = 200

# the scanner validates and finds the end of a value; numbers are not computed
_SCANNER = json.JSONDecoder(parse_int=str, parse_float=str, strict=False)
# a string, then the colon that makes it a key, or a bracket
_TOKEN = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"(\s*+:)?|[\[\]{}]', re.DOTALL)
_KEY = 2  # the group of the colon
_SPACE = re.compile(r"[ \t\r\n]*")
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Cells:
    """The strings of a piece of JSON: their nearest keys, what they stand for, and where."""

    __slots__ = ("headers", "spans", "values")

    def __init__(self) -> None:
        self.headers: list[str | None] = []
        self.values: list[str] = []
        self.spans: list[tuple[int, int]] = []

    def add(self, text: str, place: tuple[int, int], base: int, key: str | None) -> None:
        """Add the strings of a valid value, which stands in the text at `place`.

        Spans count from `base`; `key` is the nearest key outside the value. Raises RecursionError
        where the value is nested too deep.
        """
        raw = text[slice(*place)]
        offset = place[0] - base
        pieces = raw.split('"')
        if "\\" in raw or raw.count("{") + raw.count("[") > 1 or len(pieces) % 2 == 0:
            self._add_nested(raw, offset, key)
        else:
            self._add_flat(pieces, offset, key)

    def _add_flat(self, pieces: list[str], at: int, key: str | None) -> None:
        """Add the strings of a value without escapes and inner containers, cut at its quotes."""
        headers, values, spans = self.headers, self.values, self.spans
        for index in range(1, len(pieces), 2):
            string = pieces[index]
            start = at + len(pieces[index - 1])
            at = start + len(string) + 2
            if ":" in pieces[index + 1]:
                key = string
            else:
                headers.append(key)
                values.append(string)
                spans.append((start, at))

    def _add_nested(self, raw: str, offset: int, key: str | None) -> None:
        """Add the strings of any value, token by token."""
        outer: list[str | None] = []
        for token in _TOKEN.finditer(raw):
            string: str | None = token[1]
            if string is None:
                if token[0] in "[{":
                    outer.append(key)
                    if len(outer) > DEPTH:
                        raise RecursionError
                else:
                    key = outer.pop() if outer else None
                continue
            if "\\" in string:
                string = _unescaped(string)
            if token.lastindex == _KEY:
                key = string
            elif string is not None:
                self.headers.append(key)
                self.values.append(string)
                self.spans.append((token.start() + offset, token.end() + offset))

    def row(self, line: int, raw: str) -> Row:
        """The strings as a row."""
        return Row(line, self.headers, self.values, raw, self.spans)


class _JsonBase(Document):
    """What JSON and JSON Lines share: how a new value is written, and what is said of a fault.

    Parameters
    ----------
    chunks, origin
        As in `Document`.
    escape : bool
        Whether changed cells are written in ASCII, as files that hold nothing else want.
    """

    def __init__(self, chunks: Iterable[str], origin: Origin, *, escape: bool = False) -> None:
        super().__init__(chunks, origin)
        self._escape = escape

    def quote(self, value: str, raw: str) -> str:
        r"""The value as a JSON string, with ``\u`` escapes where the cell or the file has them."""
        escaped = self._escape or ("\\u" in raw and raw.isascii())
        return json.dumps(value, ensure_ascii=escaped)

    def tidied(self, row: Row, values: Sequence[str], free: Sequence[bool]) -> str:
        r"""The row with new values, those that are `free` written anew: ``\/`` becomes ``/``."""
        out: list[str] = []
        at = 0
        for (start, end), old, new, one in zip(
            row.spans or (), row.values, values, free, strict=True
        ):
            if one or new != old:
                out += row.raw[at:start], self.quote(new, row.raw[start:end])
                at = end
        return "".join(out) + row.raw[at:]

    def _fault(self, what: str, line: int, column: int) -> NoReturn:
        raise UnreadableSample(
            f"{self.name}: line {line}, column {column}: {what}",
            hint="check that the file is JSON and was saved whole",
        )


class JsonLinesDocument(_JsonBase):
    """One JSON value a line; blank lines are rows without values. Parameters as in `JsonDocument`.

    Leniently, a line that is not JSON is a row of the strings in it, or one cell if it has none.
    """

    kind = "jsonl"

    def _rows(self) -> Iterator[Row]:
        lines = Lines(self._chunks, limit=self._origin.limit, name=self.name)
        for number, line in enumerate(lines, start=1):
            try:
                _SCANNER.decode(line)
                cells = _Cells()
                cells.add(line, (0, len(line)), 0, None)
                yield cells.row(number, line)
            except json.JSONDecodeError as fault:
                if not line.strip():
                    yield Row(number, (), [], line)
                elif self._origin.lenient:
                    yield _fragments(number, line)
                else:
                    self._fault(_described(fault), number, fault.pos + 1)
            except RecursionError:
                self._fault(f"nested deeper than {DEPTH} levels", number, 1)


class JsonDocument(_JsonBase):
    """A JSON file, read record by record.

    The elements of the outermost array are rows; so are those of an array of objects that is
    reached from the top through objects only, as in ``{"data": {"orders": [{…}, {…}]}}``. What
    stands around them is in rows of its own. A file without such an array is one row.

    Leniently, what follows a fault is read line by line, as rows of the strings that are left.

    Parameters
    ----------
    chunks, origin
        As in `Document`.
    escape : bool
        Whether changed cells are written in ASCII, as files that hold nothing else want.
    """

    kind = "json"

    def _rows(self) -> Iterator[Row]:
        self._text, self._start, self._at = "", 0, 0
        self._line, self._column = 1, 1
        self._cells = _Cells()
        self._begun = 0  # the line of the first value in the row, 0 before it
        try:
            yield from self._whole()
        except UnreadableSample:
            if not self._origin.lenient:
                raise
            rest = chain([self._text[self._start :]], self._chunks)
            lines = Lines(rest, limit=self._origin.limit, name=self.name)
            for number, line in enumerate(lines, start=self._line):
                yield _fragments(number, line)

    def _whole(self) -> Iterator[Row]:
        if not self._peek():
            self._broken("no JSON value", self._at)
        while self._peek():
            yield from self._outside(None, 0)
            self._peek()  # the white space after it
            yield self._flush()

    def _outside(self, key: str | None, depth: int) -> Iterator[Row]:
        """Go through a value that stands outside all records."""
        opening = self._peek()
        if depth > DEPTH:
            self._broken(f"nested deeper than {DEPTH} levels", self._at)
        if opening == "{":
            self._at += 1
            for _ in self._elements("}"):
                name = self._key()
                yield from self._outside(name, depth + 1)
        elif opening == "[" and (depth == 0 or self._holds_objects()):
            self._at += 1
            yield self._flush()
            for _ in self._elements("]"):
                self._value(key)
                yield self._flush()
        else:
            self._value(key)

    def _elements(self, closing: str) -> Iterator[None]:
        """Yield before each element of the container just entered, and leave it behind."""
        if self._peek() == closing:
            self._at += 1
            return
        while True:
            yield
            character = self._peek()
            if character not in (",", closing):
                self._broken(f"',' or '{closing}' expected", self._at)
            self._at += 1
            if character == closing:
                return

    def _key(self) -> str | None:
        """Step over a key and its colon."""
        if self._peek() != '"':
            self._broken("a key expected", self._at)
        start, end = self._skip()
        key = _unescaped(self._text[start + 1 : end - 1])
        if self._peek() != ":":
            self._broken("':' expected", self._at)
        self._at += 1
        return key

    def _value(self, key: str | None) -> None:
        """Step over a whole value and add its cells to the row."""
        self._peek()
        start, end = self._skip()
        if not self._begun:
            self._begun = self._line + self._text.count("\n", self._start, start)
        try:
            self._cells.add(self._text, (start, end), self._start, key)
        except RecursionError:
            self._broken(f"nested deeper than {DEPTH} levels", start)

    def _skip(self) -> tuple[int, int]:
        """Where the value that begins here stands; reads on until it is whole."""
        while True:
            try:
                _, end = _SCANNER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as fault:
                place = fault.pos - self._start
                whole = len(self._text) - fault.pos > 16 and "Unterminated" not in fault.msg
                if whole or not self._fill():
                    self._broken(_described(fault), self._start + place)
            except RecursionError:
                self._broken(f"nested deeper than {DEPTH} levels", self._at)
            else:
                # a number could go on after the end of what is held; reading on moves that
                length = end - self._at
                if end < len(self._text) or not self._fill():
                    start = self._at
                    self._at += length
                    return start, self._at

    def _holds_objects(self) -> bool:
        """Whether the array that begins here has an object as its first element."""
        back = self._at - self._start
        self._at += 1
        found = self._peek() == "{"
        self._at = self._start + back
        return found

    def _peek(self) -> str:
        """The next character that is not white space; empty at the end of the file."""
        while True:
            self._at = _space_end(self._text, self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._fill():
                return ""

    def _fill(self) -> bool:
        """Read on, at least as much again as is held; False at the end of the file."""
        pieces = [self._text[self._start :]]
        wanted, got = len(pieces[0]), 0
        if wanted > self._origin.limit:
            self._broken(f"a record is longer than {self._origin.limit} characters", self._start)
        while got <= wanted and (chunk := next(self._chunks, "")):
            pieces.append(chunk)
            got += len(chunk)
        self._at -= self._start
        self._start = 0
        self._text = "".join(pieces)
        return got > 0

    def _broken(self, what: str, at: int) -> NoReturn:
        before = self._text[self._start : at]
        breaks = before.count("\n")
        column = len(before) - before.rfind("\n") if breaks else self._column + len(before)
        self._fault(what, self._line + breaks, column)

    def _flush(self) -> Row:
        """Everything since the last row as a row."""
        raw = self._text[self._start : self._at]
        row = self._cells.row(self._begun or self._line, raw)
        self._cells, self._begun = _Cells(), 0
        breaks = raw.count("\n")
        self._line += breaks
        self._column = len(raw) - raw.rfind("\n") if breaks else self._column + len(raw)
        self._start = self._at
        return row


def _fragments(number: int, line: str) -> Row:
    """The strings of a line of broken JSON; the line itself where it has none that can be read."""
    cells = _Cells()
    try:
        cells.add(line, (0, len(line)), 0, None)
    except (json.JSONDecodeError, RecursionError):
        cells = _Cells()
    if cells.values or not line.strip():
        return cells.row(number, line)
    text = line.rstrip("\r\n")
    return Row(number, [None], [text], line, [(0, len(text))])


def _unescaped(string: str) -> str | None:
    """What the inside of a string token stands for; None where that is half a surrogate pair."""
    value: str = json.loads(f'"{string}"', strict=False)
    return None if _SURROGATE.search(value) else value


def _space_end(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _described(fault: json.JSONDecodeError) -> str:
    return fault.msg[:1].lower() + fault.msg[1:]

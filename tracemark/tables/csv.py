"""Delimited tables: CSV, TSV, and the same with semicolons or bars. SPEC 11.3.

Lines without a quote, and lines in which every cell is quoted, are split and joined by the
delimiter; lines in which some cells are quoted by one pattern; only what is quoted over several
lines, or not by the book, is read quote by quote.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from tracemark.tables.block import Block, block_of
from tracemark.tables.lines import Lines
from tracemark.tables.rows import Document, Origin, Row

DELIMITERS = ",\t;|"
_FEW = 64  # lines that are read one by one at a time
_PREAMBLE = 100  # blank lines and titles that may stand above a header

# a whole cell in quotes: a quote within a cell, as in 5" pipe, is none
_QUOTED = re.compile(r'(?<![^,\t;|\r\n])"(?:[^"]|"")*+"(?![^,\t;|\r\n])')
# a digit run of six, a masked number, a date, a number alone, a house number: data, not a name
_DATA = re.compile(
    r"\d{6}|\d\*{2,}|^[一-龥]\*{1,2}$|\d{4}[-/.年]\d|^[-+]?\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?%?$"
    r"|\d+[号室栋幢楼弄巷]|https?://"
)
_NUMBER = re.compile(r"[-+]?\d[\d.,]*")


def sniff_delimiter(sample: str, *, preferred: str = ",") -> str | None:
    """The delimiter on which most lines agree.

    Parameters
    ----------
    sample : str
        The first lines of the file.
    preferred : str
        Taken where several do equally well.

    Returns
    -------
    str or None
        One of comma, tab, semicolon, bar; None where no line holds any.
    """
    lines = _whole_lines(sample)
    best: tuple[float, bool, int, str] | None = None
    for delimiter in DELIMITERS:
        counts = Counter(line.count(delimiter) for line in lines)
        if held := sum(counts.values()) - counts.pop(0, 0):
            count, agreeing = counts.most_common(1)[0]
            rank = (agreeing / len(lines) * held, delimiter == preferred, count, delimiter)
            best = max(best or rank, rank)
    return best[-1] if best else None


def is_tabular(sample: str) -> bool:
    """Whether a text of unknown kind is a table: the same cells in every line, and enough of them.

    Two lines under a header are enough, or five with three cells each.
    """
    delimiter = sniff_delimiter(sample)
    lines = _whole_lines(sample)
    if delimiter is None or len({line.count(delimiter) for line in lines}) != 1:
        return False
    cells = lines[0].split(delimiter)
    return len(lines) > 1 and (is_header(cells) or (len(cells) > 2 and len(lines) > 4))


def is_header(cells: Sequence[str]) -> bool:
    """Whether a first row names columns: short texts, none of which looks like data."""
    named = [cell.strip() for cell in cells if cell.strip()]
    return bool(named) and not any(len(cell) > 40 or _DATA.search(cell) for cell in named)


def _whole_lines(sample: str) -> list[str]:
    """The first lines that are not blank, without their quoted cells."""
    return [line for line in re.split(r"[\r\n]+", _QUOTED.sub("", sample)) if line.strip()][:100]


class DelimitedDocument(Document):
    """A table with a delimiter, quoted as RFC 4180 lays down where a cell needs it.

    Parameters
    ----------
    chunks, origin
        As in `Document`.
    delimiter : str
        One character.
    """

    def __init__(self, chunks: Iterable[str], origin: Origin, *, delimiter: str) -> None:
        super().__init__(chunks, origin)
        self.kind = "tsv" if delimiter == "\t" else "csv"
        self.delimiter = delimiter
        self._joint = f'"{delimiter}"'
        # all cells, as they stand, of a row that ends in a delimiter and is quoted by the book
        self._cells = re.compile(
            f'("[^"]*+(?:""[^"]*+)*+"|[^"{re.escape(delimiter)}]*+){re.escape(delimiter)}'
        ).findall
        self._special = re.compile(f'[{re.escape(delimiter)}"\r\n]')
        self._lines = Lines(self._chunks, limit=origin.limit, name=origin.name)
        self._waiting: deque[Row] = deque()  # read ahead
        self._number = 1  # of the next line
        self._most = 1 << 16  # lines that are cut at once
        self._records = self._read()
        self._names: list[str | None] = []
        self._habits: list[bool] = []  # whether the header quotes its cells without need
        self._preamble = self._read_preamble()

    def quote(self, value: str, raw: str) -> str:
        """The value quoted if the cell was, or if it has to be now."""
        if raw.startswith('"') or self._special.search(value):
            return '"' + value.replace('"', '""') + '"'
        return value

    def tidied(self, row: Row, values: Sequence[str], free: Sequence[bool]) -> str:
        """The row with new values, those that are `free` in quotes where they need them.

        Or where the file quotes what needs none, as the other cells of the row show, else its
        header: of a copy's own quotes nothing is left. SPEC 5.6.
        """
        if not any(free) or not ('"' in row.raw or any(self._habits) or self._held(values)):
            return self.render(row, values)
        raws, end = self._as_they_stand(row)
        told = [
            quoted
            for raw, value, one in zip(raws, row.values, free, strict=True)
            if not one and value and not self._special.search(value)
            if (quoted := raw.startswith('"')) or not _NUMBER.fullmatch(value)
        ]
        habits = [any(told)] * len(raws) if told else [*self._habits, *[False] * len(raws)]
        cells = [
            self.quote(new, '"' * habit) if one else raw if new == old else self.quote(new, raw)
            for raw, old, new, one, habit in zip(
                raws, row.values, values, free, habits, strict=False
            )
        ]
        return self.delimiter.join(cells) + end

    def _held(self, values: Sequence[str]) -> bool:
        return any(map(self._special.search, values))

    def _as_they_stand(self, row: Row) -> tuple[list[str], str]:
        """The cells of a row with their quotes, and the end of its line."""
        raw = row.raw
        if row.spans is not None:
            return [raw[start:end] for start, end in row.spans], raw[row.spans[-1][1] :]
        body = raw.rstrip("\r\n")
        if self._all_quoted(body):
            cells = [f'"{cell}"' for cell in body[1:-1].split(self._joint)]
        else:
            cells = self._cells(body + self.delimiter)
        return cells, raw[len(body) :]

    def _rows(self) -> Iterator[Row]:
        yield from self._preamble
        self._preamble = []
        while row := self._next():
            yield self._named(row)

    def parts(self, sizes: Iterable[int]) -> Iterator[Block | list[Row]]:
        """All rows in order, once: as blocks where they are alike."""
        if begun := [*self._byte_order_mark(), *self._preamble, *map(self._named, self._waiting)]:
            yield begun
        self._preamble, self._waiting = [], deque()
        for size in sizes:
            # rows that are not by the book make the blocks around them smaller
            lines = self._whole(self._lines.several(min(size, self._most)))
            block = block_of(lines, self.delimiter, self._names)
            if block is not None:
                self._most *= 2
                self._number += len(lines)
                yield block
                continue
            self._most = max(_FEW, len(lines) // 4)
            self._lines.give_back(lines[_FEW:])
            lines = lines[:_FEW]
            self._lines.give_back(lines)
            rows, last = [], self._number + len(lines)
            while self._number < last and (row := self._next()):
                rows.append(self._named(row))
            if not rows:
                return
            yield rows

    def _whole(self, lines: list[str]) -> list[str]:
        """The lines without a last row that may go on; it is read again."""
        quotes, left = sum(line.count('"') for line in lines), len(lines)
        while left and (quotes % 2 or not lines[left - 1].endswith(("\r", "\n"))):
            left -= 1
            quotes -= lines[left].count('"')
        if not left:
            return lines
        self._lines.give_back(lines[left:])
        return lines[:left]

    def _next(self) -> Row | None:
        return self._waiting.popleft() if self._waiting else next(self._records, None)

    def _named(self, row: Row) -> Row:
        names = self._names
        if len(row.values) == len(names):
            row.headers = names
        else:
            row.headers = (names + [None] * len(row.values))[: len(row.values)]
        return row

    def _changed(self, row: Row, values: Sequence[str]) -> str:
        if row.spans is not None:
            return super()._changed(row, values)
        raw, delimiter = row.raw, self.delimiter
        body = raw.rstrip("\r\n")
        end = raw[len(body) :]
        if '"' in raw:
            if self._all_quoted(body):
                text = self._joint.join([value.replace('"', '""') for value in values])
                return f'"{text}"{end}'
            cells = zip(self._cells(body + delimiter), row.values, values, strict=True)
            text = delimiter.join(
                [cell if new == old else self.quote(new, cell) for cell, old, new in cells]
            )
            return text + end
        text = delimiter.join(values)
        if self._needs_quotes(text, len(values) - 1):
            text = delimiter.join([self.quote(value, "") for value in values])
        return (text or '""') + end

    def _all_quoted(self, body: str) -> bool:
        """Whether each cell of a row stands in quotes, and no quote within a cell."""
        joints = body.count(self._joint, 1, -1)
        return body[0] == body[-1] == '"' and body.count('"') == 2 * joints + 2

    def _needs_quotes(self, text: str, delimiters: int) -> bool:
        return (
            text.count(self.delimiter) != delimiters or '"' in text or "\n" in text or "\r" in text
        )

    def _read_preamble(self) -> list[Row]:
        """Rows up to the header; a first row of data goes back to the stream."""
        before: list[Row] = []
        while len(before) < _PREAMBLE and (row := self._next()) is not None:
            named = is_header(row.values)
            if row.values and not named:
                self._names = [None] * len(row.values)
                self._waiting.appendleft(row)
                break
            above = not row.values or self._is_separator(row) or self._is_title(row)
            before.append(self._no_data(row))
            if not above:
                self.headers = row.values
                self._names = list(row.values)
                self._habits = [
                    raw.startswith('"') and not self._special.search(value)
                    for raw, value in zip(self._as_they_stand(row)[0], row.values, strict=True)
                ]
                break
        return before

    def _no_data(self, row: Row) -> Row:
        """The row without values, save for samples: there nothing may be overlooked."""
        if self._origin.lenient:
            row.headers = [None] * len(row.values)
            return row
        return Row(row.line, (), [], row.raw)

    def _is_separator(self, row: Row) -> bool:
        """Excel's own first line, which says what the delimiter is."""
        return row.line == 1 and row.raw.rstrip("\r\n").lower() == "sep=" + self.delimiter

    def _is_title(self, row: Row) -> bool:
        """A line above the header: one cell with text, over a row of three names or more."""
        if sum(1 for cell in row.values if cell.strip()) != 1:
            return False
        while len(self._waiting) < 3 and (row_ahead := next(self._records, None)):
            self._waiting.append(row_ahead)
        following = list(islice(self._waiting, 3))
        names: list[str] = next((row.values for row in following if row.values), [])
        return len(names) > 2 and is_header(names)

    def _read(self) -> Iterator[Row]:
        delimiter, joint = self.delimiter, self._joint
        for line in self._lines:
            body = line.rstrip("\r\n")
            number = self._number
            self._number += 1
            if '"' not in line:
                yield Row(number, (), body.split(delimiter) if body else [], line)
                continue
            if self._all_quoted(body):
                yield Row(number, (), body[1:-1].split(joint), line)
                continue
            cells = self._cells(body + delimiter)
            if delimiter.join(cells) == body:
                yield Row(number, (), [_unquoted(cell) for cell in cells], line)
                continue
            row, count = self._read_quoted(line, number)
            self._number += count - 1
            yield row

    def _read_quoted(self, text: str, number: int) -> tuple[Row, int]:
        """Read one row quote by quote; its cells may run over further lines.

        Returns the row and the number of lines it takes.
        """
        values: list[str] = []
        spans: list[tuple[int, int]] = []
        taken, start = 1, 0
        while True:
            value, at = "", start
            if text.startswith('"', start):
                closing, more = self._closing(text, start)
                if closing:
                    text += "".join(more)
                    taken += len(more)
                    value, at = text[start + 1 : closing].replace('""', '"'), closing + 1
                else:
                    self._lines.give_back(more)
            end = text.find(self.delimiter, at)
            last = end < 0
            if last:
                end = max(at, len(text.rstrip("\r\n")))
            values.append(value + text[at:end])
            spans.append((start, end))
            start = end + 1
            if last:
                return Row(number, (), values, text, spans), taken

    def _closing(self, text: str, start: int) -> tuple[int, list[str]]:
        """Where the cell that opens with a quote at `start` closes, and the lines read for it.

        A cell over several lines has to be followed by a delimiter or the end of its line.
        Otherwise it was never quoted: the quote is a character, and 0 is returned.
        """
        more: list[str] = []
        at = start + 1
        while True:
            found = text.find('"', at)
            if found >= 0 and text.startswith('"', found + 1):
                at = found + 2
            elif found >= 0:
                follows = text[found + 1 : found + 2]
                proper = not more or follows in ("", self.delimiter, "\r", "\n")
                return (found if proper else 0), more
            else:
                line = self._lines.following()
                if line is None:
                    return 0, more
                more.append(line)
                if len(text) > self._origin.limit:
                    return 0, more
                at = len(text)
                text += line


def _unquoted(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if cell[:1] == '"' else cell

"""Rows of a delimited table taken column by column, many at once. SPEC 11.3.

The text is cut at its delimiters in one go and joined again in one go. That is only for rows of
one width and one line end, whose quotes are by the book; all others are read one by one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property, reduce

import numpy as np
from numpy.typing import NDArray

_QUOTE, _RETURN, _FEED = b'"'[0], b"\r"[0], b"\n"[0]
_STAND_INS = "\x1f\x1e\x1d\x1c\x1b\x1a"  # for what within quotes is no border


class Block:
    """Rows that were cut together.

    Parameters
    ----------
    encoded, shown : bytes
        The rows, each with its end, in UTF-8: as they stood; and with stand-ins put in.
    borders : (rows, columns) int64
        Where in both the byte behind each cell stands; behind the last one of a row, the last byte
        of the row's end.
    delimiter, end : str
    headers : sequence of str or None
        One for each cell of a row.
    stand_ins : mapping of str to str
        What stands for delimiters and line ends within quotes, to what it stands for.
    quoted : (n, 2) int64
        Row and column of the cells in quotes.

    Attributes
    ----------
    rows : int
    headers : sequence of str or None
    """

    def __init__(
        self,
        encoded: bytes,
        shown: bytes,
        borders: NDArray[np.int64],
        delimiter: str,
        end: str,
        headers: Sequence[str | None],
        *,
        stand_ins: Mapping[str, str],
        quoted: NDArray[np.int64],
    ) -> None:
        self.headers, self.rows = headers, len(borders)
        self._encoded, self._shown, self._borders = encoded, shown, borders
        self._delimiter, self._end, self._stand_ins = delimiter, end, stand_ins
        self._special = re.compile(f'[{re.escape(delimiter)}"\r\n]')
        self._starts = np.concatenate([[0], borders[:-1, -1] + 1])
        self._cut: _Cut | None = None  # made when cells are to be changed
        order = np.argsort(quoted[:, 1], kind="stable")
        self._quoted: dict[int, list[int]] = {}
        for row, column in quoted[order].tolist():
            self._quoted.setdefault(column, []).append(row)

    def lines(self) -> list[bytes]:
        """Each row as it stood in the file, its end included, in UTF-8."""
        bounds = zip(self._starts.tolist(), (self._borders[:, -1] + 1).tolist(), strict=True)
        return [self._encoded[start:end] for start, end in bounds]

    def may_hold(self, cell: str) -> bool:
        """Whether a text without delimiters and line ends may stand in a cell."""
        quoted = cell.replace('"', '""')
        return any(one.encode("utf-8", "surrogatepass") in self._encoded for one in (cell, quoted))

    def column(self, place: int) -> list[str]:
        """The cells of a column, without quotes."""
        cells = self._raw(place) if self._cut else self._stood(place)
        for row in self._quoted.get(place, ()):
            cells[row] = self._unquoted(cells[row])
        return cells

    def some(self, rows: Sequence[int]) -> list[list[str]]:
        """The values of some rows."""
        ends = self._borders[rows, -1] - len(self._end) + 1
        bounds = zip(self._starts[rows].tolist(), ends.tolist(), strict=True)
        text = b"\n".join([self._shown[start:end] for start, end in bounds])
        lines = _text(text).split("\n") if rows else []
        found = [line.split(self._delimiter) for line in lines]
        for place, held in self._in_quotes.items():
            for values, row in zip(found, rows, strict=True):
                if row in held:
                    values[place] = self._unquoted(values[place])
        return found

    @cached_property
    def _in_quotes(self) -> dict[int, set[int]]:
        return {place: {*rows} for place, rows in self._quoted.items()}

    def _stood(self, place: int) -> list[str]:
        """A column as it stood in the file."""
        starts = self._borders[:, place - 1] + 1 if place else self._starts
        last = place == len(self.headers) - 1
        ends = self._borders[:, place] - (len(self._end) - 1 if last else 0)
        bounds = zip(starts.tolist(), ends.tolist(), strict=True)
        return _text(b"\n".join([self._shown[start:end] for start, end in bounds])).split("\n")

    def put(self, place: int, values: Sequence[str]) -> None:
        """Give a column other values; cells that stay the same keep their quotes as they were."""
        raw, shown = self._raw(place), list(values)
        held = set(self._quoted.get(place, ()))
        for row in held:
            same = self._unquoted(raw[row]) == values[row]
            shown[row] = raw[row] if same else _in_quotes(values[row])
        if self._special.search("".join(values)):
            for row, value in enumerate(values):
                if self._special.search(value) and row not in held:
                    shown[row] = _in_quotes(value)
        if self._cut is not None:
            self._cut.put(place, shown)

    def text(self) -> str:
        """The lines as they stand now."""
        return self._restored(self._cut.text() if self._cut else _text(self._shown))

    def _raw(self, place: int) -> list[str]:
        """A column as it stands between the delimiters, to be changed at will."""
        if self._cut is None:
            text = _text(self._shown)
            self._cut = _Cut(text, self._delimiter, self._end, len(self.headers))
        return self._cut.column(place)

    def _unquoted(self, cell: str) -> str:
        return self._restored(cell[1:-1].replace('""', '"'))

    def _restored(self, text: str) -> str:
        for stand_in, character in self._stand_ins.items():
            text = text.replace(stand_in, character)
        return text


class _Cut:
    """A text cut at its delimiters in one go, to be joined again in one go."""

    def __init__(self, text: str, delimiter: str, end: str, width: int) -> None:
        self._delimiter, self._end, self._width = delimiter, end, width
        # a row's first cell hangs on the last one of the row before
        self._step = max(1, width - 1)
        self._pieces = text.split(delimiter) if width > 1 else []
        edges = end.join(self._pieces[:: self._step] or [text]).split(end)
        ways = 2 if width > 1 else 1
        self._edges = {place: edges[side:-1:ways] for side, place in ((0, 0), (1, width - 1))}
        if width == 1:
            self._edges = {0: edges[:-1]}

    def column(self, place: int) -> list[str]:
        return self._edges[place][:] if place in self._edges else self._pieces[place :: self._step]

    def put(self, place: int, shown: list[str]) -> None:
        if place in self._edges:
            self._edges[place] = shown
        else:
            self._pieces[place :: self._step] = shown

    def text(self) -> str:
        end = self._end
        if self._width == 1:
            return end.join(self._edges[0]) + end
        firsts, lasts = self._edges[0], self._edges[self._width - 1]
        glued = [f"{last}{end}{first}" for last, first in zip(lasts, firsts[1:], strict=False)]
        self._pieces[:: self._step] = [firsts[0], *glued, lasts[-1] + end]
        return self._delimiter.join(self._pieces)


def _text(encoded: bytes) -> str:
    return encoded.decode("utf-8", "surrogatepass")


def block_of(lines: Sequence[str], delimiter: str, headers: Sequence[str | None]) -> Block | None:
    """Some lines as a block, or None where they have to be read one by one."""
    text, width = "".join(lines), len(headers)
    if not (width and text.endswith(("\n", "\r")) and delimiter.isascii()) or delimiter == '"':
        return None
    encoded = text.encode("utf-8", "surrogatepass")
    codes = np.frombuffer(encoded, np.uint8)
    stops = [ord(delimiter), _RETURN, _FEED]
    borders = np.flatnonzero(reduce(np.logical_or, [codes == stop for stop in stops]))
    quotes = np.flatnonzero(codes == _QUOTE)
    if not _by_the_book(codes, quotes, stops):
        return None
    within = np.searchsorted(quotes, borders) & 1 == 1
    hidden, borders = borders[within], borders[~within]
    stand_ins: dict[str, str] = {}
    shown = encoded
    if len(hidden):
        free = [one for one in _STAND_INS if one not in text]
        stand_ins = dict(zip(free, map(chr, stops), strict=False))
        if len(stand_ins) < len(stops):
            return None
        table = np.arange(256, dtype=np.uint8)
        table[stops] = [ord(one) for one in stand_ins]
        replaced = codes.copy()
        replaced[hidden] = table[codes[hidden]]
        shown = replaced.tobytes()
    if text.endswith("\r\n"):
        returns = codes[borders] == _RETURN
        if not np.array_equal(borders[returns] + 1, borders[codes[borders] == _FEED]):
            return None
        borders = borders[~returns]
    end = "\r\n" if text.endswith("\r\n") else text[-1]
    if len(borders) % width:
        return None
    borders = borders.reshape(-1, width)
    marks = codes[borders]
    if (marks[:, -1] != ord(end[-1])).any() or (marks[:, :-1] != ord(delimiter)).any():
        return None
    if width == 1 and (np.diff(borders[:, 0], prepend=-1) == len(end)).any():
        return None  # a blank line is no row
    cells = np.unique(np.searchsorted(borders.ravel(), quotes))
    quoted = np.stack(np.divmod(cells, width), 1)
    return Block(
        encoded, shown, borders, delimiter, end, headers, stand_ins=stand_ins, quoted=quoted
    )


def _by_the_book(codes: NDArray[np.uint8], quotes: NDArray[np.int64], stops: Sequence[int]) -> bool:
    """Whether all quotes enclose whole cells, those within a cell being doubled."""
    if len(quotes) % 2:
        return False
    framed = np.concatenate([[_FEED], codes, [_FEED]])
    proper = np.zeros(256, bool)
    proper[[*stops, _QUOTE]] = True
    return bool(proper[framed[quotes[::2]]].all() and proper[framed[quotes[1::2] + 2]].all())


def _in_quotes(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'

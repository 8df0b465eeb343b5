"""Web pages, workbooks saved as XML, and word processors' documents, as rows of cells. SPEC 11.9.

Only tags and texts are looked at: no style sheet, script or link is followed, and no entity but
those of HTML is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path

from tracemark.errors import UnreadableSample
from tracemark.loaders.limits import Limits
from tracemark.tables import encoding
from tracemark.tables.source import Readable, blocks
from tracemark.tables.zipped import checked_zip

_TABLES = {"table", "worksheet", "tbl"}
_ROWS = {"tr", "row"}
_CELLS = {"td", "th", "cell", "tc"}
_SILENT = {"script", "style"}
_BLOCKS = {
    *("p", "div", "li", "ul", "ol", "dl", "dt", "dd", "section", "article", "header", "footer"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote", "form", "option", "textarea", "hr"),
    *("body", "html", "caption", "button", "label", "main", "nav", "aside", "figure", "br"),
}
_SHOWN = ("value", "title", "data-clipboard-text")  # what a page keeps whole where it shows a part
_BLOCK = 1 << 16


def rows(path: Path, limits: Limits) -> Iterator[list[str] | None]:
    """Rows of tables, lines of what stands outside of them, and values of fields."""
    with path.open("rb") as file:
        if file.read(4) == b"PK\x03\x04":
            with (
                checked_zip(path, members=limits.members, unpacked=limits.unpacked) as archive,
                archive.open("word/document.xml") as body,
            ):
                yield from _parse(_decoded(body, path.name), limits)
        else:
            file.seek(0)
            yield from _parse(_decoded(file, path.name), limits)


def _decoded(file: Readable, name: str) -> Iterator[str]:
    head = file.read(1 << 20)
    codec = encoding.detect(head)
    decoder = encoding.Decoder(codec, errors="replace", name=name)
    for text in decoder.decode(_after(head, file)):
        for start in range(0, len(text), _BLOCK):
            yield text[start : start + _BLOCK]


def _after(head: bytes, file: Readable) -> Iterator[bytes]:
    yield head
    yield from blocks(file)


def _parse(texts: Iterable[str], limits: Limits) -> Iterator[list[str] | None]:
    page = _Page(limits)
    for text in texts:
        page.feed(text)
        yield from page.take()
    page.close()
    page.end_row()
    page.end_line()
    yield from page.take()


class _Page(HTMLParser):
    """Collects cells and lines as their tags end, or as others begin."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(convert_charrefs=True)
        self._limits = limits
        self._done: list[list[str] | None] = []
        self._row: list[str] | None = None
        self._pieces: list[str] = []  # of the cell or line at hand
        self._aside: list[str] = []  # fields' values
        self._length = 0
        self._in_cell = False
        self._silent: list[str] = []
        self._depth = 0

    def take(self) -> Iterator[list[str] | None]:
        """The rows found since the last call."""
        done, self._done = self._done, []
        yield from done

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = tag.rpartition(":")[2]
        if name in _SILENT:
            self._silent.append(name)
        self._aside += [v for k, v in attrs if k in _SHOWN and v and not v.isascii()]
        if name in _TABLES:
            self._deeper(+1)
            self.end_row()
            self.end_line()
            self._done.append(None)
        elif name in _ROWS:
            self.end_row()
            self.end_line()
            self._row = []
        elif name in _CELLS:
            self._end_cell()
            if self._row is None:
                self._row = []
            self._in_cell = True
        elif name in _BLOCKS:
            self._break()

    def handle_endtag(self, tag: str) -> None:
        name = tag.rpartition(":")[2]
        if self._silent and name == self._silent[-1]:
            self._silent.pop()
        if name in _CELLS:
            self._end_cell()
        elif name in _ROWS:
            self.end_row()
        elif name in _TABLES:
            self._deeper(-1)
            self.end_row()
            self._done.append(None)
        elif name in _BLOCKS:
            self._break()

    def handle_data(self, data: str) -> None:
        if not self._silent and self._length < self._limits.cell:
            self._pieces.append(data)
            self._length += len(data)

    def end_row(self) -> None:
        """Keep the row at hand, if there is one."""
        self._end_cell()
        if self._row and any(self._row):
            self._done.append(self._row + self._aside)
            self._aside = []
        self._row = None

    def end_line(self) -> None:
        """Keep what stands outside of tables as a line."""
        if line := self._text():
            self._done.append([line])
        self._done += [[value] for value in self._aside]
        self._aside = []

    def _end_cell(self) -> None:
        if self._in_cell and self._row is not None:
            self._row.append(self._text())
            if len(self._row) > self._limits.width:
                raise UnreadableSample(
                    f"a row has more than {self._limits.width} cells",
                    hint="raise the limit 'width'",
                )
        self._in_cell = False

    def _break(self) -> None:
        """A new line: within a cell a gap, elsewhere the end of what stood before."""
        if self._in_cell:
            self._pieces.append(" ")
        elif self._row is None:
            self.end_line()

    def _text(self) -> str:
        text = " ".join("".join(self._pieces).split())
        self._pieces, self._length = [], 0
        return text

    def _deeper(self, step: int) -> None:
        self._depth = max(0, self._depth + step)
        if self._depth > self._limits.depth:
            raise UnreadableSample(
                f"more than {self._limits.depth} tables stand in one another",
                hint="raise the limit 'depth'",
            )

"""Open a file or a pipe as the document it is. SPEC 11.1, 11.2."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import PurePath

from tracemark.errors import UnreadableSample, UsageError
from tracemark.tables import encoding as encodings
from tracemark.tables.csv import DelimitedDocument, is_tabular, sniff_delimiter
from tracemark.tables.json import JsonDocument, JsonLinesDocument
from tracemark.tables.plain import PlainDocument
from tracemark.tables.rows import LIMIT, Document, Origin, Row
from tracemark.tables.source import Readable, blocks

__all__ = ["KINDS", "Document", "Row", "open_document"]

KINDS = ("csv", "tsv", "json", "jsonl", "text", "xlsx", "parquet")

_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_OBJECT = re.compile(r'\s*\{\s*["}]')
_ARRAY = re.compile(r'\s*\[\s*[\[{"\]]')
_PEEK_BYTES = 1 << 20
_PEEK_TEXT = 1 << 16


def open_document(
    source: Readable,
    *,
    name: str | None = None,
    kind: str | None = None,
    encoding: str | None = None,
    errors: str = "strict",
    limit: int = LIMIT,
) -> Document:
    """Read the beginning of a text file and return it as rows.

    Parameters
    ----------
    source : Readable
        A binary file or pipe; read once, never sought in.
    name : str, optional
        The file's name, for its suffix and for messages.
    kind : str, optional
        One of `KINDS`; found from the suffix and the contents if not given.
    encoding : str, optional
        A Python codec of text without states; found from the contents if not given.
    errors : str
        ``strict`` refuses bytes that do not decode and JSON that is malformed. ``replace`` reads
        on, with U+FFFD for what does not decode, strings alone where JSON is broken, and the
        cells of a header row as values too: for samples to be traced, never for a file to be
        rewritten.
    limit : int
        Characters that one line, one cell or one JSON record may have.

    Raises
    ------
    UnreadableSample
        For an empty or binary file, and for the first bytes that do not decode.
    UsageError
        For a kind or an encoding that is not known.
    """
    if kind is not None and kind not in KINDS:
        raise UsageError(f"the kind {kind!r} is not known", hint=f"one of {', '.join(KINDS)}")
    name = name or "input"
    head, rest = _peek(source)
    if not head:
        raise UnreadableSample(f"{name}: the file is empty", hint="check that it was saved whole")
    if kind == "xlsx" or (kind is None and _is_workbook(head)):
        from tracemark.tables.xlsx import XlsxDocument  # late: most tables are text

        return XlsxDocument(rest, Origin(name, "utf-8", limit))
    if kind == "parquet" or (kind is None and head.startswith(b"PAR1")):
        from tracemark.tables.parquet import ParquetDocument

        return ParquetDocument(rest, Origin(name, "utf-8", limit))
    if encoding is None:
        encodings.refuse_binary(head, name=name)
        encoding = encodings.detect(head)
    encoding = encodings.settled(encoding, head)
    chunks = encodings.Decoder(encoding, errors=errors, name=name).decode(rest)
    first: list[str] = []
    while sum(map(len, first)) < _PEEK_TEXT and (chunk := next(chunks, "")):
        first.append(chunk)
    text = "".join(first)
    chunks = chain([text], chunks)
    sample = text.removeprefix(encodings.BOM)
    if len(text) >= _PEEK_TEXT:  # not the whole file: its last line may be cut
        whole = max(sample.rfind("\n", 0, _PEEK_TEXT), sample.rfind("\r", 0, _PEEK_TEXT)) + 1
        sample = sample[: whole or _PEEK_TEXT]
    found = kind or _kind(sample, name)
    origin = Origin(name, encoding, limit, lenient=errors == "replace")
    if found == "text":
        return PlainDocument(chunks, origin)
    if found == "json":
        return JsonDocument(chunks, origin, escape=head.isascii())
    if found == "jsonl":
        return JsonLinesDocument(chunks, origin, escape=head.isascii())
    return DelimitedDocument(chunks, origin, delimiter=_delimiter(sample, found))


def _is_workbook(head: bytes) -> bool:
    """Whether a file's first bytes may be those of an XLSX workbook: a ZIP file of its parts."""
    return head.startswith(b"PK\x03\x04") and (b"xl/" in head or b"[Content_Types].xml" in head)


def _peek(source: Readable) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes, up to the block in which the first byte outside ASCII stands."""
    stream = blocks(source)
    held: list[bytes] = []
    size = 0
    for block in stream:
        held.append(block)
        size += len(block)
        if size >= _PEEK_BYTES or not block.isascii():
            break
    return b"".join(held), chain(held, stream)


def _kind(sample: str, name: str) -> str:
    """The kind of a text from its file's suffix, else from its beginning."""
    known = _SUFFIXES.get(PurePath(name).suffix.lower())
    if known:
        return known
    if _OBJECT.match(sample):
        first, _, rest = sample.lstrip().partition("\n")
        return "jsonl" if first.rstrip().endswith("}") and rest.strip() else "json"
    if _ARRAY.match(sample):
        return "json"
    return "csv" if sample[:4].lower() == "sep=" or is_tabular(sample) else "text"


def _delimiter(sample: str, kind: str) -> str:
    if sample[:4].lower() == "sep=" and sample[4:5]:
        return sample[4]
    preferred = "\t" if kind == "tsv" else ","
    return sniff_delimiter(sample, preferred=preferred) or preferred

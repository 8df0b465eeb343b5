"""Files as rows of cells: read in constant memory, written back byte for byte. SPEC 11."""

from tracemark.tables.document import KINDS, Document, Row, open_document
from tracemark.tables.source import HashingReader, Readable, Writable

__all__ = ["KINDS", "Document", "HashingReader", "Readable", "Row", "Writable", "open_document"]

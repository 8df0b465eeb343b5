"""Bytes from a file or a pipe, in blocks, counted and hashed as they pass. SPEC 11.1."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Protocol

BLOCK = 1 << 18


class Readable(Protocol):
    """Anything with a binary `read`: a file, a pipe, a `HashingReader`."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""
        ...


class Writable(Protocol):
    """Anything with a binary `write`."""

    def write(self, block: bytes, /) -> object:
        """Take all of the block."""
        ...


class HashingReader:
    """Passes bytes through and keeps their SHA-256.

    Parameters
    ----------
    source : Readable
        Read once, from where it stands to its end.

    Attributes
    ----------
    size : int
        Number of bytes read so far.
    """

    def __init__(self, source: Readable) -> None:
        self.size = 0
        self._source = source
        self._hash = hashlib.sha256()

    def read(self, size: int = BLOCK, /) -> bytes:
        """At most `size` bytes; none at the end."""
        block = self._source.read(size)
        self._hash.update(block)
        self.size += len(block)
        return block

    @property
    def sha256(self) -> str:
        """Hex SHA-256 of the bytes read so far: of the whole file once it has been read."""
        return self._hash.hexdigest()


def blocks(source: Readable) -> Iterator[bytes]:
    """The blocks of a source, to its end."""
    while block := source.read(BLOCK):
        yield block

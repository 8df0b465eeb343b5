"""Bytes from a file or a pipe, in blocks, counted and hashed as they pass. SPEC 11.1."""

from __future__ import annotations

import hashlib
import tempfile
import weakref
from collections.abc import Iterator
from typing import IO, Protocol

from tracemark.errors import UsageError

BLOCK = 1 << 18
_HELD = 8 << 20  # bytes that a temporary file keeps in memory


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


def held_for(owner: object) -> IO[bytes]:
    """A temporary file, in memory while it is small, that is gone when its owner is."""
    held = tempfile.SpooledTemporaryFile(_HELD)  # noqa: SIM115 (closed with its owner)
    weakref.finalize(owner, held.close)
    return held


def blocks(source: Readable) -> Iterator[bytes]:
    """The blocks of a source, to its end."""
    while block := source.read(BLOCK):
        if isinstance(block, str):
            raise _no_bytes("text, not bytes")
        yield block
    if block is None:
        raise _no_bytes("nothing yet")


def _no_bytes(what: str) -> UsageError:
    return UsageError(
        f"the input gives {what}",
        hint="open it in binary mode, and so that reading waits for what is to come",
    )

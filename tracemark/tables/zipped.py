"""ZIP files from strangers, opened only if they call themselves small. SPEC 11.9."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tracemark.errors import UnreadableSample

HINT = "ask for the file as first received"
MEMBERS, UNPACKED = 10_000, 2 << 30


@contextmanager
def unzipping(what: str) -> Iterator[None]:
    """Turn what a damaged ZIP file raises while it is read into UnreadableSample.

    Parameters
    ----------
    what : str
        What it is, for the message.
    """
    try:
        yield
    except (
        *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError),
        *(NotImplementedError, RuntimeError, ValueError, KeyError),
    ):
        raise UnreadableSample(f"a broken {what}", hint=HINT) from None


def checked_zip(
    source: Path | IO[bytes], *, members: int = MEMBERS, unpacked: int = UNPACKED
) -> zipfile.ZipFile:
    """Open a ZIP file.

    Parameters
    ----------
    source : Path or binary file
    members : int
        Files that it may hold.
    unpacked : int
        Bytes that all of them may have, unpacked.

    Raises
    ------
    UnreadableSample
        If it is broken, locked, or has more or larger members than that.
    """
    with unzipping("ZIP file"):
        archive = zipfile.ZipFile(source)
    held = archive.infolist()
    size = sum(one.file_size for one in held)
    if len(held) > members:
        fault, hint = f"{len(held)} files inside, more than {members}", "raise the limit 'members'"
    elif size > unpacked:
        fault, hint = f"{size} bytes inside, more than {unpacked}", "raise the limit 'unpacked'"
    elif any(one.flag_bits & 1 for one in held):
        fault, hint = "locked by a password", "unpack it first"
    else:
        return archive
    archive.close()
    raise UnreadableSample(fault, hint=hint)

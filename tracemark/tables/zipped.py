"""ZIP files from strangers, opened only if they call themselves small. SPEC 11.9."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import IO

from tracemark.errors import UnreadableSample

MEMBERS, UNPACKED = 10_000, 2 << 30


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
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError):
        raise UnreadableSample(
            "a broken ZIP file", hint="ask for the file as first received"
        ) from None
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

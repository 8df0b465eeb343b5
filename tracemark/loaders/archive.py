"""Archives of samples: one level, nothing unpacked beyond the limits. SPEC 11.9."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import IO

from tracemark.errors import UnreadableSample
from tracemark.loaders.forms import PACKED
from tracemark.loaders.limits import Limits
from tracemark.tables.zipped import checked_zip, unzipping

_BLOCK = 1 << 18
_SUPPORTED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


def unpacked(path: Path, folder: Path, limits: Limits) -> Iterator[tuple[str, Path]]:
    """The files of an archive, one after the other, each gone when the next is asked for.

    Parameters
    ----------
    path : Path
        A ZIP archive, or one file packed by gzip, bzip2 or xz.
    folder : Path
        An empty one, for one file at a time.
    limits : Limits

    Yields
    ------
    name : str
        As the archive has it; never used as a path.
    file : Path

    Raises
    ------
    UnreadableSample
        If it is broken, locked, or more than the limits allow.
    """
    with path.open("rb") as file:
        head = file.read(6)
    packer = next((name for magic, name in PACKED.items() if head.startswith(magic)), None)
    if packer:
        held = folder / "member"
        with (
            unzipping("archive"),
            path.open("rb") as file,
            import_module(packer).open(file) as plain,
        ):
            _copy(plain, held, limits.unpacked)
        yield PurePosixPath(path.name).stem, held
        return
    budget = limits.unpacked
    with checked_zip(path, members=limits.members, unpacked=limits.unpacked) as archive:
        for number, member in enumerate(archive.infolist()):
            # not is_dir(), which fails at a name of no letters
            if member.filename.endswith("/") or _is_rubbish(member.filename):
                continue
            held = folder / f"member-{number}"
            if member.compress_type not in _SUPPORTED:
                raise UnreadableSample("packed in a way that is not known", hint="unpack it first")
            with unzipping("archive"), archive.open(member) as plain:
                budget -= _copy(plain, held, budget)
            yield _name(member) or f"file {number + 1}, without a name", held
            held.unlink(missing_ok=True)


def _copy(plain: IO[bytes], held: Path, most: int) -> int:
    """Unpack one file, whatever it says of its size. Returns its size."""
    size = 0
    with held.open("wb") as file:
        while block := plain.read(_BLOCK):
            size += len(block)
            if size > most:
                raise UnreadableSample(
                    "it unpacks to more bytes than allowed", hint="raise the limit 'unpacked'"
                )
            file.write(block)
    return size


def _is_rubbish(name: str) -> bool:
    """What file managers leave in archives."""
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or bool(parts and parts[-1] in (".DS_Store", "Thumbs.db"))


def _name(member: zipfile.ZipInfo) -> str:
    """A member's name; Chinese systems write it in GBK without saying so."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return member.filename

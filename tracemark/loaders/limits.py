"""How much of a sample is read before it is refused. SPEC 11.9."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a stranger's file may cost. A file beyond one of these is unreadable, and says why.

    Attributes
    ----------
    unpacked : int
        Bytes of all that is unpacked from one archive, workbook or document.
    members : int
        Files in one archive, or parts of one workbook.
    pages : int
        Pages of one PDF.
    labels : int
        Pages of one PDF that are looked at as labels.
    width : int
        Cells of one row.
    cell : int
        Characters of one cell; a longer one is cut.
    depth : int
        Elements of a web page that may stand inside one another.
    seconds : int
        Seconds of processor time that parsing one file may take, where the system can tell.
    memory : int
        Bytes of address space that parsing one file may take, where the system can tell.
    """

    unpacked: int = 2 << 30
    members: int = 10_000
    pages: int = 2_000
    labels: int = 20
    width: int = 16_384
    cell: int = 1 << 16
    depth: int = 400
    seconds: int = 600
    memory: int = 6 << 30


LIMITS = Limits()

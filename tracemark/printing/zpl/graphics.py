"""Graphics inside ZPL: hexadecimal with repeat codes, base64, zlib. SPEC 11.13.

What cannot be read for certain (a wrong checksum, data cut short, more of it than was said) is not
drawn at all: a printer may show anything there.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from itertools import groupby

import numpy as np

from tracemark.masks import Mask

_MOST_BYTES = 5_000_000  # of one graphic, unpacked: forty million dots
_WIDEST = 4_000  # bytes of a line: 32,000 dots
_WRAPPED = re.compile(rb"\s*:(Z64|B64):([A-Za-z0-9+/=\s]*):([0-9A-Fa-f]{4})\s*")
_ROW = re.compile(rb"([G-Yg-z]*)([0-9A-Fa-f])|([,!:])")
_COUNTS = {
    **{letter: number for number, letter in enumerate(b"GHIJKLMNOPQRSTUVWXY", start=1)},
    **{letter: 20 * number for number, letter in enumerate(b"ghijklmnopqrstuvwxyz", start=1)},
}
_CODES = {count: bytes([letter]) for letter, count in _COUNTS.items()}


def unpacked(kind: bytes, data: bytes, total: int, line: int) -> Mask | None:
    """The dots of a graphic, or None if they are not known.

    Parameters
    ----------
    kind : bytes
        ``A`` for text, ``B`` for the bytes themselves.
    data : bytes
    total, line : int
        Bytes of the whole graphic and of one of its lines, as its command states them.

    Returns
    -------
    (total // line, 8 * line) bool
    """
    if not (0 < line <= _WIDEST and line <= total <= _MOST_BYTES):
        return None
    if kind == b"B":
        raw: bytes | None = data
    elif wrapped := _WRAPPED.fullmatch(data):
        raw = _unwrapped(wrapped, total)
    elif kind == b"A":
        raw = _from_text(data, total, line)
    else:
        raw = None
    height = total // line
    if raw is None or len(raw) < height * line:
        return None
    packed = np.frombuffer(raw, np.uint8, height * line).reshape(height, line)
    return np.unpackbits(packed, axis=1).view(bool)


def _unwrapped(wrapped: re.Match[bytes], total: int) -> bytes | None:
    kind, text, checksum = wrapped.groups()
    if binascii.crc_hqx(text, 0) != int(checksum, 16):
        return None
    try:
        raw = base64.b64decode(text)
        return zlib.decompressobj().decompress(raw, total) if kind == b"Z64" else raw
    except (ValueError, zlib.error):
        return None


def _from_text(data: bytes, total: int, line: int) -> bytes | None:
    """Hexadecimal digits with repeat codes, line by line."""
    width, most = 2 * line, total // line
    lines: list[bytes] = []
    current, before = bytearray(), b"0" * (2 * line)
    for match in _ROW.finditer(data):
        counts, digit, short = match.groups()
        if digit:
            current += digit * min(sum(_COUNTS[code] for code in counts) or 1, width)
        elif short == b":":
            current = bytearray(current.ljust(width, b"0") if current else before)
        else:
            current = current.ljust(width, b"0" if short == b"," else b"F")
        while len(current) >= width and len(lines) < most:
            before = bytes(current[:width])
            lines.append(before)
            current = current[width:]
        if len(lines) == most:
            break
    return bytes.fromhex(b"".join(lines).decode()) if len(lines) == most else None


def packed(dots: Mask, comma: bytes = b",") -> bytes:
    """What follows ``^GF``: hexadecimal with repeat codes, which every printer can read.

    Parameters
    ----------
    dots : (H, W) bool
    comma : bytes
        What stands between parameters.
    """
    rows = np.packbits(dots, axis=1)
    height, line = rows.shape
    lines, before = [], b""
    for row in rows:
        text = row.tobytes().hex().upper().encode()
        lines.append(b":" if text == before else _coded(text, comma))
        before = text
    sizes = [b"%d" % size for size in (height * line, height * line, line)]
    return comma.join([b"A", *sizes, b"".join(lines)])


def _coded(text: bytes, comma: bytes) -> bytes:
    """One line: runs as counts, and a comma for zeros up to its end."""
    kept = text.rstrip(b"0") if comma == b"," else text
    out = []
    for digit, run in groupby(kept):
        count = len(list(run))
        if count > 1:
            while count > 400:
                out.append(_CODES[400])
                count -= 400
            out += [_CODES[part] for part in (count // 20 * 20, count % 20) if part]
        out.append(bytes([digit]))
    return b"".join(out) + (b"," if len(kept) < len(text) else b"")

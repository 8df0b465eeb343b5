"""A ZPL II stream as its commands, each with the bytes it stands in. SPEC 11.13.

A command is a prefix (`^` or `~`, which `^CC` and `^CT` change), a name of two characters and what
follows up to the next prefix; only binary graphics are counted instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_PAIRS = (14, 15, 16, 26)  # ^CI: two bytes a character, the second of which may look like a prefix
_COUNTED = re.compile(rb"\s*([BC])\s*(.)\s*(\d{1,9})")  # ^GFB and ^GFC: the count of bytes to come
_STORED = re.compile(rb"[^,]*,\s*([BCP])[^,]*,[^,]*,\s*(\d{1,9}),[^,]*,", re.DOTALL)
_WHITE = b" \t\r\n\x00"


@dataclass(frozen=True, slots=True)
class Prefixes:
    """The three characters that a stream may change."""

    caret: bytes = b"^"
    tilde: bytes = b"~"
    comma: bytes = b","


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Attributes
    ----------
    name : bytes
        Two characters, upper case, a `~` before those of control commands; of `^A` the one letter.
    text : bytes
        What follows the name, as it stands.
    start, end : int
        Its bytes in the stream.
    prefixes : Prefixes
        Those that hold here.
    """

    name: bytes
    text: bytes
    start: int
    end: int
    prefixes: Prefixes

    def parts(self, most: int = -1) -> list[bytes]:
        """Its parameters; the last of at most `most` splits is left whole."""
        return [part.strip(_WHITE) for part in self.text.split(self.prefixes.comma, most)]


def commands(data: bytes) -> Iterator[Command]:
    """Every command of a stream, in order; what stands between them is passed over."""
    prefixes, pairs, at = Prefixes(), False, 0
    while True:
        start = _next(data, at, prefixes, pairs=False)
        if start + 1 >= len(data):
            return
        if data[start + 1 : start + 2] in (prefixes.caret, prefixes.tilde):
            at = start + 1
            continue
        control = data[start : start + 1] == prefixes.tilde
        name = data[start + 1 : start + 3].upper()
        body = start + 3
        if name[:1] == b"A" and not control:  # ^A and a font's letter
            name, body = b"A", start + 2
        if name in (b"CC", b"CT", b"CD"):
            end = min(body + 1, len(data))
        else:
            end = _end(data, body, name, prefixes, pairs)
        command = Command(b"~" + name if control else name, data[body:end], start, end, prefixes)
        yield command
        if name in (b"CC", b"CT", b"CD") and command.text:
            changed = {b"CC": "caret", b"CT": "tilde", b"CD": "comma"}[name]
            now = {one: getattr(prefixes, one) for one in ("caret", "tilde", "comma")}
            prefixes = Prefixes(**{**now, changed: command.text})
        if name == b"CI":
            number = re.match(rb"\s*(\d+)", command.text)
            pairs = number is not None and int(number[1]) in _PAIRS
        at = end


def _end(data: bytes, body: int, name: bytes, prefixes: Prefixes, pairs: bool) -> int:
    """Where a command ends."""
    if name in (b"GF", b"DY"):
        comma = prefixes.comma
        if name == b"GF":
            head = _COUNTED.match(data, body)
            commas = 4 if head and head[2] == comma else 0
        else:
            head = _STORED.match(data, body) if comma == b"," else None
            commas = 5 if head else 0
        at = body
        for _ in range(commas):
            at = data.find(comma, at) + 1
            if not at:
                break
        if head and at:
            return min(at + int(head[head.lastindex or 1]), len(data))
    return _next(data, body, prefixes, pairs and name in (b"FD", b"FV", b"FX", b"SN"))


def _next(data: bytes, at: int, prefixes: Prefixes, pairs: bool) -> int:
    """Where the next prefix stands, or the end."""
    either = b"[" + re.escape(prefixes.caret) + re.escape(prefixes.tilde) + b"]"
    if pairs:
        whole = re.compile(b"(?:[\x81-\xfe][\x40-\xfe]|(?!" + either + b").)*+", re.DOTALL)
        found = whole.match(data, at)
        return found.end() if found else len(data)
    match = re.compile(either).search(data, at)
    return match.start() if match else len(data)

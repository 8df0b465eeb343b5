"""Formats that a stream stores and recalls: ^DF, ^XF, ^FN. SPEC 11.13.

A stored format is text, as a printer keeps it: recalled, its commands are obeyed as if they stood
there. What a numbered field says is said by the label that recalls it, wherever in it that stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from tracemark.printing.zpl.commands import Command

_DEEPEST = 4  # formats that recall one another
_MOST = 20_000  # commands of one label
_NUMBER = re.compile(rb"\s*(\d{1,5})")

Said = Sequence[Command]


class NotStored(Exception):
    """A label recalls what its stream does not hold; the text names it."""


@dataclass(frozen=True, slots=True)
class Value:
    """What a numbered field says: its bytes, and the character that escapes some of them."""

    data: bytes = b""
    escape: bytes = b""


@dataclass(slots=True)
class Store:
    """The formats that a stream has stored so far, by name."""

    formats: dict[str, Said] = field(default_factory=dict)

    def kept(self, said: Said) -> Said | None:
        """Store a label's commands where ^DF says so: what stands before it, or None without."""
        for at, command in enumerate(said):
            if command.name == b"DF":
                self.formats[named(command, "ZPL")] = said[at + 1 :]
                return said[:at]
        return None

    def recalled(self, said: Said) -> list[Command]:
        """A label's commands, those of the formats that it recalls behind each ^XF.

        Raises
        ------
        NotStored
            If a format is not among them, or they recall one another without end.
        """
        found: list[Command] = []
        for command in self._obeyed(said, 0):
            found.append(command)
            if len(found) > len(said) + _MOST:
                raise NotStored(named(command, "ZPL"))
        return found

    def _obeyed(self, said: Said, deep: int) -> Iterator[Command]:
        for command in said:
            yield command
            if command.name == b"XF":
                name = named(command, "ZPL")
                if deep == _DEEPEST or name not in self.formats:
                    raise NotStored(name)
                yield from self._obeyed(self.formats[name], deep + 1)


def named(command: Command, kind: str) -> str:
    """The name in the printer's memory that a command begins with: drive, name and kind."""
    text = command.parts(1)[0].decode("latin-1").upper()
    drive, colon, rest = text.rpartition(":")
    name, _, extension = rest.partition(".")
    return f"{drive if colon else 'R'}:{name or 'UNKNOWN'}.{extension or kind}"


def erased(command: Command, names: Iterable[str]) -> list[str]:
    """Which of these ^ID erases."""
    pattern = named(command, "GRF").replace("[", "[[]")
    return [name for name in names if fnmatchcase(name, pattern)]


def values(said: Iterable[Command]) -> dict[int, Value]:
    """What a label says for each numbered field; the last counts."""
    found: dict[int, Value] = {}
    number: int | None = None
    data = escape = b""
    for command in said:
        if command.name == b"FN":
            number = number_of(command)
        elif command.name in (b"FD", b"FV", b"SN"):
            data += command.text
        elif command.name == b"FH":
            escape = command.text.strip()[:1] or b"_"
        elif command.name == b"FS":
            if number is not None and data:
                found[number] = Value(data, escape)
            number, data, escape = None, b"", b""
    return found


def number_of(command: Command) -> int | None:
    """The number of a numbered field, or None if it has none."""
    match = _NUMBER.match(command.text)
    return int(match[1]) if match else None

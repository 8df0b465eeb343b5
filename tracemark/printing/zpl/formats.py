"""A ZPL stream as its labels, read as a printer reads it. SPEC 11.13."""

from __future__ import annotations

from collections.abc import Iterator

from tracemark.printing.zpl.commands import Command, commands
from tracemark.printing.zpl.fields import Field
from tracemark.printing.zpl.items import Format
from tracemark.printing.zpl.settings import Settings


def formats(data: bytes) -> Iterator[Format]:
    """Every label of a stream. What a printer remembers from one to the next is remembered."""
    settings, label, current = Settings(), None, Field()
    for command in commands(data):
        if command.name == b"XA":
            if label is None:
                label, current = Format(command.start), Field()
        elif command.name == b"XZ":
            if label is not None:
                _end(label, current, command, settings)
                yield label
            label = None
        elif settings.take(command):
            if command.name == b"FW":
                current.turn = ""  # it turns even the field that it stands in
        elif label is not None:
            current = _say(label, current, command, settings)


def _say(label: Format, current: Field, command: Command, settings: Settings) -> Field:
    """Tell the field in hand what a command says; a new one where that closes it."""
    if command.name in (b"FO", b"FT") and current.shape is not None:
        label.items += current.items(settings)  # drawn as soon as it was said
        current = Field()
    if command.name != b"FS":
        current.take(command)
        return current
    if not current.bare:
        label.items += current.items(settings)
        word = current.word(settings)
        if word is not None:
            label.words.append(word)
    label.last, label.prefixes = command.end, command.prefixes
    label.home, label.right = settings.home, settings.right
    return Field()


def _end(label: Format, current: Field, command: Command, settings: Settings) -> None:
    if not current.bare:  # never closed: printers differ in whether they print it
        label.items.append(current.anywhere(settings))
    label.end = command.end
    label.width, label.length, label.odd = settings.width, settings.length, settings.odd

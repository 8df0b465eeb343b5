"""A ZPL stream as its labels, read as a printer reads it. SPEC 11.13."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tracemark.printing.zpl.commands import Command, commands
from tracemark.printing.zpl.fields import Field
from tracemark.printing.zpl.items import Format, Odd
from tracemark.printing.zpl.settings import Settings
from tracemark.printing.zpl.stored import NotStored, Store, Value, erased, values


def formats(data: bytes, dpi: float | None = None) -> Iterator[Format]:
    """Every label of a stream, but for those that it stores.

    What a printer remembers from one to the next is remembered: settings, graphics, stored formats.
    `dpi` is the printer's resolution, for places in inches or millimetres.
    """
    settings, store = Settings(dpi=dpi), Store()
    start, said = 0, None
    for command in commands(data):
        if command.name == b"XA":
            if said is None:
                start, said = command.start, list[Command]()
        elif command.name == b"XZ":
            if said is not None:
                before = store.kept(said)
                label = _label(start, said if before is None else before, settings, store)
                label.end = command.end
                if before is None:
                    yield label
            said = None
        elif said is None or command.name[:1] == b"~":  # obeyed as soon as it is read
            settings.take(command)
        else:
            said.append(command)


def _label(start: int, said: Sequence[Command], settings: Settings, store: Store) -> Format:
    """What the commands of one label draw."""
    label, current = Format(start), Field()
    try:
        said = store.recalled(said)
    except NotStored as error:
        label.odd = Odd(
            why=f"it recalls {error}, a format that is not in the stream (^XF)",
            hint="put the format (^XA^DF to ^XZ) before it in the same stream",
        )
    numbered = values(said)
    for command in said:
        if command.name == b"ID":
            for name in erased(command, store.formats):
                del store.formats[name]
        if command.name == b"XF":
            _further(label, command, settings)
            current.stored = current.stored or label.odd is not None
            current.bare = current.bare and label.odd is None
        elif settings.take(command):
            if command.name == b"FW":
                current.turn = ""  # it turns even the field that it stands in
        else:
            current = _say(label, current, command, settings, numbered)
    if not current.bare:  # never closed: printers differ in whether they print it
        label.items.append(current.anywhere(settings))
    label.width, label.length = settings.width, settings.length
    label.odd = label.odd or settings.odd
    return label


def _say(
    label: Format,
    current: Field,
    command: Command,
    settings: Settings,
    numbered: Mapping[int, Value],
) -> Field:
    """Tell the field in hand what a command says; a new one where that closes it."""
    if command.name in (b"FO", b"FT") and current.shape is not None:
        label.items += current.items(settings)  # drawn as soon as it was said
        current = Field()
    if command.name != b"FS":
        current.take(command, settings.unit)
        return current
    if not current.bare:
        current.fill(numbered)
        label.items += current.items(settings)
        word = current.word(settings)
        if word is not None:
            label.words.append(word)
    _further(label, command, settings)
    return Field()


def _further(label: Format, command: Command, settings: Settings) -> None:
    """Remember that further fields can be put behind a command, and what holds there."""
    if command.start > label.start:  # not of a stored format
        label.last, label.prefixes = command.end, command.prefixes
    label.home, label.right, label.units = settings.home, settings.right, settings.units

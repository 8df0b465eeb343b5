"""One field of a label: what its commands say, and what that puts where. SPEC 11.13."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tracemark.printing.zpl.commands import Command
from tracemark.printing.zpl.graphics import unpacked
from tracemark.printing.zpl.items import FAR, Area, Box, Graphic, Item, Word
from tracemark.printing.zpl.settings import Settings, number, numbers, place, turn_of
from tracemark.printing.zpl.sizes import PRINTED, Block, Size, Type, of_code, of_text, quiet
from tracemark.printing.zpl.stored import Value, named, number_of
from tracemark.printing.zpl.units import Unit
from tracemark.printing.zpl.words import scanned

_SHAPES = (b"GB", b"GF", b"GC", b"GD", b"GE", b"GS", b"XG", b"IM", b"IL")
_MOST_DOTS = 40_000_000
_MAGNIFIED = (b"BQ", b"BO", b"B0")  # what they say first is no length
_ROUND = 2  # dots about what is not drawn exactly


@dataclass(slots=True)
class Field:
    """A field that is not closed yet.

    Attributes
    ----------
    x, y : float or None
        Its place, None where it follows on from another.
    baseline : bool
        Whether that is the place of its baseline.
    right : bool
        Whether it is set by its right edge.
    over : bool
        Whether it inverts what lies below.
    turn, type_, block, escape, data
        Of its text.
    code, shape : Command or None
        What makes it a barcode or a drawing.
    stored : bool
        Whether what is printed, or where, is not in the stream.
    number : int or None
        Of a numbered field.
    placed : bool
        Whether its place was said.
    bare : bool
        Whether nothing has been said of it.
    """

    x: float | None = 0.0
    y: float | None = 0.0
    baseline: bool = False
    right: bool | None = None
    over: bool = False
    turn: str = ""
    type_: Type | None = None
    block: Block | None = None
    escape: bytes = b""
    data: bytes = b""
    code: Command | None = None
    shape: Command | None = None
    stored: bool = False
    number: int | None = None
    placed: bool = False
    bare: bool = True

    def take(self, command: Command, unit: Unit) -> None:
        """Add what a command says, its places in this unit."""
        name = command.name
        if name in (b"FO", b"FT"):
            self._place(command, unit)
        elif name == b"A":
            font, text = command.text[:1].decode("latin-1"), command.text[1:]
            turn, height, width = [*text.split(command.prefixes.comma), b"", b"", b""][:3]
            sides = (unit.dots(place(number(side))) for side in (height, width))
            self.type_ = Type(font.upper(), *sides)
            self.turn = turn_of(turn.strip()) or self.turn
        elif name == b"FB":
            width_, lines, space = (place(part) for part in numbers(command, 3))
            self.block = Block(unit.dots(width_), lines or 1, unit.dots(space))
        elif name == b"TB":
            _, width_, height_ = (place(part) for part in numbers(command, 3))
            self.block = Block(unit.dots(width_), 2, unit.dots(height_))
        elif name in (b"FD", b"FV", b"SN"):
            self.data += command.text
        elif name == b"FH":
            self.escape = command.text.strip()[:1] or b"_"
        elif name == b"FR":
            self.over = True
        elif name in _SHAPES:
            self.shape = command
        elif name == b"FN":
            self.number = number_of(command)
            self.stored = self.stored or self.number is None
        elif name == b"FM":  # where it is printed is not said here
            self.stored = True
        elif name[:1] == b"B":
            self.code = command
        else:
            return
        self.bare = False

    def fill(self, numbered: Mapping[int, Value]) -> None:
        """Say what the label says for a field of this number."""
        if self.number is not None and (value := numbered.get(self.number)):
            self.data, self.escape = value.data, value.escape or self.escape

    @property
    def _tells(self) -> bool:
        """Whether it only says what another field prints."""
        drawn = self.placed or self.type_ or self.code or self.shape
        return self.number is not None and not drawn

    def _place(self, command: Command, unit: Unit) -> None:
        x, y, justify = numbers(command, 3)
        self.placed, self.baseline = True, command.name == b"FT"
        self.x, self.y = (
            None if part is None and self.baseline else unit.dots(place(part)) for part in (x, y)
        )
        self.right = None if justify is None else justify == 1

    def items(self, settings: Settings) -> Iterator[Item]:
        """What it draws, as far as that is known."""
        over = self.over or settings.reverse
        for item in self._drawn(settings):
            yield replace(item, over=over)

    def word(self, settings: Settings) -> Word | None:
        """Its data as a reader sees it, or None without any."""
        if self.stored or self._tells or not self.data.strip():
            return None
        text = settings.reader.text(self.data, self.escape)
        if self.code is not None:
            text = scanned(text, self.code.name, self.code.parts())
        return Word(self._written(settings), text)

    def anywhere(self, settings: Settings) -> Area:
        """Where something of unknown size can be that begins here."""
        if self.stored or self.x is None or self.y is None:
            return Area(0, 0, FAR, FAR)
        x, y = self._at(settings)
        left, right = (0.0, x) if self._by_right(settings) else (x, FAR)
        return Area(left, 0, right, y) if self.baseline else Area(left, y, right, FAR)

    def _drawn(self, settings: Settings) -> Iterator[Item]:
        if self._tells:
            return
        if self.stored or self.x is None or self.y is None:
            yield self.anywhere(settings)
            return
        if self.shape is not None:
            yield from self._shape(self.shape, settings)
        if self.data.strip():
            yield self._written(settings)

    def _at(self, settings: Settings) -> tuple[float, float]:
        return (self.x or 0) + settings.home[0], (self.y or 0) + settings.home[1]

    def _by_right(self, settings: Settings) -> bool:
        return settings.right if self.right is None else self.right

    def _corner(self, width: float, height: float, settings: Settings) -> tuple[float, float]:
        """Left and top of a drawing."""
        x, y = self._at(settings)
        return x - width * self._by_right(settings), y - height * self.baseline

    # drawings

    def _shape(self, command: Command, settings: Settings) -> Iterator[Item]:
        if command.name == b"GB":
            yield from self._box(command, settings)
        elif command.name in (b"GF", b"XG", b"IM", b"IL"):
            yield self._picture(command, settings)
        elif command.name == b"GS":
            yield self.anywhere(settings)
        else:
            width, height = (settings.unit.most(place(part)) for part in numbers(command, 2))
            if command.name == b"GC":
                height = width
            left, top = self._corner(width, height, settings)
            right, bottom = left + width + _ROUND, top + height + _ROUND
            yield Area(left - _ROUND, top - _ROUND, right, bottom)

    def _box(self, command: Command, settings: Settings) -> Iterator[Item]:
        *sides, _, fifth = (place(part) for part in numbers(command, 5))
        first, second, third = (settings.unit.dots(side) for side in sides)
        colour = [*command.parts(), b"", b"", b"", b""][3][:1].upper()
        thick = max(third or 1, 1)
        width, height = max(first or thick, thick), max(second or thick, thick)
        left, top = self._corner(width, height, settings)
        if all(side == math.floor(side) for side in (left, top, width, height, thick)):
            rounded = min(max(fifth, 0), 8) / 8 * min(width, height) / 2
            yield Box(
                left=int(left),
                top=int(top),
                width=int(width),
                height=int(height),
                thick=int(thick),
                white=colour == b"W",
                over=False,
                corner=math.ceil(rounded) + 1 if rounded > 0 else 0,
            )
            return
        right, bottom, rim = left + width + _ROUND, top + height + _ROUND, thick + _ROUND
        left, top = left - _ROUND, top - _ROUND
        yield Area(left, top, right, top + _ROUND + rim)
        yield Area(left, bottom - _ROUND - rim, right, bottom)
        yield Area(left, top, left + _ROUND + rim, bottom)
        yield Area(right - _ROUND - rim, top, right, bottom)

    def _picture(self, command: Command, settings: Settings) -> Item:
        times = 1.0, 1.0
        if command.name == b"GF":
            kind, _, total, line, text = [*command.parts(4), b"", b"", b"", b"", b""][:5]
            if kind[:1].upper() == b"B":  # its bytes are its dots: none may be stripped
                text = command.text.split(command.prefixes.comma, 4)[-1]
            sizes = int(number(total) or 0), int(number(line) or 0)
            dots = unpacked(kind[:1].upper(), text, *sizes)
        else:
            dots = settings.graphics.get(named(command, "GRF"))
            if command.name == b"XG":
                _, across, down = numbers(command, 3)
                times = max(place(across), 1.0), max(place(down), 1.0)
        if settings.unit.factor != 1:
            dots = None  # printers may enlarge it as well
        if dots is None or dots.size * times[0] * times[1] > _MOST_DOTS:
            return Area(0, 0, FAR, FAR) if command.name == b"IL" else self.anywhere(settings)
        dots = dots.repeat(int(times[1]), 0).repeat(int(times[0]), 1)
        height, width = dots.shape
        left, top = (0.0, 0.0) if command.name == b"IL" else self._corner(width, height, settings)
        if left != math.floor(left) or top != math.floor(top):
            return Area(left - _ROUND, top - _ROUND, left + width + _ROUND, top + height + _ROUND)
        return Graphic(int(left), int(top), dots, over=False)

    # text and codes

    def _written(self, settings: Settings) -> Area:
        """Where its text or code can be."""
        x, y = self._at(settings)
        if self.code is None:
            shown = settings.reader.text(self.data, self.escape)
            length, rise, fall = of_text(shown, self.type_ or settings.type_, self.block)
            turn, above, edge = self.turn or settings.turn, 0.15 * rise, 4.0
        else:
            size = self._code(self.code, settings)
            if size is None:
                return replace(self.anywhere(settings), code=True)
            printed = PRINTED if b"Y" in self.code.text.upper() else 0.0
            length, rise, fall = size[0], size[1] + printed, printed
            turn = turn_of(self.code.parts()[0]) or settings.turn
            above, edge = fall, quiet(settings.module)
        before = length if self._by_right(settings) else 0.0
        if self.baseline:
            left, top, right, bottom = {
                "N": (x - before, y - rise, x + length - before, y + fall),
                "R": (x - fall, y - before, x + rise, y + length - before),
                "I": (x - length, y - fall, x, y + rise),
                "B": (x - rise, y - length, x + fall, y),
            }[turn]
        else:  # the place given is the upper left corner, however it is turned
            wide, tall = (length, rise + fall) if turn in "NI" else (rise + fall, length)
            start = x - wide if self._by_right(settings) else x
            left, top, right, bottom = start - above, y - above, start + wide, y + tall
        return Area(left - edge, top - edge, right + edge, bottom + edge, self.code is not None)

    def _code(self, command: Command, settings: Settings) -> Size | None:
        parts = command.parts()[1:]
        letters = float(len(self.data))
        if command.name == b"BC" and (
            self.data.startswith(b">;") or parts[4:5] in ([b"A"], [b"D"])
        ):
            letters -= sum(letter in b"0123456789" for letter in self.data) / 2 - 2
        given = [None, *(number(part) for part in parts)]
        if command.name not in _MAGNIFIED:  # heights are lengths
            given[1:3] = [side and settings.unit.most(side) for side in given[1:3]]
        size = of_code(command.name, given, letters, settings.module, settings.bars)
        larger = max(1.0, settings.unit.factor)
        return size and (larger * size[0], larger * size[1])

"""What a printer remembers between the fields and labels of a stream. SPEC 11.13."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from tracemark.masks import Mask
from tracemark.printing.zpl.commands import Command
from tracemark.printing.zpl.graphics import unpacked
from tracemark.printing.zpl.items import FAR, Odd
from tracemark.printing.zpl.sizes import Type
from tracemark.printing.zpl.stored import erased, named
from tracemark.printing.zpl.units import DOT, Unit, unit_of
from tracemark.printing.zpl.words import Reader


@dataclass(slots=True)
class Settings:
    """Settings, as far as places on the label go.

    Attributes
    ----------
    home : (x, y)
    width, length : int
        Of the label, 0 where nothing was said.
    type_ : Type
        Of text that chooses none.
    turn : str
        Of fields that choose none.
    right : bool
        Whether fields are set by their right edge.
    reverse : bool
        Whether every field inverts what lies below.
    module, bars : float
        Dots of a code's narrowest bar, and of the height of its bars.
    unit : Unit
        That of places and lengths.
    units : bytes
        What ``^MU`` said, if that is not the dot.
    dpi : float or None
        The printer's resolution, if it is known.
    odds : dict
        Why places are not known, by the command that says so.
    reader : Reader
    graphics : dict
        Downloaded ones by name, None for those that cannot be read.
    """

    home: tuple[int, int] = (0, 0)
    width: int = 0
    length: int = 0
    type_: Type = field(default_factory=Type)
    turn: str = "N"
    right: bool = False
    reverse: bool = False
    module: float = 2.0
    bars: float = 10.0
    unit: Unit = DOT
    units: bytes = b""
    dpi: float | None = None
    odds: dict[bytes, Odd] = field(default_factory=dict)
    reader: Reader = field(default_factory=Reader)
    graphics: dict[str, Mask | None] = field(default_factory=dict)

    def take(self, command: Command) -> bool:
        """Obey a command if it is a setting, and say whether it was."""
        obey = _OBEY.get(command.name)
        if obey is not None:
            obey(self, command)
        return obey is not None

    @property
    def odd(self) -> Odd | None:
        """Why places are not known."""
        return next(iter(self.odds.values()), None)

    def _home(self, command: Command) -> None:
        x, y = (self.unit.dots(part or 0) for part in numbers(command, 2))
        self.home = (round(x), round(y))
        self.odds.pop(b"LH", None)
        if not self.unit.plain and (x % 1 or y % 1):
            self.odds[b"LH"] = Odd(
                why="its home position is no whole dot (^LH)", hint="give it in dots, or as 0,0"
            )

    def _width(self, command: Command) -> None:
        self.width = self._side(command)

    def _length(self, command: Command) -> None:
        self.length = self._side(command)

    def _side(self, command: Command) -> int:
        return math.floor(max(0.0, place(self.unit.dots(numbers(command, 1)[0] or 0))))

    def _font(self, command: Command) -> None:
        font, height, width = [*command.parts(), b"", b"", b""][:3]
        letter = font.decode("latin-1").upper()[:1] or self.type_.font
        sides = (self.unit.dots(number(side) or 0) for side in (height, width))
        self.type_ = Type(letter, *sides)

    def _turn(self, command: Command) -> None:
        turn, *more = command.parts()
        self.turn = turn_of(turn) or self.turn
        if more and more[0]:
            self.right = more[0] == b"1"

    def _bars(self, command: Command) -> None:
        module, _, height = numbers(command, 3)
        self.module = self.unit.most(module) if module else self.module
        self.bars = self.unit.most(height) if height else self.bars

    def _reverse(self, command: Command) -> None:
        self.reverse = command.parts()[0][:1].upper() == b"Y"

    def _units(self, command: Command) -> None:
        letter, base, wanted = [*command.parts(), b"", b""][:3]
        self.odds.pop(b"MU", None)
        try:
            self.unit = unit_of(letter[:1].upper(), number(base), number(wanted), self.dpi)
        except ValueError:
            self.unit = DOT
            self.odds[b"MU"] = Odd(
                why="its places are in inches or millimetres (^MU)",
                hint="say the printer's resolution (dpi, --dpi)",
            )
        self.units = b"" if self.unit.plain else command.text

    def _coarse(self, command: Command) -> None:
        self.odds.pop(b"JM", None)
        if command.parts()[0][:1].upper() == b"B":
            self.odds[b"JM"] = Odd(
                why="its dots are printed doubled (^JMB)",
                hint="send it at the printer's own resolution (^JMA), with twice its places",
            )

    def _encoding(self, command: Command) -> None:
        self.reader = Reader(int(numbers(command, 1)[0] or 0))

    def _download(self, command: Command) -> None:
        _, total, line, text = [*command.parts(3), b"", b"", b"", b""][:4]
        sizes = int(number(total) or 0), int(number(line) or 0)
        self.graphics[named(command, "GRF")] = unpacked(b"A", text, *sizes)

    def _object(self, command: Command) -> None:
        _, kind, what, total, line, text = [*command.parts(5), *[b""] * 6][:6]
        if kind[:1].upper() == b"B":  # its bytes are its dots: none may be stripped
            text = command.text.split(command.prefixes.comma, 5)[-1]
        sizes = int(number(total) or 0), int(number(line) or 0)
        graphic = unpacked(kind[:1].upper(), text, *sizes) if what.upper() == b"G" else None
        self.graphics[named(command, "GRF")] = graphic

    def _erase(self, command: Command) -> None:
        for name in erased(command, self.graphics):
            del self.graphics[name]


_OBEY = {
    b"LH": Settings._home,
    b"PW": Settings._width,
    b"LL": Settings._length,
    b"CF": Settings._font,
    b"FW": Settings._turn,
    b"BY": Settings._bars,
    b"LR": Settings._reverse,
    b"MU": Settings._units,
    b"JM": Settings._coarse,
    b"CI": Settings._encoding,
    b"~DG": Settings._download,
    b"~DY": Settings._object,
    b"ID": Settings._erase,
}


def numbers(command: Command, count: int) -> list[float | None]:
    """So many of a command's parameters as numbers, None for each that is none."""
    return [number(part) for part in [*command.parts(), *[b""] * count][:count]]


def number(part: bytes) -> float | None:
    """A parameter as a number, or None; a count of bytes may be larger than a coordinate."""
    try:
        value = float(part)
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) <= 1e9 else None


def place(part: float | None) -> float:
    """A coordinate within what one can say."""
    return max(-FAR, min(part or 0.0, FAR))


def turn_of(part: bytes) -> str:
    """The orientation that a parameter begins with: N, R, I or B, or nothing."""
    letter = part[:1].upper().decode("latin-1")
    return letter if letter and letter in "NRIB" else ""

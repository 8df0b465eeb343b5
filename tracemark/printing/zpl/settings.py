"""What a printer remembers between the fields and labels of a stream. SPEC 11.13."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from tracemark.printing.zpl.commands import Command
from tracemark.printing.zpl.graphics import Mask, unpacked
from tracemark.printing.zpl.items import FAR
from tracemark.printing.zpl.sizes import Type
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
    odd : str
        Why coordinates are no dots, or empty.
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
    odd: str = ""
    reader: Reader = field(default_factory=Reader)
    graphics: dict[bytes, Mask | None] = field(default_factory=dict)

    def take(self, command: Command) -> bool:
        """Obey a command if it is a setting, and say whether it was."""
        obey = _OBEY.get(command.name)
        if obey is not None:
            obey(self, command)
        return obey is not None

    def _home(self, command: Command) -> None:
        x, y = numbers(command, 2)
        self.home = (round(x or 0), round(y or 0))

    def _width(self, command: Command) -> None:
        self.width = _side(numbers(command, 1)[0])

    def _length(self, command: Command) -> None:
        self.length = _side(numbers(command, 1)[0])

    def _font(self, command: Command) -> None:
        font, height, width = [*command.parts(), b"", b"", b""][:3]
        letter = font.decode("latin-1").upper()[:1] or self.type_.font
        self.type_ = Type(letter, number(height) or 0, number(width) or 0)

    def _turn(self, command: Command) -> None:
        turn, *more = command.parts()
        self.turn = turn_of(turn) or self.turn
        if more and more[0]:
            self.right = more[0] == b"1"

    def _bars(self, command: Command) -> None:
        module, _, height = numbers(command, 3)
        self.module, self.bars = module or self.module, height or self.bars

    def _reverse(self, command: Command) -> None:
        self.reverse = command.parts()[0][:1].upper() == b"Y"

    def _units(self, command: Command) -> None:
        unit, *more = command.parts()
        dots = unit[:1].upper() in (b"", b"D") and not any(more)
        self.odd = "" if dots else "its places are not in dots (^MU)"

    def _coarse(self, command: Command) -> None:
        if command.parts()[0][:1].upper() == b"B":
            self.odd = "its dots are printed doubled (^JMB)"
        elif "^JM" in self.odd:
            self.odd = ""

    def _encoding(self, command: Command) -> None:
        self.reader = Reader(int(numbers(command, 1)[0] or 0))

    def _download(self, command: Command) -> None:
        name, total, line, text = [*command.parts(3), b"", b"", b"", b""][:4]
        sizes = int(number(total) or 0), int(number(line) or 0)
        self.graphics[name.upper()] = unpacked(b"A", text, *sizes)

    def _object(self, command: Command) -> None:
        self.graphics[command.parts(1)[0].upper()] = None


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


def _side(value: float | None) -> int:
    return math.floor(max(0.0, place(value)))

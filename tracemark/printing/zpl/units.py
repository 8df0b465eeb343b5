"""Places on a label that are not given in dots: millimetres, inches, other resolutions. SPEC 11.13.

Printers do not say how they round. A place is known only where every way of reckoning it gives the
same dot; of others it is known to within a dot or two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_MILLIMETRES = 25.4  # to the inch
_PRINT_HEADS = {150: 6.0, 203: 8.0, 300: 12.0, 600: 24.0}  # dpi: dots to the millimetre, as sold
_COARSE = 203  # dpi
_LARGEST = 4.0  # 150 to 600 dpi
_FINE = 6  # decimals that are told apart


@dataclass(frozen=True, slots=True)
class Unit:
    """What places and lengths are given in.

    Attributes
    ----------
    scales : tuple of float
        Dots to one of it, as printers may reckon.
    factor : float
        By which what is given in dots is enlarged.
    """

    scales: tuple[float, ...] = (1.0,)
    factor: float = 1.0

    @property
    def plain(self) -> bool:
        """Whether it is the dot."""
        return self.scales == (1.0,)

    def dots(self, value: float) -> float:
        """A place or length in dots: a whole number where it is known to the dot."""
        if self.plain:
            return value
        reckoned = [round(value * scale, _FINE) for scale in self.scales]
        whole = {way(dots) for dots in reckoned for way in (math.floor, _nearest)}
        if len(whole) == 1:
            return float(whole.pop())
        return reckoned[0] if reckoned[0] % 1 else reckoned[0] + 0.5

    def most(self, value: float) -> float:
        """A bound of what it may come to, where a printer may take it for dots as well."""
        return max(value, *(math.ceil(value * scale) for scale in self.scales))


def _nearest(value: float) -> int:
    return math.floor(value + 0.5)


DOT = Unit()


def unit_of(letter: bytes, base: float | None, wanted: float | None, dpi: float | None) -> Unit:
    """What ``^MU`` chooses.

    Parameters
    ----------
    letter : bytes
        ``D``, ``I`` or ``M``; empty for dots.
    base, wanted : float or None
        Resolution that the label was written for, and that it is to be printed at.
    dpi : float or None
        Resolution of the printer, for inches and millimetres.

    Raises
    ------
    ValueError
        If it is none of these, or needs the printer's resolution.
    """
    factor = wanted / base if base and wanted else 1.0
    if letter in (b"", b"D") and 0 < factor <= _LARGEST:
        return Unit((factor,), factor)
    if letter not in (b"I", b"M") or not dpi or factor != 1:
        raise ValueError
    head = _PRINT_HEADS.get(round(dpi), dpi / _MILLIMETRES)
    if letter == b"I":
        return Unit(tuple(sorted({dpi, head * _MILLIMETRES})))
    # a print head of 203 dpi has 8 dots to the millimetre; at 300 dpi printers may reckon either
    return Unit((head,) if round(dpi) == _COARSE else tuple(sorted({head, dpi / _MILLIMETRES})))

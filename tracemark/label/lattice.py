"""The keyed lattice that label marks stand on. SPEC 10.1.

The plane of a label is ruled into square cells. Each cell has six kinds of slot: one for each way
an edge can face, and two for a free dot, its place along x and its place along y. The key decides
which of them may carry a mark, with which mask and for which position of the codeword. The lattice
is endless: it repeats every 128 cells, and each label is laid on it at a place of its own, so that
no two labels show the same pattern.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tracemark.profiles import CURRENT, Profile

PERIOD = 128  # cells after which the lattice repeats, both ways
SIDES = 4  # the white lies 0 above, 1 below, 2 left, 3 right of the edge's ink
FREE_X, FREE_Y = 4, 5  # where a free dot stands along x, along y
KINDS = 6
LEVEL = np.array([True, True, False, False, True, False])  # kinds whose chip is a place along x
# where in its cell a mark for chip 0 has its middle; a chip of 1 is as far from the cell's end.
# A free dot of one line lies half a dot further out, one of two lines does not: between the two.
PLACES = np.array([1 / 3, 1 / 3, 1 / 3, 1 / 3, 1 / 3, 0.3125])
_TAG = 0x4E55_4253  # "NUBS": keeps these slots apart from those of other carriers


@dataclass(frozen=True, slots=True)
class Geometry:
    """Sizes of a cell and its nub, in dots of the printer. SPEC 10.1.

    Attributes
    ----------
    dots_per_mm : float
        Resolution of the printer.
    pitch : int
        Side of a cell. A nub's middle stands at one third (chip 0) or two thirds (chip 1) of it.
    width : int
        Dots of a nub along its edge.
    height : int
        Dots of a nub across its edge.
    margin : int
        Dots at both ends of a cell that need not be straight.
    white, ink : int
        Dots of clean white and of clean ink wanted on the two sides of the edge.
    tall : int
        Dots of a free dot along y; it is 2 wide.
    """

    dots_per_mm: float
    pitch: int
    width: int
    height: int
    margin: int
    white: int
    ink: int
    tall: int

    @property
    def starts(self) -> tuple[int, int]:
        """First dot of the nub within its cell, for chip 0 and for chip 1."""
        return self._places(self.width)

    @property
    def across(self) -> tuple[int, int]:
        """First column of a free dot within its cell, for either chip."""
        return self._places(2)

    @property
    def down(self) -> tuple[int, int]:
        """First row of a free dot within its cell, for either chip."""
        first = self.across[0]
        return first, self.pitch - first - self.tall

    def _places(self, width: int) -> tuple[int, int]:
        first = self.pitch // 3 - width // 2
        return first, self.pitch - first - width


COARSE = Geometry(dots_per_mm=8.0, pitch=12, width=2, height=1, margin=2, white=4, ink=1, tall=1)
FINE = Geometry(dots_per_mm=11.8, pitch=18, width=2, height=2, margin=3, white=6, ink=2, tall=2)
WIDE = replace(FINE, width=3)  # for smaller dots; labels of 300 dpi were marked so once


def geometry_for(size: tuple[int, int], dpi: float | None) -> Geometry:
    """Choose the geometry by resolution, or by size where the resolution is unknown. SPEC 10.1.

    Parameters
    ----------
    size : (width, height)
        In dots.
    dpi : float or None
        Dots per inch; a value under 150 is a screen's and says nothing about the printer.
    """
    if dpi is not None and dpi >= 150:
        return COARSE if dpi <= 250 else FINE if dpi <= 360 else WIDE
    return FINE if min(size) > 860 else COARSE


def alike(geometry: Geometry) -> Sequence[Geometry]:
    """Those in which a label that is marked in this one may have been marked before."""
    return (geometry,) if geometry is COARSE else (FINE, WIDE)


class Lattice:
    """What the key says about every slot of one period. SPEC 10.2.

    Parameters
    ----------
    key : bytes
        The label carrier's own subkey.
    profile : Profile
        Of the codeword; labels use its uniform positions.

    Attributes
    ----------
    on : (6, 128, 128) bool
        By kind, cell row, cell column: may this slot carry a mark? True for half of them; a free
        dot wants both of its slots on. The map is the pilot: it is the same for every recipient.
    masks : (6, 128, 128) uint8
        0 or 1, added to the codeword's bit before it is shown.
    positions : (6, 128, 128) int64
        Position of the codeword.
    ranks : (6, 128, 128) uint8
        Slots of a low rank are used first where a label offers more than it needs.
    """

    def __init__(self, key: bytes, profile: Profile = CURRENT) -> None:
        self._key = hashlib.blake2b(key, digest_size=32, person=b"tracemark/label").digest()
        shape = (KINDS, PERIOD, PERIOD)
        stream = hashlib.shake_256(self._key + b"cells").digest(4 * KINDS * PERIOD * PERIOD)
        words = np.frombuffer(stream, "<u4").reshape(shape)
        self.on: NDArray[np.bool_] = (words & 1).astype(bool)
        self.masks: NDArray[np.uint8] = ((words >> 1) & 1).astype(np.uint8)
        self.ranks: NDArray[np.uint8] = ((words >> 8) & 0xFF).astype(np.uint8)
        uniform = (words >> 16).astype(np.int64) % profile.uniform
        self.positions: NDArray[np.int64] = profile.biased + uniform

    def origin(self, black: NDArray[np.bool_], pitch: int, told: bytes = b"") -> tuple[int, int]:
        """Where a label lies on the lattice: its dot (0, 0) is lattice dot (x, y). SPEC 10.3.

        Depends on the key, the unmarked picture and what else is told of the label, so that the
        same label always gets the same marks; the reader finds the place again from the pilot
        alone.
        """
        digest = hashlib.blake2b(
            np.packbits(black).tobytes() + told,
            digest_size=8,
            key=self._key,
            person=b"label origin",
            salt=black.shape[1].to_bytes(16, "little"),
        ).digest()
        span = PERIOD * pitch
        return int.from_bytes(digest[:4], "little") % span, int.from_bytes(
            digest[4:], "little"
        ) % span

    @staticmethod
    def identities(
        sides: NDArray[np.int64], rows: NDArray[np.int64], columns: NDArray[np.int64]
    ) -> NDArray[np.uint64]:
        """Slot identities for `model.Reading`: (n,) uint64, from (n,) sides, rows, columns."""
        index = (sides * PERIOD + rows) * PERIOD + columns
        return np.uint64(_TAG << 32) | index.astype(np.uint64)


@lru_cache(maxsize=8)
def lattice_of(key: bytes, profile: Profile = CURRENT) -> Lattice:
    """The lattice of a key, made once: making it takes as long as marking a label."""
    return Lattice(key, profile)

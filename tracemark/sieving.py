"""Which rows of a very large table are read. SPEC 6.1.

The numbers in a row tell, before any of its cells is parsed, whether the ledger may know it. Of the
rows that it may know, and of the others, keyed samples are read. No codeword is looked at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from tracemark.access.collect import Prints
from tracemark.text.sampling import turns

KNOWN, UNKNOWN = 1 << 15, 1 << 14  # rows read of a class that the ledger may know, and not
TIMES = 8  # how often the same row is read, at most

_Ints = NDArray[np.int64]
_U64 = NDArray[np.uint64]
_Flags = NDArray[np.bool_]
Outline = Callable[[_U64], _Flags]
"""From fingerprints of numbers, (n,), to which of them may have been issued: (n,)."""


class Sieve:
    """Chooses among the rows of one sample.

    Parameters
    ----------
    outline : callable
        What the ledger may know; it is asked only once a sample is very large. None where numbers
        do not tell which rows were issued.
    subkey : bytes
        16 to 64 bytes.
    """

    def __init__(self, outline: Callable[[], Outline | None], subkey: bytes) -> None:
        self._outline = outline
        self._keyed = hashlib.blake2b(key=subkey, digest_size=8)
        self._rows = 0
        self._waiting: list[tuple[_Ints, _U64, Prints]] = []  # as long as all rows are read
        self._samples = _Sample(KNOWN), _Sample(KNOWN), _Sample(UNKNOWN)

    def choose(self, lines: Callable[[], Sequence[bytes]], prints: Prints) -> tuple[_Flags, _Ints]:
        """Which of the next rows are to be read.

        Parameters
        ----------
        lines : callable
            Gives the rows as they stand in the file.
        prints : Prints
            Fingerprints of the numbers in them.

        Returns
        -------
        chosen : (rows,) bool
        dropped : (n,) int64
            Numbers, from 1, of rows that were chosen earlier and are to be forgotten.
        """
        chosen, first = np.ones(len(prints), bool), self._rows + 1
        self._rows += len(prints)
        large = self._rows > KNOWN
        outline = self._outline() if large else None
        if large and outline is None:
            self._waiting = []
            return chosen, _NOTHING
        numbers = np.arange(first, self._rows + 1)
        self._waiting.append((numbers, self._hashed(lines()), prints))
        if outline is None:
            return chosen, _NOTHING
        gone = np.concatenate([self._sifted(*one, outline) for one in self._waiting])
        self._waiting = []
        chosen[gone[gone >= first] - first] = False
        return chosen, gone[gone < first]

    def _sifted(self, numbers: _Ints, hashes: _U64, prints: Prints, outline: Outline) -> _Ints:
        """Add rows to the samples of their classes; the numbers of all that drop out."""
        classes = zip(self._samples, _classes(prints, outline), strict=True)
        return np.concatenate([one.add(numbers[which], hashes[which]) for one, which in classes])

    def _hashed(self, lines: Sequence[bytes]) -> _U64:
        copy, digests = self._keyed.copy, []
        for line in lines:
            keyed = copy()
            keyed.update(line)
            digests.append(keyed.digest())
        return np.frombuffer(b"".join(digests), "<u8").astype(np.uint64)


_NOTHING = np.empty(0, np.int64)


def _classes(prints: Prints, known: Outline) -> list[_Flags]:
    """Rows of which samples are read: by waybill known, by phone, and not at all.

    What a mask leaves of a phone is shared by many: rows known by nothing else, and those without
    any number, are in none of them and always read.
    """
    waybill, phone, masked = (prints.any(kind, known) for kind in ("waybill", "phone", "masked"))
    unknown = (prints.keys != 0) & ~(waybill | phone | masked)
    return [waybill, phone & ~waybill, unknown]


class _Sample:
    """The rows of one class whose hashes end in as many zero bits as it takes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._numbers, self._hashes = np.empty(0, np.int64), np.empty(0, np.uint64)
        self._level = 0

    def add(self, numbers: _Ints, hashes: _U64) -> _Ints:
        """Add rows, all (n,); the numbers of those that drop out, earlier ones among them."""
        fits = self._fits(hashes)
        gone = [numbers[~fits]]
        self._numbers = np.concatenate([self._numbers, numbers[fits]])
        self._hashes = np.concatenate([self._hashes, hashes[fits]])
        if fits.any():
            gone.append(self._keep(turns(self._hashes) < TIMES))
        while len(self._numbers) > self._most:
            self._level += 1
            gone.append(self._keep(self._fits(self._hashes)))
        return np.concatenate(gone)

    def _fits(self, hashes: _U64) -> _Flags:
        fits: _Flags = hashes & np.uint64((1 << self._level) - 1) == 0
        return fits

    def _keep(self, kept: _Flags) -> _Ints:
        """Keep some rows; the numbers of the others."""
        gone = self._numbers[~kept]
        self._numbers, self._hashes = self._numbers[kept], self._hashes[kept]
        return gone

"""Score every candidate against every vote vector in one pass over the codewords. SPEC 6.5.

Candidates stream; memory does not grow with their number. Ids travel with their scores.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.codeword import Codebook
from tracemark.decoder.hypotheses import Hypotheses

_BLOCK = 256  # codewords unpacked at a time: their floats stay in the cache
_CHUNK = 1024
_COLUMNS = 32
_SMALL = 1 << 18  # multiply-adds up to which OpenBLAS starts no threads


@dataclass(frozen=True, slots=True)
class Panel:
    """Everything that one epoch's codewords are held against.

    Attributes
    ----------
    codebook : Codebook
    groups : sequence of Hypotheses or None
        One for each vote vector. None: nothing was read, ln e is 0.
    """

    codebook: Codebook
    groups: Sequence[Hypotheses | None]


class Scorer:
    """Scores candidates under every epoch and group.

    Parameters
    ----------
    panels : sequence of Panel
        One for each epoch; all with the same number of groups.
    """

    def __init__(self, panels: Sequence[Panel]) -> None:
        self._epochs = [_Epoch(panel) for panel in panels]

    def score(self, ids: Sequence[str]) -> NDArray[np.float64]:
        """Natural logarithms of e-values: (n, groups, epochs)."""
        return np.stack([one.score(one.pack(ids)) for one in self._epochs], axis=2)


def chunked(candidates: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    """The same ids in lists of at most 1,024."""
    for ids in candidates:
        for start in range(0, len(ids), _CHUNK):
            yield ids[start : start + _CHUNK]


class _Epoch:
    """One epoch: draws codewords and multiplies them with the weights of all groups at once."""

    def __init__(self, panel: Panel) -> None:
        self._codebook = panel.codebook
        self._groups = panel.groups
        length = panel.codebook.profile.length
        weighed = [h.steps for h in panel.groups if h is not None]
        steps = np.concatenate([np.zeros((length, 0), np.float32), *weighed], axis=1)
        # bytes of the codeword whose eight positions all weigh nothing are left out
        self._used = np.flatnonzero(steps.any(axis=1).reshape(-1, 8).any(axis=1))
        self._width = steps.shape[1]
        steps = steps.reshape(-1, 8, self._width)[self._used].reshape(-1, self._width)
        self._panels = [
            (slice(left, left + _COLUMNS), np.ascontiguousarray(steps[:, left : left + _COLUMNS]))
            for left in range(0, self._width, _COLUMNS)
        ]

    def pack(self, ids: Sequence[str]) -> NDArray[np.uint8]:
        """The bytes in use of these recipients' codewords: (n, bytes) uint8."""
        if not len(self._used):
            return np.zeros((len(ids), 0), np.uint8)
        return self._codebook.pack(ids)[:, self._used]

    def score(self, packed: NDArray[np.uint8]) -> NDArray[np.float64]:
        """ln e of packed codewords under each group: (n, groups)."""
        sums = self._sums(packed)
        log_e = np.zeros((len(packed), len(self._groups)))
        column = 0
        for group, weighed in enumerate(self._groups):
            if weighed is not None:
                width = len(weighed.names)
                log_e[:, group] = weighed.log_e(sums[:, column : column + width])
                column += width
        return log_e

    def _sums(self, packed: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Sums of steps over the ones of each codeword: (n, columns) float32, exact."""
        sums = np.empty((len(packed), self._width), np.float32)
        floats = np.empty((_BLOCK, 8 * packed.shape[1]), np.float32)
        for start in range(0, len(packed), _BLOCK):
            block = slice(start, start + _BLOCK)
            bits = floats[: len(packed[block])]
            bits[:] = np.unpackbits(packed[block], axis=1)
            for columns, steps in self._panels:
                _multiply(bits, steps, sums[block, columns])
        return sums


def _multiply(
    bits: NDArray[np.float32], steps: NDArray[np.float32], sums: NDArray[np.float32]
) -> None:
    """Matrix product into `sums`, a few rows at a time, so that BLAS keeps to this thread.

    Its own threads gain little on products this thin, and when the machine is busy they spin beside
    everybody else's and make it five times slower.
    """
    rows = max(1, _SMALL // steps.size)
    whole = len(bits) // rows * rows
    batches = bits[:whole].reshape(whole // rows, rows, bits.shape[1])
    sums[:whole] = np.matmul(batches, steps).reshape(whole, steps.shape[1])
    if whole < len(bits):
        sums[whole:] = np.matmul(bits[whole:], steps)

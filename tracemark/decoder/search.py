"""Score every candidate against every vote vector in one pass over the codewords. SPEC 6.5.

Candidates stream; memory does not grow with their number. Ids travel with their scores.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tracemark.codeword import Codebook
from tracemark.decoder.hypotheses import Hypotheses
from tracemark.memory import keep_freed

Drawn: TypeAlias = dict[int, NDArray[np.uint8]]  # packed codewords of some candidates, by epoch

CHUNK = 2048  # candidates that are scored together
_BLOCK = 256  # codewords unpacked at a time: their floats stay in the cache
# one product at a time: at most 2^18 multiply-adds, up to which OpenBLAS starts no threads
_DEEP, _COLUMNS = 48, 20


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
        keep_freed()

    def score(self, ids: Sequence[str]) -> NDArray[np.float64]:
        """Natural logarithms of e-values: (n, groups, epochs)."""
        return self.weigh(self.draw(ids))

    def draw(self, ids: Sequence[str]) -> Drawn:
        """Their codewords."""
        return {one.codebook.epoch: one.codebook.pack(ids) for one in self._epochs}

    def weigh(self, drawn: Drawn) -> NDArray[np.float64]:
        """What `score` gives, of codewords that are drawn already."""
        return np.stack([one.score(drawn[one.codebook.epoch]) for one in self._epochs], axis=2)


def chunked(candidates: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    """The same ids in lists of at most `CHUNK`."""
    for ids in candidates:
        for start in range(0, len(ids), CHUNK):
            yield ids[start : start + CHUNK]


class _Epoch:
    """One epoch: multiplies codewords with the weights of all groups at once."""

    def __init__(self, panel: Panel) -> None:
        self.codebook = panel.codebook
        self._groups = panel.groups
        length = panel.codebook.profile.length
        weighed = [h.steps for h in panel.groups if h is not None]
        steps = np.concatenate([np.zeros((length, 0), np.float32), *weighed], axis=1)
        # positions that weigh nothing are left out, and bytes without any that weighs
        used = np.flatnonzero(steps.any(axis=1))
        self._bytes, which = np.unique(used // 8, return_inverse=True)
        depth, width = -(-len(used) // _DEEP), steps.shape[1]
        self._byte = np.zeros(depth * _DEEP, np.intp)
        self._byte[: len(used)] = which
        bit = 128 >> (used % 8)
        self._bit = np.zeros((depth * _DEEP, 1), np.uint8)
        self._bit[: len(used), 0] = bit
        # a bit is left where it stands in its byte, and worth that much less
        worth = np.zeros((depth * _DEEP, width), np.float32)
        worth[: len(used)] = steps[used] / bit[:, None]
        pieces = worth.reshape(depth, _DEEP, width).transpose(0, 2, 1)
        self._steps = np.ascontiguousarray(pieces)

    def score(self, packed: NDArray[np.uint8]) -> NDArray[np.float64]:
        """ln e of packed codewords under each group: (n, L/8) gives (n, groups)."""
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
        """Sums of steps over the ones of each codeword: (n, columns) float32, exact.

        Codewords stand side by side, a row for each position. The product is cut into pieces so
        small that BLAS keeps to this thread: its own gain little on products this thin, and when
        the machine is busy they wait for everybody else's. In whole numbers, and in these by a
        power of two, it does not matter in which order pieces are added up.
        """
        depth, width, _ = self._steps.shape
        sums = np.zeros((width, len(packed)), np.float32)
        columns = np.zeros((len(self._bytes), _BLOCK), np.uint8)
        bits = np.zeros((depth * _DEEP, _BLOCK), np.uint8)
        floats = np.zeros((depth, _DEEP, _BLOCK), np.float32)
        for start in range(0, len(packed) if depth else 0, _BLOCK):
            block = packed[start : start + _BLOCK].T
            columns[:, : block.shape[1]] = block[self._bytes]
            np.take(columns, self._byte, axis=0, out=bits, mode="clip")
            np.bitwise_and(bits, self._bit, out=bits)
            floats[...] = bits.reshape(floats.shape)
            for left in range(0, width, _COLUMNS):
                some = slice(left, left + _COLUMNS)
                found = np.matmul(self._steps[:, some], floats).sum(axis=0)
                sums[some, start : start + _BLOCK] = found[:, : block.shape[1]]
        return np.ascontiguousarray(sums.T)

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
from tracemark.memory import keep_freed

CHUNK = 1024  # candidates that are scored together
_BLOCK = 256  # codewords unpacked at a time: their floats stay in the cache
# one product at a time: at most 2^18 multiply-adds, up to which OpenBLAS starts no threads
_ROWS, _DEEP, _COLUMNS = 64, 192, 20
_MANY_USED = 0.75  # of the bytes: picking them out costs more than it saves


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
        return self.weigh([one.codebook.pack(ids) for one in self._epochs])

    def weigh(self, packed: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
        """The same of codewords that are drawn already: (n, L/8) for each epoch."""
        return np.stack([one.score(p) for one, p in zip(self._epochs, packed, strict=True)], axis=2)


def chunked(candidates: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    """The same ids in lists of at most 1,024."""
    for ids in candidates:
        for start in range(0, len(ids), CHUNK):
            yield ids[start : start + CHUNK]


def _few(indices: NDArray[np.intp]) -> NDArray[np.intp] | slice:
    """Indices, as a slice where they are a run: that takes no copy."""
    if len(indices) and indices[-1] - indices[0] == len(indices) - 1:
        return slice(int(indices[0]), int(indices[-1]) + 1)
    return indices


class _Epoch:
    """One epoch: multiplies codewords with the weights of all groups at once."""

    def __init__(self, panel: Panel) -> None:
        self.codebook = panel.codebook
        self._groups = panel.groups
        length = panel.codebook.profile.length
        weighed = [h.steps for h in panel.groups if h is not None]
        steps = np.concatenate([np.zeros((length, 0), np.float32), *weighed], axis=1)
        # bytes of the codeword whose eight positions all weigh nothing are left out, if many are
        used = steps.any(axis=1).reshape(-1, 8).any(axis=1)
        self._used = _few(np.flatnonzero(used)) if used.mean() < _MANY_USED else slice(None)
        width = steps.shape[1]
        kept = steps.reshape(length // 8, 8, width)[self._used].reshape(-1, width or 1)
        self._depth = -(-len(kept) // _DEEP)
        self._steps = np.zeros((self._depth * _DEEP, width), np.float32)
        self._steps[: len(kept)] = kept

    def score(self, packed: NDArray[np.uint8]) -> NDArray[np.float64]:
        """ln e of packed codewords under each group: (n, L/8) gives (n, groups)."""
        sums = self._sums(packed[:, self._used])
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

        The product is cut into pieces so small that BLAS keeps to this thread: its own gain little
        on products this thin, and when the machine is busy they wait for everybody else's. Cut
        along the positions too, a piece has rows enough to be worth a call, and in whole numbers
        it does not matter in which order pieces are added up.
        """
        depth, width = self._depth, self._steps.shape[1]
        sums = np.empty((len(packed), width), np.float32)
        floats = np.zeros((_BLOCK, depth * _DEEP), np.float32)
        pieces = floats.reshape(_BLOCK // _ROWS, _ROWS, depth, _DEEP).transpose(0, 2, 1, 3)
        steps = self._steps.reshape(depth, _DEEP, width)
        for start in range(0, len(packed), _BLOCK):
            block = packed[start : start + _BLOCK]
            floats[: len(block), : 8 * block.shape[1]] = np.unpackbits(block, axis=1)
            for left in range(0, width, _COLUMNS):
                right = slice(left, left + _COLUMNS)
                found = np.matmul(pieces, steps[:, :, right]).sum(axis=1)
                sums[start : start + _BLOCK, right] = found.reshape(_BLOCK, -1)[: len(block)]
        return sums

"""A keyed sample of very many cells, so that memory does not grow with what leaked. SPEC 6.1.

Which cells are kept depends on their anchor ids alone, which are uniform under the key: no codeword
is looked at, and the order of the rows does not matter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracemark.text.scan import Finds

MOST = 1 << 21  # chips kept, of expected cells and of others each
TIMES = 8  # how often one cell is read, at most

_U64 = NDArray[np.uint64]


class Sampler:
    """Keeps cells whose anchor ids end in as many zero bits as it takes."""

    def __init__(self) -> None:
        self._levels = [0, 0]

    def sample(self, found: Finds, anchors: _U64, ours: NDArray[np.bool_]) -> Finds:
        """The cells that are kept.

        Parameters
        ----------
        found : Finds
        anchors : (cells,) uint64
            Anchor ids of the cells.
        ours : (cells,) bool
            Cells that are expected; they are sampled apart from the others.
        """
        chips = np.bincount(found.cells, minlength=len(found))
        symbols = np.unpackbits(found.present.view(np.uint8)).reshape(-1, 64)
        chips += 3 * symbols.sum(axis=1, dtype=np.int64)
        few = turns(anchors) < TIMES
        kept = np.zeros(len(found), bool)
        for kind, which in enumerate((few & ours, few & ~ours)):
            some = which & self._chosen(kind, anchors)
            while int(chips[some].sum()) > MOST and self._levels[kind] < 63:
                self._levels[kind] += 1
                some = which & self._chosen(kind, anchors)
            kept |= some
        return found.where(kept)

    def _chosen(self, kind: int, anchors: _U64) -> NDArray[np.bool_]:
        zeros = np.uint64((1 << self._levels[kind]) - 1)
        chosen: NDArray[np.bool_] = anchors & zeros == 0
        return chosen


def turns(values: _U64) -> NDArray[np.int64]:
    """How many equal values stand before each: (n,) int64."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    count = np.arange(len(values))
    fresh = np.ones(len(values), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
    turns = np.empty(len(values), np.int64)
    turns[order] = count - np.maximum.accumulate(np.where(fresh, count, 0))
    return turns

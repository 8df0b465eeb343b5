"""Thin rules that a filter has wiped out, drawn again through the nubs they left. SPEC 10.8.

A 3 x 3 median takes a rule of one dot, but where a nub stands on it a speck of two lines is left:
the rule's and the nub's. Specks that share one line, some reaching up from it and some down, show
where the rule was; nothing else on a label stands so, free dots neither.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracemark.darkness import Field

_INK = 0.45  # darkness from which a pixel belongs to a speck
_APART = 60  # dots between neighbours on one rule, at most: five cells
_BEYOND = 10  # dots by which a rule outlasts its last speck: what a nub needs of edge
_SPECKS = 8  # on one stretch of rule, at least
_PRINT = 0.02  # share of ink beside a line from which the line is print
_EITHER = 3  # of these that reach up, and that reach down


def redrawn(dark: Field, dot: float, reach: int) -> Field:
    """The picture with its wiped out level and plumb rules.

    Parameters
    ----------
    dark : (H, W) float32
        Darkness of an upright picture.
    dot : float
        Pixels a dot, about.
    reach : int
        Pixels in which a speck ends, from any of its own: two dots.

    Returns
    -------
    (H, W) float32
        `dark` itself where there is no such rule.
    """
    inked = dark > _INK
    found = [_stretches(inked, dot, reach), _stretches(inked.T, dot, reach)]
    if not any(found):
        return dark
    out = dark.copy()
    for view, stretches in zip((out, out.T), found, strict=True):
        for line, start, stop in stretches:
            view[line, start:stop] = np.maximum(view[line, start:stop], 1)
    return out


def _stretches(inked: NDArray[np.bool_], dot: float, reach: int) -> list[tuple[int, int, int]]:
    """Lines with the first and last pixel of each stretch that a rule was wiped out of."""
    height, width = inked.shape
    if min(height, width) <= 2 * reach:
        return []
    core = inked[reach:-reach, reach:-reach]
    lone = core & ~inked[: -2 * reach, reach:-reach] & ~inked[2 * reach :, reach:-reach]
    lone &= ~inked[reach:-reach, : -2 * reach] & ~inked[reach:-reach, 2 * reach :]
    near = max(1, round(dot))
    lines, columns = np.divmod(np.flatnonzero(lone), core.shape[1])
    lines, columns = lines + reach, columns + reach
    up, down = inked[lines - near, columns], inked[lines + near, columns]
    start = np.r_[True, (np.diff(lines) > 0) | (np.diff(columns) > 1)]  # one speck, one run
    first = np.flatnonzero(start)
    if len(first) < _SPECKS:
        return []
    up, down = (np.logical_or.reduceat(way, first) for way in (up & ~down, down & ~up))
    lines, columns = lines[first], columns[first]
    ahead = np.r_[True, (np.diff(lines) > 0) | (np.diff(columns) > _APART * dot)]
    heads = np.flatnonzero(ahead)
    counts = [np.add.reduceat(part.astype(int), heads) for part in (up | down, up, down)]
    good = (counts[0] >= _SPECKS) & (counts[1] >= _EITHER) & (counts[2] >= _EITHER)
    ends = np.r_[heads[1:], len(lines)] - 1
    beyond = round(_BEYOND * dot)
    return [
        (int(lines[a]), max(0, int(columns[a]) - beyond), int(columns[b]) + beyond)
        for a, b in zip(heads[good], ends[good], strict=True)
        if _alone(inked[:, columns[a] : columns[b]], int(lines[a]), reach)
    ]


def _alone(inked: NDArray[np.bool_], line: int, reach: int) -> bool:
    """Whether the specks of a line are all there is along it: a line of print has more."""
    beside = np.r_[line - 2 * reach : line - reach + 1, line + reach : line + 2 * reach + 1]
    held = beside[(beside >= 0) & (beside < len(inked))]
    return bool(inked[held].mean() < _PRINT)

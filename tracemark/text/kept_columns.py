"""Which cells of a column hold something that marking leaves as it is. SPEC 5.8."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tracemark.text.joined import Joined
from tracemark.text.kept import kept

_Flags = NDArray[np.bool_]

# Kinds of characters, and which of two neighbours no code or whole cell is without.
_LETTER, _DIGIT, _JOINT, _BREAK, _SIGN, _END, _ALONE = range(1, 8)
_KIND = np.zeros(1 << 16, np.uint8)
for _kind, _characters in (
    (_LETTER, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    (_DIGIT, "0123456789"),
    (_JOINT, "-‐－—–./:"),
    (_BREAK, "\n"),
    (_SIGN, "=+"),
    (_END, "}] \t\r"),
    (_ALONE, "@\\<&_"),
):
    _KIND[[ord(character) for character in _characters]] = _kind
_PAIRS = np.zeros((8, 8), bool)
_PAIRS[_ALONE] = True
_PAIRS[_LETTER, [_DIGIT, _JOINT]] = True
_PAIRS[_BREAK, [_SIGN, _JOINT]] = True
_PAIRS[_END, _BREAK] = True
_TELLING = _PAIRS.ravel()


def holding_kept(cells: Sequence[str], joined: Joined, regular: _Flags) -> _Flags:
    """Which of some cells are left as they are, or hold a code.

    Parameters
    ----------
    cells : sequence of str
    joined : Joined
        The same.
    regular : (cells,) bool
        Which of them are regular; of the others none is named.

    Returns
    -------
    (cells,) bool
    """
    kinds = np.append(_KIND[joined.codes], np.full(2, _BREAK, np.uint8))
    pairs = kinds[:-1] << 3 | kinds[1:]
    behind = np.flatnonzero(pairs == (_DIGIT << 3 | _JOINT))
    telling = [np.flatnonzero(_TELLING[pairs]), behind[kinds[behind + 2] == _LETTER]]
    holding = np.zeros(len(cells), bool)
    holding[np.searchsorted(joined.breaks, np.concatenate(telling), "right") - 1] = True
    holding &= regular
    for cell in np.flatnonzero(holding).tolist():
        holding[cell] = bool(kept(cells[cell], cells[cell].lower()).codes)
    return holding

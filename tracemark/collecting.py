"""Fewer garbage collections while very many cells are in hand.

Cells, rows and records are no cycles, but every few hundred of them Python looks for cycles among
all that is held: about a tenth of the time of reading a large sample.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_RARELY = 50_000  # new objects from one look for cycles to the next

_lock = Lock()
_usual: list[tuple[int, int, int]] = []  # one for each use that has not ended


@contextmanager
def rarely() -> Iterator[None]:
    """Collect garbage rarely within the context; what was usual before it is restored.

    Contexts may overlap, in several threads too: the last one that ends restores.
    """
    with _lock:
        _usual.append(_usual[0] if _usual else gc.get_threshold())
        if 0 < _usual[0][0] < _RARELY:  # 0: never
            gc.set_threshold(_RARELY, *_usual[0][1:])
    try:
        yield
    finally:
        with _lock:
            usual = _usual.pop()
            if not _usual:
                gc.set_threshold(*usual)

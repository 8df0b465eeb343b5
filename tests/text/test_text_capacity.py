"""How much a realistic export carries, and what is left of it after a wash."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import numpy as np
import pytest

from tracemark.codeword import Codebook
from tracemark.keys import EpochKey
from tracemark.profiles import CURRENT
from tracemark.text import CellMarker, CellReader, find_role
from tracemark.text.fold import strip_symbols
from tracemark.text.parse import anchor, parse
from tracemark.text.roles import MARKED
from tracemark.text.rules import rules
from tracemark_cli.sample_orders import orders

KEY = EpochKey(1, bytes(range(32)))
SLOTS = KEY.derive("slots/text")
CODEWORD = Codebook(KEY, CURRENT).codeword("a")
ROWS = list(orders(1000, seed=77))
CELLS = [
    (cell, role)
    for row in ROWS
    for header, cell in row.items()
    if (role := find_role(header, cell)) in MARKED
]
MARKER = CellMarker(SLOTS, CODEWORD, CURRENT)
COPIES = [(MARKER.mark(cell, role)[0], role) for cell, role in CELLS]


def slots_right(wash: Callable[[str], str]) -> dict[str, float]:
    """For each layer, slots a row that read as the recipient's codeword after a wash."""
    reader = CellReader([SLOTS], CURRENT)
    for copy, role in COPIES:
        reader.read(wash(copy), role)
    right = {}
    for layer in reader.take()[0].layers:
        reading = layer.reading
        agree = CODEWORD[reading.positions] == (reading.chips > 0)
        right[reading.carrier] = float(np.sum(agree)) / len(ROWS)
    return right


def keep(text: str) -> str:
    return text


def nfkc(text: str) -> str:
    return unicodedata.normalize("NFKC", strip_symbols(text))


def letters_only(text: str) -> str:
    """Stripped of symbols, NFKC, without any space or mark of punctuation."""
    return re.sub(r"[\W_]", "", nfkc(text))


def through_gbk(text: str) -> str:
    return text.encode("gbk", "ignore").decode("gbk")


def test_what_a_row_carries() -> None:
    """A row of an invented order export has the slots that the guide promises."""
    right = slots_right(keep)
    assert right["invisible"] > 60
    assert right["wording"] > 3.2
    assert right["typography"] > 2.5


@pytest.mark.parametrize(("wash", "left"), [(nfkc, 0.99), (letters_only, 0.8), (through_gbk, 0.99)])
def test_what_a_wash_leaves(wash: Callable[[str], str], left: float) -> None:
    """Wording outlives each wash, and is read where it was.

    Without any punctuation 1.5m is 15m, and 3-2-501 a number of its own.
    """
    assert slots_right(wash)["wording"] > left * slots_right(keep)["wording"]


@pytest.mark.parametrize(
    ("wash", "least"), [(nfkc, 0.97), (letters_only, 0.93), (through_gbk, 0.97)]
)
def test_anchors_outlive_a_wash(wash: Callable[[str], str], least: float) -> None:
    """Nearly all cells have the same anchor after each wash as before they were marked."""
    same = 0
    chinese = [(cell, copy) for (cell, _), (copy, _) in zip(CELLS, COPIES, strict=True) if cell]
    for cell, copy in chinese:
        same += anchor(parse(wash(strip_symbols(copy)), rules())) == anchor(parse(cell, rules()))
    assert same > least * len(chinese)


def test_rows_that_change_visibly() -> None:
    """The plain policy changes nearly every row, the quiet one none: the price of wording."""
    plain = CellMarker(SLOTS, CODEWORD, CURRENT, "plain")
    quiet = CellMarker(SLOTS, CODEWORD, CURRENT, "quiet")
    changed = 0
    for row in ROWS:
        cells = [(cell, find_role(header, cell)) for header, cell in row.items()]
        changed += any(plain.mark(cell, role)[0] != cell for cell, role in cells)
        assert all(strip_symbols(quiet.mark(cell, role)[0]) == cell for cell, role in cells)
    assert 0.9 < changed / len(ROWS) <= 1


def test_no_realistic_cell_is_given_up() -> None:
    """Every visible slot of a realistic cell shows its chip: the safety net is not needed."""
    wrong = 0
    for copy, role in COPIES:
        reader = CellReader([SLOTS], CURRENT)
        reader.read(copy, role)
        for layer in reader.take()[0].layers:
            shown = CODEWORD[layer.reading.positions] == 1
            if layer.reading.carrier == "check":  # shows its mask and no bit of the codeword
                shown[:] = True
            wrong += int(np.sum(shown != (layer.reading.chips > 0)))
    assert wrong == 0

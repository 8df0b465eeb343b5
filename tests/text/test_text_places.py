"""Where slots stand in a cell: what is shown is what was read."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pytest

from tests.text import hostile
from tests.text.test_text_marker import ADDRESSES, CODEWORD, SLOTS
from tracemark.profiles import CURRENT
from tracemark.text import CellMarker, CellReader
from tracemark.text.fold import SYMBOLS, strip_symbols
from tracemark.text.places import Place, places

ENGLISH = "Unit 5, 12 Green Hill Road, North Building, Springfield, Apartment 7"
MARKER = CellMarker(SLOTS[0], CODEWORD, CURRENT, "full")


def read(text: str) -> tuple[list[Place], int]:
    """The places of a cell, and how many chips the reader has read in it."""
    reader = CellReader(SLOTS[:1], CURRENT)
    reader.read(text)
    [taken] = reader.take()
    chips = sum(len(one) for one in taken.layers if one.reading.carrier != "check")
    return places(text, taken, skip="check"), chips


def agreeing(found: list[Place]) -> list[bool]:
    return [bool((CODEWORD[p.positions] == (p.chips > 0)).all()) for p in found if len(p.chips)]


@pytest.mark.parametrize("address", [*ADDRESSES[:60], ENGLISH])
def test_every_chip_that_was_read_has_its_place_and_agrees(address: str) -> None:
    marked, _ = MARKER.mark(address, "address")
    found, chips = read(marked)
    assert sum(len(one.chips) for one in found) == chips > 0
    assert all(agreeing(found))


@pytest.mark.parametrize("address", ADDRESSES[60:90])
def test_places_stand_from_left_to_right_within_the_text(address: str) -> None:
    marked, _ = MARKER.mark(address, "address")
    found, _ = read(marked)
    ends = [0, *(end for one in found for end in (one.start, one.end)), len(strip_symbols(marked))]
    assert ends == sorted(ends)


def test_a_letter_that_lost_its_symbols_is_a_place_that_cannot_be_read() -> None:
    marked, _ = MARKER.mark(ADDRESSES[0], "address")
    runs = list(re.finditer(f"[{SYMBOLS}]+", marked))
    before, _ = read(marked)
    after, _ = read(marked[: runs[6].start()] + marked[runs[6].end() :])
    assert sum(not len(one.chips) for one in before) == 0
    assert sum(not len(one.chips) for one in after) == 1
    assert all(agreeing(after))


def test_a_changed_word_is_the_place_that_does_not_agree() -> None:
    """Of the forms of 省, none and 省, the copy shows one; the other one is told apart."""
    changed = 0
    for address in ADDRESSES[:40]:
        marked, _ = MARKER.mark(address, "address")
        other = marked.replace("室", "") if "室" in marked else marked + "室"
        found, chips = read(other)
        if chips == sum(len(one.chips) for one in found) and agreeing(found).count(False) == 1:
            changed += 1
            [wrong] = [p for p in found if (CODEWORD[p.positions] != (p.chips > 0)).any()]
            assert strip_symbols(other)[wrong.start : wrong.end] in ("", "室")
    assert changed >= 10


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_software_that_rewrites_characters_moves_no_place_elsewhere(form: str) -> None:
    for address in ADDRESSES[:20]:
        marked, _ = MARKER.mark(address, "address")
        found, _ = read(unicodedata.normalize(form, marked))
        said = agreeing(found)
        assert np.mean(said) > 0.8


@pytest.mark.parametrize("cell", hostile.CURATED)
def test_any_cell_can_be_shown(cell: str) -> None:
    found, _ = read(cell)
    assert all(0 <= one.start <= one.end <= len(strip_symbols(cell)) for one in found)

"""Whatever a cell holds: it is not damaged, and its mark comes off."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tracemark.codeword import Codebook
from tracemark.keys import EpochKey
from tracemark.profiles import CURRENT
from tracemark.text import CellMarker, CellReader, clean
from tracemark.text.fold import strip_symbols
from tracemark.text.parse import anchor, parse, road
from tracemark.text.roles import MARKED
from tracemark.text.rules import HAN, rules

from .hostile import CURATED, cells

KEY = EpochKey(1, bytes(range(32)))
SLOTS = KEY.derive("slots/text")
CODEWORDS = {name: Codebook(KEY, CURRENT).codeword(name) for name in "ab"}
MARKERS = {
    (name, policy): CellMarker(SLOTS, codeword, CURRENT, policy)
    for name, codeword in CODEWORDS.items()
    for policy in ("full", "quiet", "plain")
}
FORMS = ("NFC", "NFD", "NFKC", "NFKD")

roles = st.sampled_from(MARKED)
policies = st.sampled_from(["full", "quiet", "plain"])
names = st.sampled_from("ab")
many = settings(max_examples=400, deadline=None, derandomize=True)


def read(text: str) -> dict[str, list[bool]]:
    """For each layer, whether each slot read shows codeword a."""
    reader = CellReader([SLOTS], CURRENT)
    reader.read(text)
    return {
        layer.reading.carrier: (
            (layer.reading.chips > 0) == CODEWORDS["a"][layer.reading.positions]
        ).tolist()
        for layer in reader.take()[0].layers
    }


def structure(text: str) -> tuple[str, str, list[int]]:
    parsed = parse(strip_symbols(text), rules())
    return anchor(parsed), road(parsed), [slot[1] for slot in parsed.slots]


@many
@given(cells, roles, policies, names)
def test_clean_forgets_any_mark(cell: str, role: str, policy: str, name: str) -> None:
    """The canonical text of a marked cell is that of the cell."""
    marked, _ = MARKERS[name, policy].mark(cell, role)
    assert clean(marked) == clean(cell)
    assert structure(marked) == structure(cell)


@many
@given(cells, roles, policies, names)
def test_marking_twice_is_marking_once(cell: str, role: str, policy: str, name: str) -> None:
    """A marked cell is left as it is by the marker that marked it."""
    marker = MARKERS[name, policy]
    marked = marker.mark(cell, role)
    assert marker.mark(marked[0], role) == marked


@many
@given(cells, roles)
def test_the_last_marking_is_what_reads(cell: str, role: str) -> None:
    """Marked for b and then for a, every chip that reads is a's, or nothing visible was written."""
    marked = MARKERS["a", "full"].mark(MARKERS["b", "full"].mark(cell, role)[0], role)[0]
    shown = read(marked)
    assert all(shown.get("invisible", []))


@many
@given(cells, roles, policies, names)
def test_digits_are_never_touched(cell: str, role: str, policy: str, name: str) -> None:
    """Marking and cleaning keep every digit, and their order."""
    digits = re.findall(r"\d", cell)
    assert re.findall(r"\d", MARKERS[name, policy].mark(cell, role)[0]) == digits
    assert re.findall(r"\d", clean(cell)) == digits


@many
@given(cells, roles, names)
def test_quiet_adds_symbols_only(cell: str, role: str, name: str) -> None:
    """The quiet policy changes nothing that can be seen."""
    marked, placed = MARKERS[name, "quiet"].mark(cell, role)
    assert strip_symbols(marked) == strip_symbols(cell)
    assert (marked != strip_symbols(cell)) == (placed != 0)


@many
@given(cells, roles, names)
def test_plain_adds_nothing_invisible(cell: str, role: str, name: str) -> None:
    """The plain policy puts no character there that a cell could not have had."""
    marked, _ = MARKERS[name, "plain"].mark(cell, role)
    hidden = {c for c in marked if unicodedata.category(c) in ("Cf", "Mn", "Me", "Cc", "Co", "Cn")}
    assert hidden <= set(cell)
    assert marked == strip_symbols(marked)


@many
@given(cells, st.sampled_from(FORMS))
@example("杭州市西湖区　文三路159号", "NFKC")
@example("浙江省－杭州市－西湖区文三路", "NFKC")
@example("5㎏…１２．５ｋｇ", "NFKC")
def test_structure_outlives_normal_forms(cell: str, form: str) -> None:
    """Anchor and slots are the same after any Unicode normalisation.

    But where a full-width mark stands in an English cell: `Road，` is no slot, `Road,` is one.
    """
    assume(re.search(f"[{HAN}]", cell) or not re.search("[，；！]", cell))
    assert structure(unicodedata.normalize(form, cell)) == structure(cell)


@many
@given(
    cells,
    st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from("\u200b\u200d\ufeff\u2060\ufe0f\u00ad"))
    ),
)
def test_structure_outlives_invisible_noise(cell: str, noise: list[tuple[int, str]]) -> None:
    """Anchor and slots are the same with any invisible characters put in."""
    noisy = cell
    for place, character in noise:
        noisy = noisy[:place] + character + noisy[place:]
    assert structure(noisy) == structure(cell)


@many
@given(cells, roles)
def test_symbols_stand_behind_letters_only(cell: str, role: str) -> None:
    """No symbol follows a digit, a mark of punctuation, an emoji, a space or the beginning."""
    marked, _ = MARKERS["a", "full"].mark(cell, role)
    for symbol in re.finditer("[\ufe03-\ufe0a]+", marked):
        before = list(strip_symbols(marked[: symbol.start()]))
        while unicodedata.category(before[-1]) in ("Mn", "Me", "Cf"):
            before.pop()
        assert unicodedata.category(before[-1]) in ("Lo", "Ll", "Lu")


@pytest.mark.parametrize("cell", CURATED)
@pytest.mark.parametrize("role", MARKED)
def test_curated_cells(cell: str, role: str) -> None:
    """The cells we know of keep all the promises at once, and all their slots read."""
    for marker in MARKERS.values():
        marked, _ = marker.mark(cell, role)
        assert clean(marked) == clean(cell)
        assert marker.mark(marked, role)[0] == marked
        assert (
            marker.mark(MARKERS["b", "full"].mark(cell, role)[0], role)[1]
            == marker.mark(cell, role)[1]
        )


@pytest.mark.parametrize("role", ["name", "phone", "id", "time", "number", "region"])
def test_other_roles_are_left_alone(role: str) -> None:
    """What is no address, item, remark or text comes back as it went in, symbols included."""
    cell = "浙江省杭州市西\ufe05湖区文三路159号"
    assert MARKERS["a", "full"].mark(cell, role) == (cell, 0)


@pytest.mark.parametrize(
    "piece",
    ["1", "a", "浙", "浙江", "杭州", "(", "（a", "路1", "请", "，", " ", "省", "号", "3-", "and ",
     "5g", "周一", "12 N ", "\u200b", "е\u0301", "\ufe05", "西湖区", "[", "x1", "旁", "东门", "交"],
)  # fmt: skip
def test_time_is_linear_in_the_cell(piece: str) -> None:
    """A cell of a megabyte takes seconds at most, whatever it repeats."""
    cell = (piece * (1_000_000 // len(piece)))[:1_000_000]
    begun = time.perf_counter()
    MARKERS["a", "full"].mark(cell, "text")
    assert time.perf_counter() - begun < 20

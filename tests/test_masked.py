"""Masked mobile numbers: a mark in their stars, where a user gives the column the role."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import tracemark
from tracemark.codeword import Codebook
from tracemark.keys import EpochKey
from tracemark.profiles import CURRENT
from tracemark.text import CellMarker, CellReader, clean
from tracemark.text.fold import strip_symbols

KEY = EpochKey(1, bytes(range(32)))
CODEWORD = Codebook(KEY, CURRENT).codeword("a")
MARKERS = [
    CellMarker(KEY.derive("slots/text"), CODEWORD, CURRENT, policy, encoding=encoding)
    for policy in ("full", "quiet", "plain")
    for encoding in (None, "gbk", "ascii")
]
digits = st.text("0123456789", min_size=1, max_size=5)
cells = st.lists(
    st.one_of(digits, st.sampled_from(["1", "138", "****", "＊＊＊＊", "*", "***", "-", " ", "张"]))
).map("".join)


@settings(max_examples=300, deadline=None, derandomize=True)
@example("张张张张", MARKERS[0])
@given(cells, st.sampled_from(MARKERS))
def test_digits_and_the_number_of_stars_stay(cell: str, marker: CellMarker) -> None:
    """Whatever stands in the column: NFKC gives what it gave before, and the mark comes off.

    Words among the numbers may carry symbols that do not show.
    """
    marked, _ = marker.mark(cell, "masked")
    assert unicodedata.normalize("NFKC", strip_symbols(marked)) == unicodedata.normalize(
        "NFKC", cell
    )
    assert clean(marked) == clean(cell)
    assert marker.mark(marked, "masked")[0] == marked


@pytest.mark.parametrize(
    "cell",
    ["13812345678", "138***5678", "138*****5678", "0138****5678", "138****56789", "张*三", "****"],
)
def test_what_is_no_masked_mobile_number_is_left_alone(cell: str) -> None:
    for marker in MARKERS:
        assert marker.mark(cell, "masked") == (cell, 0)


def test_half_of_the_stars_are_wide_and_all_are_read() -> None:
    numbers = [f"13{n % 10}****{n:04d}" for n in range(0, 10_000, 7)]
    marked = [MARKERS[0].mark(number, "masked")[0] for number in numbers]
    assert 0.45 < sum("＊" in one for one in marked) / len(marked) < 0.55
    reader = CellReader([KEY.derive("slots/text")], CURRENT)
    reader.read_rows([[one] for one in marked])
    [layer] = reader.take()[0].layers
    assert len(layer) == len(numbers)
    assert (CODEWORD[layer.reading.positions] == (layer.reading.chips > 0)).all()


def test_masked_numbers_alone_name_the_recipient(vault: tracemark.Vault) -> None:
    """Only where the column's role says so; whole numbers among them stay as they are."""
    rows = [{"姓名": "张*三", "手机": f"13{n % 10}****{n:04d}"} for n in range(0, 10_000, 7)]
    rows[5] = {"姓名": "李四", "手机": "13900001111"}
    assert list(vault.mark_rows(rows, to="acct:0042")) == rows
    copy = list(vault.mark_rows(rows, to="acct:0042", columns={"手机": "masked"}))
    assert copy[5] == rows[5]
    assert [row["姓名"] for row in copy] == [row["姓名"] for row in rows]
    case = vault.trace([{"手机": row["手机"]} for row in copy])
    assert [one.recipient for one in case.accusations] == ["acct:0042"]

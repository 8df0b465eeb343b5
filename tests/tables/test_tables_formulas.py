"""Marking never makes a cell that a spreadsheet program would take for a formula."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracemark.cleaning import clean
from tracemark.keys import EpochKey
from tracemark.marking import RowMarker
from tracemark.profiles import CURRENT, PROFILES

RISKY = ("=", "+", "-", "@", "\t", "\r", "|", "%")
LEADS = ["", "－", "＋", "＝", "＠", "（", "—", "‐", " ", "\u3000", "“", "【", "﹣", "﹢", "，"]
CELLS = st.tuples(
    st.sampled_from(LEADS),
    st.sampled_from(
        ["浙江省义乌市北苑街道春晗路8号2栋301室", "cmd|'/c calc'!A1", "5 Main Street Apt 5"]
    ),
    st.text(max_size=6),
).map("".join)


@pytest.fixture(scope="module")
def markers() -> list[RowMarker]:
    profile = PROFILES[CURRENT] if isinstance(CURRENT, str) else CURRENT
    key = EpochKey(1, bytes(range(32)))
    return [
        RowMarker(key, profile, f"acct:{n}", policy=p) for n in range(3) for p in ("full", "plain")
    ]


@settings(max_examples=150, deadline=None)
@given(
    cells=st.lists(CELLS, min_size=1, max_size=5),
    role=st.sampled_from(["收货地址", "备注", "商品"]),
)
def test_no_formula_is_introduced(markers: list[RowMarker], cells: list[str], role: str) -> None:
    for marker in markers:
        marked, _ = marker.mark([((role,), (cell,)) for cell in cells])
        for cell, [new] in zip(cells, marked, strict=True):
            assert not new.startswith(RISKY) or cell.startswith(RISKY), (cell, new)


@pytest.mark.parametrize("lead", [one for one in LEADS if one])
def test_cleaning_introduces_none(lead: str) -> None:
    cell = f"{lead}浙江省义乌市北苑街道春晗路8号2栋301室"
    assert not clean(cell).startswith(RISKY)

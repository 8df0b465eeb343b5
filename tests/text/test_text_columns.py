"""Columns marked at once: exactly what the cell marker gives cell by cell."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracemark.codeword import Codebook
from tracemark.keys import EpochKey
from tracemark.profiles import CURRENT
from tracemark.text import POLICIES, ROLES, CellMarker
from tracemark.text.columns import ColumnMarker
from tracemark.text.fold import PLAIN
from tracemark.text.joined import grammar
from tracemark.text.rules import rules
from tracemark_cli.sample_orders import orders

from .hostile import CURATED, cells

KEY = EpochKey(1, bytes(range(32)))
SLOTS = KEY.derive("slots/text")
CODEWORD = Codebook(KEY, CURRENT).codeword("a")
MARKERS = {
    (policy, encoding, numerals): CellMarker(
        SLOTS, CODEWORD, CURRENT, policy, encoding=encoding, numerals=numerals
    )
    for policy in POLICIES
    for encoding in (None, "gbk", "ascii")
    for numerals in (False, True)
}
SAMPLE = list(orders(20_000, seed=77))

markers = st.sampled_from(list(MARKERS.values()))
ordinary = st.sampled_from(
    [row[column] for row in SAMPLE[:500] for column in ("收货地址", "商品", "备注")]
)
columns = st.lists(st.one_of(cells, ordinary), max_size=12)


def one_by_one(marker: CellMarker, column: list[str], role: str) -> list[tuple[str, int]]:
    return [marker.mark(cell, role) for cell in column]


def at_once(marker: ColumnMarker, column: list[str], role: str) -> list[tuple[str, int]]:
    marked, anchors = marker.mark(column, role)
    return list(zip(marked, anchors.tolist(), strict=True))


@settings(max_examples=600, deadline=None, derandomize=True)
@given(columns, st.sampled_from(ROLES), markers)
def test_any_column(column: list[str], role: str, marker: CellMarker) -> None:
    """Hostile cells among ordinary ones, in every role, policy, encoding, with numerals or not."""
    assert at_once(ColumnMarker(marker), column, role) == one_by_one(marker, column, role)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(columns, st.sampled_from(["address", "remark", "text"]))
def test_marked_cells_are_marked_again(column: list[str], role: str) -> None:
    """What is marked already, for this recipient or another, takes the new mark."""
    other = CellMarker(SLOTS, 1 - CODEWORD, CURRENT)
    marker = MARKERS["full", None, False]
    marked, _ = ColumnMarker(other).mark(column, role)
    assert at_once(ColumnMarker(marker), marked, role) == one_by_one(marker, marked, role)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(
    ("header", "role"),
    [("收货地址", "address"), ("商品", "item"), ("备注", "remark"), ("备注", "text")],
)
def test_sample_orders(policy: str, header: str, role: str) -> None:
    """20,000 orders in chunks, one marker for all: what is remembered is what was computed."""
    marker = MARKERS[policy, None, False]
    whole = ColumnMarker(marker)
    column = [row[header] for row in SAMPLE]
    distinct = list(dict.fromkeys(column))
    expected = dict(zip(distinct, one_by_one(marker, distinct, role), strict=True))
    for start in range(0, len(column), 4096):
        chunk = column[start : start + 4096]
        assert at_once(whole, chunk, role) == [expected[cell] for cell in chunk]


def test_curated_cells_together() -> None:
    """The cells we know of, all in one column, in every role."""
    for marker in MARKERS.values():
        for role in ROLES:
            assert at_once(ColumnMarker(marker), CURATED, role) == one_by_one(marker, CURATED, role)


def test_cells_whose_slots_would_move() -> None:
    """A cell that is given no visible chips alone is given none in a column."""
    marker = MARKERS["plain", None, False]
    # written 5cm or 5厘米: without its only Chinese characters the cell would be read as English
    column = [f"abcdef {n}厘米 ghijk" for n in range(200)]
    assert any(marker.mark(cell.replace("厘米", "克"), "item")[0] for cell in column)
    assert at_once(ColumnMarker(marker), column, "item") == one_by_one(marker, column, "item")
    assert [cell for cell, _ in at_once(ColumnMarker(marker), column, "item")] == column


def test_rules_of_ones_own() -> None:
    """Other rules than the built-in ones are followed as well."""
    built_in = rules()
    own = type(built_in)(built_in.families, built_in.chinese, built_in.english)
    marker = CellMarker(SLOTS, CODEWORD, CURRENT, using=own)
    assert grammar(own) is None
    column = [row["收货地址"] for row in SAMPLE[:50]]
    assert at_once(ColumnMarker(marker), column, "address") == one_by_one(marker, column, "address")


def test_an_empty_column() -> None:
    """No cells, no marks."""
    marked, anchors = ColumnMarker(MARKERS["full", None, False]).mark([], "address")
    assert marked == []
    assert len(anchors) == 0


def test_what_regular_cells_take_for_granted() -> None:
    """Chinese rules write regular characters only, and no two forms have the same signature."""
    using = rules()
    known = grammar(using)
    assert known is not None
    families = {family for family in known.families if family}
    assert families == {family for _, family in using.families.items() if family.id < 1000}
    for family in families:
        for form, shown in family.classes.items():
            assert re.fullmatch(f"[{PLAIN}]*", family.written[1 - shown][form])
        assert re.fullmatch(f"[{PLAIN}]*", "".join(family.closing))
        assert not family.case
        signatures = {(form[:1], form[-1:], len(form)) for form in family.classes}
        assert len(signatures) == len(family.classes)
        if family.keep:
            pairs = family.canonical.items()
            assert all(len(form) == len(canonical) == 1 for form, canonical in pairs)

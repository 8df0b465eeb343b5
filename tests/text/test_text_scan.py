"""Cells scanned at once: exactly what is found cell by cell."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tracemark.codeword import Codebook
from tracemark.keys import EpochKey
from tracemark.profiles import CURRENT
from tracemark.text import CellMarker
from tracemark.text.rules import rules
from tracemark.text.scan import Finds, Scanner, gathered, together
from tracemark_cli.sample_orders import orders

from .hostile import cells

KEY = EpochKey(1, bytes(range(32)))
MARKER = CellMarker(KEY.derive("slots/text"), Codebook(KEY, CURRENT).codeword("a"), CURRENT)
ORDINARY = [
    MARKER.mark(row[column], role)[0]
    for row in orders(300, seed=78)
    for column, role in (("收货地址", "address"), ("商品", "item"), ("备注", "remark"))
]
FAMILIES = frozenset(rules().families.values())
SCANNER = Scanner(rules(), FAMILIES)

columns = st.lists(st.one_of(cells, st.sampled_from(ORDINARY)), max_size=12)


def spelled(found: Finds) -> list[tuple[object, ...]]:
    """Cells as plain data, slots in the order of their numbers."""
    slots: list[list[tuple[int, int, int]]] = [[] for _ in range(len(found))]
    for cell, *slot in zip(
        found.cells, found.numbers.tolist(), found.layers.tolist(), found.forms.tolist(),
        strict=True,
    ):  # fmt: skip
        slots[cell].append(tuple(slot))
    return sorted(
        (origin, content, road, present, symbols, sorted(own))
        for origin, content, road, present, symbols, own in zip(
            found.origins.tolist(), found.contents, found.roads, found.present.tolist(),
            found.symbols.tolist(), slots, strict=True,
        )
    )  # fmt: skip


@settings(max_examples=120, deadline=None, derandomize=True)
@given(columns)
def test_any_column(column: list[str]) -> None:
    """Hostile cells among marked ones, repeated or not: as if each were scanned alone."""
    alone = [SCANNER.one(text, place, FAMILIES) for place, text in enumerate(column)]
    assert spelled(SCANNER.scan(column)) == spelled(gathered(one for one in alone if one))


def test_finds_put_together_are_those_of_all() -> None:
    """Scanning in two parts, or choosing cells afterwards, changes nothing else."""
    parts = [SCANNER.scan(ORDINARY[:200]), SCANNER.scan(ORDINARY[200:500])]
    parts[1] = parts[1].of_rows(list(range(200, 500)))
    both = together(parts)
    assert spelled(both) == spelled(SCANNER.scan(ORDINARY[:500]))
    odd = both.origins % 2 == 1
    assert spelled(both.where(odd)) == [one for one in spelled(both) if one[0] % 2 == 1]

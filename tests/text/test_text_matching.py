"""Damaged cells are found again in their table and read at their originals' anchors."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest

from benchmarks import leaks
from tracemark.codeword import Codebook
from tracemark.keys import EpochKey
from tracemark.profiles import CURRENT
from tracemark.text import CellMarker, CellReader
from tracemark.text.alignment import Passage, Template
from tracemark.text.rules import rules
from tracemark.text.sampling import MOST, TIMES, Sampler
from tracemark.text.scan import Scanner, together
from tracemark_cli.sample_orders import orders

KEY = EpochKey(1, bytes(range(32)))
SLOTS = KEY.derive("slots/text")
CODEWORD = Codebook(KEY, CURRENT).codeword("a")
MARKER = CellMarker(SLOTS, CODEWORD, CURRENT)
FAMILIES = frozenset(rules().families.values())
ADDRESS = "浙江省杭州市西湖区文三路159号3栋2单元501室"


def truth(reading) -> float:
    """Part of the chips that show the codeword."""
    return float(((reading.chips > 0) == (CODEWORD[reading.positions] == 1)).mean())


def read(rows, table=None):
    reader = CellReader([SLOTS], CURRENT)
    known = reader.beside((tuple(r), tuple(r.values())) for r in table) if table else None
    reader.read_rows([list(row.values()) for row in rows])
    [found] = reader.take()
    return found.among(known[0]) if known else found


@pytest.mark.parametrize(
    "damage",
    [
        lambda t: t.replace("西湖", "西胡"),
        lambda t: t.replace("文三路", "文三三路"),
        lambda t: t[: re.search("[栋幢座楼]", t).end()],
        lambda t: "张三 15412345678 " + t + " 谢谢",
        lambda t: t[6:],
        lambda t: t,
    ],
    ids=["wrong", "doubled", "cut behind", "joined", "cut before", "whole"],
)
def test_a_damaged_cell_shows_its_slots(damage) -> None:
    """Whatever is left of a cell reads as in the whole copy; what is gone is not read."""
    marked, _ = MARKER.mark(ADDRESS, "address")
    [whole] = [Template(ADDRESS, rules(), FAMILIES).beside(Passage(marked))]
    found = Template(ADDRESS, rules(), FAMILIES).beside(Passage(damage(marked)))
    assert 2 <= len(found.shown) <= len(whole.shown)
    assert set(found.shown) <= set(whole.shown)
    assert found.present & whole.present == found.present
    assert found.present.bit_count() >= 6
    shifts = [3 * lane for lane in range(18) if found.present >> lane & 1]
    assert all((found.symbols ^ whole.symbols) >> shift & 7 == 0 for shift in shifts)


def test_an_undamaged_copy_reads_as_without_the_original() -> None:
    """Alignment of a whole cell gives what the plain reading gives."""
    scanner = Scanner(rules(), FAMILIES)
    for row in orders(200, 79):
        text = row["收货地址"]
        marked, anchor = MARKER.mark(text, "address")
        plain = scanner.one(marked, 0, FAMILIES)
        if not anchor or plain is None:
            continue
        found = Template(text, rules(), FAMILIES).beside(Passage(marked))
        assert (found.present, found.symbols) == (plain[3], plain[4])
        assert set(found.shown) <= set(plain[5])
        assert len(found.shown) >= len(plain[5]) - 1  # a boundary may be told otherwise
        assert found.likeness > 0.75


@pytest.mark.parametrize("rate", [0.005, 0.02])
def test_retyped_rows_keep_more_slots_beside_the_table(rate) -> None:
    """With the table more slots are read, and they are no less often right."""
    rng = random.Random(20260 + int(1000 * rate))
    table = list(orders(400, rng.randrange(1 << 40)))
    copy = [{**row, "收货地址": MARKER.mark(row["收货地址"], "address")[0]} for row in table]
    leaked = leaks.each_cell(copy, lambda text: leaks.retyped(text, rng, rate))
    only = [{"收货地址": row["收货地址"]} for row in leaked]
    blind = next(layer.reading for layer in read(only).layers if layer.reading.carrier == "wording")
    beside = next(
        layer.reading for layer in read(only, table).layers if layer.reading.carrier == "wording"
    )
    blind_right, beside_right = (truth(one) * len(one) for one in (blind, beside))
    assert beside_right > (1.02 if rate < 0.01 else 1.12) * blind_right
    assert truth(beside) > truth(blind)


def test_foreign_rows_are_hardly_ever_found() -> None:
    """Of rows from elsewhere at most one in a hundred is taken for a row of the table."""
    table, foreign = list(orders(1000, 80)), list(orders(1000, 81))
    ours = read(foreign, table).vouched()
    rows = {row for layer in ours.layers for row in layer.rows.tolist()}
    told = {row for layer in ours.layers for row in layer.rows[layer.families > 0].tolist()}
    addressed = {
        row
        for layer in ours.layers
        for row in layer.rows[np.isin(layer.families, ours.telling)].tolist()
    }
    assert len(addressed) <= 10 and told <= rows


class TestSampler:
    """A keyed sample of many cells."""

    def finds(self, count: int):
        found = Scanner(rules(), FAMILIES).scan([MARKER.mark(ADDRESS, "address")[0]])
        return found.repeated(np.zeros(count, np.int64), np.arange(count))

    def test_few_cells_are_kept_as_they_are(self) -> None:
        found = self.finds(1000)
        anchors = np.random.default_rng(1).integers(0, 1 << 63, 1000).astype(np.uint64)
        kept = Sampler().sample(found, anchors, np.zeros(1000, bool))
        assert len(kept) == 1000

    def test_many_are_sampled_by_their_anchors_alone(self) -> None:
        """In any order, and in parts, the same cells are kept; expected ones apart from others."""
        count = 90_000
        found = self.finds(count)
        rng = np.random.default_rng(2)
        anchors = rng.integers(0, 1 << 63, count).astype(np.uint64)
        ours = np.zeros(count, bool)
        ours[:500] = True
        kept = Sampler().sample(found, anchors, ours)
        assert set(range(500)) <= set(kept.origins.tolist())
        assert 0.2 * MOST < 54 * len(kept) < 2 * MOST
        order = rng.permutation(count)
        sampler, again = Sampler(), found.where(np.zeros(count, bool))
        for part in np.array_split(order, 3):
            again = together([again, found.repeated(part, part)])
            places = again.origins
            again = sampler.sample(again, anchors[places], ours[places])
        assert sorted(again.origins.tolist()) == sorted(kept.origins.tolist())

    def test_one_cell_again_and_again_is_read_a_few_times(self) -> None:
        found = self.finds(100)
        kept = Sampler().sample(found, np.full(100, 7, np.uint64), np.zeros(100, bool))
        assert len(kept) == TIMES

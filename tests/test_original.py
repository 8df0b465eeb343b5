"""Tracing beside the table that was exported; which rows are whose; marks that mislead."""

from __future__ import annotations

import random

import numpy as np
import pytest
from PIL import Image

import tracemark
from benchmarks import leaks
from benchmarks.leaks import transplant
from tracemark import text_tracing
from tracemark_cli.sample_orders import orders

ADDRESS = "收货地址"
OURS, OTHER, INNOCENT = "acct:0042", "acct:0100", "acct:0007"


def named(case) -> list[str]:
    return [accusation.recipient for accusation in case.accusations]


@pytest.fixture
def marked(vault, export):
    return list(vault.mark_rows(export, to=OURS))


@pytest.mark.parametrize("kind", ["rows", "file", "clean", "another's copy"])
def test_joined_columns_are_traced_beside_the_original(vault, export, marked, tmp_path, kind):
    """All cells of a row in one column, and the table at hand, in any form of it."""
    joined = [{"x": " ".join(leaks.washed(value) for value in row.values())} for row in marked[:80]]
    original = {
        "rows": lambda: export,
        "file": lambda: leaks.write_csv(export, tmp_path / "original.csv"),
        "clean": lambda: leaks.each_cell(marked, tracemark.clean),
        "another's copy": lambda: list(vault.mark_rows(export, to=OTHER)),
    }[kind]()
    case = vault.trace(joined, original=original)
    assert named(case) == [OURS] and case.accusations[0].bound <= 1e-6


def test_pasted_lines_beside_the_original(vault, export, marked):
    """Rows retyped into a chat, one line each."""
    rng = random.Random(5)
    lines = [
        f"{row['收件人']} {row['手机']} {leaks.retyped(row[ADDRESS], rng, 0.02)}"
        for row in marked[:80]
    ]
    assert named(vault.trace("\n".join(lines), original=export)) == [OURS]


def test_an_original_that_is_another_table_does_no_harm(vault, export, marked):
    """What the wrong table does not hold is read as without it."""
    case = vault.trace(leaks.each_cell(marked, leaks.washed), original=list(orders(300, 9)))
    assert named(case) == [OURS] and case.samples[0].note.endswith("are of the original given.")
    fitting = vault.trace(leaks.each_cell(marked, leaks.washed), original=export)
    assert named(fitting) == [OURS] and not fitting.samples[0].note


def test_nobody_is_named_for_foreign_rows_beside_the_original(vault, export, marked):
    """Unmarked rows of the table itself, and rows from elsewhere."""
    for sample in (export, list(orders(200, 12)), leaks.each_cell(export, leaks.washed)):
        assert vault.trace(sample, original=export).verdict == "no mark"


def test_rows_are_laid_to_their_copies(vault, export, marked, rng):
    """Of two accounts' rows and foreign ones, nearly every row goes where it came from."""
    other = list(vault.mark_rows(export, to=OTHER))
    pile = [(row, OURS) for row in marked[:100]] + [(row, OTHER) for row in other[100:]]
    pile += [(row, "") for row in orders(200, 33)]
    rng.shuffle(pile)
    case = vault.trace([row for row, _ in pile])
    assert sorted(named(case)) == [OURS, OTHER]
    for accusation in case.accusations:
        [rows] = accusation.rows
        wrong = [n for n in rows.numbers if pile[n - 1][1] != accusation.recipient]
        assert 85 <= rows.count == len(rows.numbers) and len(wrong) <= 5
        assert min(rows.bits) > 4
    assert case.to_dict()["accusations"][0]["rows"][0]["numbers"]


def test_memory_is_bounded_and_the_needle_is_found(vault, export, marked, monkeypatch):
    """Thinned out again and again, a leak still keeps what was issued."""
    monkeypatch.setattr(text_tracing, "_PENDING", 300)
    monkeypatch.setattr("tracemark.loaders.parts.PART", 128)
    monkeypatch.setattr("tracemark.text.sampling.MOST", 4000)
    pile = [*orders(3000, 55), *marked[:60]]
    random.Random(6).shuffle(pile)
    case = vault.trace(pile)
    assert named(case) == [OURS]
    assert case.samples[0].slots < 3 * 4000 and case.samples[0].rows == 3060


class TestFraming:
    """A mark that was moved, doubled or mixed names the right recipient or nobody."""

    def test_marks_moved_to_other_rows(self, vault, marked):
        """Invisible marks of one account, put into rows that it was never given."""
        hosts = list(orders(200, 71))
        framed = [transplant(a, b) for a, b in zip(marked, hosts, strict=True)]
        assert vault.trace(framed).verdict == "no mark"

    def test_marks_moved_to_an_innocents_rows(self, vault, marked):
        """The same put into another account's marked rows, in the place of that account's marks."""
        own = list(vault.mark_rows(list(orders(200, 72)), to=INNOCENT))
        bare = leaks.each_cell(own, leaks.stripped)
        framed = [transplant(a, b) for a, b in zip(marked, bare, strict=True)]
        assert set(named(vault.trace(framed))) <= {INNOCENT}

    def test_a_copy_marked_twice_names_the_second_recipient(self, vault, marked):
        """A's export re-marked for B carries B's mark alone."""
        again = list(vault.mark_rows(marked, to=OTHER))
        assert named(vault.trace(again)) == [OTHER]
        assert named(vault.trace(leaks.each_cell(again, leaks.stripped))) == [OTHER]

    @pytest.mark.parametrize("policy", ["quiet", "plain"])
    def test_a_copy_marked_twice_in_one_layer(self, vault, marked, policy):
        """Where the second mark is of fewer layers, what is left of the first may be named too."""
        again = list(vault.mark_rows(marked, to=OTHER, policy=policy))
        found = named(vault.trace(again))
        assert OTHER in found and set(found) <= {OURS, OTHER}

    def test_an_innocents_own_rows_among_anothers_leak(self, vault, export, marked):
        """Rows of an account that leaked nothing, as the shop itself holds them: unmarked."""
        pile = [*marked[:120], *orders(400, 73), *export[120:]]
        assert named(vault.trace(pile)) == [OURS]

    def test_many_cases_of_marks_moved_among_rows_of_one_table(self, vault, export):
        """Marks shuffled among the rows of one export name nobody but its recipient."""
        rng = np.random.default_rng(8)
        for number in range(10):
            to = f"acct:{number:04d}"
            copy = list(vault.mark_rows(export[:60], to=to))
            order = rng.permutation(60)
            moved = [
                transplant(copy[i], leaks.each_cell([export[j]], leaks.stripped)[0])
                for i, j in enumerate(order.tolist())
            ]
            assert set(named(vault.trace(moved))) <= {to}


@pytest.mark.parametrize("clue", [{"waybill": "YT7712345678901"}, {"original": "picture"}])
def test_what_belongs_to_a_picture_is_refused_where_there_is_none(vault, marked, clue):
    """An investigator who gave it would think that it was looked at."""
    clue = {k: Image.new("1", (400, 600), 1) if v == "picture" else v for k, v in clue.items()}
    with pytest.raises(tracemark.UsageError, match="no sample is a picture"):
        vault.trace(marked[:50], **clue)

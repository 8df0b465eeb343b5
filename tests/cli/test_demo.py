"""The demo: every leak traced, nothing else named."""

from __future__ import annotations

from pathlib import Path

from tracemark_cli.label_leaks import LABEL_LEAKS
from tracemark_cli.leaks import LEAKS


def test_the_demo_traces_every_leak(run, home: Path) -> None:
    """Leaks of marked copies name their recipients only, three name nobody.

    Of the labels, every mark belongs to its waybill but the one that was moved.
    """
    ran = run("demo", "here", "--json")
    outcomes = ran.json
    assert [one["leak"] for one in outcomes if not one["right"]] == []
    assert ran.status == 0
    assert len(outcomes) == len(LEAKS) + len(LABEL_LEAKS) == 26
    assert sum(len(one["released_to"]) for one in outcomes) == 25
    assert [one["named"] for one in outcomes if not one["released_to"]] == [[], [], []]
    waybills = [one["waybill"] for one in outcomes[len(LEAKS) :]]
    assert waybills == [*["confirmed"] * 4, "contradicted", ""]
    assert all(one["bound"] < 1e-6 for one in outcomes if one["released_to"])
    assert run("trace", "--vault", "here/vault", "here/leaked/whole.csv").status == 0


def test_the_demo_does_not_write_into_a_folder_in_use(run, home: Path) -> None:
    (home / "here").mkdir()
    (home / "here" / "mine.txt").write_text("mine")
    run("demo", "here").failed(2, "here is not an empty folder")
    assert [path.name for path in (home / "here").iterdir()] == ["mine.txt"]

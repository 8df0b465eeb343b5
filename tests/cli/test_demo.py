"""The demo: every leak traced, nothing else named."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len

from tracemark_cli import demo, words
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


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_table_of_the_demo_fits_80_columns(
    lang: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the longest of everything: two recipients named by each leak, wrongly, contradicted."""
    monkeypatch.setenv("TRACEMARK_LANG", lang)
    two = ("station:0901", "station:0902")
    outcomes = [
        demo.Outcome(leak.title, leak.file, two, "identified", two, 2.5e-100, False, "contradicted")
        for leak in (*LEAKS, *LABEL_LEAKS)
    ]
    with words.speaking():
        demo._say(outcomes, 60, None)
    assert max(map(cell_len, capsys.readouterr().out.splitlines())) <= 80

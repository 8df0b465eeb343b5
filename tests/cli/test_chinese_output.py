"""In Chinese the program says all that it says in English, and nothing in English."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from tracemark_cli import terminal, words
from tracemark_cli.reference import help_of, verbs

pytestmark = pytest.mark.usefixtures("chinese")

ENGLISH = re.compile(r"(^| )(the|is|are|not|of|with|and|from|which|no)( |$)", re.MULTILINE)


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACEMARK_LANG", "zh")


@pytest.mark.parametrize("path", list(verbs()), ids=" ".join)
def test_every_help_is_chinese_and_fits_80_columns(path: tuple[str, ...]) -> None:
    printed = help_of(path, "zh")
    assert max(map(cell_len, printed.splitlines())) <= 80
    assert "命令：" in printed or "示例：" in printed
    assert not ENGLISH.search(re.sub("示例：.*", "", printed)), printed


@pytest.mark.parametrize("path", list(verbs()), ids=" ".join)
def test_every_option_of_the_help_is_in_both(path: tuple[str, ...]) -> None:
    named = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
    assert set(named.findall(help_of(path, "zh"))) >= set(named.findall(help_of(path)))


def test_the_reference_in_chinese_shows_every_verb() -> None:
    page = Path(__file__).parents[2] / "docs" / "cli.zh-CN.md"
    shown = page.read_text(encoding="utf-8")
    assert all(f"\n## {' '.join(('tracemark', *path))}\n" in shown for path in verbs())


@pytest.mark.parametrize(
    "arguments",
    [
        ("mark", "table", "orders.csv", "--to", "nobody", "-o", "copy.csv"),
        ("mark", "table", "orders.csv", "--to", "acct:1042", "--policy", "loud", "-o", "copy.csv"),
        ("mark", "table", "none.csv", "--to", "acct:1042", "-o", "copy.csv"),
        ("mark", "table", "orders.csv", "--to", "acct:1042", "--column", "x", "-o", "copy.csv"),
        ("mark", "label", "orders.csv", "--to", "acct:1042", "-o", "copy.png"),
        ("trace", "orders.csv", "--alpha", "3"),
        ("trace", "orders.csv", "--alpha", "x"),
        ("trace", "orders.csv", "--among", "zz"),
        ("trace", "orders.csv", "--limit", "rows=1"),
        ("trace",),
        ("trace", "--nope"),
        ("tracce",),
        ("mark",),
        ("key", "issuer", "--to", "zz", "-o", "k"),
        ("report", "orders.csv", "-o", "case.html"),
        ("verify-case", "orders.csv"),
        ("ledger", "prove"),
        ("ledger", "check-proof", "orders.csv"),
        ("recipient", "import", "orders.csv"),
        ("custody", "import", "orders.csv"),
        ("init",),
        ("trace", "orders.csv", "--vault", "nowhere"),
    ],
    ids=" ".join,
)
def test_what_goes_wrong_is_told_in_chinese(run, vault: Path, table: Path, arguments) -> None:
    ran = run(*arguments)
    assert ran.status in (2, 3)
    said = ran.errors + ran.out
    assert not ENGLISH.search(said), said
    if ran.errors:
        assert ran.errors.startswith("tracemark: 错误：")
        assert ran.errors.splitlines()[1].startswith("提示：")


def test_results_are_chinese_and_json_is_not(run, vault: Path, table: Path) -> None:
    for arguments in (
        ("mark", "table", table.name, "--to", "acct:1042", "-o", "copy.csv"),
        ("trace", "copy.csv"),
        ("ledger", "verify"),
        ("key", "list"),
        ("recipient", "add", "acct:9"),
    ):
        ran = run(*arguments)
        assert ran.status == 0
        assert not ENGLISH.search(ran.out + ran.errors), ran.out
        assert max(map(cell_len, ran.out.splitlines())) <= 80
    case = json.loads(run("trace", "copy.csv", "--json").out)
    assert case["verdict"] == "identified"


def test_what_comes_from_outside_is_never_put_in_chinese(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with words.speaking():
        terminal.say("text", theirs=True)
        terminal.say_facts([("verdict", "text")], theirs=True)
        terminal.say_table(("id",), [("name",)])
    assert capsys.readouterr().out.split() == ["text", "verdict", "text", "编号", "name"]

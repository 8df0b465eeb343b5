"""In Chinese the program says all that it says in English, and nothing in English."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from rich.cells import cell_len

import tracemark
from tests.label import hosts
from tracemark.words import PHRASES
from tracemark_cli import terminal, words
from tracemark_cli.reference import help_of, verbs

pytestmark = pytest.mark.usefixtures("chinese")

CLI = Path(words.__file__).parent
CARRIERS = ("invisible", "typography", "wording", "nubs", "dots", "decoy", "tone")
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


def test_the_ledger_is_shown_in_chinese(run, vault: Path, table: Path) -> None:
    """But for ids, digests, and the kind, as --kind takes it."""
    Path("scans.csv").write_text("recipient,waybill\nacct:1042,YT7712345678901\n")
    hosts.label(5).save("label.png", dpi=(203, 203))
    for arguments in (
        ("mark", "table", table.name, "--to", "acct:1042", "-o", "copy.csv"),
        ("mark", "label", "label.png", "--to", "acct:1042", "--waybill", "YT7712345678901",
         "-o", "marked.png"),
        ("custody", "import", "scans.csv"),
        ("trace", "copy.csv", "--among", "acct:"),
        ("key", "rotate"),
    ):  # fmt: skip
        assert run(*arguments).status == 0
    shown = run("ledger", "show", "--last", "99").out
    assert max(map(cell_len, shown.splitlines())) <= 80
    heads = [line.split() for line in shown.splitlines() if line[0] == " " and line[5].isdigit()]
    assert {"issue", "batch", "close", "case", "epoch", "custody"} <= {head[-1] for head in heads}
    for number, _, said, kind in heads:
        assert re.search("[\u4e00-\u9fff]", said), (number, kind)
    fields = re.findall(r"^ {4}(?!\d)(\S+(?: alpha)?)  ", shown, re.MULTILINE)
    assert {one for one in fields if one.isascii()} <= {"profile", "sha256"}


def test_report_and_terminal_call_the_same_thing_the_same() -> None:
    """And the terminal has a word for every kind of mark."""
    own = {}
    for table in tomllib.loads((CLI / "zh.toml").read_text("utf-8")).values():
        own |= table
    both = {key: chinese for key, (_, chinese) in PHRASES.items() if key in own}
    both.pop("rows")  # there a number of them, here a kind of copy
    assert {key: own[key] for key in both} == both
    assert set(CARRIERS) <= set(both)


def test_a_chance_near_one_is_no_fraction() -> None:
    assert tracemark.words.odds(1.0, "zh") == "约 100%"
    assert tracemark.words.odds(0.66, "en") == "about 66%"
    assert tracemark.words.odds(1e-6, "en") == "at most 1 in 1,000,000"


def test_what_comes_from_outside_is_never_put_in_chinese(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with words.speaking():
        terminal.say("text", theirs=True)
        terminal.say_facts([("verdict", "text")], theirs=True)
        terminal.say_table(("id",), [("name",)])
    assert capsys.readouterr().out.split() == ["text", "verdict", "text", "编号", "name"]

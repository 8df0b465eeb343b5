"""Everything that the program can say is in its Chinese catalogues, and nothing else is."""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import tracemark
from tests.phrases import sentences
from tracemark.catalogue import Catalogue
from tracemark_cli.main import app

ROOT = Path(__file__).parents[1]
LIBRARY, PROGRAM = ROOT / "tracemark", ROOT / "cli"
FREE = {"things", "outside"}  # tables for what is not found in the source


def held(room: Path) -> dict[str, dict[str, str]]:
    return tomllib.loads((room / "zh.toml").read_text("utf-8"))


def helped(command: Any) -> Iterator[str]:
    for paragraph in (command.help or "").split("\n\n"):
        if not paragraph.startswith("Example:"):
            yield " ".join(paragraph.split())
    for child in getattr(command, "commands", {}).values():
        yield from helped(child)


@pytest.fixture(scope="module")
def spoken() -> dict[str, str]:
    """Every sentence of the source, and where it stands."""
    found = sentences(LIBRARY, PROGRAM)
    for paragraph in filter(None, helped(typer.main.get_command(app))):
        found.setdefault(paragraph, "--help")
    return found


@pytest.fixture(scope="module")
def catalogue() -> dict[str, str]:
    tables = [*held(LIBRARY).values(), *held(PROGRAM).values()]
    return {english: chinese for table in tables for english, chinese in table.items()}


def test_every_sentence_has_its_chinese(spoken: dict[str, str], catalogue: dict[str, str]) -> None:
    assert len(spoken) > 500
    missing = {where: one for one, where in spoken.items() if one not in catalogue}
    assert not missing, "add to tracemark/zh.toml or cli/zh.toml:\n" + "\n".join(
        f"{where.removeprefix(str(ROOT))}: {one!r}" for where, one in sorted(missing.items())
    )


def test_no_entry_is_left_of_what_nobody_says_any_more(spoken: dict[str, str]) -> None:
    tables = [(name, table) for room in (LIBRARY, PROGRAM) for name, table in held(room).items()]
    left = [one for name, table in tables if name not in FREE for one in table]
    assert [one for one in left if one not in spoken] == []


def test_the_library_needs_no_catalogue_but_its_own(spoken: dict[str, str]) -> None:
    own = {one for table in held(LIBRARY).values() for one in table}
    said = {one for one, where in spoken.items() if where.startswith(LIBRARY.as_posix())}
    assert said - own == set()


def test_every_place_of_a_sentence_is_filled(catalogue: dict[str, str]) -> None:
    for english, chinese in catalogue.items():
        places = {int(name) for _, name, _, _ in string.Formatter().parse(chinese) if name}
        assert places == set(range(english.count("{}"))), english


def test_what_is_translated_is_chinese(catalogue: dict[str, str]) -> None:
    """But for commands and names, which stand for themselves."""
    for english, chinese in catalogue.items():
        alone = re.sub(r"\{\d(:t)?\}", "{}", chinese) == english.removeprefix("a ")
        assert alone or any("\u4e00" <= c <= "\uffef" for c in chinese), english


def test_nobody_is_called_a_thief(catalogue: dict[str, str]) -> None:
    for chinese in catalogue.values():
        assert not any(word in chinese for word in ("窃", "偷", "盗", "小偷", "嫌疑", "罪"))


SAY = Catalogue(
    """
[some]
"no column '{}' in {}" = "{1:t}中没有“{0}”列"
"the input" = "输入"
"{}: {}" = "{0}：{1:t}"
"cannot write {}: {}" = "无法写入 {0}：{1:t}"
"""
)


@pytest.mark.parametrize(
    "english, chinese",
    [
        ("no column 'x' in the input", "输入中没有“x”列"),
        ("no column 'the input' in the input", "输入中没有“the input”列"),
        ("cannot write a: the input", "无法写入 a：输入"),
        ("cannot write a: b: c", "无法写入 a：b：c"),
        ("nothing that is known", "nothing that is known"),
        ("no column '{0}' in {1:t}", "{1:t}中没有“{0}”列"),
        ("", ""),
    ],
)
def test_a_sentence_is_found_by_its_wording(english: str, chinese: str) -> None:
    assert SAY(english) == chinese


def test_what_stands_in_a_place_is_never_read_as_a_pattern() -> None:
    hostile = "no column '(.*){0}\\1' in " + "{}" * 50 + "'" * 200
    assert SAY(hostile).startswith("{}{}")
    assert tracemark.words.translate("a" * 100_000, "zh") == "a" * 100_000


@pytest.mark.parametrize(
    "english, chinese",
    [
        (
            str(tracemark.HostTooSmall(needed=24, found=5, what="chips on a.zpl: label 3")),
            "可打标之处太少：需要 24 处打标位置（a.zpl 第 3 张面单），找到 5",
        ),
        (
            "a.zpl: label 3: the label carries a mark of this vault already",
            "a.zpl 第 3 张面单：面单上已有本库的标记",
        ),
        (
            "a.zpl: its places are in inches or millimetres (^MU)",
            "a.zpl：坐标以英寸或毫米为单位（^MU）",
        ),
        ("a.pdf: 2 renderings for 3 labels", "a.pdf：给了 2 张渲染图，而面单有 3 张"),
        ("a { position: fixed }", "a { position: fixed }"),
    ],
)
def test_sentences_behind_the_name_of_a_file_are_found(english: str, chinese: str) -> None:
    assert tracemark.words.translate(english, "zh") == chinese

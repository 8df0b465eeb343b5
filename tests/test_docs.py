"""What the documents show is so: links, commands, examples."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check", ROOT / "docs" / "check.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


check = load()
PAGES = [str(page.relative_to(ROOT)) for page in check.documents()]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere_and_commands_exist(page: str) -> None:
    assert [*check.broken_links(ROOT / page), *check.wrong_commands(ROOT / page)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_code_is_run(page: str) -> None:
    assert [*check.blocks_nobody_runs(ROOT / page)] == []


def test_a_block_that_nobody_runs_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text("```text\nseen\n```\n\n```bash\ncreatedb x\n```\n\n```pycon\n>>> 1\n1\n```\n")
    assert [*check.blocks_nobody_runs(page)] == ["page.md: nobody runs the block at line 5"]


def test_blocks_that_are_run_elsewhere_are_run_there() -> None:
    """What is said to run a page names it, or holds the lines it shows."""
    for page, runner in check._RUN_ELSEWHERE.items():
        told = (ROOT / runner).read_text("utf-8")
        assert Path(page).name in told or page == "README.zh-CN.md", page


def with_examples() -> list[str]:
    return [page for page in PAGES if check._EXAMPLES.search((ROOT / page).read_text("utf-8"))]


@pytest.mark.parametrize("page", with_examples())
def test_the_examples_of_a_page_run(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    if "--signed" in (ROOT / page).read_text("utf-8"):
        pytest.importorskip("cryptography", reason="needs the extra 'sign'")
    assert check.failed_examples(ROOT / page) == 0, capsys.readouterr().out


def test_a_wrong_example_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text("```pycon\n>>> 1 + 1\n3\n\n```\n\n```console\n$ tracemark --version\nx\n```\n")
    assert check.failed_examples(page) == 2

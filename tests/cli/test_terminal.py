"""What is printed, and how the program ends."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len

from tracemark_cli import terminal
from tracemark_cli.reference import help_of, verbs


def ended(action: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    status = terminal.guarded(action)  # type: ignore[arg-type]
    return status, capsys.readouterr().err


def raising(error: BaseException) -> object:
    def action() -> int:
        raise error

    return action


def test_an_interrupted_run_ends_quietly_with_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(raising(KeyboardInterrupt()), capsys) == (130, "")


def test_a_system_error_names_the_file_and_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    status, errors = ended(raising(OSError(28, "No space left on device", "out.csv")), capsys)
    assert (status, errors.splitlines()) == (
        3,
        [
            "tracemark: error: out.csv: no space left on device",
            "hint: make room there, or write elsewhere, and run it again",
        ],
    )


def test_an_error_is_one_line_whatever_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.fail("two\nlines\x1b[31m", "a\nhint", status=2)
    assert capsys.readouterr().err == "tracemark: error: two lines\\x1b[31m\nhint: a hint\n"


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        ("义乌北苑站 📦", "义乌北苑站 📦"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("left\u202eright", "left\\u202eright"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("a\tb", "a\\tb"),
    ],
)
def test_nothing_printed_can_steer_the_terminal(given: str, printed: str) -> None:
    assert terminal.printable(given) == printed


def test_columns_align_where_characters_are_wide(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.say_table(("id", "name", "n"), [("a", "北苑站", 1), ("bcd", "x", 1000)])
    assert capsys.readouterr().out == "id   name       n\na    北苑站     1\nbcd  x       1000\n"


def test_progress_is_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal.progress("marking") as report:
        report("reading", 0.5)
    assert capsys.readouterr() == ("", "")


def test_progress_shows_on_a_terminal_and_only_on_stderr(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with terminal.progress("marking") as report:
        report("reading", 0.5)
    out, errors = capsys.readouterr()
    assert out == ""
    assert "reading" in errors


def test_characters_that_the_terminal_lacks_are_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", printed)
    assert terminal.guarded(lambda: terminal.say("站")) == 0  # type: ignore[func-returns-value]
    assert printed.buffer.getvalue() == b"\\u7ad9\n"  # type: ignore[attr-defined]


@pytest.mark.skipif(os.name != "posix", reason="pipes as on POSIX systems")
def test_a_reader_who_leaves_early_sees_no_error(vault: Path) -> None:
    """``tracemark recipient list | head -1`` ends without a word."""
    reader, writer = os.pipe()
    os.close(reader)
    ran = subprocess.run(
        [sys.executable, "-m", "tracemark_cli", "recipient", "list", "--json"],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert ran.stderr == b""


@pytest.mark.parametrize("path", list(verbs()), ids=" ".join)
def test_every_help_fits_80_columns_and_every_verb_has_an_example(path: tuple[str, ...]) -> None:
    printed = help_of(path)
    assert max(map(len, printed.splitlines())) <= 80
    assert "Commands:" in printed or "Example:" in printed


def test_the_reference_shows_every_verb() -> None:
    page = Path(__file__).parents[2] / "docs" / "cli.md"
    shown = page.read_text(encoding="utf-8")
    assert all(f"\n## {' '.join(('tracemark', *path))}\n" in shown for path in verbs())


def test_a_fault_of_the_program_does_not_read_as_nobody(home: Path) -> None:
    """Status 1 says that nobody is named; a crash must not say so, nor print what it worked on."""
    code = (
        "import tracemark, tracemark_cli.main as main\n"
        "def broken(*a, **k): raise RuntimeError('contents of a cell')\n"
        "tracemark.Vault.open = broken\n"
        "import sys; sys.argv = ['tracemark', 'key', 'list']; main.run()\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    first, second = ran.stderr.splitlines()
    assert ran.returncode == 3
    assert first.startswith("tracemark: error: a fault in this program: RuntimeError at ")
    assert second.startswith("hint: ")
    assert "cell" not in ran.stderr


@pytest.mark.parametrize(
    "text",
    ["站" * 100, "a word and 北苑站 " * 20, "x" * 200, "short", "", f"{'a' * 80} {'b' * 81}"],
)
def test_wrapped_text_loses_nothing_and_fits(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    terminal.say_wrapped(text, indent="  ")
    lines = capsys.readouterr().out.splitlines()
    assert all(cell_len(line) <= 80 and line.startswith("  ") for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("typed", "offered"), [("tra", "trace"), ("recipient im", "import"), ("mark ta", "table")]
)
def test_the_shell_can_complete_verbs(home: Path, typed: str, offered: str) -> None:
    words = f"tracemark {typed}"
    ran = subprocess.run(
        [sys.executable, "-m", "tracemark_cli"],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "_TRACEMARK_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
        },
    )
    assert ran.stdout.split() == [offered]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_result_that_cannot_be_written_is_an_error(vault: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "tracemark_cli", "recipient", "list"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (ran.returncode, ran.stderr) == (
        3,
        "tracemark: error: stdout: no space left on device\n"
        "hint: make room there, or write elsewhere, and run it again\n",
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.04, "0.04"), (1e-6, "1e-06"), (3.21e-41, "3.2e-41"), (1e-300, "≤1e-300"), (0, "≤1e-300")],
)
def test_a_bound_is_never_said_to_be_smaller_than_it_is_known(value: float, said: str) -> None:
    assert terminal.probability(value) == said

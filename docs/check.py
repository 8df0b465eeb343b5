"""Check the documents: links resolve, commands exist, examples run. ``python docs/check.py``

Every relative link must lead to a file, and to a heading where it names one. Both READMEs hold the
two commands that set everything up. Every command that a shell block shows must be in docs/cli.md.
Every ``pycon`` block is run as a doctest and every command of a ``console`` block as a process, in
the order of the page, in a folder of the page's own and one namespace. What a command prints must
be what stands below it (``...`` stands for anything); ``# status 1`` behind it is its exit status.
A ``bash`` block of this program's commands alone is run too, with invented files of the names that
it uses, and must not fail. Blocks that install, or start servers, databases or Spark, are run
elsewhere, as listed below; a block that nobody runs is wrong. Blocks of no kind, or of ``text``,
are no code.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_EXAMPLES = re.compile(
    r"^```(pycon|console|bash(?=\n(?:tracemark (?!serve|ledger migrate).*\n)+```))\n(.*?)^```",
    re.MULTILINE | re.DOTALL,
)
_COMMAND = re.compile(r"^\$ (.*?)(?:  # status (\d+))?\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_SHELL = re.compile(r"^```(?:bash|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_VENV = "python3 -m venv .venv && .venv/bin/pip install -q "
_SET_UP = (
    _VENV + ". && .venv/bin/tracemark demo",
    _VENV + "-e '.[test]' && .venv/bin/python -m pytest",
)
_RUN_ELSEWHERE = {  # page -> what runs those of its blocks that are not run here
    "README.md": ".ci/run",
    "README.zh-CN.md": ".ci/run",  # the same two lines, which is checked here
    "CONTRIBUTING.md": ".ci/run",
    "docs/service.md": "tests/test_docs_servers.py",
    "docs/postgres.md": "tests/test_docs_servers.py",
    "docs/where-copies-are-made.md": "tests/test_spark.py",
}
_BLOCK = re.compile(r"^```(?!text\n)\w+\n.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)


def documents() -> list[Path]:
    """All documents of the project."""
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/**/*.md")])


def anchors(page: Path) -> set[str]:
    """Names of the headings, as code hosts link to them."""
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(text))
    return {name.strip().replace(" ", "-") for name in plain}


def broken_links(page: Path) -> Iterator[str]:
    """Links of this page that lead nowhere. Links to other sites are not followed."""
    for link in _LINK.findall(_FENCED.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            yield f"{page.relative_to(ROOT)}: no file {link}"
        elif anchor and anchor not in anchors(target):
            yield f"{page.relative_to(ROOT)}: no heading {link}"


def wrong_commands(page: Path) -> Iterator[str]:
    """Commands of this page that the program does not have, or that a README lacks."""
    name = page.relative_to(ROOT)
    lines = "".join(_SHELL.findall(page.read_text(encoding="utf-8"))).splitlines()
    if page.name.startswith("README") and page.parent == ROOT:
        yield from (f"{name}: lacks: {line}" for line in _SET_UP if lines.count(line) != 1)
    known = set(_HEADING.findall((ROOT / "docs/cli.md").read_text(encoding="utf-8")))
    for line in lines:
        words = line.removeprefix("$ ").split()
        if words[:1] == ["tracemark"]:
            verbs = {" ".join(words[:length]) for length in (2, 3)}
            if not verbs & known:
                yield f"{name}: no such command: {line}"


def blocks_nobody_runs(page: Path) -> Iterator[str]:
    """Blocks of code that are run neither here nor by what is listed for the page."""
    text, name = page.read_text(encoding="utf-8"), page.relative_to(ROOT)
    if name.as_posix() not in _RUN_ELSEWHERE:
        run = {found.start() for found in _EXAMPLES.finditer(text)}
        for block in _BLOCK.finditer(text):
            if block.start() not in run:
                line = text.count("\n", 0, block.start()) + 1
                yield f"{name}: nobody runs the block at line {line}"


def failed_examples(page: Path) -> int:
    """Run the page's examples; what fails is printed."""
    name, failed = str(page.relative_to(ROOT)), 0
    globs: dict[str, object] = {}
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for kind, source in _EXAMPLES.findall(page.read_text(encoding="utf-8")):
            if kind == "bash":
                _give_files()
                failed += sum(_failing_command(name, line) for line in source.splitlines())
            elif kind == "console":
                failed += sum(_wrong_command(name, *found) for found in _COMMAND.findall(source))
            else:
                test = doctest.DocTestParser().get_doctest(source, globs, name, name, 0)
                failed += runner.run(test, clear_globs=False).failed
                globs = test.globs
        os.chdir(ROOT)
    return failed


def _give_files() -> None:
    """Invented files of the names that the READMEs use."""
    import csv
    import zipfile

    from PIL import Image

    from tracemark_cli.sample_labels import label
    from tracemark_cli.sample_orders import Chance, orders

    def write(name: str, rows: list[dict[str, str]]) -> None:
        with Path(name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    held = [dict(order) for order in orders(20, seed=6)]
    write("accounts.csv", [{"id": "acct:1042"}, {"id": "station:YW-012"}])
    write("orders.csv", held)
    write("leak.csv", held[:5])
    write("chat.txt", held[5:8])
    with zipfile.ZipFile("mail.zip", "w") as archive:
        archive.write("leak.csv")
    label("YT7712345678901", Chance(6)).save("waybill.png", dpi=(203, 203))
    Image.new("L", (300, 200), 255).save("photo.jpg")  # shows nothing, so it is read in no time


def _failing_command(page: str, line: str) -> bool:
    """Run one command of a bash block; nobody named is no failure, since nothing has leaked."""
    ran = _run(shlex.split(line, comments=True)[1:])
    if ran.returncode in (0, 1) and "error" not in ran.stderr:
        return False
    print(f"{page}: {line}\nstatus {ran.returncode}\n{ran.stdout}{ran.stderr}")
    return True


def _wrong_command(page: str, line: str, status: str, output: str) -> bool:
    """Run one command of a console block; False if it does what the page says."""
    program, *arguments = shlex.split(line)
    if program != "tracemark":
        print(f"{page}: a console block runs tracemark only: {line}")
        return True
    ran = _run(arguments)
    alike = doctest.OutputChecker().check_output(output, ran.stdout, doctest.ELLIPSIS)
    if ran.returncode == int(status or 0) and alike:
        return False
    print(f"{page}: $ {line}\nstatus {ran.returncode}\n{ran.stdout}{ran.stderr}")
    return True


def _run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TRACEMARK_")}
    return subprocess.run(
        [sys.executable, "-m", "tracemark_cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**kept, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "COLUMNS": "80",
             "PYTHONPATH": os.pathsep.join(filter(None, map(os.path.abspath, sys.path)))},
    )  # fmt: skip


def main() -> None:
    """Check all, print what is wrong, end with status 1 if anything is."""
    pages = documents()
    checks = broken_links, wrong_commands, blocks_nobody_runs
    broken = [line for page in pages for check in checks for line in check(page)]
    well = f"{len(pages)} documents: all links resolve, all commands exist, all code is run"
    print("\n".join(broken) or well)
    failed = sum(failed_examples(page) for page in pages)
    print(f"{failed} examples failed" if failed else "all examples run")
    sys.exit(bool(broken or failed))


if __name__ == "__main__":
    main()

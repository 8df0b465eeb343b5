"""Write the command line's reference from its own help: ``python -m tracemark_cli.reference``.

python -m tracemark_cli.reference docs/cli.md            write it
python -m tracemark_cli.reference --check docs/cli.md    fail if it is not what it should be
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import typer

from .main import app, status

_HEAD = """\
# Command line

Written by `python -m tracemark_cli.reference docs/cli.md` from the program's own help.

| exit status | meaning |
| --- | --- |
| 0 | done; `trace`: somebody is identified |
| 1 | `trace`: nobody is named |
| 2 | wrong usage: an unknown option, recipient, column or role, an output that cannot be written |
| 3 | an unreadable sample, or trouble with the vault; `ledger verify`: the ledger does not hold |
| 130, 141, 143 | interrupted; the reader of the output has left; terminated |

Results go to stdout. Errors go to stderr as `tracemark: error: …`, the next step as `hint: …`.
"""


def verbs() -> Iterator[tuple[str, ...]]:
    """The path of every group and verb, in the order of the help."""
    yield ()
    yield from _below(typer.main.get_command(app), ())


def _below(command: object, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, child in getattr(command, "commands", {}).items():
        yield (*path, name)
        yield from _below(child, (*path, name))


def help_of(path: tuple[str, ...]) -> str:
    """What ``tracemark PATH --help`` prints at 80 columns."""
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    os.environ["COLUMNS"] = "80"
    with contextlib.redirect_stdout(printed):
        status([*path, "--help"])
    printed.seek(0)
    return printed.read().rstrip() + "\n"


def reference() -> str:
    """The whole page."""
    parts = [_HEAD]
    for path in verbs():
        parts.append(f"\n## {' '.join(('tracemark', *path))}\n\n```text\n{help_of(path)}```\n")
    return "".join(parts)


def main() -> None:
    """Write the page, or check it."""
    *check, target = sys.argv[1:]
    page = Path(target)
    if not check:
        page.write_text(reference(), encoding="utf-8")
    elif page.read_text(encoding="utf-8") != reference():
        sys.exit(f"{page} is not what the program's help says: run this without --check")


if __name__ == "__main__":
    main()

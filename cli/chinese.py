"""How ``--help`` is laid out in Chinese: translated, and wrapped by the width of its characters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from rich.cells import cell_len

from .terminal import WIDTH, wrapped
from .words import told

_EXTRA = re.compile(r"(.*?)(?:  )?(?:\[([^\[\]]+)\])?")
_METAVARS = ("[OPTIONS]", "COMMAND [ARGS]...")


class ChineseHelp:
    """Takes the place of the parser's formatter of help: the same methods, in the same order."""

    def __init__(self, width: int | None = None, max_width: int | None = None) -> None:
        self.width = min(width or max_width or WIDTH, WIDTH) - 2
        self.current_indent = 0
        self._lines: list[str] = []

    def getvalue(self) -> str:
        """All that was written."""
        return "\n".join(self._lines).rstrip() + "\n"

    def write_usage(self, program: str, arguments: str = "", _prefix: str | None = None) -> None:
        """The first line."""
        for metavar in _METAVARS:
            arguments = arguments.replace(metavar, told(metavar))
        first = f"{told('Usage')}：{program} "
        self._paragraph(arguments, first, " " * cell_len(first))

    def write_paragraph(self) -> None:
        """An empty line."""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def write_text(self, text: str) -> None:
        """Paragraphs, apart by empty lines."""
        indent = " " * self.current_indent
        for number, paragraph in enumerate(re.split(r"\n\s*\n", text)):
            self._lines += [""] * bool(number)
            self._paragraph(told(paragraph), indent, indent)

    def write_dl(self, rows: Sequence[tuple[str, str]], **_: int) -> None:
        """Options or commands, and what they mean."""
        indent = " " * self.current_indent
        column = min(max(cell_len(name) for name, _ in rows), 30) + 2
        behind = indent + " " * column
        for name, meaning in rows:
            first = indent + name + " " * (column - cell_len(name))
            if cell_len(name) + 2 > column:
                self._lines.append(indent + name)
                first = behind
            self._paragraph(_meaning(meaning), first, behind)

    @contextmanager
    def section(self, name: str) -> Iterator[None]:
        """A heading, and what stands below it."""
        self.write_paragraph()
        self._lines.append(f"{' ' * self.current_indent}{told(name)}：")
        with self.indentation():
            yield

    @contextmanager
    def indentation(self) -> Iterator[None]:
        """Two columns to the right."""
        self.current_indent += 2
        yield
        self.current_indent -= 2

    def _paragraph(self, text: str, first: str, others: str) -> None:
        lines = wrapped(text, self.width - cell_len(others)) or [""]
        self._lines += [(first + lines[0]).rstrip(), *(others + line for line in lines[1:])]


def _meaning(text: str) -> str:
    """The meaning of an option, with what the parser adds: its default, that it is required."""
    match = _EXTRA.fullmatch(" ".join(text.split("\n")))
    said, extra = match.groups() if match else (text, None)
    return f"{told(said)}（{told(extra)}）" if extra else told(said)


_Context = type("_Context", (typer.Context,), {"formatter_class": ChineseHelp})


def in_chinese(command: Any) -> Any:
    """The command, and those below it, with help in Chinese."""
    command.context_class = _Context
    command.short_help = told((command.help or "").split("\n\n")[0]).partition("。")[0]
    for child in getattr(command, "commands", {}).values():
        in_chinese(child)
    return command

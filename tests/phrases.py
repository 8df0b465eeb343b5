"""Find what the program can say to a person: every sentence in the source, as a template.

A sentence is a text that is handed to an error, a hint, a help text or a function of the terminal,
followed back through names, helper functions and their callers. Its places are written ``{}``, as
the Chinese catalogue has them.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ERRORS = {
    *("UsageError", "VaultError", "KeyFault", "LedgerError", "UnknownRecipient"),
    *("UnreadableSample", "BadSignature", "HostTooSmall", "AlreadyMarked", "MissingExtra"),
    *("BadParameter", "__init__"),
}
SPEAKING = {
    *("say", "say_wrapped", "note", "fail", "say_facts", "say_table", "progress"),
    *("told", "labelled", "Finding", "report"),
}
TITLED = {"Leak", "LabelLeak"}  # said, among names of files
SPOKEN = {"hint", "note", "help", "advice", "why", "odd", "way"}  # arguments people read
_LETTERS = re.compile(r"[A-Za-z]{2}")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def sentences(*rooms: Path) -> dict[str, str]:
    """Every sentence of the source files below some folders, and where it stands."""
    return _Sentences([file for room in rooms for file in sorted(room.rglob("*.py"))]).found


class _Sentences:
    """Walks the sources until no function is found any more through which something is said."""

    def __init__(self, files: list[Path]) -> None:
        """Words that stand alone count in the program only: elsewhere they are names of things."""
        self.found: dict[str, str] = {}
        self.speaking: dict[str, set[str]] = defaultdict(
            set
        )  # function -> parameters that are said
        self.parts: dict[str, set[str]] = defaultdict(set)  # and those said within a sentence
        modules = [(file, ast.parse(file.read_text(encoding="utf-8"))) for file in files]
        known = -1
        while known != (known := sum(map(len, [*self.speaking.values(), *self.parts.values()]))):
            for file, module in modules:
                self._module(file, module)

    def _module(self, file: Path, module: ast.Module) -> None:
        self.file = file
        self.done: set[int] = set()
        self.held: dict[str, list[ast.expr]] = defaultdict(list)
        functions = [node for node in ast.walk(module) if isinstance(node, _Function)]
        self.functions = {one.name: one for one in functions}
        self.imported = {
            (one.asname or one.name).partition(".")[0]
            for node in ast.walk(module)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for one in node.names
        }
        for node in ast.walk(module):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self.held[name].append(value)
                    if name in SPOKEN:
                        self._take(value, None)
                case ast.Assign(targets=[ast.Attribute(attr=name)], value=value) if name in SPOKEN:
                    self._take(value, None)
                case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                    for one, value in zip(names, values, strict=True):
                        self.held[getattr(one, "id", "")].append(value)
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    self.held[name].append(value)
                case ast.AugAssign(target=ast.Name(id=name), value=value):
                    self.held[name].append(value)
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append")):
                    self.held[name].extend(node.args)
        for function in [None, *functions]:
            if function and function.name.strip("_") in SPOKEN:
                self._returned(function, part=False)
            for node in _own(function or module):
                if isinstance(node, ast.Call):
                    self._call(node, function)

    def _call(self, node: ast.Call, inside: _Function | None) -> None:
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        speaks = name in ERRORS | SPEAKING
        called = self._called(node.func)
        given = [(str(at), one) for at, one in enumerate(node.args)]
        for place, one in [*given, *((k.arg or "", k.value) for k in node.keywords)]:
            if speaks or place in SPOKEN or place in self.speaking[called]:
                self._take(one, inside)
            elif name in TITLED or place in self.parts[called]:
                self._take(one, inside, part=True)

    def _called(self, function: ast.expr) -> str:
        """A method is told by a dot before its name from a function that is called the same."""
        match function:
            case ast.Name(id=name):
                return name
            case ast.Attribute(value=ast.Name(id=module), attr=name) if (
                module in self.imported and module.islower()
            ):
                return name
            case ast.Attribute(attr=name):
                return f".{name}"
        return ""

    def _take(self, node: ast.expr, inside: _Function | None, *, part: bool = False) -> None:
        if id(node) in self.done:
            return
        self.done.add(id(node))
        match node:
            case ast.Constant(value=str(text)):
                self._keep(node.lineno, text, part)
            case ast.JoinedStr():
                self._keep(node.lineno, "".join(map(_part, node.values)), part)
                for one in node.values:
                    if isinstance(one, ast.FormattedValue):
                        self._take(one.value, inside, part=True)
            case ast.IfExp():
                self._each([node.body, node.orelse], inside, part)
            case ast.BinOp(op=ast.Add() | ast.Mult()):
                self._each([node.left, node.right], inside, part)
            case ast.BoolOp():
                self._each(node.values, inside, part)
            case ast.Tuple() | ast.List():
                self._each(node.elts, inside, part)
            case ast.Dict():
                self._each(node.values, inside, part)
            case ast.ListComp() | ast.GeneratorExp():
                self._take(node.elt, inside, part=part)
            case ast.Subscript(value=ast.Name()):
                self._take(node.value, inside, part=part)
            case ast.Call(func=ast.Name(id="tuple" | "list" | "sorted")):
                self._each(node.args, inside, part)
            case ast.Call(func=ast.Attribute(value=value, attr="get" | "strip" | "lower")):
                self._take(value, inside, part=part)
            case ast.Call(func=ast.Name(id=name)) if name in self.functions:
                self._returned(self.functions[name], part=part)
            case ast.Name():
                self._each(self.held[node.id], inside, part)
                self._parameter(node.id, inside, self.parts if part else self.speaking)

    def _returned(self, function: _Function, *, part: bool) -> None:
        for one in _own(function):
            if isinstance(one, ast.Return | ast.Yield) and one.value:
                self._take(one.value, function, part=part)

    def _each(self, nodes: list[ast.expr], inside: _Function | None, part: bool) -> None:
        for one in nodes:
            self._take(one, inside, part=part)

    def _parameter(
        self, name: str, inside: _Function | None, speaking: dict[str, set[str]]
    ) -> None:
        """Callers of a function that says what it is handed are looked at, too."""
        if inside is None or inside.name == "open":
            return
        names = [one.arg for one in inside.args.args]
        method = names[:1] in (["self"], ["cls"])
        called = f".{inside.name}" if method else inside.name
        if name in names:
            speaking[called] |= {name, str(names.index(name) - method)}
        elif name in [one.arg for one in inside.args.kwonlyargs]:
            speaking[called].add(name)

    def _keep(self, line: int, text: str, part: bool) -> None:
        said = " ".join(text.split())
        alone = (
            "cli" in self.file.parts and not part and not said.startswith("--") and said != "SEQ"
        )
        if (" " in said or alone) and _LETTERS.search(said) and not _CHINESE.match(said):
            self.found.setdefault(said, f"{self.file.as_posix()}:{line}")


def _own(function: ast.AST) -> Iterator[ast.AST]:
    """What stands in a function itself, not in functions within it."""
    for node in ast.iter_child_nodes(function):
        if not isinstance(node, _Function):
            yield node
            yield from _own(node)
        else:
            for decorator in node.decorator_list:
                yield from ast.walk(decorator)
            yield from ast.walk(node.args)


def _part(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else "{}"

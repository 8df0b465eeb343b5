"""Every message has a next step: no error is raised without a hint."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tracemark import errors

ROOT = Path(__file__).parents[1]
NAMES = {name for name, kind in vars(errors).items() if isinstance(kind, type)} - {"Any"}
OWN = {"MissingExtra"}  # makes its hint itself


def raised(path: Path) -> list[ast.Call]:
    calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    return [
        node
        for node in calls
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) in NAMES - OWN
    ]


@pytest.mark.parametrize("room", ["tracemark", "cli"])
def test_every_error_has_a_hint(room: str) -> None:
    found = [(path, call) for path in sorted((ROOT / room).rglob("*.py")) for call in raised(path)]
    assert len(found) > 20
    without = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path, call in found
        if not any(one.arg == "hint" and ast.unparse(one.value) != "''" for one in call.keywords)
    ]
    assert without == []

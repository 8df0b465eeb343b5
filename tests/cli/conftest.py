"""Runs the program inside this process, with streams of its own."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import tracemark
from tracemark_cli.main import status
from tracemark_cli.sample_orders import orders

KEY = bytes(range(100, 132))


@dataclass(frozen=True)
class Ran:
    """How a run ended and what it printed."""

    status: int
    output: bytes
    errors: str

    @property
    def out(self) -> str:
        return self.output.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def failed(self, status: int, *words: str, hint: bool = True) -> None:
        """Ended so, with one line of error that has these words, one hint, and no more."""
        assert self.status == status, self.errors
        lines = self.errors.splitlines()
        assert lines[0].startswith("tracemark: error: ")
        assert all(word in lines[0] for word in words), lines[0]
        assert [line.split(":")[0] for line in lines[1:]] == ["hint"] * hint
        assert len(lines[0]) < 200
        assert "Traceback" not in self.errors


Run = Callable[..., Ran]


class Stream(io.TextIOWrapper):
    """A stream whose bytes are still there when it is closed."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    def bytes(self) -> bytes:
        self.flush()
        return self.buffer.getvalue()  # type: ignore[attr-defined]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """``run("trace", path, stdin=b"")``: the program's status, output and errors."""

    def call(*arguments: object, stdin: bytes = b"") -> Ran:
        out, err = Stream(), Stream()
        with monkeypatch.context() as patch:
            given = io.BufferedReader(io.BytesIO(stdin))
            patch.setattr(sys, "stdin", io.TextIOWrapper(given, encoding="utf-8"))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            ended = status([str(argument) for argument in arguments])
        return Ran(ended, out.bytes(), err.bytes().decode())

    return call


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault with some recipients, made once."""
    path = tmp_path_factory.mktemp("made") / "vault"
    with tracemark.Vault.create(path, key=KEY) as vault:
        vault.add_recipients(f"acct:{number}" for number in range(1000, 1200))
        vault.add_recipient("station:YW-012", name="义乌北苑站", kind="station")
    return path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory; no vault or key comes from outside."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRACEMARK_VAULT", raising=False)
    monkeypatch.delenv("TRACEMARK_KEY", raising=False)
    return tmp_path


@pytest.fixture
def vault(made: Path, home: Path) -> Path:
    """A copy of that vault, where the program looks for one."""
    return Path(shutil.copytree(made, home / "tracemark-vault"))


@pytest.fixture(scope="session")
def export() -> bytes:
    """An export of 120 invented orders as CSV."""
    import csv

    text = io.StringIO(newline="")
    rows = list(orders(120, seed=11))
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


@pytest.fixture
def table(home: Path, export: bytes) -> Path:
    """That export as a file."""
    path = home / "orders.csv"
    path.write_bytes(export)
    return path

"""The pages that need a server run: every block of them, as a reader would type it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import tracemark
from tests.postgres_server import Server, running
from tests.test_docs import check
from tracemark_cli.sample_labels import label
from tracemark_cli.sample_orders import Chance

DOCS = Path(__file__).parents[1] / "docs"
STATION = "station:YW-012"
# installs nothing: says whether what the page installs is an extra of this project, and is here
PIP = f"""#!{sys.executable}
import re, sys, tomllib
from importlib.metadata import version
with open({str(DOCS.parent / "pyproject.toml")!r}, "rb") as file:
    extras = tomllib.load(file)["project"]["optional-dependencies"]
assert sys.argv[1] == "install", sys.argv
for one in extras[re.fullmatch(r"tracemark\\[(\\w+)\\]", sys.argv[2])[1]]:
    version(re.match(r"[\\w.-]+", one)[0])
"""


def blocks(page: str) -> list[tuple[str, str]]:
    """All blocks of a page, with their kinds."""
    text = (DOCS / page).read_text("utf-8")
    return re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to type in, where `tracemark` and `pip` are commands."""
    programs = tmp_path / "bin"
    programs.mkdir()
    command = f'#!/bin/sh\nexec "{sys.executable}" -m tracemark_cli "$@"\n'
    for name, text in (("tracemark", command), ("pip", PIP)):
        (programs / name).write_text(text, "utf-8")
        (programs / name).chmod(0o755)
    for name in [name for name in os.environ if name.startswith("TRACEMARK_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, map(os.path.abspath, sys.path))))
    folder = tmp_path / "typed"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def typed(block: str, **variables: str) -> str:
    """What a block prints; it stops at the first command that fails, and then so does the test."""
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        capture_output=True, text=True, check=False, timeout=60, env=os.environ | variables,
    )  # fmt: skip
    assert ran.returncode == 0, f"{block}\n{ran.stdout}{ran.stderr}"
    return ran.stdout


# the marking service


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


@contextmanager
def serving(block: str, port: int) -> Iterator[None]:
    """Type the block that ends by starting the service, and wait until that answers."""
    with Path("log").open("wb") as log:
        started = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", block], stderr=log, start_new_session=True
        )
    try:
        for _ in range(600):
            assert started.poll() is None, Path("log").read_text("utf-8")
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/health").close()
                break
            except OSError:
                time.sleep(0.05)
        yield
    finally:
        os.killpg(started.pid, signal.SIGTERM)
        started.wait(30)


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_page_of_the_service(shell: Path) -> None:
    pytest.importorskip("uvicorn", reason="needs the extra 'serve'")
    pytest.importorskip("fastapi", reason="needs the extra 'serve'")
    (_, server), (_, client) = blocks("service.md")
    tracemark.Vault.create("tracemark-vault").close()
    check._give_files()
    label("YT7712345678901", Chance(6)).save("label.png", dpi=(203, 203))
    port = free_port()
    assert "8765" in server and "8765" in client
    with serving(server.replace("8765", str(port)), port):
        typed(client.replace("8765", str(port)))
    with tracemark.Vault.open("tracemark-vault") as vault:
        for leak in ("copy.csv", "marked.png"):
            assert [one.recipient for one in vault.trace(shell / leak).accusations] == [STATION]


# the ledger in PostgreSQL


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as started:
        yield started


@pytest.mark.skipif(shutil.which("createuser") is None, reason="needs PostgreSQL's programs")
def test_the_page_of_the_database(
    server: Server, shell: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (_, first), (_, move), (kind, rights) = blocks("postgres.md")
    assert kind == "sql"
    host = str(server.folder).replace("/", "%2F")

    def here(block: str) -> str:
        return block.replace("db.example", host).replace("/srv/", f"{shell}/")

    monkeypatch.setenv("PGHOST", str(server.folder))
    administrator, owner = {"PGUSER": "postgres"}, {"PGUSER": "tracemark"}
    typed(here(first), **administrator)

    typed("createuser station", **administrator)
    typed(f"psql -v ON_ERROR_STOP=1 tracemark <<'SQL'\n{rights}SQL", **owner)
    monkeypatch.setenv("TRACEMARK_KEYS", f"{shell}/tracemark-keys")
    with tracemark.Vault.open(here("postgresql://station@db.example/tracemark")) as vault:
        address = "浙江省金华市义乌市北苑街道雪峰西路99号3幢2单元501室"
        marked = vault.mark_text(address, to=STATION)
        assert [one.recipient for one in vault.trace(marked).accusations] == [STATION]

    typed("dropdb tracemark; " + next(one for one in first.splitlines() if "createdb" in one),
          **administrator)  # fmt: skip
    with tracemark.Vault.create(shell / "tracemark") as vault:
        vault.add_recipient(STATION)
        marked = vault.mark_text(address, to=STATION)
    typed(here(move))
    with tracemark.Vault.open(shell / "tracemark") as vault:
        assert vault.place == here("postgresql://tracemark@db.example/tracemark")
        assert [one.recipient for one in vault.trace(marked).accusations] == [STATION]

"""A throw-away PostgreSQL server for tests: a socket in a temporary folder, no port."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def _programs() -> Path | None:
    found = shutil.which("pg_ctl")
    usual = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    return Path(found).parent if found else usual[-1].parent if usual else None


class Server:
    """A running server; each address it gives names an empty schema of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count(1)

    def address(self) -> str:
        import psycopg

        schema = f"t{next(self._numbers)}"
        with psycopg.connect(self._url(), autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {schema}")
        return f"{self._url()}&options=-csearch_path%3D{schema}"

    def _url(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.folder}"


@contextmanager
def running() -> Iterator[Server]:
    """Start a server; skip the test where there is no PostgreSQL or no psycopg."""
    pytest.importorskip("psycopg", reason="needs the extra 'postgres'")
    programs = _programs()
    if programs is None:
        pytest.skip("needs the programs of a PostgreSQL server")
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    as_root = hasattr(os, "getuid") and os.getuid() == 0  # the server refuses to run as root
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if as_root else {}
    if as_root:
        shutil.chown(folder, "postgres", "postgres")
    data = folder / "data"

    def run(program: str, *arguments: str | Path) -> None:
        subprocess.run(
            [programs / program, "-D", data, *arguments],
            check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **user,
        )  # fmt: skip

    try:
        run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=40"
        run("pg_ctl", "-w", "-o", options, "-l", folder / "log", "start")
        try:
            yield Server(folder)
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.postgres_server import Server, running
from tracemark.keys import EpochKey
from tracemark.ledger import Issue, Ledger
from tracemark.model import Recipient

KEY = EpochKey(1, bytes(range(32)))


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One PostgreSQL server for all tests of a process."""
    with running() as started:
        yield started


@pytest.fixture(params=["sqlite", "postgresql"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where there is no ledger yet. Every test of the contract runs against both sorts.

    A file of tests about the file itself gives a `path` of its own.
    """
    if request.param == "sqlite":
        return tmp_path / "ledger.sqlite"
    address: str = request.getfixturevalue("server").address()
    return address


@pytest.fixture
def ledger(path: Path | str) -> Iterator[Ledger]:
    """A fresh ledger with two recipients."""
    with Ledger.create(path, vault_id="v-1", profile="draft-1", keys=[KEY]) as fresh:
        fresh.add_recipients([Recipient("acct:1"), Recipient("acct:2", kind="terminal")])
        yield fresh


@pytest.fixture
def issue(ledger: Ledger) -> Callable[..., Issue]:
    """Opens an issue with what tests do not care about filled in."""

    def opened(recipient: str = "acct:1", *, epoch: int = 1) -> Issue:
        return ledger.issue(recipient, "table", profile="draft-1", epoch=epoch, policy="full")

    return opened

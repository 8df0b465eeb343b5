from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tracemark.keys import EpochKey
from tracemark.ledger import Issue, Ledger
from tracemark.model import Recipient

KEY = EpochKey(1, bytes(range(32)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
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

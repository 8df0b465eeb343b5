import random
import signal
from pathlib import Path

import pytest

import tracemark
from tracemark_cli.sample_orders import orders

KEY = bytes(range(32))
ACCOUNTS = [f"acct:{number:04d}" for number in range(200)]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # a shell's background job starts so, and what it starts could not be interrupted either
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def vault(tmp_path: Path):
    """A vault with 200 accounts."""
    with tracemark.Vault.create(tmp_path / "vault", key=KEY) as made:
        made.add_recipients(ACCOUNTS)
        yield made


@pytest.fixture
def export():
    """200 orders, the same in every run."""
    return list(orders(200, 20261121))


@pytest.fixture
def rng():
    return random.Random(4711)

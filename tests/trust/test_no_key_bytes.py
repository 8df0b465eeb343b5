"""Zero key bytes in whatever the program prints, logs or dies with: found by searching for them."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tracemark
from tracemark.keys import EpochKey

KEY = bytes.fromhex("a7c31f5e" * 8)
LABELS = ("codeword", "bias", "slots/text", "slots/label", "fingerprint/waybill", "ledger", "sign")
WORDS = "seven quiet words nobody knows"

CRASHES = {
    "a fault within the library": """
import tracemark.ledger.store as store
def broken(*_): raise ZeroDivisionError
store.Transaction.append = broken
list(vault.mark_rows([{"address": "12 Lane End, House 9, Old Mill"}], to="acct:1"))
""",
    "a key of the wrong length": "tracemark.EpochKey(2, bytes.fromhex('a7c31f5e' * 9))",
    "a vault over another": "tracemark.Vault.create(path, key=bytes.fromhex('a7c31f5e' * 8))",
    "the printed vault": "print(vault, vars(vault), vault._keys, vault._provider, vault._ledger)",
    "a pickled vault": "import pickle; pickle.dumps(vault)",
    "a pickled key": "import pickle; pickle.dumps(vault._keys)",
    "a log of everything": """
import logging; logging.basicConfig(level=1)
logging.debug("%r %r", vault, vault._keys)
logging.exception("%r", vars(vault))
vault.trace("no such text at all")
""",
    "a traceback with its locals": """
import sys, traceback
try:
    vault.add_recipient("acct:1", kind="nobody")
except tracemark.UsageError as error:
    print("".join(traceback.TracebackException.from_exception(error, capture_locals=True).format()))
""",
}


def spellings(secret: bytes) -> list[bytes]:
    spelt = base64.b64encode(secret).rstrip(b"=")[:-1]
    return [secret, secret.hex().encode(), secret.hex().upper().encode(), spelt,
            repr(secret)[2:-1].encode(), str(list(secret))[1:-1].encode()]  # fmt: skip


def must_hide(output: bytes) -> None:
    key = EpochKey(1, KEY)
    for secret in (KEY, *map(key.derive, LABELS)):
        for form in spellings(secret):
            assert form not in output
            assert form[: len(form) // 2] not in output  # nor half of it


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with tracemark.Vault.create(tmp_path / "vault", key=KEY) as made:
        made.add_recipient("acct:1")
    return tmp_path / "vault"


@pytest.mark.parametrize("what", CRASHES.values(), ids=CRASHES.keys())
def test_no_key_in_crashes_logs_and_reprs(folder: Path, what: str) -> None:
    start = f"import tracemark; path = {str(folder)!r}; vault = tracemark.Vault.open(path)\n"
    done = subprocess.run([sys.executable, "-c", start + what], capture_output=True)
    assert done.stdout + done.stderr
    must_hide(done.stdout + done.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        ("key", "list", "--json"),
        ("ledger", "show", "--json"),
        ("ledger", "verify", "--json"),
        ("key", "rotate"),
        ("trace", "keys"),
    ],
    ids=" ".join,
)
def test_no_key_in_what_the_program_prints(folder: Path, arguments: tuple[str, ...]) -> None:
    """Not even where the key file itself is given as a sample, and debugging is on."""
    done = subprocess.run(
        [sys.executable, "-m", "tracemark_cli", *arguments, "--vault", folder],
        capture_output=True,
        cwd=folder,
        env={**os.environ, "TRACEMARK_DEBUG": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    must_hide(done.stdout + done.stderr)


def test_processes_of_ours_get_neither_key_nor_passphrase(monkeypatch) -> None:
    """Parsers of strangers' files, helpers with scoring, readers of tones."""
    from tracemark import processes

    monkeypatch.setenv("TRACEMARK_KEY", KEY.hex())
    monkeypatch.setenv("TRACEMARK_PASSPHRASE", WORDS)
    handed = str(processes.surroundings())
    assert KEY.hex() not in handed and WORDS not in handed
    assert processes.surroundings()["PATH"] == os.environ["PATH"]

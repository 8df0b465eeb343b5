"""Split duty: an issuing key marks for its recipients and can do nothing else."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

import tracemark
from tests.label import hosts
from tracemark.errors import KeyFault, UsageError, VaultError
from tracemark.keys import FileKeys

KEY = bytes(range(32))
ROWS = [
    {"运单号": f"YT{n:013}", "收货地址": f"浙江省金华市义乌市北苑街道雪峰西路{n}号3幢2单元501室"}
    for n in range(30)
]


@pytest.fixture
def whole(tmp_path: Path):
    with tracemark.Vault.create(tmp_path / "vault", key=KEY) as made:
        made.add_recipients([*(f"station:{n}" for n in range(40)), "acct:1", "acct:2"])
        made.rotate_key()
        yield made


@pytest.fixture
def issuer(whole, tmp_path: Path):
    assert whole.write_issuing_key(tmp_path / "issuer.key", "station:") == 40
    with tracemark.Vault.open(whole.path, keys=FileKeys(tmp_path / "issuer.key")) as opened:
        yield opened


def test_it_marks_as_the_whole_key_does(whole, issuer) -> None:
    """Rows and labels come out the same, and are traced with the whole key."""
    marked = list(issuer.mark_rows(ROWS, to="station:7"))
    assert marked == list(whole.mark_rows(ROWS, to="station:7"))
    assert [one.recipient for one in whole.trace(marked).accusations] == ["station:7"]
    picture = hosts.label(3)
    printed = issuer.mark_label(picture, to="station:7", waybill="YT7712345678901")
    again = whole.mark_label(picture, to="station:7", waybill="YT7712345678901")
    assert printed.tobytes() == again.tobytes()
    assert whole.verify_ledger().holds and issuer.verify_ledger().holds


def test_it_marks_for_nobody_else(issuer) -> None:
    for mark in (
        lambda: list(issuer.mark_rows(ROWS, to="acct:1")),
        lambda: issuer.mark_label(hosts.label(3), to="acct:1"),
    ):
        with pytest.raises(KeyFault, match="not for the recipient 'acct:1'"):
            mark()


def test_it_cannot_trace_sign_rotate_or_hand_out_keys(whole, issuer, tmp_path: Path) -> None:
    pytest.importorskip("cryptography", reason="needs the extra 'sign'")
    leak = list(whole.mark_rows(ROWS, to="acct:1"))
    for forbidden in (
        lambda: issuer.trace(leak),
        lambda: issuer.trace(hosts.label(3)),
        issuer.checkpoint,
        lambda: issuer.public_key,
        issuer.rotate_key,
    ):
        with pytest.raises(KeyFault, match="issuing key"):
            forbidden()
    assert len(FileKeys(tmp_path / "issuer.key").keys()) == 2


def test_the_file_holds_neither_root_keys_nor_what_codewords_come_from(whole, issuer, tmp_path):
    path = tmp_path / "issuer.key"
    content = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for key in whole._keys:
        assert key.line().split(":")[1] not in content
        for purpose in ("codeword", "bias", "sign"):
            assert key.derive(purpose).hex() not in content
            assert key.derive(purpose, 168).hex() not in content
    shown = repr(issuer._keys) + repr(vars(issuer))
    assert not any(one in shown for one in json.loads(content)["codewords"].values())


def test_it_is_found_through_the_environment(whole, issuer, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TRACEMARK_KEY_FILE", os.fspath(tmp_path / "issuer.key"))
    with tracemark.Vault.open(whole.path) as opened, pytest.raises(KeyFault, match="issuing"):
        opened.trace(ROWS)


def test_for_nobody_or_nowhere_none_is_written(whole, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no recipient's id begins"):
        whole.write_issuing_key(tmp_path / "none.key", "nobody:")
    with pytest.raises(VaultError, match="cannot be written"):
        whole.write_issuing_key(tmp_path / "no folder" / "x.key", "station:")
    assert not (tmp_path / "none.key").exists()


@pytest.mark.parametrize("text", ["{", "{}", '{"format": "tracemark-issuing-key/2"}', "{[" * 9999])
def test_a_damaged_one_is_refused(whole, tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(KeyFault, match="no key file"):
        FileKeys(path).keys()

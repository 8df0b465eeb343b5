"""A key file under a passphrase, and drills: keys that got out, were lost, were changed."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest

import tracemark
from tracemark import passphrases, sealing
from tracemark.errors import KeyFault, MissingExtra, UsageError
from tracemark.keys import EnvironmentKeys, EpochKey, FileKeys

pytest.importorskip("cryptography", reason="needs the extra 'seal'")

KEY = bytes(range(1, 33))
WORDS = "correct horse battery staple"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No passphrase from outside, no keyring of this machine, and cheap stretching."""
    monkeypatch.delenv("TRACEMARK_PASSPHRASE", raising=False)
    monkeypatch.setitem(sys.modules, "keyring", None)
    monkeypatch.setattr(sealing.seal, "__kwdefaults__", {"cost": 1 << 10})


@pytest.fixture
def vault(tmp_path: Path):
    with tracemark.Vault.create(tmp_path / "vault", key=KEY) as made:
        made.add_recipients([f"acct:{n}" for n in range(50)])
        yield made


def test_a_sealed_key_file_holds_no_key_and_opens_with_the_passphrase(vault, monkeypatch) -> None:
    path = vault.path / "keys"
    vault.seal_keys(WORDS)
    content = path.read_bytes()
    assert KEY not in content and KEY.hex().encode() not in content
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(KeyFault, match="no passphrase is at hand"):
        tracemark.Vault.open(vault.path)
    monkeypatch.setenv("TRACEMARK_PASSPHRASE", WORDS + "!")
    with pytest.raises(KeyFault, match="passphrase is wrong"):
        tracemark.Vault.open(vault.path)
    monkeypatch.setenv("TRACEMARK_PASSPHRASE", WORDS)
    with tracemark.Vault.open(vault.path) as again:
        assert again.epochs == vault.epochs
        assert again.rotate_key() == 2  # stays sealed
        assert FileKeys(path).sealed
        again.unseal_keys()
    assert KEY.hex() in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_full_cost_is_what_is_written(monkeypatch) -> None:
    """128 MiB for each guess: N = 2^17, r = 8, p = 1."""
    monkeypatch.undo()
    held = json.loads(sealing.seal("1:00", WORDS))
    assert held["scrypt"] | {"salt": ""} == {"n": 1 << 17, "r": 8, "p": 1, "salt": ""}


@pytest.mark.parametrize("part", ["salt", "nonce", "content", "n"])
def test_a_changed_key_file_does_not_open(part: str) -> None:
    held = json.loads(sealing.seal("1:" + KEY.hex(), WORDS))
    place = held["scrypt"] if part in held["scrypt"] else held
    place[part] = (
        2 * place[part] if part == "n" else place[part][:-1] + "01"[place[part][-1] == "0"]
    )
    with pytest.raises(KeyFault, match="does not open"):
        sealing.unseal(json.dumps(held), WORDS, where="the file")


@pytest.mark.parametrize(
    "change",
    [
        lambda held: held["scrypt"].update(n=1 << 30),
        lambda held: held["scrypt"].update(n=1000),
        lambda held: held["scrypt"].update(r=9),
        lambda held: held.update(nonce="00"),
        lambda held: held.update(format="tracemark-sealed-keys/9"),
        lambda held: held.pop("content"),
    ],
)
def test_what_would_fill_the_memory_or_is_not_ours_is_refused(change) -> None:
    held = json.loads(sealing.seal("1:" + KEY.hex(), WORDS))
    change(held)
    with pytest.raises(KeyFault, match="no key file") as caught:
        sealing.unseal(json.dumps(held), WORDS, where="the file")
    assert caught.value.hint


def test_a_short_passphrase_is_refused(vault) -> None:
    with pytest.raises(KeyFault, match="fewer than 12"):
        vault.seal_keys("short")
    assert not FileKeys(vault.path / "keys").sealed


def test_the_keyring_is_asked_before_a_person(vault, monkeypatch) -> None:
    """A stand-in for the system's keyring: the calls are those of the package `keyring`."""
    import types

    held: dict[tuple[str, str], str] = {}
    ring = types.SimpleNamespace(
        get_password=lambda service, name: held.get((service, name)),
        set_password=lambda service, name, secret: held.update({(service, name): secret}),
        errors=types.SimpleNamespace(KeyringError=RuntimeError),
    )
    monkeypatch.setitem(sys.modules, "keyring", ring)
    monkeypatch.setitem(sys.modules, "keyring.errors", ring.errors)
    vault.seal_keys(WORDS, remember=True)
    assert [*held.values()] == [WORDS]
    tracemark.Vault.open(vault.path).close()
    held.clear()
    asked: list[Path] = []

    def ask(path: Path) -> str:
        asked.append(path)
        return WORDS

    tracemark.ask_with(ask)
    try:
        tracemark.Vault.open(vault.path).close()
    finally:
        tracemark.ask_with(None)
    assert asked and asked[0] == vault.path / "keys"


def test_without_the_extras_the_error_says_which(vault, monkeypatch) -> None:
    with pytest.raises(MissingExtra, match="'keyring'"):
        vault.seal_keys(WORDS, remember=True)
    vault.seal_keys(WORDS)
    monkeypatch.setenv("TRACEMARK_PASSPHRASE", WORDS)
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers.aead", None)
    with pytest.raises(MissingExtra, match="'seal'"):
        tracemark.Vault.open(vault.path)


def test_keys_from_elsewhere_are_sealed_elsewhere(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TRACEMARK_KEY", KEY.hex())
    with tracemark.Vault.create(tmp_path / "v", keys=EnvironmentKeys()) as made:
        for change in (lambda: made.seal_keys(WORDS), made.unseal_keys, made.rotate_key):
            with pytest.raises(UsageError, match="come from elsewhere"):
                change()


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o666, 0o601])
@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX systems")
def test_a_vault_whose_key_others_can_touch_does_not_open(vault, mode: int) -> None:
    (vault.path / "keys").chmod(mode)
    with pytest.raises(KeyFault, match="can be read by others") as caught:
        tracemark.Vault.open(vault.path)
    assert caught.value.hint.startswith("chmod 600")


# drills


ROWS = [
    {"运单号": f"YT{n:013}", "收货地址": f"浙江省金华市义乌市北苑街道雪峰西路{n}号3幢2单元501室"}
    for n in range(30)
]


def test_drill_a_key_got_out_and_was_rotated(vault) -> None:
    """After a rotation the old key writes nothing, and what it marked before is still traced."""
    stolen = [*vault._keys]
    before = list(vault.mark_rows(ROWS, to="acct:7"))
    vault.rotate_key()
    after = list(vault.mark_rows(ROWS, to="acct:8"))
    with pytest.raises(KeyFault, match="epoch 2 is missing"):
        tracemark.ledger.Ledger.open(vault.path / "ledger.sqlite", stolen)
    for leak, who in ((before, "acct:7"), (after, "acct:8")):
        assert [one.recipient for one in vault.trace(leak).accusations] == [who]


def test_drill_a_mark_forged_with_the_old_key_is_told_by_its_epoch(vault) -> None:
    """Who stole the key of epoch 1 can forge epoch 1, and nothing of epoch 2."""
    from tracemark.marking import RowMarker

    [stolen] = vault._keys
    vault.rotate_key()
    fresh = [
        row | {"收货地址": f"江苏省苏州市姑苏区平江路{n}号2幢{n}室"} for n, row in enumerate(ROWS)
    ]
    marker = RowMarker(stolen, vault.profile, "acct:9")
    marked, _ = marker.mark((tuple(row), tuple(row.values())) for row in fresh)
    case = vault.trace([dict(zip(fresh[0], row, strict=True)) for row in marked])
    [accusation] = case.accusations
    assert accusation.recipient == "acct:9"
    assert not accusation.issued  # the ledger never issued these records to anyone


def test_drill_a_key_got_out_and_its_epoch_was_revoked(vault) -> None:
    """Its marks still name, and the accusation says that they may be forged; newer ones do not."""
    before = list(vault.mark_rows(ROWS, to="acct:7"))
    with pytest.raises(tracemark.UsageError, match="still marked with the key of epoch 1"):
        vault.revoke_epoch(1)
    vault.rotate_key()
    after = list(vault.mark_rows(ROWS, to="acct:8"))
    for wrong in (0, 3):
        with pytest.raises(tracemark.UsageError, match=f"no epoch {wrong}"):
            vault.revoke_epoch(wrong)
    with pytest.raises(tracemark.UsageError, match="not a day"):
        vault.revoke_epoch(1, since="May")
    assert vault.trace(before).accusations[0].cautions == ()
    vault.revoke_epoch(1, since="2026-05-01")
    vault.revoke_epoch(1, since="2026-03-01")  # it turns out to have been earlier
    vault.revoke_epoch(1)
    assert [one["revoked"] for one in vault.epochs] == ["2026-03-01", None]
    [old], [new] = (vault.trace(rows).accusations for rows in (before, after))
    assert old.recipient == "acct:7" and new.recipient == "acct:8"
    [caution] = old.cautions
    assert "epoch 1 was revoked: since 2026-03-01" in caution and not new.cautions
    both = {one.recipient: one for one in vault.trace(before, after).accusations}
    assert both["acct:7"].cautions and not both["acct:8"].cautions
    assert vault.verify_ledger().holds


def test_drill_the_key_file_was_lost(vault, tmp_path: Path) -> None:
    """Back from its backup the vault goes on; with any other key it does not open."""
    path = vault.path / "keys"
    kept = path.read_text()
    path.unlink()
    with pytest.raises(KeyFault, match="is missing"):
        tracemark.Vault.open(vault.path)
    FileKeys(path).append(bytes(32))
    with pytest.raises(KeyFault, match="not the one the ledger commits to"):
        tracemark.Vault.open(vault.path)
    path.write_text(kept)
    with tracemark.Vault.open(vault.path) as again:
        assert again.verify_ledger().holds


def test_drill_a_rotation_was_cut_off_between_key_and_ledger(vault) -> None:
    """The key file is written first: the next start completes what was begun."""
    FileKeys(vault.path / "keys").append()
    with tracemark.Vault.open(vault.path) as again:
        assert [one["epoch"] for one in again.epochs] == [1, 2]
        assert again.verify_ledger().holds


def test_ask_with_nobody_there_says_what_to_do(vault) -> None:
    vault.seal_keys(WORDS)
    tracemark.ask_with(lambda path: None)
    try:
        with pytest.raises(KeyFault, match="no passphrase") as caught:
            passphrases.passphrase(vault.path / "keys")
    finally:
        tracemark.ask_with(None)
    assert "TRACEMARK_PASSPHRASE" in caught.value.hint


def test_the_only_line_with_key_material_is_the_key_file_s() -> None:
    assert EpochKey(3, KEY).line() == f"3:{KEY.hex()}"

"""A checkpoint kept elsewhere finds what the file alone cannot; a proof shows one entry."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from pathlib import Path

import pytest

import tracemark
from tests.ledger.test_tampering import relink, tamper
from tracemark.errors import BadSignature, LedgerError, UnreadableSample, UsageError
from tracemark.ledger.chain import Seals

pytest.importorskip("cryptography", reason="needs the extra 'sign'")

KEY = bytes(range(32))


def issue(vault: tracemark.Vault, to: str = "acct:1") -> None:
    list(vault.mark_rows([{"运单号": "YT7712345678901"}], to=to))


@pytest.fixture
def vault(tmp_path: Path):
    with tracemark.Vault.create(tmp_path / "vault", key=KEY) as made:
        made.add_recipients(["acct:1", "acct:2"])
        for _ in range(3):
            issue(made)
        yield made


def test_a_checkpoint_is_a_signed_note(vault) -> None:
    """C2SP's form, checked here with nothing but the specification and an Ed25519 library."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    text, signature = vault.checkpoint().split("\n\n")
    origin, size, root = text.split("\n")
    assert origin == f"tracemark/ledger/{vault._ledger.genesis['vault']}"
    assert int(size) == sum(1 for _ in vault.ledger_entries())
    assert len(base64.b64decode(root)) == 32
    dash, name, encoded = signature.rstrip("\n").split(" ")
    assert (dash, name) == ("—", origin)
    raw, public = base64.b64decode(encoded), bytes.fromhex(vault.public_key)
    assert raw[:4] == hashlib.sha256(origin.encode() + b"\n\x01" + public).digest()[:4]
    Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], (text + "\n").encode())


def test_the_ledger_still_extends_what_was_deposited(vault) -> None:
    note = vault.checkpoint()
    assert vault.verify_checkpoint(note).size == vault._ledger.head.seq
    issue(vault)
    vault.rotate_key()
    issue(vault, "acct:2")
    assert vault.verify_checkpoint(note).size < vault._ledger.head.seq
    assert vault.verify_ledger().holds


def test_a_ledger_put_back_to_an_older_state_is_found(vault, tmp_path: Path) -> None:
    vault.backup_ledger(tmp_path / "older")
    issue(vault, "acct:2")
    note = vault.checkpoint()
    vault.close()
    for file in vault.path.glob("ledger.sqlite*"):
        file.unlink()
    shutil.copy(tmp_path / "older", vault.path / "ledger.sqlite")
    with tracemark.Vault.open(vault.path) as older:
        assert older.verify_ledger().holds  # the file alone cannot tell
        with pytest.raises(LedgerError, match="seen earlier, is missing"):
            older.verify_checkpoint(note)


def test_a_ledger_rewritten_with_the_key_in_hand_is_found(vault) -> None:
    """Who holds the key can write another past, seal and all; what was deposited says so."""
    import sqlite3

    note = vault.checkpoint()
    path, keys = vault.path / "ledger.sqlite", vault._keys
    vault.close()
    tamper(path, "UPDATE entries SET body = replace(body, 'acct:1', 'acct:2') WHERE kind = 'issue'")
    connection = sqlite3.connect(path)
    guard = connection.execute(
        "SELECT sql FROM sqlite_master WHERE name = 'entries_no_update'"
    ).fetchone()[0]
    connection.execute("DROP TRIGGER entries_no_update")
    relink(connection)
    connection.execute(guard)
    connection.commit()
    from tracemark.ledger import Head

    head = Head(*connection.execute("SELECT seq, hash FROM head").fetchone())
    connection.execute("UPDATE head SET mac = ?", (Seals(keys).mac(1, head),))
    connection.commit()
    connection.close()
    with tracemark.Vault.open(vault.path) as rewritten:
        assert rewritten.verify_ledger().holds
        with pytest.raises(LedgerError, match="not those that the checkpoint saw"):
            rewritten.verify_checkpoint(note)


def test_nothing_is_signed_over_damage(vault) -> None:
    vault.checkpoint()
    tamper(
        vault.path / "ledger.sqlite",
        "UPDATE entries SET body = replace(body, 'acct:1', 'acct:2') WHERE seq = 3",
    )
    with pytest.raises(LedgerError, match="entry 3 is missing or was changed"):
        vault.checkpoint()


def test_every_entry_is_proved_and_shown_alone(vault) -> None:
    """A proof holds one entry's content and hashes; under the vault's key and its checkpoint."""
    note = vault.checkpoint()
    for entry in list(vault.ledger_entries()):
        proof = vault.prove_entry(entry.seq, note)
        found = tracemark.check_proof(proof, public_keys=[vault.public_key], checkpoint=note)
        assert found.what == "entry" and found.entry is not None
        assert found.entry["body"] == entry.body and found.entry["seq"] == entry.seq
        held = json.loads(proof)
        hashes = [held["previous"], *held["path"]]
        assert all(len(bytes.fromhex(one)) == 32 for one in hashes)
        assert held["format"] == "tracemark-ledger-proof/1"
        assert proof.count('"body"') == 1
    with pytest.raises(UsageError, match="no entry 999"):
        vault.prove_entry(999, note)


def test_growth_is_proved_across_a_rotation(vault) -> None:
    note, first = vault.checkpoint(), vault.public_key
    issue(vault)
    vault.rotate_key()
    issue(vault, "acct:2")
    proof = vault.prove_growth(note)
    found = tracemark.check_proof(proof, public_keys=[first, vault.public_key], checkpoint=note)
    assert found.earlier is not None and found.earlier.size < found.checkpoint.size
    with pytest.raises(BadSignature, match="another key"):
        tracemark.check_proof(proof, public_keys=[vault.public_key])


FORGERIES = {
    "another recipient": lambda held: held["entry"]["body"].update(recipient="acct:2"),
    "another time": lambda held: held["entry"].update(time="2020-01-01T00:00:00.000000Z"),
    "another number": lambda held: held["entry"].update(seq=4),
    "another predecessor": lambda held: held.update(previous="00" * 32),
    "a path cut short": lambda held: held["path"].pop(),
    "a path drawn out": lambda held: held["path"].append("00" * 32),
    "another size": lambda held: held.update(checkpoint=held["checkpoint"].replace("\n1", "\n2")),
    "another root": lambda held: held.update(
        checkpoint=held["checkpoint"].replace(
            held["checkpoint"].split("\n")[2], base64.b64encode(bytes(32)).decode()
        )
    ),
    "another vault": lambda held: held.update(
        checkpoint=held["checkpoint"].replace("tracemark/ledger/", "tracemark/ledger/x")
    ),
    "another public key": lambda held: held.update(public_key="11" * 32),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_proof_is_refused(vault, forge) -> None:
    held = json.loads(vault.prove_entry(3))
    forge(held)
    with pytest.raises(BadSignature):
        tracemark.check_proof(json.dumps(held))


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": "tracemark-ledger-proof/1"}', "[" * 100_000, '"\\ud800"']
)
def test_what_is_no_proof_is_one_clear_line(text: str) -> None:
    with pytest.raises(UnreadableSample) as caught:
        tracemark.check_proof(text)
    assert caught.value.hint and "\n" not in str(caught.value)


def test_the_checkpoint_of_another_vault_is_refused(vault, tmp_path: Path) -> None:
    with tracemark.Vault.create(tmp_path / "other") as other:
        note = other.checkpoint()
    with pytest.raises(BadSignature, match="not one of this vault"):
        vault.verify_checkpoint(note)
    with pytest.raises(UnreadableSample):
        vault.verify_checkpoint("hello")


def test_a_proof_under_another_checkpoint_is_refused(vault) -> None:
    proof = vault.prove_entry(3)
    issue(vault)
    with pytest.raises(BadSignature, match="does not rest on the checkpoint given"):
        tracemark.check_proof(proof, checkpoint=vault.checkpoint())

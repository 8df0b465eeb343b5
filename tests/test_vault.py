import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

import tracemark
from tests.conftest import KEY
from tracemark.keys import EpochKey

ADDRESS = "浙江省杭州市西湖区文三路159号颐高数码广场3幢2单元501室"


def test_same_key_same_marks(tmp_path):
    """Two vaults with the same key mark alike: nothing but key, recipient and text counts."""
    marks = []
    for name in "ab":
        with tracemark.Vault.create(tmp_path / name, key=KEY) as vault:
            vault.add_recipient("station:YW-012", name="义乌北苑站", kind="station")
            marks.append(vault.mark_text(ADDRESS, to="station:YW-012"))
    assert marks[0] == marks[1] != ADDRESS


def test_a_vault_is_opened_again(tmp_path):
    """What was created is found again: recipients, key, ledger."""
    with tracemark.Vault.create(tmp_path / "v") as vault:
        vault.add_recipient("acct:1", name="一号", kind="account")
        marked = vault.mark_text(ADDRESS, to="acct:1")
    with tracemark.Vault.open(tmp_path / "v") as vault:
        assert [r.name for r in vault.recipients()] == ["一号"]
        assert [a.recipient for a in vault.trace(marked).accusations] == ["acct:1"]


def test_key_from_the_environment(tmp_path, monkeypatch):
    """With TRACEMARK_KEY set, no key is written anywhere in the vault."""
    monkeypatch.setenv("TRACEMARK_KEY", KEY.hex())
    with tracemark.Vault.create(tmp_path / "v") as vault:
        vault.add_recipient("acct:1")
        with pytest.raises(tracemark.UsageError, match="come from elsewhere"):
            vault.rotate_key()
    for path in (tmp_path / "v").iterdir():
        assert KEY.hex().encode() not in path.read_bytes() and KEY not in path.read_bytes()
    assert not (tmp_path / "v" / "keys").exists()
    monkeypatch.delenv("TRACEMARK_KEY")
    with pytest.raises(tracemark.KeyFault, match="no key"):
        tracemark.Vault.open(tmp_path / "v")


def test_another_key_is_not_accepted(tmp_path):
    """The ledger commits to its key: nobody can choose one afterwards."""
    tracemark.Vault.create(tmp_path / "v", key=KEY).close()
    (tmp_path / "v" / "keys").write_text(EpochKey(1, bytes(32)).line() + "\n")
    with pytest.raises(tracemark.KeyFault, match="not the one the ledger commits to"):
        tracemark.Vault.open(tmp_path / "v")


def test_a_rotation_broken_off_is_completed(tmp_path):
    """A key added to the file but not yet to the ledger is committed to at the next start."""
    with tracemark.Vault.create(tmp_path / "v", key=KEY) as vault:
        vault._provider.append()
    with tracemark.Vault.open(tmp_path / "v") as vault:
        assert [epoch["epoch"] for epoch in vault.epochs] == [1, 2]
        assert vault._ledger.epochs().keys() == {1, 2}
        assert not vault.verify_ledger().faults


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ("{", "damaged"),
        ("[]", "does not describe"),
        ('{"format": "tracemark-vault", "version": 2, "profile": "draft-1"}', "newer release"),
        ('{"format": "tracemark-vault", "version": 1, "profile": "9"}', "newer release"),
    ],
)
def test_bad_settings(tmp_path, settings, complaint):
    """A damaged vault, something else, or one of a later release: said in one line."""
    tracemark.Vault.create(tmp_path / "v", key=KEY).close()
    (tmp_path / "v" / "vault.json").write_text(settings)
    with pytest.raises(tracemark.VaultError, match=complaint) as caught:
        tracemark.Vault.open(tmp_path / "v")
    assert caught.value.hint


def test_creating_over_something_is_refused(tmp_path):
    """A folder with anything in it stays as it is."""
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / "file").write_text("mine")
    with pytest.raises(tracemark.VaultError, match="not an empty folder"):
        tracemark.Vault.create(tmp_path / "v")
    assert [p.name for p in (tmp_path / "v").iterdir()] == ["file"]
    with pytest.raises(tracemark.VaultError, match="no vault in"):
        tracemark.Vault.open(tmp_path / "nowhere")


def test_a_bad_key_leaves_no_folder(tmp_path):
    """A key of the wrong length is refused before anything is written."""
    with pytest.raises(tracemark.KeyFault):
        tracemark.Vault.create(tmp_path / "v", key=b"short")
    assert not (tmp_path / "v").exists()


def test_recipients_are_checked(tmp_path):
    """Kinds and ids that make no sense are refused; adding twice changes nothing."""
    with tracemark.Vault.create(tmp_path / "v", key=KEY) as vault:
        for recipient in ("", " x", "a\nb", "a\ud800"):
            with pytest.raises(tracemark.UsageError):
                vault.add_recipient(recipient)
        with pytest.raises(tracemark.UsageError, match="lone surrogate"):
            vault.mark_text(ADDRESS, to="a\ud800")
        with pytest.raises(tracemark.UsageError, match="unknown kind"):
            vault.add_recipient("x", kind="person")
        assert vault.add_recipients(["a", "b", "a"]) == 2
        assert vault.add_recipients(["b", "c"]) == 1
        assert [r.id for r in vault.recipients()] == ["a", "b", "c"]


def test_the_vault_shows_no_key(tmp_path):
    """Neither repr nor the list of epochs gives key material away."""
    with tracemark.Vault.create(tmp_path / "v", key=KEY) as vault:
        shown = repr(vault) + json.dumps(vault.epochs)
        assert KEY.hex() not in shown and "commitment" in shown


def test_of_many_who_make_a_vault_at_once_one_does(tmp_path):
    """And nobody takes away what another one has begun."""
    many = 6

    def make(folder, ready):
        ready.wait()
        try:
            tracemark.Vault.create(folder).close()
        except tracemark.VaultError as error:
            assert "not an empty folder" in str(error)
            return 0
        return 1

    with ThreadPoolExecutor(many) as threads:
        for turn in range(10):
            folder, ready = tmp_path / str(turn), Barrier(many)
            made = [threads.submit(make, folder, ready) for _ in range(many)]
            assert sum(one.result() for one in made) == 1
            with tracemark.Vault.open(folder) as vault:
                assert vault.verify_ledger().faults == ()
            assert {path.name for path in folder.iterdir()} == {
                "keys",
                "ledger.sqlite",
                "vault.json",
            }

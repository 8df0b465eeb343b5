import os
import pickle
import stat

import pytest

from tracemark.errors import KeyFault
from tracemark.keys import EnvironmentKeys, EpochKey, FileKeys, hkdf, parse_keys

MATERIAL = bytes(range(32))


def test_hkdf_is_rfc_5869_with_our_salt():
    """RFC 5869, spelled out a second time."""
    from hashlib import sha256
    from hmac import new

    def reference(material: bytes, info: bytes, length: int) -> bytes:
        key = new(b"tracemark/v1", material, sha256).digest()
        blocks = [b""]
        while sum(map(len, blocks)) < length:
            blocks.append(new(key, blocks[-1] + info + bytes([len(blocks)]), sha256).digest())
        return b"".join(blocks)[:length]

    for length in (1, 32, 33, 168):
        assert hkdf(MATERIAL, "tracemark/v1/x", length) == reference(
            MATERIAL, b"tracemark/v1/x", length
        )


def test_subkeys_differ_by_purpose_and_key():
    """No two purposes share a subkey, nor do two keys."""
    one, other = EpochKey(1, MATERIAL), EpochKey(1, MATERIAL[::-1])
    subkeys = {k.derive(p) for k in (one, other) for p in ("codeword", "bias", "slots/text")}
    assert len(subkeys) == 6


def test_a_key_shows_itself_nowhere(tmp_path):
    """Neither repr, pickle, errors nor the commitment give key material away."""
    key = EpochKey(1, MATERIAL)
    shown = repr(key) + str(key) + f"{key!r}" + key.commitment
    assert MATERIAL.hex() not in shown and MATERIAL.hex()[:16] not in shown
    with pytest.raises(TypeError):
        pickle.dumps(key)
    with pytest.raises(KeyFault) as caught:
        parse_keys(f"1:{MATERIAL.hex()}\n7:{MATERIAL.hex()}", where="here")
    assert MATERIAL.hex() not in str(caught.value) + caught.value.hint


def test_key_file_is_private_and_grows_by_rotation(tmp_path):
    """A key file has mode 0600 from its first byte, and a rotation keeps what was there."""
    keys = FileKeys(tmp_path / "keys")
    keys.append(MATERIAL)
    keys.append()
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o600
    held = keys.keys()
    assert [key.epoch for key in held] == [1, 2]
    assert held[0].commitment == EpochKey(1, MATERIAL).commitment
    assert [p.name for p in tmp_path.iterdir()] == ["keys"]


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX")
def test_a_key_file_open_to_others_is_refused(tmp_path):
    """A key that others can read is no key."""
    keys = FileKeys(tmp_path / "keys")
    keys.append(MATERIAL)
    (tmp_path / "keys").chmod(0o640)
    with pytest.raises(KeyFault, match="can be read by others"):
        keys.keys()


@pytest.mark.parametrize(
    "text",
    ["", "1:abcd", "2:" + "00" * 32, "x:" + "00" * 32, "1:" + "zz" * 32, "1:" + "00" * 31],
)
def test_malformed_keys_are_refused(text):
    """Anything but epochs 1, 2, 3 … with 64 hexadecimal digits each is refused."""
    with pytest.raises(KeyFault) as caught:
        parse_keys(text, where="the test")
    assert "the test" in str(caught.value) or "bytes instead" in str(caught.value)
    assert caught.value.hint


def parse_environment():
    provider = EnvironmentKeys()
    return provider.keys()


def test_keys_from_the_environment(monkeypatch):
    """TRACEMARK_KEY holds one bare key or several epochs."""
    monkeypatch.setenv("TRACEMARK_KEY", MATERIAL.hex())
    assert [k.epoch for k in parse_environment()] == [1]
    monkeypatch.setenv("TRACEMARK_KEY", f"1:{MATERIAL.hex()},2:{MATERIAL[::-1].hex()}")
    assert [k.epoch for k in parse_environment()] == [1, 2]
    monkeypatch.delenv("TRACEMARK_KEY")
    with pytest.raises(KeyFault, match="TRACEMARK_KEY"):
        parse_environment()

"""Keys: one root key for each epoch, one subkey for each purpose. SPEC 3.

Key material never appears in a repr, an error or the ledger; the ledger holds a commitment.
"""

from __future__ import annotations

import errno
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from tracemark.arguments import checked
from tracemark.errors import KeyFault
from tracemark.passphrases import passphrase
from tracemark.sealing import is_sealed, seal, unseal

ROOT_BYTES = 32
ISSUING = "tracemark-issuing-key/1"
_SALT = b"tracemark/v1"


def hkdf(material: bytes, label: str, length: int = 32) -> bytes:
    """Derive a subkey by HKDF-SHA256 (RFC 5869) with the label as info. SPEC 3.2.

    Parameters
    ----------
    material : bytes
        Input keying material.
    label : str
        Purpose, for example ``tracemark/v1/codeword``.
    length : int
        Bytes wanted, 1 to 8160.
    """
    pseudo_random_key = hmac.digest(_SALT, material, "sha256")
    info, block, out = label.encode(), b"", b""
    for counter in range(1, -(-length // 32) + 1):
        block = hmac.digest(pseudo_random_key, block + info + bytes([counter]), "sha256")
        out += block
    return out[:length]


class EpochKey:
    """The root key of one epoch. Hands out subkeys and a commitment, never itself.

    Parameters
    ----------
    epoch : int
        1 for the first key of a vault; each rotation adds one.
    material : bytes
        32 bytes.
    """

    __slots__ = ("_derived", "_material", "epoch")

    def __init__(self, epoch: int, material: bytes) -> None:
        if len(material) != ROOT_BYTES:
            raise KeyFault(
                f"the key of epoch {epoch} has {len(material)} bytes instead of {ROOT_BYTES}",
                hint="restore the key file from its backup",
            )
        self.epoch = epoch
        self._material = bytes(material)
        self._derived: dict[tuple[str, int], bytes] = {}  # every label wants the same few

    def __repr__(self) -> str:
        return f"EpochKey(epoch={self.epoch}, commitment={self.commitment[:12]}…)"

    def __reduce__(self) -> str:
        raise TypeError("keys are not pickled")

    def derive(self, label: str, length: int = 32) -> bytes:
        """Subkey for one purpose: ``derive("codeword")`` uses the label tracemark/v1/codeword."""
        wanted = label, length
        if wanted not in self._derived:
            self._derived[wanted] = hkdf(self._material, f"tracemark/v1/{label}", length)
        return self._derived[wanted]

    def held_codeword(self, profile: str, recipient: str) -> bytes | None:
        """A recipient's packed codeword where this key holds it as it is: see `IssuingKey`."""
        return None

    @property
    def commitment(self) -> str:
        """Hex SHA-256 that commits to this key without revealing it. SPEC 3.3."""
        return hashlib.sha256(b"tracemark/v1/commitment" + self._material).hexdigest()

    def line(self) -> str:
        """One line for a key file: epoch and hex key. The only way key material leaves."""
        return f"{self.epoch}:{self._material.hex()}"


class IssuingKey(EpochKey):
    """Enough of an epoch's key to mark for some recipients, too little to trace. SPEC 3.6.

    Parameters
    ----------
    epoch : int
    commitment : str
        Of the epoch's root key, which is not held.
    subkeys : mapping of str to bytes
        By purpose.
    codewords : mapping of (str, str) to bytes
        By profile and recipient, packed.
    """

    __slots__ = ("_codewords", "_commitment", "_subkeys")

    def __init__(
        self,
        epoch: int,
        commitment: str,
        subkeys: Mapping[str, bytes],
        codewords: Mapping[tuple[str, str], bytes],
    ) -> None:
        super().__init__(epoch, bytes(ROOT_BYTES))  # no root key: nothing is derived from zeros
        self._commitment = commitment
        self._subkeys = dict(subkeys)
        self._codewords = dict(codewords)

    def derive(self, label: str, length: int = 32) -> bytes:
        """A subkey that is held. Raises KeyFault for any other."""
        if label not in self._subkeys:
            raise KeyFault(
                "this is an issuing key: it marks, and cannot trace, sign or hand out keys",
                hint="open the vault with its whole key",
            )
        return self._subkeys[label]

    def held_codeword(self, profile: str, recipient: str) -> bytes | None:
        """A codeword that is held. Raises KeyFault for any other recipient."""
        if (profile, recipient) not in self._codewords:
            raise KeyFault(
                f"this issuing key is not for the recipient '{recipient}'",
                hint="ask the vault's owner: tracemark key issuer",
            )
        return self._codewords[profile, recipient]

    @property
    def commitment(self) -> str:
        """Commitment to the epoch's root key."""
        return self._commitment

    def line(self) -> str:
        """There is none. Raises KeyFault."""
        raise KeyFault("an issuing key is not added to", hint="ask the vault's owner for another")


class KeyProvider(Protocol):
    """Where a vault's keys come from: a file, the environment, or a system of your own."""

    def keys(self) -> Sequence[EpochKey]:
        """All epochs' keys, oldest first. Raises KeyFault where there are none."""
        ...


class FileKeys:
    """Keys in a file of mode 0600, one line ``epoch:hex`` for each epoch, oldest first.

    The file may be sealed with a passphrase: see `seal`.
    """

    @checked
    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def keys(self) -> Sequence[EpochKey]:
        """Read the file.

        Raises
        ------
        KeyFault
            If it is missing, malformed, open to others, or sealed with another passphrase.
        MissingExtra
            If it is sealed, without the extra ``seal``.
        """
        return parse_keys(self._opened(), where=str(self.path))

    @property
    def sealed(self) -> bool:
        """Whether the file is sealed."""
        return is_sealed(self._text())

    def append(self, material: bytes | None = None) -> EpochKey:
        """Add the key of the next epoch, a fresh one unless given, and return it.

        The file is replaced in one step, so that a crash leaves the old keys or the new ones; a
        sealed file stays sealed.
        """
        there = self.path.exists()
        held = list(self.keys()) if there else []
        fresh = EpochKey(len(held) + 1, material or secrets.token_bytes(ROOT_BYTES))
        text = _lines([*held, fresh])
        self._write(seal(text, passphrase(self.path)) if there and self.sealed else text)
        return fresh

    def seal(self, secret: str) -> None:
        """Seal the file with a passphrase, or with another one than before. SPEC 3.5.

        Who has neither passphrase nor an unsealed backup loses every mark for good.

        Raises
        ------
        KeyFault
            If the passphrase has fewer than 12 characters.
        MissingExtra
            Without the extra ``seal``.
        """
        self._write(seal(self._opened(), secret))

    def unseal(self) -> None:
        """Write the keys as plain lines again, mode 0600."""
        self._write(self._opened())

    def _text(self) -> str:
        try:
            with self.path.open(encoding="ascii") as file:
                mode = os.fstat(file.fileno()).st_mode  # of the very file that is read
                text = file.read()
        except FileNotFoundError:
            raise KeyFault(
                f"no key: {self.path} is missing",
                hint="restore the key file from its backup, or set TRACEMARK_KEY",
            ) from None
        except (OSError, UnicodeDecodeError):
            raise KeyFault(
                f"the key file {self.path} cannot be read",
                hint="check its owner and permissions",
            ) from None
        if os.name == "posix" and mode & 0o077:
            raise KeyFault(
                f"the key file {self.path} can be read by others (mode {mode & 0o777:03o})",
                hint=f"chmod 600 {self.path}",
            )
        return text

    def _write(self, text: str) -> None:
        try:
            write_key_file(self.path, text)
        except OSError as error:
            raise KeyFault(
                f"the key file {self.path} cannot be written: {error.strerror}",
                hint="check that its folder exists and can be written",
            ) from None

    def _opened(self) -> str:
        text = self._text()
        return (
            unseal(text, passphrase(self.path), where=str(self.path)) if is_sealed(text) else text
        )


def write_key_file(path: Path, text: str) -> None:
    """Replace a file in one step by one that only its owner can read."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _lines(keys: Sequence[EpochKey]) -> str:
    return "".join(key.line() + "\n" for key in keys)


class EnvironmentKeys:
    """Keys in the environment variable TRACEMARK_KEY, lines or commas between epochs."""

    def __init__(self, variable: str = "TRACEMARK_KEY") -> None:
        self.variable = variable

    def keys(self) -> Sequence[EpochKey]:
        """Parse the variable. Raises KeyFault if it is unset or malformed."""
        return parse_keys(os.environ.get(self.variable, ""), where=self.variable)


def parse_keys(text: str, *, where: str) -> Sequence[EpochKey]:
    """Read an issuing key, or ``epoch:hex`` lines; 64 hex digits alone are the key of epoch 1.

    Parameters
    ----------
    text : str
        Lines, or the same separated by commas.
    where : str
        Named in errors instead of the contents.
    """
    if text.lstrip().startswith("{"):
        return _issuing_keys(text, where)
    hint = "each line is EPOCH:64 hexadecimal digits, epochs 1, 2, 3, …"
    keys: list[EpochKey] = []
    for number, line in enumerate(text.replace(",", "\n").split(), start=1):
        epoch, colon, digits = line.rpartition(":")
        try:
            key = EpochKey(int(epoch) if colon else 1, bytes.fromhex(digits))
        except ValueError:
            raise KeyFault(f"entry {number} of {where} is not a key", hint=hint) from None
        if key.epoch != number:
            raise KeyFault(f"entry {number} of {where} is not epoch {number}", hint=hint)
        keys.append(key)
    if not keys:
        raise KeyFault(f"no key in {where}", hint=hint)
    return keys


def _issuing_keys(text: str, where: str) -> Sequence[EpochKey]:
    try:
        held = json.loads(text)
        if held["format"] != ISSUING:
            raise ValueError
        profile, latest = str(held["profile"]), len(held["epochs"])
        codewords = {(profile, id): bytes.fromhex(bits) for id, bits in held["codewords"].items()}
        return [
            IssuingKey(
                number,
                str(one["commitment"]),
                {purpose: bytes.fromhex(subkey) for purpose, subkey in one["subkeys"].items()},
                codewords if number == latest else {},
            )
            for number, one in enumerate(held["epochs"], start=1)
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise KeyFault(
            f"{where} is no key file that this release can read",
            hint="restore the key file from its backup, or upgrade tracemark",
        ) from None

"""Keys at rest under a passphrase: scrypt (RFC 7914), then AES-256-GCM. SPEC 3.5."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tracemark.errors import KeyFault, MissingExtra

FORMAT = "tracemark-sealed-keys/1"
_COST, _BLOCK, _LANES = 1 << 17, 8, 1  # 128 MiB, about half a second
_MOST = 1 << 20  # a file that asks for more is refused: opening it must not fill the memory
_SHORTEST = 12


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed key file, read but not opened.

    Attributes
    ----------
    cost : int
        Parameter N of scrypt.
    salt, nonce, content : bytes
    """

    cost: int
    salt: bytes
    nonce: bytes
    content: bytes

    def header(self) -> bytes:
        """What is authenticated beside the content."""
        return f"{FORMAT}\n{self.cost} {_BLOCK} {_LANES}\n{self.salt.hex()}\n".encode()


def is_sealed(text: str) -> bool:
    """Whether a key file is a sealed one."""
    return text.lstrip().startswith("{") and "tracemark-sealed-keys/" in text


def seal(text: str, passphrase: str, *, cost: int = _COST) -> str:
    """Seal the text of a key file.

    Raises
    ------
    KeyFault
        If the passphrase has fewer than 12 characters.
    MissingExtra
        Without the extra ``seal``.
    """
    if len(passphrase) < _SHORTEST:
        raise KeyFault(
            f"the passphrase has fewer than {_SHORTEST} characters",
            hint="use several words, and write them down where the key's backup is not",
        )
    empty = Sealed(cost, secrets.token_bytes(16), secrets.token_bytes(12), b"")
    cipher = _cipher(_stretched(passphrase, empty.salt, cost))
    content = cipher.encrypt(empty.nonce, text.encode(), empty.header())
    held = {
        "format": FORMAT,
        "scrypt": {"n": cost, "r": _BLOCK, "p": _LANES, "salt": empty.salt.hex()},
        "nonce": empty.nonce.hex(),
        "content": content.hex(),
    }
    return json.dumps(held, indent=2) + "\n"


def unseal(text: str, passphrase: str, *, where: str) -> str:
    """The text of a key file that was sealed.

    Raises
    ------
    KeyFault
        If the passphrase is wrong, or the file was changed or is damaged.
    MissingExtra
        Without the extra ``seal``.
    """
    sealed = _parsed(text, where)
    cipher, broken = _cipher(_stretched(passphrase, sealed.salt, sealed.cost)), _broken()
    try:
        opened: bytes = cipher.decrypt(sealed.nonce, sealed.content, sealed.header())
    except broken:
        raise KeyFault(
            f"{where} does not open: the passphrase is wrong, or the file was changed",
            hint="check TRACEMARK_PASSPHRASE, or restore the key file from its backup",
        ) from None
    return opened.decode("ascii")


def _parsed(text: str, where: str) -> Sealed:
    try:
        held = json.loads(text)
        cost = held["scrypt"]["n"]
        parts = (held["scrypt"]["salt"], held["nonce"], held["content"])
        salt, nonce, content = map(bytes.fromhex, parts)
        if held["format"] != FORMAT or (held["scrypt"]["r"], held["scrypt"]["p"]) != (
            _BLOCK,
            _LANES,
        ):
            raise ValueError
        if not (isinstance(cost, int) and 2 <= cost <= _MOST and cost & (cost - 1) == 0):
            raise ValueError
        if len(nonce) != 12 or len(salt) < 8:
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise KeyFault(
            f"{where} is no key file that this release can read",
            hint="restore the key file from its backup, or upgrade tracemark",
        ) from None
    return Sealed(cost, salt, nonce, content)


@lru_cache(maxsize=4)  # a service opens the vault for each request
def _stretched(passphrase: str, salt: bytes, cost: int) -> bytes:
    memory = 2 * 128 * _BLOCK * cost
    return hashlib.scrypt(
        passphrase.encode(errors="surrogateescape"),
        salt=salt,
        n=cost,
        r=_BLOCK,
        p=_LANES,
        maxmem=memory,
        dklen=32,
    )


def _cipher(key: bytes) -> Any:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError:
        raise MissingExtra("seal", "a sealed key file") from None
    return AESGCM(key)


def _broken() -> type[Exception]:
    from cryptography.exceptions import InvalidTag

    return InvalidTag

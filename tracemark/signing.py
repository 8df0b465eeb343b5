"""Ed25519 signatures of a vault (RFC 8032): case files and checkpoints. SPEC 8.6, 9.9.3."""

from __future__ import annotations

from typing import Any

from tracemark.errors import MissingExtra
from tracemark.keys import EpochKey

_PURPOSE = "sign"


def public_key(key: EpochKey) -> str:
    """The public half of the epoch's key for signing: 64 hexadecimal digits. SPEC 8.6."""
    return str(_private(key).public_key().public_bytes_raw().hex())


def sign(key: EpochKey, message: bytes) -> bytes:
    """Signature of the epoch's key: 64 bytes. Raises MissingExtra."""
    return bytes(_private(key).sign(message))


def holds(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature is one of this public key over this message. Raises MissingExtra."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        raise MissingExtra("sign", "checking a signature") from None
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _private(key: EpochKey) -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    except ImportError:
        raise MissingExtra("sign", "signing") from None
    return Ed25519PrivateKey.from_private_bytes(key.derive(_PURPOSE))

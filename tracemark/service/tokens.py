"""Who may have copies marked, and for whom: bearer tokens, of which only a digest is kept.

A token is bound to one recipient, or to all whose ids begin so: a station's printing PC can be
given one with which nothing but that station's own copies can be asked for.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from tracemark.distant import folder_of
from tracemark.errors import UsageError, VaultError

_FILE = "tokens.json"
_FORMAT = "tracemark-tokens/1"


@dataclass(frozen=True, slots=True)
class Grant:
    """What one token allows.

    Attributes
    ----------
    id : str
        Eight hexadecimal digits, the token's name in lists; part of the token.
    recipient : str
        Recipient id, or what the ids begin with where `prefix` is set.
    prefix : bool
    issued : str
        ISO 8601, UTC.
    revoked : str
        The same; empty while the token holds.
    digest : str
        Hexadecimal SHA-256 of the token.
    """

    id: str
    recipient: str
    prefix: bool
    issued: str
    revoked: str
    digest: str

    def allows(self, recipient: str) -> bool:
        """Whether copies for this recipient may be asked for."""
        return recipient.startswith(self.recipient) if self.prefix else recipient == self.recipient


class Tokens:
    """The tokens of a vault, in a file beside its ledger that only its owner can read.

    Parameters
    ----------
    vault : path or str
        Folder of the vault, or the address of its ledger: the file is in the folder of its keys.
    """

    def __init__(self, vault: str | os.PathLike[str]) -> None:
        self._path = folder_of(vault) / _FILE
        self._stamp: tuple[int, int] | None = None
        self._grants: dict[str, Grant] = {}

    def issue(self, recipient: str, *, prefix: bool = False) -> str:
        """Make a token and return it; it cannot be shown again.

        Parameters
        ----------
        recipient : str
            Recipient id, or with `prefix` what the ids begin with.

        Raises
        ------
        VaultError
            If the vault's folder cannot be written.
        """
        token_id = secrets.token_hex(4)
        token = f"tm_{token_id}_{secrets.token_urlsafe(32)}"
        grant = Grant(token_id, recipient, prefix, _now(), "", _digest(token))
        with self._writing() as grants:
            grants[token_id] = grant
        return token

    def revoke(self, token_id: str) -> None:
        """Let a token hold no longer.

        Raises
        ------
        UsageError
            If there is none of that id.
        VaultError
            If the vault's folder cannot be written.
        """
        with self._writing() as grants:
            if token_id not in grants:
                raise UsageError(f"no token {token_id}", hint="tracemark token list")
            if not grants[token_id].revoked:
                grants[token_id] = replace(grants[token_id], revoked=_now())

    def list(self) -> list[Grant]:
        """All tokens ever issued, oldest first."""
        self._read()
        return list(self._grants.values())

    def grant(self, token: str) -> Grant | None:
        """What a token allows; None where it was never issued or holds no longer."""
        self._read()
        parts = token.split("_", 2)
        found = self._grants.get(parts[1]) if len(parts) == 3 else None
        digest = _digest(token)
        if found is None or not hmac.compare_digest(found.digest, digest) or found.revoked:
            return None
        return found

    def _read(self) -> None:
        """Read the file again where it has changed: a token that is revoked fails at once."""
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_ino)
            if stamp == self._stamp:
                return
            held = json.loads(self._path.read_text(encoding="utf-8"))
            if held["format"] != _FORMAT:
                raise ValueError(held["format"])
            self._grants = {entry["id"]: Grant(**entry) for entry in held["tokens"]}
            self._stamp = stamp
        except FileNotFoundError:
            self._grants, self._stamp = {}, None
        except (ValueError, KeyError, TypeError):
            raise VaultError(
                f"{self._path} is not a list of tokens", hint="restore it from its backup"
            ) from None

    @contextmanager
    def _writing(self) -> Iterator[dict[str, Grant]]:
        """Change the tokens, one writer at a time; the file is replaced whole."""
        try:
            with (self._path.parent / (_FILE + ".lock")).open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._read()
                grants = dict(self._grants)
                yield grants
                beside = self._path.with_name(_FILE + ".new")
                body = {"format": _FORMAT, "tokens": [asdict(grant) for grant in grants.values()]}
                owned = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(owned, "w", encoding="utf-8") as file:
                    json.dump(body, file, ensure_ascii=False, indent=2)
                beside.replace(self._path)
        except OSError as error:
            raise VaultError(
                f"cannot write {self._path}: {(error.strerror or 'no reason given').lower()}",
                hint="check who owns the vault's folder",
            ) from None


def _digest(token: str) -> str:
    # a token holds 256 random bits: there is nothing to stretch
    return hashlib.sha256(b"tracemark/v1/token" + token.encode()).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

"""Vaults whose ledger is in a database: their keys stay in a folder or the environment.

The folder, named by TRACEMARK_KEYS, holds what is not in the ledger: the key file, and the pool of
decoys. SPEC 9.10.3.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any, TypeAlias

from tracemark.errors import LedgerError, VaultError
from tracemark.keys import ROOT_BYTES, EpochKey, FileKeys, KeyProvider
from tracemark.ledger import Ledger
from tracemark.ledger.postgres_link import is_address, shown
from tracemark.profiles import CURRENT, PROFILES, Profile

VARIABLE = "TRACEMARK_KEYS"
DEFAULT = "tracemark-vault"
_KEYS = "keys"

Parts: TypeAlias = "tuple[Path, Profile, KeyProvider, Ledger]"


def folder_of(vault: str | os.PathLike[str]) -> Path:
    """The folder of a vault, or the one that goes with the address of a database."""
    return Path(os.environ.get(VARIABLE) or DEFAULT) if is_address(vault) else Path(vault)


def create(address: str, key: bytes | None, keys: KeyProvider | None) -> Parts:
    """Lay a ledger out in a database, with a fresh key unless there is one.

    Raises
    ------
    VaultError
        If there is a ledger or a key file already, or either cannot be written.
    KeyFault
        If a given key is malformed.
    """
    folder = folder_of(address)
    file = None
    provider = keys if key is None else None
    if provider is None:
        provider = file = FileKeys(folder / _KEYS)
        _first_key(file, key or secrets.token_bytes(ROOT_BYTES))
    try:
        ledger = Ledger.create(
            address, vault_id=secrets.token_hex(8), profile=CURRENT.name, keys=provider.keys()
        )
    except BaseException:
        if file:
            file.path.unlink()
        raise
    return folder, CURRENT, provider, ledger


def open_(address: str, keys: KeyProvider | None) -> Parts:
    """Open the ledger in a database.

    Raises
    ------
    VaultError
        If there is none, or one of a newer version.
    KeyFault
        If a key is missing, malformed, or not the one that the ledger commits to.
    """
    folder = folder_of(address)
    provider = keys or FileKeys(folder / _KEYS)
    at_hand = provider.keys()
    ledger = Ledger.open(address, at_hand)
    profile = PROFILES.get(str(ledger.genesis.get("profile")))
    if profile is None:
        ledger.close()
        raise VaultError(
            f"the vault at {shown(address)} was made by a newer release", hint="upgrade tracemark"
        )
    for key in at_hand[len(ledger.epochs()) :]:  # a rotation that was broken off
        ledger.add_epoch(key)
    return folder, profile, provider, ledger


def redirect(folder: Path, settings: str, ledger: str, address: str) -> None:
    """Have a vault's settings name the database, and put the retired file aside.

    Raises VaultError if the folder cannot be written.
    """
    try:
        told: dict[str, Any] = json.loads((folder / settings).read_text(encoding="utf-8"))
        beside = folder / (settings + ".new")
        beside.write_text(
            json.dumps({**told, "ledger": shown(address)}, indent=2) + "\n", encoding="utf-8"
        )
        beside.replace(folder / settings)
        (folder / ledger).replace(folder / (ledger + ".moved"))
    except OSError as error:
        raise LedgerError(
            f"the ledger has moved, but {folder / settings} cannot say so: {error.strerror}",
            hint=f'add "ledger": "{shown(address)}" to it',
        ) from None


def _first_key(file: FileKeys, material: bytes) -> None:
    EpochKey(1, material)
    if file.path.exists():
        raise VaultError(
            f"there is a key already: {file.path}",
            hint=f"name another folder in {VARIABLE}, or open the vault that is there",
        )
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        file.append(material)
    except OSError as error:
        raise VaultError(
            f"the key file {file.path} cannot be written: {error.strerror}",
            hint=f"name a folder that can be written in {VARIABLE}",
        ) from None

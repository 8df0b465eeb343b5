"""The pool of decoys of a vault: a file that the ledger vouches for. SPEC 14.1."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from tracemark.access.identifiers import of_row
from tracemark.codeword import codeword_of
from tracemark.decoys import Pool, Row, mixed_in
from tracemark.errors import UsageError, VaultError
from tracemark.keys import EpochKey
from tracemark.ledger import Ledger
from tracemark.ledger.fingerprints import normal
from tracemark.profiles import Profile
from tracemark.text.roles import role_of_header

MOST = 0.1  # decoys for each row
_FILE, _FRESH = "decoys.jsonl", "decoys.jsonl.new"


def load(folder: Path, ledger: Ledger) -> Pool:
    """The decoys of the vault in a folder.

    Raises
    ------
    VaultError
        If the file is not the one that the ledger vouches for.
    """
    vouched = ledger.decoys()
    if vouched is None:
        return Pool([], normal)
    # the second is there where an addition was broken off after the ledger vouched for it
    for name in (_FILE, _FRESH):
        with suppress(OSError):
            content = (folder / name).read_bytes()
            if hashlib.sha256(content).hexdigest() == vouched:
                return Pool(map(json.loads, content.splitlines()), normal)
    raise VaultError(
        f"{folder / _FILE} is not what the ledger vouches for", hint="restore it from a backup"
    )


def add(folder: Path, ledger: Ledger, those: Iterable[Row]) -> int:
    """Add decoys to the pool; those known already are passed over. Returns how many were added."""
    held = load(folder, ledger)
    grown = Pool([*held.rows, *those], normal)
    if len(grown) > len(held):
        content, beside = grown.lines(), folder / _FRESH
        folder.mkdir(parents=True, exist_ok=True)  # where keys and ledger are elsewhere
        beside.touch(0o600)
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        ledger.record_decoys(len(grown), hashlib.sha256(content).hexdigest())
        beside.replace(folder / _FILE)
    return len(grown) - len(held)


def seeded(
    rows: Iterable[Row], pool: Pool, key: EpochKey, profile: Profile, recipient: str, rate: float
) -> Iterator[Row]:
    """The rows with the recipient's decoys behind some of them. SPEC 14.4.

    Raises
    ------
    UsageError
        At the call, if there is no decoy or the rate is not between 0 and 0.1.
    """
    if not 0 < rate <= MOST:
        raise UsageError(f"a part of {rate:g} decoys", hint=f"above 0, at most {MOST:g}")
    if not len(pool):
        raise UsageError("this vault has no decoys", hint="add some with Vault.add_decoys")
    subkey = key.derive("slots/decoy")
    dealt = pool.dealt_to(codeword_of(key, profile, recipient), subkey, profile)
    return mixed_in(rows, dealt, rate, subkey, role_of_header)


def without(pool: Pool, rows: Iterable[Row]) -> Iterator[Row]:
    """The rows that are no decoys."""
    for row in rows:
        texts = {str(column): value for column, value in row.items() if isinstance(value, str)}
        if not pool.find([of_row(tuple(texts), tuple(texts.values()))]):
            yield row

"""Where a ledger is kept: a file, or a database that is named by its address."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from tracemark.errors import UsageError
from tracemark.ledger.chain import Seals
from tracemark.ledger.postgres_link import is_address
from tracemark.ledger.store import Store

Place: TypeAlias = "Path | str"  # a file, or ``postgresql://…``


def create_store(place: Place, seals: Seals) -> Store:
    """Make the tables where there are none yet."""
    if isinstance(place, Path):
        return Store.create(place, seals)
    from tracemark.ledger.postgres import PostgresStore

    return PostgresStore.lay_out(_address(place), seals)


def open_store(place: Place, seals: Seals, patience: float) -> Store:
    """Open what `create_store` made."""
    if isinstance(place, Path):
        return Store(place, seals, patience=patience)
    from tracemark.ledger.postgres import PostgresStore

    return PostgresStore(_address(place), seals, patience=patience)


def _address(place: str) -> str:
    if not is_address(place):
        raise UsageError(f"not the address of a ledger: {place[:12]!a}…", hint="postgresql://…")
    return place

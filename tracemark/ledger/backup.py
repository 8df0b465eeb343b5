"""Backups: a copy of the ledger as it stood at one moment, while others go on writing. SPEC 9.8."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from tracemark.errors import LedgerError
from tracemark.ledger.store import Store, faults


def backup(store: Store, target: Path) -> None:
    """Copy the ledger to a file that is not there yet; it appears whole or not at all.

    Raises
    ------
    LedgerError
        If the file is there already, or cannot be written.
    """
    try:
        if target.exists():
            raise LedgerError(f"there is a file already: {target}", hint="name another file")
        beside = target.with_name(target.name + ".new")
        beside.unlink(missing_ok=True)
        os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            _copy(store, beside)
            _sync(beside)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise LedgerError(
            f"the backup {target} cannot be written: {error.strerror}",
            hint="check that its folder exists, can be written and has space",
        ) from None


def _copy(store: Store, path: Path) -> None:
    with faults(path):
        copy = sqlite3.connect(path, isolation_level=None)
        try:
            store.copy_to(copy)
            copy.execute("PRAGMA journal_mode = WAL")  # SPEC 9.1; closing leaves one file
        finally:
            copy.close()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""The pool of decoys of a vault: a file that the ledger vouches for. SPEC 14.1."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from tracemark.arguments import mappings
from tracemark.codeword import codeword_of
from tracemark.decoys import Dealer, Pool, Row
from tracemark.errors import UsageError, VaultError
from tracemark.keys import EpochKey
from tracemark.ledger import Ledger
from tracemark.ledger.fingerprints import normal
from tracemark.profiles import Profile
from tracemark.tables import Document
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
        try:
            folder.mkdir(parents=True, exist_ok=True)  # where keys and ledger are elsewhere
            beside.touch(0o600)
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            ledger.record_decoys(len(grown), hashlib.sha256(content).hexdigest())
            beside.replace(folder / _FILE)
        except OSError as error:
            raise VaultError(
                f"the decoys cannot be written to {folder}: {error.strerror}",
                hint="check that it can be written and has space",
            ) from None
    return len(grown) - len(held)


def dealer(pool: Pool, key: EpochKey, profile: Profile, recipient: str, rate: float) -> Dealer:
    """What mixes the recipient's decoys into a copy. SPEC 14.4.

    Raises
    ------
    UsageError
        If there is no decoy or the rate is not between 0 and 0.1.
    """
    if not 0 < rate <= MOST:
        raise UsageError(f"a part of {rate:g} decoys", hint=f"above 0, at most {MOST:g}")
    if not len(pool):
        raise UsageError(
            "this vault has no decoys", hint="add some: Vault.add_decoys, tracemark decoys add"
        )
    subkey = key.derive("slots/decoy")
    dealt = pool.dealt_to(codeword_of(key, profile, recipient), subkey, profile)
    return Dealer(dealt, rate, subkey, role_of_header)


def seeded(rows: Iterable[Row], among: Dealer) -> Iterator[Row]:
    """The rows, with decoys behind some of them."""
    for row in rows:
        yield row
        if (decoy := among.behind(row)) is not None:
            yield decoy


class SeededTable:
    """The bytes of a delimited table with decoys behind some of its rows.

    Only rows on one line that have a cell for each column are followed by one; everything that
    stands in the table stays as it is.

    Parameters
    ----------
    document : Document
    among : Dealer

    Raises
    ------
    UsageError
        If it is no delimited table, or does not name each column once.
    """

    def __init__(self, document: Document, among: Dealer) -> None:
        names = document.headers or []
        if document.kind not in ("csv", "tsv") or not names or len({*names}) < len(names):
            raise UsageError(
                f"decoys cannot be mixed into {document.name}",
                hint="into CSV and TSV with a header row that names each column once;"
                " Vault.mark_rows mixes them into rows of any origin",
            )
        self._document, self._names, self._among = document, names, among
        self._pieces = self._rendered()

    def read(self, size: int, /) -> bytes:
        """The next bytes, about so many; none at the end."""
        held, length = [], 0
        while length < size and (piece := next(self._pieces, "")):
            held.append(piece)
            length += len(piece)
        return self._document.encode("".join(held))

    def _rendered(self) -> Iterator[str]:
        for row in self._document.rows():
            yield row.raw
            whole = row.spans is None and row.raw.endswith(("\n", "\r"))
            if whole and len(row.values) == len(self._names):
                decoy = self._among.behind(dict(zip(self._names, row.values, strict=True)))
                if decoy is not None:
                    yield self._document.render(row, list(decoy.values()))


def without(pool: Pool, rows: Iterable[Row]) -> Iterator[Row]:
    """The rows that are no decoys."""
    for row in mappings(rows):
        texts = {str(column): value for column, value in row.items() if isinstance(value, str)}
        if not pool.holds(tuple(texts), tuple(texts.values())):
            yield row

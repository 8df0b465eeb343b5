"""The hash chain: what an entry is, how entries are linked, how the head is sealed. SPEC 9.2.

Anyone can check that the chain holds together; only a holder of the vault's key can write a head
for it, so that neither a tail cut off nor a chain recomputed from an edited entry goes unnoticed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from tracemark.errors import KeyFault
from tracemark.keys import EpochKey

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

START = bytes(32)  # what the first entry is linked to

_SPELL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the ledger.

    Attributes
    ----------
    seq : int
        1 for the first entry; each adds one.
    time : str
        UTC, ISO 8601 with microseconds, as the writer's clock had it.
    kind : str
        ``genesis``, ``epoch``, ``recipients``, ``issue``, ``batch``, ``close``, ``case``,
        ``custody``, ``decoys``, ``prune``, ``revocation``.
    body : dict
        What happened; the keys depend on the kind.
    hash : bytes
        32 bytes that depend on this entry and on all before it.
    """

    seq: int
    time: str
    kind: str
    body: dict[str, Json]
    hash: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: number and hash of the last entry.

    Written down elsewhere (in a case file, in a notary's book) it proves later that the ledger
    still holds everything it held then.
    """

    seq: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash.hex()}"

    @classmethod
    def parse(cls, text: str) -> Head:
        """The head that `str` gave. Raises ValueError for anything else."""
        number, _, digits = text.partition(":")
        head = cls(int(number), bytes.fromhex(digits))
        if head.seq < 1 or len(head.hash) != len(START):
            raise ValueError("not a ledger head")
        return head


def canonical(value: Json) -> str:
    """Canonical JSON: RFC 8785 without fractions. SPEC 9.2.1.

    Keys sorted, no spaces, nothing escaped that need not be. Fractions, whose spelling differs
    between languages, are no part of the type: entries hold them as strings.
    """
    return _SPELL(value)


def link(previous: bytes, seq: int, time: str, kind: str, body: str) -> bytes:
    """Hash of an entry whose body is given as canonical JSON: 32 bytes. SPEC 9.2.2."""
    text = f'{{"body":{body},"kind":{canonical(kind)},"seq":{seq},"time":{canonical(time)}}}'
    return hashlib.sha256(previous + text.encode()).digest()


def stamp(moment: datetime) -> str:
    """A moment with a time zone as entries carry it: UTC, microseconds, sortable as text."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def now() -> str:
    """The time as entries carry it. It may go backwards: nothing depends on its order."""
    return stamp(datetime.now(UTC))


class Seals:
    """The keyed seal on the head, one subkey for each epoch. SPEC 9.2.3.

    Parameters
    ----------
    keys : iterable of EpochKey
    """

    def __init__(self, keys: Iterable[EpochKey]) -> None:
        self._subkeys = {key.epoch: key.derive("ledger") for key in keys}

    def require(self, epoch: int) -> None:
        """Raise KeyFault if the key of this epoch is not at hand."""
        if epoch not in self._subkeys:
            raise KeyFault(
                f"the ledger has moved on to epoch {epoch}, whose key is not at hand",
                hint="open the vault again with all its keys",
            )

    def mac(self, epoch: int, head: Head) -> bytes:
        """HMAC-SHA256 over number and hash under the epoch's ledger subkey: 32 bytes."""
        return hmac.digest(self._subkeys[epoch], head.seq.to_bytes(8, "big") + head.hash, "sha256")

    def hold(self, epoch: int, head: Head, mac: bytes) -> bool:
        """Whether the head was sealed with the epoch's key."""
        return epoch in self._subkeys and hmac.compare_digest(self.mac(epoch, head), mac)

"""Decoys: rows of identities that the user owns, dealt out by codeword. SPEC 14.

A carrier like the others: it is handed a codeword and its own subkey. A decoy stands in the copies
of one recipient in sixteen, those whose codeword shows four keyed bits; found in a leak, it is a
vote for each of the four. That it is absent says nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracemark.access.identifiers import Identifiers, of_row
from tracemark.errors import UsageError
from tracemark.model import Reading
from tracemark.profiles import Profile

CARRIER = "decoy"
BITS = 4  # positions of a decoy: one recipient in 2**BITS gets it
_PERSONAL = ("name", "phone", "address", "id")

Normal = Callable[[str, Sequence[str]], list[bytes]]  # kind and texts to their normal forms
Role = Callable[[str], str | None]  # the role that a header names
Row = Mapping[str, Any]


class Pool:
    """The decoys of a vault.

    Parameters
    ----------
    rows : iterable of mapping
        Column name to text. Each has a whole phone number or a waybill or order number.
    normal : callable
        Normal forms of identifiers, empty where there is none.

    Raises
    ------
    UsageError
        If a row is no mapping of texts, or has nothing to be told by.
    """

    def __init__(self, rows: Iterable[Row], normal: Normal) -> None:
        self.rows: list[dict[str, str]] = []
        self._normal = normal
        self._identities: list[bytes] = []
        self._known: dict[bytes, int] = {}
        for number, row in enumerate(rows, start=1):
            if not isinstance(row, Mapping) or not _is_text([*row, *row.values()]):
                raise UsageError(
                    f"decoy {number} is not a mapping from column name to text",
                    hint="for example {'收件人': …, '手机': …, '地址': …}",
                )
            told = of_row(tuple(row), tuple(row.values()))
            identities = self._identities_of(told.waybills, told.phones)
            if not identities:
                raise UsageError(
                    f"decoy {number} has no phone and no waybill number to be found again by",
                    hint="a whole number, under a header such as 手机 or 运单号",
                )
            if identities[0] in self._known:
                continue  # the same identity again
            for identity in identities:
                self._known.setdefault(identity, len(self.rows))
            self._identities.append(identities[0])
            self.rows.append(dict(row))

    def __len__(self) -> int:
        return len(self.rows)

    def lines(self) -> bytes:
        """The rows as JSON Lines."""
        return b"".join(
            json.dumps(row, ensure_ascii=False, sort_keys=True).encode() + b"\n"
            for row in self.rows
        )

    def dealt_to(
        self, codeword: NDArray[np.uint8], subkey: bytes, profile: Profile
    ) -> list[dict[str, str]]:
        """The decoys of the recipient with this codeword, (L,) of 0 and 1. SPEC 14.2."""
        slots = self._slots(range(len(self)), subkey)
        shown = codeword[_positions(slots, profile)] ^ (slots & np.uint64(1)).astype(np.uint8)
        return [
            row for row, given in zip(self.rows, shown.min(axis=1).tolist(), strict=True) if given
        ]

    def find(self, found: Sequence[Identifiers]) -> set[int]:
        """Numbers of the decoys that rows with these identifiers are."""
        return self.among(
            [text for one in found for text in one.waybills],
            [text for one in found for text in one.phones],
        )

    def among(self, waybills: Sequence[str], phones: Sequence[str]) -> set[int]:
        """Numbers of the decoys that some numbers are of."""
        if not len(self):
            return set()
        found = self._identities_of(waybills, phones)
        return {self._known[one] for one in found if one in self._known}

    def holds(self, headers: Sequence[str | None], values: Sequence[str]) -> bool:
        """Whether a row of a table is a decoy."""
        return bool(self.find([of_row(headers, values)]))

    def reading(self, numbers: Iterable[int], subkey: bytes, profile: Profile) -> Reading:
        """The votes of decoys that were found. SPEC 14.3."""
        slots = self._slots(sorted(numbers), subkey).reshape(-1)
        # whoever was given the decoy has 1 behind the mask
        chips = 1.0 - 2.0 * (slots & np.uint64(1)).astype(np.float64)
        return Reading(CARRIER, slots, _positions(slots, profile), chips)

    def _identities_of(self, waybills: Sequence[str], phones: Sequence[str]) -> list[bytes]:
        """Phones first, then waybills, each with its kind."""
        return [b"phone:" + one for one in self._normal("phone", phones) if one] + [
            b"waybill:" + one for one in self._normal("waybill", waybills) if one
        ]

    def _slots(self, numbers: Sequence[int], subkey: bytes) -> NDArray[np.uint64]:
        """The slots of decoys: (n, BITS) uint64. SPEC 14.2."""
        digests = [
            hashlib.blake2b(self._identities[one], digest_size=8 * BITS, key=subkey).digest()
            for one in numbers
        ]
        return np.frombuffer(b"".join(digests), "<u8").astype(np.uint64).reshape(-1, BITS)


def _is_text(parts: Sequence[object]) -> bool:
    """Whether UTF-8 can hold all of them."""
    try:
        return all(isinstance(one, str) and [one.encode()] for one in parts)
    except UnicodeEncodeError:  # a lone surrogate
        return False


class Dealer:
    """Says which decoy stands behind a row of one copy. SPEC 14.4.

    Where, and which, depends on the row's texts alone; each decoy comes once.

    Parameters
    ----------
    dealt : sequence of mapping
        The decoys of the copy's recipient.
    rate : float
        The part of the rows behind which a decoy stands.
    subkey : bytes
    role : callable
        The role that a header names.
    """

    def __init__(self, dealt: Sequence[Row], rate: float, subkey: bytes, role: Role) -> None:
        self._dealt, self._least, self._subkey, self._role = dealt, rate * 2.0**64, subkey, role
        self._used: set[int] = set()

    def behind(self, row: Row) -> dict[str, Any] | None:
        """The decoy behind a row; None for none.

        Raises
        ------
        UsageError
            If the row has a column about a person that the decoy lacks.
        """
        texts = "\x1f".join(value for value in row.values() if isinstance(value, str))
        digest = hashlib.blake2b(
            texts.encode("utf-8", "surrogatepass"), digest_size=16, key=self._subkey
        )
        place, which = np.frombuffer(digest.digest(), "<u8").tolist()
        if not self._dealt or place >= self._least:
            return None
        number = which % len(self._dealt)
        if number in self._used:
            return None
        self._used.add(number)
        return _filled(self._dealt[number], row, self._role)


def _filled(decoy: Row, row: Row, role: Role) -> dict[str, Any]:
    """A decoy with the columns of a row; time, item, amount and the like are the row's own."""
    for column in row:
        if column not in decoy and role(str(column)) in (*_PERSONAL, None):
            raise UsageError(
                f"a decoy lacks the column '{column}'", hint="add the decoys again with it"
            )
    return {column: decoy.get(str(column), value) for column, value in row.items()}


def _positions(slots: NDArray[np.uint64], profile: Profile) -> NDArray[np.int64]:
    # SPEC 14.2: uniform positions only; at biased ones the pilot would expect the common symbol
    at = (slots >> np.uint64(1)) % np.uint64(profile.uniform)
    return at.astype(np.int64) + profile.biased

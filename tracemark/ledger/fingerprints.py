"""Keyed fingerprints of issued records: 64-bit numbers instead of the data. SPEC 9.4.

Without the epoch's key a fingerprint says nothing about the record; with it a leaked list can be
held against what was issued. 0 stands for "no fingerprint": the value has too little in it.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracemark.keys import EpochKey

Fingerprints: TypeAlias = NDArray[np.uint64]

WIDTH = 8  # bytes of a fingerprint
KINDS = ("waybill", "phone", "masked", "anchor")

_BULK = 65_536
_LEAST_WAYBILL, _LEAST_PHONE, _MOBILE, _LANDLINE = 6, 7, 11, 12
_DIGITS, _LETTERS = b"0123456789", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MASKED = re.compile(r"^.*[*●×].*$", re.MULTILINE)
_ONE = b"1"[0]
_MASK = {*"*＊●×"}
_MASKED_MOBILE = re.compile(r"(?:\+?86[- ]?)?(1[3-9][0-9])[- ]?[*●×]{4}[- ]?([0-9]{4})")
_ROUNDED = re.compile(r"^[ \t]*[0-9](?:\.[0-9]+)?E\+[0-9]+[ \t]*$", re.MULTILINE)
_POINT_ZERO = re.compile(r"\.0+[ \t]*$", re.MULTILINE)
_COUNTRY = re.compile(rb"^(?:00)?86(?=1[0-9]{10})")
_FILTER_BITS = 8, 26  # smallest and largest filter, in address bits


class Fingerprinter:
    """Fingerprints of waybill numbers, phones and masked phones under one epoch's key.

    Parameters
    ----------
    key : EpochKey
    """

    def __init__(self, key: EpochKey) -> None:
        # SPEC 9.4.2: BLAKE2b of 8 bytes, one subkey for each kind
        self._waybill, self._phone, self._masked = (
            hashlib.blake2b(digest_size=WIDTH, key=key.derive(f"fingerprint/{kind}"))
            for kind in ("waybill", "phone", "masked")
        )

    def waybills(self, values: Sequence[str]) -> Fingerprints:
        """Fingerprints of waybill or order numbers: (n,) uint64, 0 where there is none."""
        return self._in_bulk(values, normal_waybills, self._waybill)

    def phones(self, values: Sequence[str]) -> Fingerprints:
        """Fingerprints of phone numbers: (n,) uint64, 0 where there is none."""
        return self._in_bulk(values, normal_phones, self._phone)

    def masked(self, values: Sequence[str]) -> Fingerprints:
        """Fingerprints of what a mask leaves of mobile numbers: (n,) uint64, 0 for none.

        The whole number and its masked form (138****5678) give the same.
        """
        return self._in_bulk(values, normal_masked, self._masked)

    def numbers(self, values: Sequence[str]) -> tuple[Fingerprints, Fingerprints]:
        """What `phones` and `masked` give, in one go."""
        whole = normal_phones(values)
        return _hashed(whole, self._phone), _hashed(_seen_of(whole, values), self._masked)

    def of(self, kind: str, values: Sequence[str]) -> Fingerprints:
        """Fingerprints of a kind by its name, ``waybill``, ``phone`` or ``masked``."""
        by_kind = {"waybill": self.waybills, "phone": self.phones, "masked": self.masked}
        return by_kind[kind](values)

    @staticmethod
    def _in_bulk(
        values: Sequence[str],
        normal: Callable[[Sequence[str]], list[bytes]],
        keyed: hashlib.blake2b,  # the state that has absorbed the key
    ) -> Fingerprints:
        parts = [
            _hashed(normal(values[start : start + _BULK]), keyed)
            for start in range(0, len(values), _BULK)
        ]
        return np.concatenate(parts) if parts else np.empty(0, np.uint64)


def normal_waybills(values: Sequence[str]) -> list[bytes]:
    """Waybill numbers as they are fingerprinted, empty where there is none. SPEC 9.4.1.

    NFKC, upper case, without a trailing .0, ASCII letters and digits only. What a spreadsheet has
    rounded (1.23E+13) or a mask has hidden, and what has fewer than 6 characters, identifies
    nothing.
    """
    return [
        text if len(text) >= _LEAST_WAYBILL else b""
        for text in _cleaned(values, _DIGITS + _LETTERS)
    ]


def normal_phones(values: Sequence[str]) -> list[bytes]:
    """Phone numbers as they are fingerprinted, empty where there is none. SPEC 9.4.1.

    NFKC, without a trailing .0, digits only. Neither +86 before a mobile number nor an extension
    after the number matters. Masked numbers (138****5678) are shared by many people and get none;
    nor does what has fewer than 7 digits.
    """
    return [
        digits if len(digits) == _MOBILE else _subscriber(digits)
        for digits in _cleaned(values, _DIGITS)
    ]


def normal_masked(values: Sequence[str]) -> list[bytes]:
    """What a mask leaves of mobile numbers: first three and last four digits. SPEC 9.4.1.

    Many people share them: they say little alone.
    """
    return _seen_of(normal_phones(values), values)


def _seen_of(whole: Sequence[bytes], values: Sequence[str]) -> list[bytes]:
    return [
        digits[:3] + digits[7:]
        if len(digits) == _MOBILE and digits[0] == _ONE
        else _seen(value)
        if not digits and _MASK & {*value}
        else b""
        for digits, value in zip(whole, values, strict=True)
    ]


def _seen(value: str) -> bytes:
    match = _MASKED_MOBILE.fullmatch(unicodedata.normalize("NFKC", value).strip())
    return "".join(match.groups()).encode() if match else b""


def normal(kind: str, values: Sequence[str]) -> list[bytes]:
    """Normal forms of a kind, ``waybill``, ``phone`` or ``masked``; empty where there is none."""
    forms = {"waybill": normal_waybills, "phone": normal_phones, "masked": normal_masked}
    return forms[kind](values)


def pack(values: Fingerprints) -> bytes:
    """Fingerprints as a blob: distinct, sorted, little-endian, without 0. SPEC 9.4.3."""
    ordered = np.sort(np.asarray(values, np.uint64))
    fresh = np.empty(len(ordered), bool)
    fresh[:1] = ordered[:1] != 0
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
    return ordered[fresh].astype("<u8", copy=False).tobytes()


def unpack(blob: bytes) -> Fingerprints:
    """What `pack` made, as (n,) uint64."""
    return np.frombuffer(blob, "<u8").astype(np.uint64, copy=False)


class Wanted:
    """A set of fingerprints to look for in the ledger's blobs.

    Parameters
    ----------
    values : (n,) uint64
        May repeat; 0 is never found.

    Attributes
    ----------
    values : (m,) uint64
        Distinct and sorted.
    first : (m,) int64
        For each distinct value, where it was given first.
    where : (n,) int64
        For each value given, its index among the distinct ones.
    """

    def __init__(self, values: ArrayLike) -> None:
        self.values, self.first, self.where = np.unique(
            np.asarray(values, np.uint64), return_index=True, return_inverse=True
        )
        least, most = _FILTER_BITS
        bits = min(most, max(least, len(self.values).bit_length() + 4))
        self._shift = np.uint64(64 - bits)
        # fingerprints are uniform: their leading bits rule out nearly all that is not wanted
        self._filter = np.zeros(1 << bits, bool)
        self._filter[(self.values >> self._shift).astype(np.int64)] = True

    def __len__(self) -> int:
        return len(self.values)

    def find(self, block: Fingerprints) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where wanted fingerprints stand in a block.

        Parameters
        ----------
        block : (k,) uint64

        Returns
        -------
        at : (h,) int64
            Index into the block of each hit.
        which : (h,) int64
            Index into `values` of each hit.
        """
        nothing = np.empty(0, np.int64)
        if not len(self.values):
            return nothing, nothing
        at = np.flatnonzero(self._filter[(block >> self._shift).view(np.int64)])
        maybe = block[at]
        which = np.searchsorted(self.values, maybe)
        which[which == len(self.values)] = 0
        hit = (self.values[which] == maybe) & (maybe != 0)
        return at[hit], which[hit]


def _subscriber(digits: bytes) -> bytes:
    """The number without country code and extension, empty if it is too short."""
    if len(digits) < _LEAST_PHONE:
        return b""
    digits = _COUNTRY.sub(b"", digits)
    return digits[: _MOBILE if digits.startswith(b"1") else _LANDLINE]


def _cleaned(values: Sequence[str], wanted: bytes) -> list[bytes]:
    """Values reduced to the characters wanted, all in one go, each on a line of its own."""
    if not values:
        return []
    text = "\n".join(values)
    if text.count("\n") != len(values) - 1:
        text = "\n".join(value.replace("\n", " ") for value in values)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    text = text.upper()
    if ".0" in text:
        text = _POINT_ZERO.sub("", text)
    if "E+" in text:
        text = _ROUNDED.sub("", text)
    if "*" in text or "●" in text or "×" in text:
        text = _MASKED.sub("", text)
    unwanted = bytes({*range(256)} - {*wanted, *b"\n"})
    return text.encode(errors="replace").translate(None, unwanted).split(b"\n")


def _hashed(texts: list[bytes], keyed: hashlib.blake2b) -> Fingerprints:
    copy, digests, none = keyed.copy, [], bytes(WIDTH)
    for text in texts:
        if text:
            state = copy()
            state.update(text)
            digests.append(state.digest())
        else:
            digests.append(none)
    return np.frombuffer(b"".join(digests), "<u8").astype(np.uint64)

"""Fingerprints: keyed, the same for every way of writing a number, and nothing for what is none."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracemark.keys import EpochKey
from tracemark.ledger.fingerprints import (
    Fingerprinter,
    Wanted,
    normal_phones,
    normal_waybills,
    pack,
    unpack,
)

KEY = EpochKey(1, bytes(range(32)))
_NUMBERS = st.lists(st.integers(0, 2**64 - 1), max_size=60)
_FEW = st.lists(st.integers(0, 12), max_size=40)  # collisions and zeros on purpose


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("SF1234567890123", "SF1234567890123"),
        (" sf-1234 5678 90123\t", "SF1234567890123"),
        ("ＳＦ１２３４５６７８９０１２３", "SF1234567890123"),
        ("单号：7512345678901", "7512345678901"),
        ("'75123456789012", "75123456789012"),
        ("7.51235E+13", ""),
        ("7E+13", ""),
        ("7E123456", "7E123456"),
        ("75123456789012.00", "75123456789012"),
        ("SF12****0123", ""),
        ("SF12＊＊＊＊0123", ""),
        ("12345", ""),
        ("", ""),
        ("NULL", ""),
        ("SF1234\n567890", "SF1234567890"),
        ("\n\n", ""),
        ("SF\ud8001234567", "SF1234567"),
    ],
)
def test_waybill_numbers(written: str, normal: str) -> None:
    assert normal_waybills([written]) == [normal.encode()]


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("13800001234", "13800001234"),
        ("+86 138-0000-1234", "13800001234"),
        ("0086 138 0000 1234", "13800001234"),
        ("１３８００００１２３４", "13800001234"),
        ("010-12345678", "01012345678"),
        ("1234567", "1234567"),
        ("13800001234.0", "13800001234"),
        ("18400001234-5678", "18400001234"),
        ("18400001234转5678", "18400001234"),
        ("+86 18400001234,5678", "18400001234"),
        ("8612345678", "8612345678"),
        ("0571-88880000-801", "057188880000"),
        ("138****1234", ""),
        ("138●●●●1234", ""),
        ("1.38E+10", ""),
        ("123456", ""),
        ("-", ""),
    ],
)
def test_phone_numbers(written: str, normal: str) -> None:
    assert normal_phones([written]) == [normal.encode()]


@given(st.lists(st.text(max_size=24), max_size=30))
def test_a_value_is_normalised_alone_whatever_stands_beside_it(values: list[str]) -> None:
    """Bulk work is an optimisation: it gives what one value at a time gives."""
    for normal in (normal_waybills, normal_phones):
        assert normal(values) == [normal([value])[0] for value in values]


@given(st.text("0123456789ABCDEFSFsf -", max_size=24))
def test_normalising_twice_is_normalising_once(value: str) -> None:
    for normal in (normal_waybills, normal_phones):
        once = normal([value])
        assert normal([text.decode() for text in once]) == once


def test_fingerprint_is_keyed_blake2b_of_the_normal_form() -> None:
    for kind, text in (("waybill", "SF1234567890123"), ("phone", "13800001234")):
        subkey = KEY.derive(f"fingerprint/{kind}")
        digest = hashlib.blake2b(text.encode(), digest_size=8, key=subkey).digest()
        assert Fingerprinter(KEY).of(kind, [text])[0] == int.from_bytes(digest, "little")


def test_other_key_or_kind_gives_other_fingerprints() -> None:
    number = ["13800001234"]
    here = Fingerprinter(KEY)
    there = Fingerprinter(EpochKey(2, bytes(32)))
    assert len({*here.phones(number), *here.waybills(number), *there.phones(number)}) == 3


def test_values_and_fingerprints_are_aligned() -> None:
    found = Fingerprinter(KEY).phones(["", "13800001234", "138****1234", "13800001234"])
    assert found.dtype == np.uint64
    assert [bool(number) for number in found] == [False, True, False, True]
    assert found[1] == found[3]
    assert len(Fingerprinter(KEY).phones([])) == 0


def test_a_long_list_is_worked_off_in_parts() -> None:
    values = [f"{13_000_000_000 + n}" for n in range(150_000)]
    found = Fingerprinter(KEY).phones(values)
    assert len(np.unique(found)) == len(values)
    assert found[-1] == Fingerprinter(KEY).phones(values[-1:])[0]


@given(_NUMBERS | _FEW)
def test_a_blob_holds_the_distinct_values_in_order_without_zero(numbers: list[int]) -> None:
    blob = pack(np.array(numbers, np.uint64))
    assert unpack(blob).tolist() == sorted({*numbers} - {0})
    assert blob == b"".join(n.to_bytes(8, "little") for n in sorted({*numbers} - {0}))


@given(_NUMBERS, _NUMBERS, st.data())
def test_finding_is_membership(wanted: list[int], block: list[int], data: st.DataObject) -> None:
    block = block + data.draw(st.lists(st.sampled_from(wanted))) if wanted else block
    search = Wanted(np.array(wanted, np.uint64))
    at, which = search.find(np.array(block, np.uint64))
    expected = [i for i, value in enumerate(block) if value and value in wanted]
    assert at.tolist() == expected
    assert search.values[which].tolist() == [block[i] for i in expected]
    assert search.values[search.where].tolist() == wanted
    assert [wanted.index(value) for value in search.values.tolist()] == search.first.tolist()

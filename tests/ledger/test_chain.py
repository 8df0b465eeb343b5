"""Chain, seal and fingerprints are what the specification says."""

from __future__ import annotations

import hashlib
import hmac
import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracemark.keys import EpochKey
from tracemark.ledger import Fingerprinter, Ledger
from tracemark.ledger.chain import START, Head, Seals, canonical, link
from tracemark.ledger.fingerprints import pack
from tracemark.ledger.issues import summary
from tracemark.ledger.recipients import digest

VECTOR = Path(__file__).parents[1] / "vectors" / "v1-ledger.json"

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=10,
)


def test_vector() -> None:
    """Entries, hashes, seal and fingerprints of the worked example."""
    vector = json.loads(VECTOR.read_text(encoding="utf-8"))
    key = EpochKey(1, bytes.fromhex(vector["key"]))
    previous = START
    for entry in vector["entries"]:
        body = canonical(entry["body"])
        previous = link(previous, entry["seq"], entry["time"], entry["kind"], body)
        assert previous.hex() == entry["hash"], entry["seq"]
    assert key.commitment == vector["entries"][0]["body"]["commitment"]
    assert Seals([key]).mac(1, Head(len(vector["entries"]), previous)).hex() == vector["seal"]
    for kind, pairs in vector["fingerprints"].items():
        found = Fingerprinter(key).of(kind, list(pairs))
        assert [f"{number:016x}" for number in found] == list(pairs.values())
    assert digest(map(tuple, vector["recipients"])) == vector["entries"][1]["body"]["sha256"]
    issued = Fingerprinter(key).waybills(["75400000000002", "SF1234567890123"])
    assert pack(issued).hex() == vector["blob"]
    assert vector["entries"][3]["body"]["fingerprints"] == {"waybill": summary(pack(issued))}


@given(_JSON)
def test_canonical_json_keeps_every_value_and_no_space(value: object) -> None:
    text = canonical(value)
    assert json.loads(text) == value
    outside = text.split('"')[::2] if "\\" not in text else []
    assert not any(" " in part or "\n" in part for part in outside)


@given(_TEXT, _TEXT)
def test_canonical_json_has_one_spelling_whatever_the_order_of_keys(one: str, two: str) -> None:
    assert canonical({one: 1, two: 2}) == canonical(dict(reversed({one: 1, two: 2}.items())))


def test_chain_of_a_ledger_can_be_recomputed_by_hand(ledger: Ledger) -> None:
    previous = bytes(32)
    for entry in ledger.entries():
        what = {"seq": entry.seq, "time": entry.time, "kind": entry.kind, "body": entry.body}
        spelt = json.dumps(what, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        previous = hashlib.sha256(previous + spelt.encode()).digest()
        assert previous == entry.hash
    assert ledger.head == Head(entry.seq, previous)


def test_each_part_of_an_entry_counts_in_its_hash() -> None:
    base = (bytes(32), 7, "2026-01-01T00:00:00.000000Z", "issue", "{}")
    others = (bytes([1] * 32), 8, "2026-01-01T00:00:00.000001Z", "close", '{"a":1}')
    changed = {link(*base[:i], others[i], *base[i + 1 :]) for i in range(5)}
    assert len(changed | {link(*base)}) == 6


def test_head_is_told_and_read_back() -> None:
    head = Head(12, hashlib.sha256(b"x").digest())
    assert Head.parse(str(head)) == head


@pytest.mark.parametrize("text", ["", "12", "12:zz", "0:" + "00" * 32, "3:abcd", "x:" + "00" * 32])
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Head.parse(text)


def test_seal_depends_on_key_number_and_hash() -> None:
    keys = [EpochKey(1, bytes(32)), EpochKey(2, bytes([1] * 32))]
    seals, head = Seals(keys), Head(3, bytes(32))
    mac = seals.mac(1, head)
    assert seals.hold(1, head, mac)
    assert not seals.hold(2, head, mac)
    assert not seals.hold(1, Head(4, bytes(32)), mac)
    assert not seals.hold(1, Head(3, bytes([1]) * 32), mac)
    assert not seals.hold(9, head, mac)


def test_seal_is_hmac_under_the_ledger_subkey() -> None:
    def extract_and_expand(material: bytes, label: bytes) -> bytes:
        inner = hmac.new(b"tracemark/v1", material, hashlib.sha256).digest()
        return hmac.new(inner, label + b"\x01", hashlib.sha256).digest()

    subkey = extract_and_expand(bytes(range(32)), b"tracemark/v1/ledger")
    expected = hmac.new(subkey, (5).to_bytes(8, "big") + bytes(32), hashlib.sha256).digest()
    assert Seals([EpochKey(1, bytes(range(32)))]).mac(1, Head(5, bytes(32))) == expected


def test_times_are_utc_with_microseconds(ledger: Ledger) -> None:
    for entry in ledger.entries():
        assert len(entry.time) == len("2026-01-01T00:00:00.000000Z")
        assert entry.time.endswith("Z")
        assert unicodedata.normalize("NFKC", entry.time) == entry.time

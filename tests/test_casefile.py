"""Case files are read back as they were; a signed one that was changed is found out."""

from __future__ import annotations

import contextlib
import json
import random
import sys
from dataclasses import replace

import pytest

import tracemark

pytest.importorskip("cryptography", reason="needs the extra 'sign'")


@pytest.fixture
def case(vault, export):
    return vault.trace(list(vault.mark_rows(export[:12], to="acct:0042")))


@pytest.fixture
def signed(vault, case) -> str:
    return vault.sign_case(case, command="tracemark trace leak.csv")


def test_a_case_is_read_back(case):
    again = tracemark.read_case(case.to_json())
    assert again.to_json() == case.to_json()
    assert again.accusations[0].recipient == "acct:0042"


def test_a_signed_case_is_read_back_without_the_vault(vault, case, signed):
    key = vault.public_key
    found = tracemark.verify_case(signed, public_key=key, samples=[case.samples[0].sha256])
    assert found.case.to_json() == case.to_json() == tracemark.read_case(signed).to_json()
    assert found.public_key == key
    assert found.process["command"] == "tracemark trace leak.csv"
    assert found.vault["commitment"] == vault.epochs[0]["commitment"]


def test_the_public_key_stands_in_the_ledger_once(vault, case, signed):
    vault.sign_case(case)
    [entry] = vault.ledger_entries("signer")
    assert entry.body == {"epoch": 1, "public_key": vault.public_key}
    assert vault.verify_ledger().holds
    published = json.loads(signed)["statement"]["vault"]["published"]
    assert published == f"{entry.seq}:{entry.hash.hex()}"


def test_the_order_of_keys_and_white_space_do_not_count(signed):
    packed = json.dumps(json.loads(signed), sort_keys=True, separators=(",", ":"))
    assert tracemark.verify_case(packed).case.verdict == "identified"


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("case", "accusations", 0, "recipient"), "acct:0043"),
        (("case", "accusations", 0, "bound"), "1e-200"),
        (("case", "verdict"), "no mark"),
        (("case", "samples", 0, "sha256"), "0" * 64),
        (("process", "time"), "2020-01-01T00:00:00.000000Z"),
        (("vault", "head"), "1:00"),
    ],
)
def test_a_change_anywhere_is_found(signed, where, value):
    held = json.loads(signed)
    at = held["statement"]
    for step in where[:-1]:
        at = at[step]
    assert at[where[-1]] != value
    at[where[-1]] = value
    with pytest.raises(tracemark.BadSignature, match="does not hold"):
        tracemark.verify_case(json.dumps(held))


def test_signed_anew_by_another_vault_it_is_another_key(vault, signed, tmp_path):
    """Someone who signs the same statement with a key of their own is found by the key alone."""
    with tracemark.Vault.create(tmp_path / "other") as other:
        other.add_recipients(["acct:0042"])
        forged = other.sign_case(other.trace("浙江省杭州市西湖区文三路159号3幢2单元501室"))
    assert tracemark.verify_case(forged)
    with pytest.raises(tracemark.BadSignature, match="another key"):
        tracemark.verify_case(forged, public_key=vault.public_key)


def test_a_sample_that_is_not_the_cases_is_found(signed):
    with pytest.raises(tracemark.BadSignature, match="is not in"):
        tracemark.verify_case(signed, samples=["ab" * 32])


def test_only_a_case_of_the_ledger_is_signed(vault, case):
    for other in (
        replace(case, number=None),
        replace(case, number=1),
        replace(case, alpha=1e-9),
        replace(case, samples=(replace(case.samples[0], sha256="1" * 64),)),
    ):
        with pytest.raises(tracemark.UsageError, match="does not stand in the vault's ledger"):
            vault.sign_case(other)


def test_the_signature_is_ed25519_over_the_statement(vault, signed):
    """SPEC 8.6, checked without the library's own code."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    held = json.loads(signed)
    text = json.dumps(held["statement"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(vault.public_key)).verify(
        bytes.fromhex(held["signature"]), b"tracemark/v1/signed-case\n" + text.encode()
    )


def test_the_signed_file_holds_no_key_and_no_contents(vault, export, signed):
    from tests.conftest import KEY

    assert KEY.hex() not in signed
    assert not [row for row in export[:12] if row["收货地址"] in signed]


def test_rotation_signs_with_the_new_key(vault, case, signed):
    before = vault.public_key
    vault.rotate_key()
    assert vault.public_key != before
    assert tracemark.verify_case(signed, public_key=before)
    assert tracemark.verify_case(vault.sign_case(case), public_key=vault.public_key)


def test_without_the_extra_the_error_says_which(vault, case, monkeypatch):
    name = "cryptography.hazmat.primitives.asymmetric.ed25519"
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(tracemark.MissingExtra, match="'sign'"):
        vault.sign_case(case)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "null", '{"format": "tracemark-case/2"}', '{"format": "tracemark-case/1"}',
     '{"format": "tracemark-signed-case/1"}', "{" * 9000, '{"format": 3}',
     '{"format": "tracemark-signed-case/1", "statement": [], "signature": "00"}'],
)  # fmt: skip
def test_what_is_no_case_file_is_said_so(text):
    for read in (tracemark.read_case, tracemark.verify_case):
        with pytest.raises(tracemark.UnreadableSample, match="the case file"):
            read(text)


def test_a_damaged_case_file_is_refused_or_makes_a_page(case):
    """Whatever stands in one of its places: one clear error, or a page; never a traceback."""
    rng = random.Random(5)
    text = case.to_json()
    made = 0
    for _ in range(200):
        held = json.loads(text)
        at, steps = held, rng.randrange(1, 5)
        for _ in range(steps):
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not keys:
                break
            key = rng.choice(keys)
            if not isinstance(at[key], dict | list) or not at[key] or rng.random() < 0.2:
                at[key] = rng.choice([None, "x", -1, 1e400, [], {}, True, "<b>", 0.5, [None]])
                break
            at = at[key]
        with contextlib.suppress(tracemark.UnreadableSample):
            made += bool(tracemark.read_case(json.dumps(held)).to_html("en"))
    assert made

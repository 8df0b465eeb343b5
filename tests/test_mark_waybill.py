"""A whole waybill in one call: the words and the picture vote, the ledger tells one story."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

import tracemark
from tests.label import hosts

FIELDS = {
    "运单号": "YT7712345678901",
    "订单号": "420011223344556677",
    "手机": "16612345678",
    "收货地址": "浙江省金华市义乌市北苑街道雪峰西路99号3幢2单元501室",
    "备注": "请放在前台",
}


@pytest.fixture
def drawn():
    """Fields that were rendered, and the function that renders them."""
    seen = []

    def render(fields):
        seen.append(fields)
        image = hosts.label(7)
        ImageDraw.Draw(image).text(
            (320, 250), str(len(fields)), font=ImageFont.load_default(30), fill=0
        )
        return image

    return seen, render


def test_words_and_picture_are_marked(vault, drawn):
    """The rendered words carry a mark of their own; each part alone names the account."""
    seen, render = drawn
    marked = vault.mark_waybill(FIELDS, render, to="acct:0042")
    [fields] = seen
    assert fields["运单号"] == FIELDS["运单号"] and fields["手机"] == FIELDS["手机"]
    assert fields["收货地址"] != FIELDS["收货地址"]
    assert tracemark.clean(fields["收货地址"]) == tracemark.clean(FIELDS["收货地址"])
    assert not any(0xFE00 <= ord(letter) <= 0xFE0F for text in fields.values() for letter in text)
    case = vault.trace(marked, waybill=FIELDS["运单号"])
    assert [one.recipient for one in case.accusations] == ["acct:0042"]
    assert case.accusations[0].binding == "confirmed"
    together = vault.trace(marked, [fields])
    assert {one.carrier for one in together.accusations[0].evidence} > {"nubs"}


def test_the_ledger_has_one_issue(vault, drawn):
    """One issue of one label, with the fingerprints of numbers, phone and marked field."""
    vault.mark_waybill(FIELDS, drawn[1], to="acct:0042")
    [issue] = vault.ledger_entries("issue")
    [batch] = vault.ledger_entries("batch")
    assert issue.body["what"] == "label" and len(issue.body["waybill"]) == 16
    counts = {kind: said["count"] for kind, said in batch.body["fingerprints"].items()}
    assert counts == {"waybill": 2, "phone": 1, "masked": 1, "anchor": 1}


def test_the_number_is_found_among_the_fields_or_given(vault, drawn):
    """By the field's name; what is given goes before it; without any the mark is not bound."""
    named = vault.mark_waybill(FIELDS, drawn[1], to="acct:0042")
    given = vault.mark_waybill(
        {**FIELDS, "运单号": ""}, drawn[1], to="acct:0042", waybill="YT7712345678901"
    )
    none = vault.mark_waybill({**FIELDS, "运单号": ""}, drawn[1], to="acct:0042")
    assert np.array_equal(named, given) and not np.array_equal(named, none)


def test_nothing_is_recorded_where_rendering_fails(vault):
    def render(fields):
        raise RuntimeError("no paper")

    with pytest.raises(RuntimeError):
        vault.mark_waybill(FIELDS, render, to="acct:0042")
    with pytest.raises(tracemark.HostTooSmall):
        vault.mark_waybill(FIELDS, lambda _: Image.new("1", (608, 1040), 1), to="acct:0042")
    with pytest.raises(tracemark.UnknownRecipient):
        vault.mark_waybill(FIELDS, render, to="acct:9999")
    assert not list(vault.ledger_entries("issue"))

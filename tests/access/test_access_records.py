"""Which records a sample names, and that memory for them is bounded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tracemark.access import collect
from tracemark.access.collect import Records
from tracemark.access.identifiers import Identifiers, of_line, of_row
from tracemark.access.numbers import numbers_of
from tracemark.keys import EpochKey
from tracemark.ledger import Fingerprinter

PRINTS = Fingerprinter(EpochKey(1, bytes(range(32))))
LATER = Fingerprinter(EpochKey(2, bytes(range(1, 33))))


@pytest.mark.parametrize(
    ("header", "value", "kind"),
    [
        ("运单号", "YT8765432109", "waybills"),
        ("Order No.", "A-100042", "waybills"),
        ("orderId", "100042778", "waybills"),
        (None, "SF1234567890123", "waybills"),
        ("column 3", "sf1234567890123", "waybills"),
        ("收件人手机", "13800001234", "phones"),
        (None, "+86 138 0000 1234", "phones"),
        ("电话", "0571-87654321", "phones"),
        ("手机", "138****1234", "masked"),
        (None, "138****1234", "masked"),
        ("订单时间", "20260309081500", None),
        (None, "20260309081500", None),
        ("订单金额", "1234567890", None),
        ("商品条码", "6901234567892", None),
        ("邮编", "310000", None),
        (None, "310000", None),
        ("运单号", "", None),
        (None, "浙江省杭州市西湖区文三路159号", None),
    ],
)
def test_a_cell_goes_by_its_header_then_by_its_content(
    header: str | None, value: str, kind: str | None
) -> None:
    found = of_row([header], [value])
    assert [name for name in Identifiers._fields if getattr(found, name)] == (
        [kind] if kind else []
    )


def test_each_number_in_a_line_is_a_record_and_a_phone_beside_one_belongs_to_it() -> None:
    assert list(of_line("YT8765432109,YT8765432110 13900001111")) == [
        Identifiers(["YT8765432109"], [], []),
        Identifiers(["YT8765432110"], [], []),
    ]
    assert list(of_line("3. 张三 13900001111 YT8765432109 138****0000")) == [
        Identifiers(["YT8765432109"], ["13900001111"], ["138****0000"])
    ]
    assert list(of_line("电话：13900001111/13900002222")) == [
        Identifiers([], ["13900001111"], []),
        Identifiers([], ["13900002222"], []),
    ]
    assert list(of_line("2026-03-09 08:15 已签收 20260309081500")) == []


def note(records: Records, *found: Identifiers) -> None:
    numbers = numbers_of(found)
    records.take(numbers, records.printed(numbers))


def test_a_record_is_counted_once_however_often_it_leaked() -> None:
    records = Records([PRINTS.of, LATER.of])
    for _ in range(3):
        note(records, of_row(["运单号", "手机"], ["YT8765432109", "13900001111"]))
        note(records, *of_line("yt8765432109"))
    note(
        records, of_row(["运单号", "手机"], ["1.23E+13", "13900001111"])
    )  # its number is lost: the phone is left
    assert (records.rows, len(records)) == (7, 2)
    for epoch, prints in enumerate((PRINTS, LATER)):
        record, values = records.kind("waybill", epoch)
        assert {*values[values != 0].tolist()} == {*prints.waybills(["YT8765432109"]).tolist()}
        record, values = records.kind("phone", epoch)
        assert {*record.tolist()} == {0, 1}
        assert {*values.tolist()} == {*prints.phones(["13900001111"]).tolist()}


def test_of_many_records_a_fair_part_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The part depends on the keyed hash: neither on the order nor on where a record stands."""
    monkeypatch.setattr(collect, "MOST", 500)
    monkeypatch.setattr(collect, "_CHUNK", 300)
    texts = [f"YT{7_000_000_000 + 17 * k}" for k in range(5000)]

    def kept(those: Sequence[str]) -> set[int]:
        records = Records([PRINTS.of])
        for text in those:
            note(records, *of_line(text))
        assert records.rows == len(those)
        assert len(records) == 500
        record, values = records.kind("waybill", 0)
        assert len(values) == 500
        assert sorted(record.tolist()) == list(range(500))
        return {*values.tolist()}

    chosen = kept(texts)
    assert chosen == kept(texts[::-1]) == kept(texts + texts[:700])
    places = np.flatnonzero(np.isin(PRINTS.waybills(texts), list(chosen)))
    assert 190 < np.count_nonzero(places < 2500) < 310  # of 500; six standard deviations


def test_a_masked_phone_is_what_a_mask_leaves_of_the_whole_one() -> None:
    whole, *same = PRINTS.masked(
        ["13812345678", "138****5678", "+86 138 1234 5678", "138●●●●5678", "138 ＊＊＊＊ 5678"]
    ).tolist()
    assert whole and same == [whole] * 4
    others = ["139****5678", "138****5679"]
    assert not {whole, 0} & {*PRINTS.masked(others).tolist()}
    nothing = ["", "138***5678", "0571-87654321", "****5678", "张**", "1.38E+10"]
    assert PRINTS.masked(nothing).tolist() == [0] * 6
    assert not {whole} & {
        *PRINTS.phones(["1385678"]).tolist(),
        *PRINTS.waybills(["1385678"]).tolist(),
    }

"""Rows that an address tells from others' speak for themselves; shared remarks do not."""

from __future__ import annotations

from tracemark.keys import EpochKey
from tracemark.profiles import CURRENT
from tracemark.text.reader import CellReader

ADDRESS = "浙江省杭州市西湖区文三路159号3幢2单元501室"


def test_rows_are_told_by_their_addresses() -> None:
    reader = CellReader([EpochKey(1, bytes(32)).derive("slots/text")], CURRENT)
    reader.read_rows([[ADDRESS], ["请尽快发货，谢谢"], ["到了请打电话，放门口"]])
    [found] = reader.take()
    rows = {row for layer in found.layers for row in layer.rows.tolist()}
    kept = {row for layer in found.vouched().layers for row in layer.rows.tolist()}
    assert 1 in rows and len(rows) > 1
    assert kept == {1}

"""Roles come from headers, overrides and the cell alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracemark.codeword import Codebook
from tracemark.errors import UsageError
from tracemark.keys import EpochKey
from tracemark.profiles import CURRENT
from tracemark.text import ROLES, CellMarker, find_role, role_of_cell, role_of_header
from tracemark_cli.sample_orders import orders

from .hostile import cells

HEADERS = {
    "id": "运单号|快递单号|订单号|订单编号|商品编码|货号|邮编|身份证号|邮箱|waybill|Tracking No|"
    "tracking_number|Order ID|orderId|SKU|barcode|Zip Code|E-mail Address|IP address|订单",
    "phone": "手机|收货人手机|收件人电话|联系方式|Phone|Mobile No.|tel|Recipient Phone|"
    "phone_number",
    "name": "收件人|收货人|姓名|寄件人姓名|买家昵称|Consignee|recipient|Receiver Name|customer",
    "address": "收货地址|详细地址|地址|收件人地址|Address|ship_address|Address Line 2|"
    "收货地址（必填）",
    "item": "商品|商品名称|货品名称|宝贝标题|规格|商品规格|Item|Product Name|"
    "order items|description",
    "remark": "备注|买家留言|卖家备注|商品备注|订单备注|Remark|order note|Buyer Comment|memo",
    "time": "下单时间|付款时间|发货日期|Time|Order Date|created_at|createTime|datetime",
    "number": "金额|实付金额|数量|商品数量|单价|重量|运费|amount|Qty|quantity|Total Price|weight",
    "region": "省|市|区|收货省|城市|订单状态|快递公司|province|City|Country|status",
}


@pytest.mark.parametrize(
    ("role", "header"),
    [(role, header) for role, headers in HEADERS.items() for header in headers.split("|")],
)
def test_headers(role: str, header: str) -> None:
    """Headers of Chinese and English exports name their roles."""
    assert role_of_header(header) == role


@pytest.mark.parametrize("header", ["", "foo", "列1", "A", "Unnamed: 3"])
def test_unknown_headers(header: str) -> None:
    """A header that says nothing leaves the cell to speak for itself."""
    assert role_of_header(header) is None


@pytest.mark.parametrize(
    ("cell", "role"),
    [
        ("13812345678", "phone"),
        ("138****5678", "phone"),
        ("+86 138-1234-5678", "phone"),
        ("0571-88888888-801", "phone"),
        ("SF1234567890123", "id"),
        ("75842517929701", "id"),
        ("someone@example.com", "id"),
        ("12.50", "number"),
        ("1,234.50", "number"),
        ("1.23E+13", "number"),
        ("¥12", "number"),
        ("2024-10-08 08:00:12", "time"),
        ("2024/10/8", "time"),
        ("2024年10月8日", "time"),
        ("张*三", "name"),
        ("张三", "name"),
        ("John Smith", "text"),
        ("浙江省杭州市西湖区文三路159号3栋501室", "address"),
        ("12 Main Street, Apt 5, Springfield, IL 62701", "address"),
        ("请把东西放在门卫那里谢谢", "text"),
        ("", "name"),
        ("NULL", "id"),
    ],
)
def test_cells(cell: str, role: str) -> None:
    """Without a header a cell's own look decides."""
    assert role_of_cell(cell) == role
    assert find_role(None, cell) == role


def test_overrides_come_first() -> None:
    """What the caller says of a header is taken, and only of that header."""
    assert find_role("收货地址", "x", {"收货地址": "name"}) == "name"
    assert find_role("地址", "x", {"收货地址": "name"}) == "address"


def test_a_role_that_does_not_exist() -> None:
    """A misspelt role is a usage error that lists the roles."""
    with pytest.raises(UsageError, match="no role 'adress'") as caught:
        find_role("a", "x", {"a": "adress"})
    assert "address" in caught.value.hint


KEY = EpochKey(1, bytes(32))
MARKER = CellMarker(KEY.derive("slots/text"), Codebook(KEY, CURRENT).codeword("a"), CURRENT)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(cells, st.sampled_from(["address", "text"]))
def test_marking_does_not_change_the_role(cell: str, role: str) -> None:
    """A marked cell has the role of the cell, so that it is marked again in the same way."""
    assert role_of_cell(cell) in ROLES
    if role_of_cell(cell) == role:
        assert role_of_cell(MARKER.mark(cell, role)[0]) == role


def test_real_cells_without_headers() -> None:
    """Nothing of an order but addresses, items, remarks takes a role that is marked."""
    wrong = 0
    for row in orders(300, seed=3):
        for header in ("运单号", "订单号", "手机", "数量", "金额", "下单时间"):
            assert role_of_cell(row[header]) not in ("address", "item", "remark", "text")
        wrong += role_of_cell(row["收货地址"]) not in ("address", "text")
    assert wrong == 0

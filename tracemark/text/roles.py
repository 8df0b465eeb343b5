"""Roles: what a cell is, from its header, the overrides and the cell alone. SPEC 5.7.

Never from its neighbours or its row, so that one row exported alone is marked as in bulk.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from tracemark.errors import UsageError
from tracemark.text.fold import strip_symbols

MARKED = ("address", "item", "remark", "text")
UNTOUCHED = ("name", "phone", "id", "time", "number", "region")
ROLES = MARKED + UNTOUCHED

# The first pattern found in a header decides.
_HEADERS = tuple(
    (role, re.compile(pattern))
    for role, pattern in (
        ("id", r"e-?mail|邮箱|url|网址|链接|图片|\bip\b|\bmac\b|身份证|邮编|zip|post ?code|postal"),
        ("time", r"时间|日期|\btime|\bdate\b|\bdate(?=time)|\bat$"),
        ("phone", r"手机|电话|联系方式|\btel\b|telephone|phone|mobile|\bcell\b|\bfax\b"),
        ("remark", r"备注|留言|附言|说明|remark|\bnotes?\b|comment|memo|message|instruction"),
        ("address", r"地址|住址|详址|address|\baddr\b|street"),
        ("number", r"金额|价|数量|件数|重量|运费|体积|合计|amount|price|total|\bqty\b|quantity|weight|\bfee\b|\bcost"),
        ("id", r"单号|编号|编码|条码|货号|号码|账号|订单$|waybill|tracking|\border\b(?! item)|\bno\b|number|\bid\b|\bcode\b|barcode|\bsku\b|\bkey\b"),
        ("item", r"商品|货品|宝贝|品名|产品|物品|规格|item|product|goods|title|description|\bspec"),
        ("name", r"收件人|收货人|寄件人|发货人|姓名|联系人|昵称|买家|会员|客户|consignee|recipient|receiver|sender|buyer|customer|contact|name"),
        ("region", r"^(?:收[件货])?(?:省|市|区|县|省份|城市|区县|地区|州)$|province|\bstate\b|\bcity\b|district|county|country|status|状态|快递公司|carrier|平台|店铺|\bshop\b|\bstore\b"),
    )
)  # fmt: skip
_WORD_BREAK = re.compile(r"(?<=[a-z])(?=[A-Z])|[_\-.\s/]+")

_NUMBER = re.compile(r"[-+]?[¥￥$€£]?[0-9][0-9,]*(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?:%|元)?")
_PHONE = re.compile(r"\+?[0-9*(（][0-9*()（）\- ]{5,18}[0-9*]")
_TIME = re.compile(
    r"[0-9]{2,4}([-/.年])[0-9]{1,2}[-/.月][0-9]{1,4}日?(?:[ T]*[0-9]{1,2}[:：时].*)?|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?"
)
_CODE = re.compile(r"[!-~]+")
_MASKED = re.compile(r"\S{0,4}[*＊]+\S{0,4}")
_LETTER = re.compile(r"[^\W\d_]")
_PLACES = tuple(
    re.compile(pattern)
    for pattern in (
        "[区县旗]",
        "[路街道巷弄村镇乡]",
        "[0-9](?:栋|幢|号楼|单元|座)",
        r"(?i)^[0-9]+[ ,].*\b(?:road|rd|street|st|avenue|ave|drive|dr|boulevard|blvd|lane|ln|court|ct)\b",
        r"(?i)\b(?:apartment|apt|suite|ste|unit|floor|fl)\.? ?#?[0-9]|, [A-Z]{2} [0-9]{5}",
    )
)


def find_role(header: str | None, cell: str, overrides: Mapping[str, str] | None = None) -> str:
    """The role of a cell.

    Parameters
    ----------
    header : str or None
        The name of its column or key; None where there is none.
    cell : str
    overrides : mapping of header to role, optional
        What the caller knows better. Headers are compared as written.

    Returns
    -------
    str
        One of `ROLES`.

    Raises
    ------
    UsageError
        If an override names a role that does not exist.
    """
    if header is not None:
        if overrides and header in overrides:
            return checked(overrides[header])
        role = role_of_header(header)
        if role:
            return role
    return role_of_cell(cell)


def checked(role: str) -> str:
    """The role itself. Raises UsageError if there is none of this name."""
    if role not in ROLES:
        raise UsageError(f"no role '{role}'", hint=f"one of {', '.join(ROLES)}")
    return role


@lru_cache(maxsize=4096)
def role_of_header(header: str) -> str | None:
    """The role that a header names; None where it names none. SPEC 5.7.

    Examples
    --------
    >>> role_of_header("收货人手机"), role_of_header("Shipping Address"), role_of_header("foo")
    ('phone', 'address', None)
    """
    words = _WORD_BREAK.sub(" ", header.strip()).strip().lower()
    return next((role for role, pattern in _HEADERS if pattern.search(words)), None)


def role_of_cell(cell: str) -> str:
    """The role of a cell without a header. It is the same for every marking of the cell.

    Examples
    --------
    >>> role_of_cell("138****5678"), role_of_cell("浙江省杭州市西湖区文三路159号")
    ('phone', 'address')
    """
    text = strip_symbols(cell[:1000]).strip()
    if _NUMBER.fullmatch(text):
        digits = sum(map(str.isdigit, text))
        if text.isdigit() and digits >= 7:
            return "phone" if digits <= 12 else "id"
        return "number"
    if _TIME.fullmatch(text):
        return "time"
    if _PHONE.fullmatch(text):
        return "phone"
    if _MASKED.fullmatch(text):
        return "name"
    if _CODE.fullmatch(text):
        return "id"
    if sum(place.search(text) is not None for place in _PLACES) >= 2:
        return "address"
    return "text" if len(_LETTER.findall(text)) >= 8 else "name"

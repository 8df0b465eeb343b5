"""Roles: what a cell is, from its header, the overrides and the cell alone. SPEC 5.7.

Never from its neighbours or its row, so that one row exported alone is marked as in bulk.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from tracemark.errors import UsageError
from tracemark.text.fold import strip_symbols

MARKED = ("address", "item", "remark", "text", "masked")  # the last where a user says so
UNTOUCHED = ("name", "phone", "id", "time", "number", "region")
ROLES = MARKED + UNTOUCHED

# The first role of which a word stands in the header: (role, Chinese words, English words).
_HEADERS = tuple(
    (role, re.compile(f"{chinese}|\\b(?:{english})"))
    for role, chinese, english in (
        (
            "id",
            "邮箱|网址|链接|图片|身份证|邮编",
            r"e ?mails?\b|url\b|ip\b|mac\b|zip|post ?code|postal",
        ),
        ("time", "时间|日期", r"(?:date)?time|date\b|at$"),
        (
            "phone",
            "手机|电话|联系方式",
            r"(?:tele)?phone|tel\b|mobile|cell\b|fax\b",
        ),
        ("remark", "备注|留言|附言|说明", r"remark|notes?\b|comment|memo|message|instruction"),
        ("address", "地址|住址|详址", r"address|addr\b|street"),
        (
            "number",
            "金额|价|数量|件数|重量|运费|体积|合计",
            r"amount|price|total|qty\b|quantity|weight|fee\b|cost",
        ),
        (
            "id",
            "单号|编号|编码|条码|货号|号码|账号|订单$",
            r"waybill|tracking|order\b(?! item)|no\b|number|id\b|code\b|barcode|sku\b|key\b",
        ),
        (
            "item",
            "商品|货品|宝贝|品名|产品|物品|规格",
            r"items?\b|product|goods|title|description|spec",
        ),
        (
            "name",
            "收件人|收货人|寄件人|发货人|姓名|联系人|昵称|买家|会员|客户",
            r"consignee|recipient|receiver|sender|buyer|customer|contact|name",
        ),
        (
            "region",
            "^(?:收[件货])?(?:省|市|区|县|省份|城市|区县|地区|州)$|状态|快递公司|平台|店铺",
            r"province|state\b|city|district|county|country|status|carrier|shop\b|store\b",
        ),
    )
)
_WORD_BREAK = re.compile(r"(?<=[a-z])(?=[A-Z])|[_\-.\s/]+")

_NUMBER = re.compile(r"[-+]?[¥￥$€£]?[0-9][0-9,]*(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?:%|元)?")
_PHONE = re.compile(r"\+?[0-9*(（][0-9*()（）\- ]{5,18}[0-9*]")
_DATE = r"[0-9]{2,4}[-/.年][0-9]{1,2}[-/.月][0-9]{1,4}日?"
_CLOCK = r"[0-9]{1,2}[:：时][0-9]{2}[^一-鿿]{0,20}"
_TIME = re.compile(f"{_DATE}|(?:{_DATE}[ T]*)?{_CLOCK}")
_CODE = re.compile(r"[!-~]+")
_MASKED = re.compile(r"\S{0,4}[*＊]+\S{0,4}")
_LETTER = re.compile(r"[^\W\d_]")
_PLACES = tuple(
    re.compile(pattern)
    for pattern in (
        "(?<![园小])区|[县旗]",  # not 园区 and 小区, which marking writes for 园 and nothing
        "[路街道巷弄村镇乡]",
        "[0-9](?:栋|幢|号楼|单元|座)",
        r"(?i)^[0-9]+ .*\b(?:road|rd|street|st|avenue|ave|drive|dr|lane|ln|court|ct)\b",
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
    from tracemark.text.parse import canonical, parse  # late: rules know roles
    from tracemark.text.rules import rules

    # forms differ in length (STREET, ST), so the canonical ones are counted
    letters = _LETTER.findall(canonical(parse(text, rules())))
    return "text" if len(letters) >= 8 else "name"

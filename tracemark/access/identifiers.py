"""The identifiers of a leaked row: waybill or order numbers, phones, masked phones. SPEC 13.1."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple


class Identifiers(NamedTuple):
    """What identifies one leaked record; each may be empty."""

    waybills: Sequence[str]
    phones: Sequence[str]
    masked: Sequence[str]


_WORD_BREAK = re.compile(r"(?<=[a-z])(?=[A-Z])|[_\-.\s/]+")
_OTHER = re.compile(  # what else a header with such a word may be
    "邮箱|身份证|邮编|条码|货号|账号|时间|日期|金额|价|数量|重量|地址|商品|备注|姓名|店铺|状态|类型|来源"
    r"|status|type|mail|zip|post|sku|barcode|url|\bip\b|time|date|price|amount|address|name|item|product"
)
_NUMBERED = re.compile(
    "运单|快递单|物流单|面单|订单|单号"
    r"|\b(?:waybill|tracking|order|shipment|consignment|parcel|awb)\b"
)
_CALLED = re.compile(r"手机|电话|联系方式|\b(?:(?:tele)?phone|tel|mobile|cell)\b")
_HEADERS = (("", _OTHER), ("phone", _CALLED), ("waybill", _NUMBERED))

_WAYBILL = r"(?<![A-Za-z0-9])[A-Za-z]{0,4}[0-9]{9,24}(?![A-Za-z0-9])"
_MOBILE = r"(?<![0-9])(?:\+?86[- ]?)?1[3-9][0-9](?:[- ]?[0-9]{4}){2}(?![0-9])"
_LANDLINE = r"(?<![0-9-])0[0-9]{2,3}-[0-9]{7,8}(?![0-9])"
_MASKED = r"(?<![0-9])(?:\+?86[- ]?)?1[3-9][0-9][- ]?[*＊●×]{4}[- ]?[0-9]{4}(?![0-9])"
LEAST = 9  # characters of the shortest that content alone tells
_HIDDEN = re.compile(_MASKED)
_DATED = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{6}")
_ANY = re.compile(f"(?P<masked>{_MASKED})|(?P<phone>{_MOBILE}|{_LANDLINE})|(?P<waybill>{_WAYBILL})")
KINDS = ("waybill", "phone", "masked")  # from the strongest to the weakest


def identified(
    headers: Sequence[str | None], values: Sequence[str], *, pasted: bool
) -> Iterator[Identifiers]:
    """The records of a row of a table, or of a pasted line whose longest part stands for it."""
    if pasted:
        yield from of_line(max(values, key=len, default=""))
    else:
        yield of_row(headers, values)


def identified_in(
    rows: Iterable[tuple[Sequence[str | None], Sequence[str]]], *, pasted: bool
) -> Iterator[Identifiers]:
    """The records of many rows, each as `identified` gives them."""
    if pasted:
        for headers, values in rows:
            yield from identified(headers, values, pasted=True)
        return
    # rows of one table share their headers
    for _, alike in groupby(rows, lambda row: (id(row[0]), len(row[1]))):
        group = list(alike)
        plan = plan_of(tuple(group[0][0]), len(group[0][1]))
        for _, values in group:
            yield _of_row(plan, values)


def of_row(headers: Sequence[str | None], values: Sequence[str]) -> Identifiers:
    """The identifiers of one row of a table: the header decides what a cell is, else its content.

    Examples
    --------
    >>> of_row(["运单号", "手机", None], ["YT8765432109", "138****5678", "13900001111"])
    Identifiers(waybills=['YT8765432109'], phones=['13900001111'], masked=['138****5678'])
    """
    return _of_row(plan_of(tuple(headers), len(values)), values)


def _of_row(plan: Iterable[tuple[int, str | None]], values: Sequence[str]) -> Identifiers:
    found: tuple[list[str], list[str], list[str]] = ([], [], [])
    for place, header_says in plan:
        if value := values[place]:
            if header_says == "waybill":
                found[0].append(value)
            elif kind := kind_of(header_says, value):
                found[KINDS.index(kind)].append(value)
    return Identifiers(*found)


def of_line(text: str) -> Iterator[Identifiers]:
    """The records of one line of text: each waybill or order number in it is one.

    Phones beside a single number belong to its record; without a number they make one of their own.

    Examples
    --------
    >>> [one.waybills for one in of_line("YT8765432109、YT8765432110 已发 13900001111")]
    [['YT8765432109'], ['YT8765432110']]
    """
    found: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for match in _ANY.finditer(text):
        kind = match.lastgroup or ""
        if kind != "waybill" or not _DATED.fullmatch(match[0]):
            found[kind].append(match[0])
    waybills, phones, masked = (found[kind] for kind in KINDS)
    if len(waybills) == 1:
        yield Identifiers(waybills, phones, masked)
    elif waybills:
        yield from (Identifiers([one], [], []) for one in waybills)
    else:
        yield from (Identifiers([], [one], []) for one in phones)
        yield from (Identifiers([], [], [one]) for one in masked)


def kind_of(header_says: str | None, value: str) -> str:
    """``waybill``, ``phone`` or ``masked``; empty for what identifies no record."""
    if header_says is None:
        if len(value) < LEAST:
            return ""
        text = value.strip()
        match = _ANY.fullmatch(text)
        return match.lastgroup or "" if match and not _DATED.fullmatch(text) else ""
    hidden = header_says == "phone" and not value.isdecimal() and _HIDDEN.fullmatch(value.strip())
    return "masked" if hidden else header_says


@lru_cache(maxsize=1024)
def plan_of(headers: tuple[str | None, ...], width: int) -> list[tuple[int, str | None]]:
    """Which cells of a row may identify it, and what their headers say they are."""
    kinds = [_of_header(header) if header else None for header in headers[:width]]
    kinds += [None] * (width - len(kinds))
    return [(place, kind) for place, kind in enumerate(kinds) if kind != ""]


def _of_header(header: str) -> str | None:
    """The kind that a header names, empty for none; None where the cell has to tell."""
    words = _WORD_BREAK.sub(" ", header.strip()).lower()
    return next((kind for kind, pattern in _HEADERS if pattern.search(words)), None)

"""Which parts of a pasted line may have been cells. SPEC 11.8.

People paste rows into chats as they please: with tabs, commas or spaces, with labels, with the
phone in front or behind. A cell is found again by its whole text, so what matters is to cut at the
right places; trying a few cuts too many costs time and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_FIELD = re.compile(r"\t+|[|｜\r\n\v\f]+|[ \u00a0\u3000]{2,}")
_LABELS = (
    "收件人|收货人|收件人姓名|收货人姓名|姓名|名字|联系人|电话|手机|手机号|手机号码|联系电话|联系方式"
    "|收件电话|收件地址|收货地址|详细地址|地址|所在地区|省市区|商品|商品名称|货品|备注|买家留言|留言"
    "|订单号|订单编号|运单号|快递单号|单号|下单时间|时间"
    "|name|recipient|receiver|phone|tel|mobile|address|addr|item|goods|remark|note|order|waybill"
)
_BARRIER = re.compile(
    rf"(?:{'|'.join(sorted(_LABELS.split('|'), key=len, reverse=True))})\s*[:：]\s*"
    # a date, with its time
    r"|(?<!\d)\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:[\sT]*\d{1,2}:\d{2}(?::\d{2})?)?"
    # a phone number, whole or masked, and an extension
    r"|(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?[\d*]{4}[- ]?\d{4}(?:[-转]\d{1,6})?(?!\d)"
    r"|(?<![\d-])0\d{2,3}-\d{7,8}(?!\d)"
    r"|(?<!\d)(?:\+?1[- .])?\(?\d{3}[-. )]{1,2}\d{3}[-. ]\d{4}(?!\d)"
    # a waybill or order number
    r"|(?<![A-Za-z\d])[A-Za-z]{0,4}\d{10,24}(?![A-Za-z\d])"
    # the number of an item in a list
    r"|^\s*\d{1,4}[.、)）]\s*(?!\d)",
    re.IGNORECASE,
)
_WORDS = (re.compile(r"[^,，;；、]+"), re.compile(r"[^,，;；、\s]+"))
_EDGE = " \t\u00a0\u3000,，;；、:：\"'“”‘’[]【】{}"
_RUN = 8
# who says it, in a chat: a name, perhaps with a number or a time behind it
_SENDER = re.compile(r"^[^:：,，]{1,32}?[:：]\s*(?=\S)")
# an area at the front of an address, which another table may hold in a column of its own
_AREA = re.compile(r"^[一-龥]{2,8}?(?:[省市区县旗镇乡]|自治州|街道)[\s,，/]*(?=\S)")
_INVISIBLE = re.compile("[\ufe00-\ufe0f\u200b-\u200d\u2060-\u2064]")
_AREAS = 4
_WRAPPED_FROM = 8  # letters and digits of a line that may go on in the next


def segments(line: str, *, limit: int = 64) -> list[str]:
    """Parts of a line that may be cells, the likeliest first.

    First what stands between tabs, bars, wide gaps, labels, dates and numbers; then the same
    without regard to labels, dates and numbers, and the whole line; then, for a name and an address
    with a single space or a comma between them, runs of what stands between commas, and runs of
    words, longer ones first.

    Parameters
    ----------
    line : str
        One line of pasted text.
    limit : int
        At most so many parts.

    Returns
    -------
    list of str
        No two have the same letters and digits.

    Examples
    --------
    >>> segments("张三 13800000000 春晗路8号 2单元")
    ['张三', '春晗路8号 2单元', '张三 13800000000 春晗路8号 2单元', '春晗路8号', '2单元']
    """
    found: dict[str, str] = {}
    for part in _parts(line):
        text = part.strip(_EDGE)
        letters = "".join(filter(str.isalnum, text))
        if letters and len(text) > len(found.get(letters, "")):
            found[letters] = text
        if len(found) >= limit:
            break
    return list(found.values())


def is_joined(text: str) -> bool:
    """Whether a cell holds what parts the cells of a pasted line: a label, a date, a number, a gap.

    It has something else besides.
    """
    found = _BARRIER.search(text) or _FIELD.search(text)
    return found is not None and found.end() - found.start() < len(text.strip())


def wrapped(line: str, following: str) -> list[str]:
    """Parts of two lines that may have been one cell, broken where the first line ends."""
    if sum(map(str.isalnum, line)) < _WRAPPED_FROM or _BARRIER.match(following):
        return []
    known = {*segments(line), *segments(following)}
    head, tail = _BARRIER.split(_FIELD.split(line)[-1])[-1], _FIELD.split(following)[0]
    if not (head.strip() and tail.strip()):
        return []
    return [part for part in segments(head.rstrip() + tail.lstrip(), limit=16) if part not in known]


def _parts(line: str) -> Iterator[str]:
    fields = _FIELD.split(line)
    pieces = [piece for field in fields for piece in _BARRIER.split(field)]
    yield from pieces
    yield from fields
    yield line
    for piece in pieces:
        yield from _shortened(piece)
    for word in _WORDS:
        for piece in pieces:
            yield from _runs(piece, word)


def _shortened(piece: str) -> Iterator[str]:
    """A piece without who says it, and without the areas at its front.

    Invisible characters in what would be cut off say that it is of one cell with the rest.
    """
    piece = piece.strip(_EDGE)
    for border, times in ((_SENDER, 1), (_AREA, _AREAS)):
        for _ in range(times):
            found = border.match(piece)
            if found is None or _INVISIBLE.search(found[0]):
                break
            piece = piece[found.end() :]
            yield piece


def _runs(piece: str, word: re.Pattern[str]) -> Iterator[str]:
    """All runs of up to eight neighbouring words of a piece, as they stand, longer ones first."""
    words = [found.span() for found in word.finditer(piece)]
    for length in range(min(_RUN, len(words) - 1), 0, -1):
        for first in range(len(words) - length + 1):
            yield piece[words[first][0] : words[first + length - 1][1]]

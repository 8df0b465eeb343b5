"""Japanese and Korean among Chinese: Han letters alone do not make a text Chinese. SPEC 5.8."""

from __future__ import annotations

import re
from collections.abc import Iterable

_KANA_OR_HANGUL = re.compile("[ぁ-ゖァ-ヺｦ-ﾝᄀ-ᇿㄱ-ㆎ가-힣]").search
# Words of headers that Chinese writes otherwise.
_WORDS = re.compile("商品名$|番号|氏名|宛名|宛先|備考|品番|郵便|注文|単価|価格|発送|顧客|届").search


def is_japanese(text: str) -> bool:
    """Whether a text shows kana or hangul."""
    return _KANA_OR_HANGUL(text) is not None


def in_japanese(headers: Iterable[str | None]) -> bool:
    """Whether any of a table's headers is Japanese or Korean.

    Examples
    --------
    >>> in_japanese(["no", "商品名"]), in_japanese(["运单号", "商品名称"])
    (True, False)
    """
    named = [str(header).strip() for header in headers if header]
    return any(is_japanese(header) or _WORDS(header) for header in named)

"""Japanese and Korean among Chinese: Han letters alone do not make a text Chinese. SPEC 5.8."""

from __future__ import annotations

import re

_KANA_OR_HANGUL = re.compile("[ぁ-ゖァ-ヺｦ-ﾝᄀ-ᇿㄱ-ㆎ가-힣]").search


def is_japanese(text: str) -> bool:
    """Whether a text shows kana or hangul."""
    return _KANA_OR_HANGUL(text) is not None

"""What of a cell marking leaves as it is: codes, mail and web addresses, markup. SPEC 5.8.

Somebody copies these, searches them or hands them to a program, and one changed character in them
breaks that. Invisible symbols that an older copy shows there are still read.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from operator import itemgetter
from typing import NamedTuple

from tracemark.text.japanese import is_japanese
from tracemark.text.parse import Parsed, Slot
from tracemark.text.rules import HAN
from tracemark.text.states import STATE, in_its_state

Span = tuple[int, int]

_HYPHEN = "[-_‐－—–]"
_UNIT = "(?:apartment|apt|suite|ste|floor|fl|building|bldg|room|rm|department|dept|unit)"

# What no such run is without, found by its digits.
_MIXED = re.compile(f"[0-9](?:(?<=[a-z].)|(?<=[a-z]{_HYPHEN}.)|(?:{_HYPHEN}|\\.)?[a-z])").search
# A run of letters and digits that shows both: 500ml, 12a, b2, ab-500ml, 1z999aa10123456784.
_RUN = re.compile(
    f"(?<![a-z0-9])(?<![a-z0-9]{_HYPHEN})(?<![0-9]\\.)(?<![a-z]\\.(?=[a-z]))"
    f"(?=[a-z]*(?:(?:{_HYPHEN}|\\.)[a-z]+)*{_HYPHEN}?[0-9])"
    f"(?=[0-9]*(?:(?:{_HYPHEN}|\\.)[0-9]+)*(?:{_HYPHEN}|\\.)?[a-z])"
    f"[a-z0-9]+(?:(?:{_HYPHEN}|\\.(?=[a-z])|(?<=[0-9])\\.)[a-z0-9]+)*"
).finditer
# Amounts, storeys and house numbers, which may stand in slots or beside them: 500ml, b2, c-501.
_AMOUNT = re.compile(
    "[0-9]+(?:\\.[0-9]+)?[a-z]*(?:[x‐－—–-][0-9]+(?:\\.[0-9]+)?[a-z]*)*"
    f"|[a-z]{{1,4}}[0-9]{{1,3}}|[a-z][0-9]{{0,2}}(?:{_HYPHEN}[0-9]{{1,4}}){{1,3}}"
    f"|{_UNIT}[0-9]{{1,5}}[a-z]?"
).fullmatch
# Apartment 5b: the format's vectors hold that its letter bears a symbol.
_IN_UNIT = re.compile(f"(?<![a-z]){_UNIT} [0-9]{{1,5}}[a-z]\\Z").search
# What a hyphen joins to a code: ab-500ml-白, 白-ab500; and to a name: kx-黑. A size is none.
_TAIL = re.compile(f"{_HYPHEN}[{HAN}]{{1,4}}").match
_LEAD = re.compile(f"[{HAN}]{{1,4}}{_HYPHEN}\\Z").search
_NAMED = re.compile(
    f"(?<![a-z0-9])(?<![a-z0-9]{_HYPHEN})(?!(?:x*[sml]|free){_HYPHEN})"
    f"[a-z]{{2,}}(?:{_HYPHEN}[a-z]+)*(?:_[a-z]+|{_HYPHEN}[{HAN}]{{1,4}})"
).finditer
# Accounts and banks, which are also written in groups.
_BANK = re.compile(
    "(?<![a-z0-9])[a-z]{2}[0-9]{2}(?: [a-z0-9]{4}){3,7}(?: [a-z0-9]{1,3})?(?![a-z0-9])"
    "|(?<![a-z])(?:bic|swift)[\\W_]{1,3}[a-z]{6}[a-z0-9]{2}(?:[a-z0-9]{3})?(?![a-z0-9])"
).finditer
_NET = re.compile(
    "(?:(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*://|(?<![a-z0-9])www\\.)[^\\s，。；、！？（）【】《》“”]*"
    "|(?<![!-~])(?=[!-~]*?(?:@|\\\\|[a-z0-9]{2}\\.[a-z]{2}|(?:/[a-z][a-z0-9_-]{2,}){2}))[!-~]+"
).finditer
_DOTTED = re.compile("\\.(?:[a-z]{2}|(?<=www\\.))").search
_MARKUP = re.compile("(?<=<)[a-z/!?][^<>]*(?=>)|(?<=&)#?[a-z0-9]{2,8}(?=;)").finditer

_FORMULA = re.compile("=[^=\\s]|[+@-][+@ -]*[A-Za-z_][A-Za-z0-9_.]*\\(").match
_BRACED = re.compile("\\s*(?:\\{.*\\}|\\[.*\\])\\s*", re.DOTALL).fullmatch


class Kept(NamedTuple):
    """Spans of a folded text that are left as they are.

    Attributes
    ----------
    codes : list of Span
        Nothing is written in or directly at them. In order, none over another.
    amounts : list of Span
        Amounts and short numbers with letters: no invisible symbol stands in or behind them.
    """

    codes: list[Span]
    amounts: list[Span]


NOTHING = Kept([], [])
_START = itemgetter(0)
_SIGNS = ("=", "+", "-", "@")


def is_whole(text: str) -> bool:
    """Whether a cell is left as it is altogether: a formula, or a JSON object or array.

    Examples
    --------
    >>> is_whole('=HYPERLINK("https://shop.example","12 Oak Street")'), is_whole("[new] mug")
    (True, False)
    """
    if text[:1] in _SIGNS and _FORMULA(text):
        return True
    if not _BRACED(text):
        return False
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def kept(text: str, folded: str) -> Kept:
    """What is left as it is in a text without our symbols."""
    if is_whole(text):
        return Kept([(0, len(folded))], [])
    codes: list[Span] = []
    amounts: list[Span] = []
    for match in _RUN(folded) if _MIXED(folded) else ():
        start, end = match.span()
        if _AMOUNT(match[0]):
            if not _IN_UNIT(folded, max(start - 13, 0), end):
                amounts.append((start, end))
        else:
            lead, tail = _LEAD(folded[max(start - 5, 0) : start]), _TAIL(folded, end)
            codes.append((start - len(lead[0]) if lead else start, tail.end() if tail else end))
    if "-" in folded or "_" in folded or not folded.isascii():
        codes += [match.span() for match in _NAMED(folded)]
    if "@" in folded or "/" in folded or "\\" in folded or _DOTTED(folded):
        codes += [match.span() for match in _NET(folded)]
    if "<" in folded or "&" in folded:
        codes += [match.span() for match in _MARKUP(folded)]
    if any(end - start == 4 for start, end in amounts) or (
        folded.isascii() and ("bic" in folded or "swift" in folded)
    ):
        codes += [match.span() for match in _BANK(folded)]
    return Kept(_merged(codes), amounts) if codes or amounts else NOTHING


def _merged(spans: list[Span]) -> list[Span]:
    """Spans in order, those that overlap made one."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def free(parsed: Parsed, spared: Kept | None = None) -> list[Slot]:
    """The slots of a cell that are written and read.

    None that stands in or at a code, no state but one of the US, and no Chinese wording beside
    kana or hangul.
    """
    if not parsed.slots:
        return parsed.slots
    codes = (spared or kept(parsed.text, parsed.folded)).codes
    slots = [
        slot
        for slot in parsed.slots
        if not (codes and _touched(codes, slot))
        and (slot[0].id != STATE or in_its_state(parsed.folded, slot))
    ]
    if parsed.places is not None and parsed.locale.head and is_japanese(parsed.text):
        slots = [slot for slot in slots if slot[0].layer != "wording"]
    return slots


def _touched(codes: list[Span], slot: Slot) -> bool:
    last = bisect_right(codes, slot[3], key=_START) - 1
    return last >= 0 and slot[2] <= codes[last][1]


def bare(parsed: Parsed, pieces: Sequence[str], spared: Kept) -> set[int]:
    """Which letters, by their turn, bear no symbol: those in kept text, or right before a code.

    Parameters
    ----------
    parsed : Parsed
    pieces : sequence of str
        See `tracemark.text.invisible.cut`.
    spared : Kept
        Of the same text.
    """
    places = parsed.places
    spans = [*spared.codes, *((start + 1, end) for start, end in spared.amounts)]
    if places is not None:
        spans = [(places[start], places[end]) for start, end in spans]
    ends = list(accumulate(map(len, pieces[:-1])))
    return {
        letter
        for start, end in spans
        for letter in range(bisect_left(ends, start), bisect_right(ends, end))
    }

"""Parsing a cell, without a key: its anchor, its visible slots, its canonical text. SPEC 5.2."""

from __future__ import annotations

import re
from typing import NamedTuple

from tracemark.arguments import shown
from tracemark.errors import UsageError
from tracemark.text.fold import Places, fold, strip_symbols
from tracemark.text.rules import HAN, Family, Locale, Rules, rules

_IS_CODE = re.compile(r"[^ \t\r\n]*|[^A-Za-z]*").fullmatch
_IS_MASKED = re.compile(r"1[3-9][0-9][*＊]{4}[0-9]{4}").search
_HAS_HAN = re.compile(f"[{HAN}]").search

LEAST_ANCHOR = 4  # a shorter text stands in too many places to be told apart

Slot = tuple[Family, int, int, int, str, int]
"""A visible slot: its family; its number (family id * 2**32 + how many of its family stand before
it in the cell); start and end in the folded text; the spelling found there; where the closing half
of a pair stands (-1 for none)."""


class Parsed(NamedTuple):
    """What a cell's text holds.

    Attributes
    ----------
    text : str
        Without our invisible symbols.
    folded, places
        See `tracemark.text.fold.fold`.
    locale : Locale
    slots : list of Slot
        In order. Which there are is the same for every marking of a text.
    road : int
        Where the text ends, folded, that the slots of the head are keyed by; 0 for none.
    """

    text: str
    folded: str
    places: Places
    locale: Locale
    slots: list[Slot]
    road: int


def parse(text: str, using: Rules) -> Parsed:
    """Parse a text that holds none of our symbols. SPEC 5.2."""
    folded, places = fold(text)
    locale = using.chinese if not text.isascii() and _HAS_HAN(folded) else using.english
    slots: list[Slot] = []
    groups = locale.groups
    turns: dict[int, int] = {}
    begin = road = 0
    if locale.head and (match := locale.head.match(folded)):
        begin, road = match.end(), match.end(locale.road) if locale.road else 0
        for family, group in locale.heads:
            start, end = match.span(group)
            if start >= 0:
                slots.append((family, family.id << 32, start, end, folded[start:end], -1))
    for match in locale.body.finditer(folded, begin):
        kind = match.lastindex
        if not kind:
            continue  # a number alone
        family, number, group, pair = groups[kind]
        if kind in turns:
            number += turns[kind]
        turns[kind] = turns.get(kind, 0) + 1
        start, end = match.span(group)
        closing = match.start(pair) if pair else -1
        slots.append((family, number, start, end, folded[start:end], closing))
    return Parsed(text, folded, places, locale, slots, road)


def anchor(parsed: Parsed) -> str:
    """What no marking changes: letters and digits that stand in no slot, folded. SPEC 5.2.

    Characters and words that are forms of slots elsewhere (省, 室, Road) do not count either, so
    that an anchor outlives the loss of a slot. Empty where fewer than `LEAST_ANCHOR` are left.
    """
    return _content(parsed, parsed.folded)


def road(parsed: Parsed) -> str:
    """The same of the text up to its road: what keys the slots of the head. SPEC 5.2.

    An address that was cut behind its road, or mistyped there, keeps them. Empty where there is no
    road or fewer than `LEAST_ANCHOR` are left: they are keyed by the anchor then.
    """
    return _content(parsed, parsed.folded[: parsed.road]) if parsed.road else ""


def _content(parsed: Parsed, folded: str) -> str:
    """What counts of the folded text, or of its beginning."""
    soft, length = parsed.locale.soft, len(folded)
    hard = [slot for slot in parsed.slots if slot[0] in parsed.locale.hard and slot[2] < length]
    if hard:
        pieces: list[str] = []
        done = 0
        for family, _, start, end, spelling, _ in hard:
            pieces += folded[done:start], family.canonical[spelling] if family.keep else ""
            done = end
        folded = "".join(pieces) + folded[done:]
    content = soft.sub("", folded)
    return content if len(content) >= LEAST_ANCHOR else ""


def writable(parsed: Parsed, slot: Slot) -> tuple[int, int] | None:
    """Start and end of a slot in the text itself.

    None where software has contracted or broken up its characters: such a slot is left alone.
    """
    start, end = slot[2], slot[3]
    places = parsed.places
    if places is None:
        return start, end
    first = places[start]
    last = places[end - 1] + 1 if end > start else first
    return (first, last) if last - first == end - start else None


def is_code(text: str) -> bool:
    """Whether a text is a number, a date or a code: ASCII without a blank, or without a letter.

    Such a cell is never marked, whatever its role. A masked mobile number is none.
    """
    if not text.isascii() or _IS_CODE(text) is None:
        return False
    return "*" not in text or _IS_MASKED(text) is None


def rewrite(text: str, edits: list[tuple[int, int, str]]) -> str:
    """Replace spans that do not overlap: (start, end, what to write)."""
    pieces: list[str] = []
    done = 0
    for start, end, written in sorted(edits):
        pieces += text[done:start], written
        done = end
    pieces.append(text[done:])
    return "".join(pieces)


def edits(parsed: Parsed, slot: Slot, shown: int, written: str) -> list[tuple[int, int, str]]:
    """The edits that put a spelling, of the class `shown`, in the place of a slot."""
    family, _, start, end, _, closing = slot
    if closing < 0 and parsed.places is None and not family.case:
        return [(start, end, written)]
    span = writable(parsed, slot)
    if span is None:
        return []
    start, end = span
    if family.case:
        written = _in_case(written, parsed.text[start:end], parsed.text)
    if closing < 0:
        return [(start, end, written)]
    if parsed.places is not None:
        closing = parsed.places[closing]
    return [(start, end, written), (closing, closing + 1, family.closing[shown])]


def _in_case(written: str, found: str, text: str) -> str:
    if text.isupper():
        return written.upper()
    return written.lower() if found.islower() else written


def canonical(parsed: Parsed, *, numerals: bool = False) -> str:
    """The text with every slot in its canonical form. SPEC 5.6."""
    wanted = [
        edits(parsed, slot, 0, slot[0].canonical[slot[4]])
        for slot in parsed.slots
        if slot[0].allowed(numerals=numerals)
    ]
    return rewrite(parsed.text, [edit for pair in wanted for edit in pair])


def clean(text: str, using: Rules | None = None, *, numerals: bool = False) -> str:
    """The canonical text of a cell: no symbols of ours, every slot in its first form. SPEC 5.6.

    ``clean(marked) == clean(original)``. What is not ours, natural joiners included, stays.

    Parameters
    ----------
    text : str
    using : Rules, optional
        The built-in rules unless given.
    numerals : bool
        Whether the copy was marked with numerals allowed; no numeral is rewritten otherwise.

    Examples
    --------
    >>> clean("浙江杭州市西湖区文三路159号3幢2单元501")
    '浙江省杭州市西湖区文三路159号3栋2单元501室'
    """
    if not isinstance(text, str):
        raise UsageError(f"text cannot be {shown(text)}", hint="it is str")
    if is_code(text):
        return text
    return canonical(parse(strip_symbols(text), using or rules()), numerals=numerals)

"""Parsing a cell, without a key: its anchor, its visible slots, its canonical text. SPEC 5.2."""

from __future__ import annotations

import re
from typing import NamedTuple

from tracemark.text.fold import Index, fold, strip_symbols
from tracemark.text.rules import HAN, Family, Locale, Rules, rules

_HAS_HAN = re.compile(f"[{HAN}]").search

Slot = tuple[Family, int, int, int, str, int]
"""A visible slot: family, offset in the anchor, start and end in the text, the spelling found
there (folded), where the closing half of a pair stands (-1 for none). A slot that cannot be
written (software has broken up or contracted its characters) has start -1."""


class Parsed(NamedTuple):
    """What a cell's text holds.

    Attributes
    ----------
    text : str
        Without our invisible symbols.
    folded, index
        See `tracemark.text.fold.fold`.
    locale : Locale
    anchor : str
        The same for every marking of the same text.
    slots : list of Slot
        In order. Which there are, and their offsets, is the same for every marking.
    """

    text: str
    folded: str
    index: Index
    locale: Locale
    anchor: str
    slots: list[Slot]


def parse(text: str, using: Rules) -> Parsed:
    """Parse a text that holds none of our symbols. SPEC 5.2."""
    folded, index = fold(text)
    locale = using.chinese if not text.isascii() and _HAS_HAN(folded) else using.english
    squeeze, groups, length = locale.soft.sub, locale.groups, len(folded)
    slots: list[Slot] = []
    anchor, done, begin = "", 0, 0
    if locale.head and (match := locale.head.match(folded)):
        begin = match.end()
        for family, group in locale.heads:
            start, end = match.span(group)
            if start >= 0:
                anchor += squeeze("", folded[done:start])
                slots.append((family, len(anchor), start, end, folded[start:end], -1))
                done = end
    for match in locale.body.finditer(folded, begin):
        family, group, closing = groups[match.lastindex or 0]
        start, end = match.span(group)
        anchor += squeeze("", folded[done:start])
        spelling = folded[start:end]
        slots.append(
            (family, len(anchor), start, end, spelling, match.start(closing) if closing else -1)
        )
        if family.keep:
            anchor += family.canonical[spelling]
        done = end
    anchor += squeeze("", folded[done:] if done else folded)
    if index is not None:
        slots = [_in_text(slot, index) for slot in slots]
    return Parsed(text, folded, index, locale, anchor, slots)


def _in_text(slot: Slot, index: list[int]) -> Slot:
    """Move a slot from places in the folded text to places in the text itself."""
    family, offset, start, end, spelling, closing = slot
    first = index[start]
    last = index[end - 1] + 1 if end > start else first
    if last - first != end - start:
        return (family, offset, -1, -1, spelling, -1)
    return (family, offset, first, last, spelling, index[closing] if closing >= 0 else -1)


def rewrite(text: str, edits: list[tuple[int, int, str]]) -> str:
    """Replace spans that do not overlap: (start, end, what to write)."""
    pieces, done = [], 0
    for start, end, written in sorted(edits):
        pieces += text[done:start], written
        done = end
    pieces.append(text[done:])
    return "".join(pieces)


def edits(slot: Slot, chip: int, written: str, text: str) -> list[tuple[int, int, str]]:
    """The edits that put a spelling, which shows `chip`, in the place of a slot of `text`."""
    family, _, start, end, _, closing = slot
    if start < 0:
        return []
    if family.case:
        written = _in_case(written, text[start:end], text)
    if closing < 0:
        return [(start, end, written)]
    return [(start, end, written), (closing, closing + 1, family.closing[chip])]


def _in_case(written: str, found: str, text: str) -> str:
    if text.isupper():
        return written.upper()
    return written.lower() if found.islower() else written


def canonical(parsed: Parsed) -> str:
    """The text with every slot in its canonical form. SPEC 5.6."""
    text = parsed.text
    wanted = [edits(slot, 0, slot[0].canonical[slot[4]], text) for slot in parsed.slots]
    return rewrite(text, [edit for pair in wanted for edit in pair])


def clean(text: str, using: Rules | None = None) -> str:
    """The canonical text of a cell: no symbols of ours, every slot in its first form. SPEC 5.6.

    ``clean(marked) == clean(original)``. What is not ours, natural joiners included, stays.

    Examples
    --------
    >>> clean("浙江杭州市西湖区文三路159号3幢2单元501")
    '浙江省杭州市西湖区文三路159号3栋2单元501室'
    """
    return canonical(parse(strip_symbols(text), using or rules()))

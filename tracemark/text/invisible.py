"""The invisible layer: symbols of three chips behind the first letters of a cell. SPEC 5.5."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection
from itertools import accumulate, pairwise
from operator import add

from tracemark.text.fold import SYMBOLS
from tracemark.text.parse import Parsed
from tracemark.text.slots import CHIPS, LANES

LEAST_LETTERS = 4

_EMPTY = "-"
_PRESENT = str.maketrans(_EMPTY + SYMBOLS, "0" + "1" * len(SYMBOLS))
_OCTAL = str.maketrans(_EMPTY + SYMBOLS, "001234567")
_TRIPLES = [SYMBOLS[n >> 6] + SYMBOLS[n >> 3 & 7] + SYMBOLS[n & 7] for n in range(512)]
_SHIFTS = range(CHIPS - 9, -1, -9)


def cut(parsed: Parsed) -> list[str]:
    """Cut the text behind each letter that carries symbols: one piece more than letters.

    At most one letter for each lane, and none if there are too few. With fewer letters than lanes,
    lane n + i stands behind letter i as well, after lane i.
    """
    locale, text = parsed.locale, parsed.text
    if parsed.places is None and locale.words is None:
        pieces = locale.letter.split(text, LANES)
    else:
        folded = _unmarked(parsed)
        ends = [0, *accumulate(map(len, locale.letter.split(folded, LANES)))]
        if parsed.places is not None:
            # no symbol stands within a character that folding took apart
            places = parsed.places
            whole = [places[end] for end in ends[1:-1] if places[end] > places[end - 1]]
            ends = [0, *whole, places[-1]]
        pieces = [text[start:end] for start, end in pairwise(ends)]
    return pieces if len(pieces) > LEAST_LETTERS else [text]


def _unmarked(parsed: Parsed) -> str:
    """The folded text with blanks for the words that a marking of another copy may spell longer."""
    folded, locale = parsed.folded, parsed.locale
    if locale.words is None:
        return folded
    for slot in parsed.slots:
        if slot[0] in locale.hard:
            folded = folded[: slot[2]] + " " * (slot[3] - slot[2]) + folded[slot[3] :]
    return locale.words.sub(_blank, folded)


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def place(pieces: list[str], bits: int, without: Collection[int] = ()) -> str:
    """Put symbols that show 54 chips, lane 0 highest, behind the pieces of a text but the last.

    Behind those pieces that are named in `without` there are none.
    """
    letters = len(pieces) - 1
    symbols = "".join([_TRIPLES[bits >> shift & 511] for shift in _SHIFTS])
    woven = [""] * (2 * letters + 1)
    woven[::2] = pieces
    seconds = symbols[letters : 2 * letters]
    if seconds:
        doubled = list(map(add, symbols, seconds))
        woven[1::2] = [*doubled, *symbols[len(doubled) : letters]]
    else:
        woven[1::2] = symbols
    for piece in without:
        woven[2 * piece + 1] = ""
    return "".join(woven)


def lanes(parsed: Parsed, runs: list[tuple[int, str]]) -> tuple[int, int]:
    """The symbols that stand in the lanes of a cell.

    Parameters
    ----------
    parsed : Parsed
        The cell, parsed without its symbols.
    runs : list of (int, str)
        Its symbols, see `tracemark.text.fold.split_symbols`.

    Returns
    -------
    present : int
        18 bits: the lanes in which a symbol stands, lane 0 highest.
    symbols : int
        54 bits: the symbols, lane 0 highest; 0 in an empty lane.
    """
    places = parsed.places
    behind: dict[int, str] = {}
    for place, run in runs:
        end = place if places is None else places[bisect_left(places, place)]
        behind[end] = behind.get(end, "") + run
    pieces = cut(parsed)
    letters = len(pieces) - 1
    found = [behind.get(end, "") for end in accumulate(map(len, pieces[:-1]))]
    firsts = "".join([run[:1] or _EMPTY for run in found])
    seconds = "".join([run[1:2] or _EMPTY for run in found]) if letters < LANES else ""
    shown = (firsts + seconds)[:LANES].ljust(LANES, _EMPTY)
    return int(shown.translate(_PRESENT), 2), int(shown.translate(_OCTAL), 8)

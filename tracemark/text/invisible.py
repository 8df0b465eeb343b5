"""The invisible layer: symbols of three chips behind the first letters of a cell. SPEC 5.5."""

from __future__ import annotations

import re
from bisect import bisect_left

from tracemark.text.fold import SYMBOLS
from tracemark.text.parse import Parsed
from tracemark.text.slots import CHIPS, LANES

LEAST_LETTERS = 4

_RUN = re.compile(f"[{SYMBOLS}]+")
_TRIPLES = [SYMBOLS[n >> 6] + SYMBOLS[n >> 3 & 7] + SYMBOLS[n & 7] for n in range(512)]
_VALUES = {symbol: value for value, symbol in enumerate(SYMBOLS)}
_SHIFTS = range(CHIPS - 9, -1, -9)


def letter_ends(parsed: Parsed) -> list[int]:
    """Where the letters that carry symbols end in the folded text; none if there are too few.

    At most one letter for each lane. With fewer letters than lanes, lane n + i stands behind
    letter i as well, after lane i.
    """
    locale, folded = parsed.locale, parsed.folded
    if locale.words:
        folded = locale.words.sub(_blank, folded)
    letters = locale.letters
    ends = [end for end, character in enumerate(folded, 1) if character in letters]
    return ends[:LANES] if len(ends) >= LEAST_LETTERS else []


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def place(parsed: Parsed, ends: list[int], bits: int) -> str:
    """Put symbols that show 54 chips, lane 0 highest, behind the letters that end at `ends`."""
    symbols = "".join([_TRIPLES[bits >> shift & 511] for shift in _SHIFTS])
    seconds = symbols[len(ends) : 2 * len(ends)]
    index, text = parsed.index, parsed.text
    if index is not None:
        ends = [index[end] for end in ends]
    pieces, done = [], 0
    for end, symbol in zip(ends, symbols, strict=False):
        pieces += text[done:end], symbol
        done = end
    if seconds:
        for lane, second in enumerate(seconds):
            pieces[2 * lane + 1] += second
    pieces.append(text[done:])
    return "".join(pieces)


def lanes(text: str, parsed: Parsed) -> list[tuple[int, int]]:
    """The symbols that stand in the lanes of a marked text: (lane, value 0 to 7).

    Parameters
    ----------
    text : str
        The text as it was found.
    parsed : Parsed
        The same text, parsed without its symbols.
    """
    behind: dict[int, str] = {}
    removed = 0
    for run in _RUN.finditer(text):
        place = run.start() - removed
        removed += len(run[0])
        end = place if parsed.index is None else bisect_left(parsed.index, place)
        behind[end] = behind.get(end, "") + run[0]
    if not behind:
        return []
    ends = letter_ends(parsed)
    found = []
    for lane, end in enumerate(ends):
        for turn, symbol in enumerate(behind.get(end, "")[:2]):
            if lane + turn * len(ends) < LANES:
                found.append((lane + turn * len(ends), _VALUES[symbol]))
    return found

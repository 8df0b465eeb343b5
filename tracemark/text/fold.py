"""Folding: one text for all the ways in which software rewrites the same characters. SPEC 5.1.

Folding takes away what carries no reading (joiners, selectors, accents) and maps width, case and
compatibility forms to one: it is the same before and after NFC, NFD, NFKC and NFKD.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import accumulate

SYMBOLS = "".join(map(chr, range(0xFE03, 0xFE0B)))  # VS4 to VS11: our invisible symbols 0 to 7

# Letters that are drawn as nothing; everything else that is invisible has category C or M.
_BLANKS = "\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800"

# Characters that stand for themselves (but for ASCII capitals): nearly all that addresses hold.
PLAIN = " -~\n\r\t一-鿿，。、；：！？（）【】《》“”‘’…—‐－×·＊"
_IS_PLAIN = re.compile(f"[{PLAIN}]*").fullmatch
_PLAIN_CHARACTER = re.compile(f"[{PLAIN}]").fullmatch
_OURS = re.compile(f"[{SYMBOLS}]+")
_RUNS = re.compile(f"([{SYMBOLS}]+)")

Places = list[int] | None


class _Folds(dict[str, str]):
    """Character to its folded form; computed when first asked for."""

    def __missing__(self, character: str) -> str:
        folded = _fold_character(character)
        if character <= "\uffff":
            self[character] = folded
        return folded


def _fold_character(character: str) -> str:
    if _PLAIN_CHARACTER(character):
        return character.lower()
    if character in _BLANKS:
        return ""
    once = _without_marks(unicodedata.normalize("NFKD", character)).casefold()
    return _without_marks(unicodedata.normalize("NFKD", once))


def _without_marks(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c) not in _DROPPED)


_DROPPED = {"Mn", "Mc", "Me", "Cf"}
_FOLDS = _Folds()


def strip_symbols(text: str) -> str:
    """Take away our invisible symbols, VS4 to VS11; nothing else is touched."""
    return text if text.isascii() else _OURS.sub("", text)


def split_symbols(text: str) -> tuple[str, list[tuple[int, str]]]:
    """Part a text and our symbols.

    Returns
    -------
    bare : str
    runs : list of (int, str)
        The symbols that stood together, and where in `bare` they stood.
    """
    pieces = [] if text.isascii() else _RUNS.split(text)
    if len(pieces) < 2:
        return text, []
    literal = pieces[::2]
    return "".join(literal), list(zip(accumulate(map(len, literal)), pieces[1::2], strict=False))


def fold(text: str) -> tuple[str, Places]:
    """Fold a text without our symbols. SPEC 5.1.

    Returns
    -------
    folded : str
    places : list of int, or None
        ``places[i]`` is where in `text` the character stands that became ``folded[i]``; its last
        entry is ``len(text)``. None where folding changed nothing but the case of ASCII letters.
    """
    if _IS_PLAIN(text):
        return text.lower(), None
    parts = [_FOLDS[character] for character in text]
    places = [place for place, part in enumerate(parts) for _ in part]
    places.append(len(text))
    return "".join(parts), places

"""Reading a damaged cell beside its original: each slot found again by its neighbours. SPEC 6.10.

A typo, a cut or a joined column moves a cell's anchor, and with it all its slots. Beside the
original the anchor is known, and so is where each slot stood: between two characters that can be
looked for in what leaked.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate

from tracemark.text.fold import fold, split_symbols
from tracemark.text.invisible import cut
from tracemark.text.kept import free
from tracemark.text.parse import Parsed, Slot, parse
from tracemark.text.rules import LAYERS, Family, Rules
from tracemark.text.scan import Shown
from tracemark.text.slots import LANES

_EDGES = "\x02", "\x03"  # stand for the ends of a cell, so that they are neighbours too
_TELLING = 3  # digits from which they tell neighbours apart


@dataclass(frozen=True, slots=True)
class Aligned:
    """What a passage shows of one original cell.

    Attributes
    ----------
    likeness : float
        Characters in common, as a part of the shorter of the two, 0 to 1; no more than 0.2 above
        what it is of digits alone, which tell neighbours apart.
    span : tuple of int
        First and last character of the passage that the original has too.
    shown : list of Shown
        Visible slots.
    present, symbols : int
        See `tracemark.text.invisible.lanes`.
    """

    likeness: float
    span: tuple[int, int]
    shown: list[Shown]
    present: int
    symbols: int


class Passage:
    """A piece of what leaked: a cell, or a pasted line."""

    def __init__(self, text: str) -> None:
        bare, runs = split_symbols(text)
        folded, places = fold(bare)
        self.folded = folded
        # which symbols stand behind which folded character
        self.behind = {
            place if places is None else bisect_left(places, place): run for place, run in runs
        }


class Template:
    """One original cell, ready to be looked for.

    Parameters
    ----------
    text : str
        Without symbols of ours.
    using : Rules
    known : collection of Family
        The families in which it may have been marked.
    """

    def __init__(self, text: str, using: Rules, known: Collection[Family]) -> None:
        parsed = parse(text, using)
        self._folded = parsed.folded
        self._matcher = SequenceMatcher(autojunk=False)
        self._matcher.set_seq2(_framed(parsed.folded))
        self._clusters = list(_clusters(parsed, known))
        self._letters = _letters(parsed)
        self._digits = sum(map(str.isdigit, parsed.folded))

    def beside(self, passage: Passage) -> Aligned:
        """Align a passage with the original."""
        self._matcher.set_seq1(_framed(passage.folded))
        place: dict[int, int] = {}  # character of the original to that of the passage
        for there, here, size in self._matcher.get_matching_blocks():
            place.update(zip(range(here, here + size), range(there, there + size), strict=True))
        shorter = min(len(self._folded), len(passage.folded))
        framed = _framed(passage.folded)
        shown: list[Shown] = []
        for start, end, slots in self._clusters:
            shown += _read(slots, place.get(start), place.get(end), framed)
        present, symbols = self._symbols(passage, place) if passage.behind else (0, 0)
        inside = [place[i] for i in place if 0 < i <= len(self._folded)]
        likeness = len(inside) / shorter if shorter else 0.0
        digits = min(self._digits, sum(map(str.isdigit, passage.folded)))
        if digits >= _TELLING:
            same = sum(framed[there].isdigit() for there in inside)
            likeness = min(likeness, 0.2 + same / digits)
        span = (min(inside), max(inside)) if inside else (0, 0)
        return Aligned(likeness, span, shown, present, symbols)

    def _symbols(self, passage: Passage, place: dict[int, int]) -> tuple[int, int]:
        """The symbols behind the letters of the original that were found. SPEC 5.5."""
        present = symbols = 0
        count = len(self._letters)
        for lane, letter in enumerate(self._letters):
            run = passage.behind.get(place.get(letter, -1), "")
            later = (count + lane,) if count < LANES else ()
            for one, symbol in zip((lane, *later), run, strict=False):
                if one < LANES:
                    present |= 1 << (LANES - 1 - one)
                    symbols |= (ord(symbol) - 0xFE03) << 3 * (LANES - 1 - one)
        return present, symbols


def _framed(folded: str) -> str:
    return folded.join(_EDGES)


def _letters(parsed: Parsed) -> list[int]:
    """The letters that carry symbols, as characters of the framed text."""
    ends = list(accumulate(map(len, cut(parsed)[:-1])))
    if parsed.places is None:
        return ends
    return [bisect_left(parsed.places, end) for end in ends]


def _clusters(
    parsed: Parsed, known: Collection[Family]
) -> Iterator[tuple[int, int, list[tuple[Slot, bool]]]]:
    """Slots that touch each other, and their neighbours in the framed text."""
    held: list[tuple[Slot, bool]] = []
    numbers = {slot[1] for slot in free(parsed) if slot[0] in known}
    for slot in parsed.slots:
        if held and held[-1][0][3] != slot[2]:
            yield held[0][0][2], held[-1][0][3] + 1, held
            held = []
        held.append((slot, slot[1] in numbers))
    if held:
        yield held[0][0][2], held[-1][0][3] + 1, held


def _read(
    slots: list[tuple[Slot, bool]], before: int | None, behind: int | None, text: str
) -> Iterator[Shown]:
    """The forms that stand between two neighbours; of one slot also beside one of them."""
    if before is not None and behind is not None and before < behind:
        forms = _spelled([slot[0] for slot, _ in slots], text[before + 1 : behind])
    elif len(slots) == 1 and (before is None) != (behind is None):
        forms = _beside(slots[0][0][0], text, before, behind)
    else:
        return
    for (slot, wanted), form in zip(slots, forms, strict=False):
        if wanted:
            yield slot[1], LAYERS.index(slot[0].layer), form


def _spelled(families: list[Family], text: str) -> list[int]:
    """The classes of forms that follow one another to make up a text; empty if none do."""
    family, *others = families
    for piece in (text, text.strip()) if not others else ():
        if piece in family.classes:
            return [family.classes[piece]]
    if not others:
        return []
    for form in sorted(family.classes, key=len, reverse=True):
        if text.startswith(form) and (rest := _spelled(others, text[len(form) :])):
            return [family.classes[form], *rest]
    return []


def _beside(family: Family, text: str, before: int | None, behind: int | None) -> list[int]:
    """The class of the longest form beside the one neighbour that is there; nothing is no form."""
    for form in sorted(filter(None, family.classes), key=len, reverse=True):
        if before is not None and text.startswith(form, before + 1):
            return [family.classes[form]]
        if behind is not None and text.endswith(form, 0, behind):
            return [family.classes[form]]
    return []

"""Marking cells for one recipient. SPEC 5.4 and 5.5."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracemark.errors import UsageError
from tracemark.profiles import Profile
from tracemark.text.fold import SYMBOLS, strip_symbols
from tracemark.text.invisible import cut, place
from tracemark.text.kept import NOTHING, Kept, bare, free, kept
from tracemark.text.parse import (
    Parsed,
    Slot,
    anchor,
    edits,
    is_code,
    parse,
    rewrite,
    road,
    writable,
)
from tracemark.text.roles import MARKED
from tracemark.text.rules import Rules, rules
from tracemark.text.siphash import siphash
from tracemark.text.slots import CHIPS, FINE, CellHash, CellKey

POLICIES: Mapping[str, tuple[str, ...]] = {
    "full": ("invisible", "typography", "wording"),
    "quiet": ("invisible",),
    "plain": ("typography", "wording"),
}
_WINDOW = (1 << (CHIPS - 3)) - 1  # SPEC 5.5: lane 0 shows its mask alone
_SPARE = 64 - CHIPS


class Draft(NamedTuple):
    """A cell that is to be marked.

    Attributes
    ----------
    text : str
        Without symbols of ours.
    content : str
        Its anchor; empty where there is no room for a mark.
    road : str
        What keys the slots of its head; empty where that is the anchor.
    slots : list of Slot
        The visible slots that the policy writes.
    spared : Kept
        What is left as it is.
    parsed : Parsed or None
        None where there is no room.
    """

    text: str
    content: str
    road: str
    slots: list[Slot]
    spared: Kept
    parsed: Parsed | None


class CellMarker:
    """Marks the cells of one recipient's copies.

    Parameters
    ----------
    slot_key : bytes
        The epoch's subkey for text slots.
    codeword : (L,) uint8
        The recipient's codeword.
    profile : Profile
    policy : str
        full (all layers), quiet (nothing a reader could see) or plain (nothing invisible).
    encoding : str, optional
        What the copy will be encoded in; forms that it cannot hold are not written.
    numerals : bool
        Whether the written form of a numeral may change (2单元 to 二单元).
    using : Rules, optional
        The built-in rules unless given.

    Attributes
    ----------
    layers : tuple of str
        The layers that the policy asks for and the encoding can hold.
    rules : Rules
    hash : CellHash
    bits, uniform : (L,) and (n,) uint8
        The codeword, and the part of it that invisible symbols show.
    used : set of str
        The layers in which anything was placed so far.
    invisible : bool
        Whether symbols are placed.
    families : dict of str to frozenset of Family
        The families in use, by role.

    Raises
    ------
    UsageError
        For an unknown policy or encoding, or a codeword of the wrong length.
    """

    def __init__(
        self,
        slot_key: bytes,
        codeword: NDArray[np.uint8],
        profile: Profile,
        policy: str = "full",
        *,
        encoding: str | None = None,
        numerals: bool = False,
        using: Rules | None = None,
    ) -> None:
        if policy not in POLICIES:
            raise UsageError(f"no policy '{policy}'", hint=f"one of {', '.join(POLICIES)}")
        if codeword.shape != (profile.length,):
            raise UsageError(
                f"a codeword of profile {profile.name} has {profile.length} bits",
                hint="draw it with the codebook of the same profile",
            )
        self.rules = using or rules()
        self.hash = CellHash(slot_key)
        self.bits = codeword
        self.uniform = codeword[profile.biased :]
        self._bits = self.bits.tobytes()
        # SPEC 5.5: the uniform bits as one number, its beginning repeated for windows that wrap
        uniform = "".join(map(str, codeword[profile.biased :].tolist()))
        self._uniform = profile.uniform
        self._ring = int(uniform + (uniform * -(-CHIPS // profile.uniform))[:CHIPS], 2)
        self.used: set[str] = set()
        asked = POLICIES[policy]
        self.invisible = "invisible" in asked and _holds(encoding, SYMBOLS)
        self.families = {
            role: frozenset(
                family
                for family in self.rules.families.values()
                if family.layer in asked
                and role in family.roles
                and family.allowed(numerals=numerals)
                and _holds(encoding, family.characters)
            )
            for role in MARKED
        }
        active = {family.layer for families in self.families.values() for family in families}
        self.layers = tuple(
            layer for layer in asked if layer in active or (layer == "invisible" and self.invisible)
        )

    def mark(self, text: str, role: str) -> tuple[str, int]:
        """Mark one cell.

        Parameters
        ----------
        text : str
            The cell; a mark that it carries already is replaced.
        role : str
            See `tracemark.text.roles`. Only address, item, remark and text are marked.

        Returns
        -------
        marked : str
            The same text where there is no room for a mark.
        anchor : int
            The cell's anchor id, 64 bits; 0 where nothing of ours was placed.
        """
        draft = self.draft(text, role)
        if not draft.content:
            return draft.text, 0
        key = self.hash(draft.content)
        bits, own = self._bits, key[3:]
        head = self.hash(draft.road)[3:] if draft.road else own
        # SPEC 5.4: the lowest bit of a slot is its mask, the others are its position
        hashed = [
            siphash(*(head if leads else own), number) for number, leads in numbers(draft.slots)
        ]
        return self.finish(draft, key, [bits[(u >> 1) % len(bits)] ^ u & 1 for u in hashed])

    def abroad(self) -> CellMarker:
        """The same for cells of a Japanese table: no Chinese wording is written. SPEC 5.8."""
        marker, chinese = copy(self), self.rules.chinese.families
        marker.families = {
            role: frozenset(f for f in own if f.layer != "wording" or f not in chinese)
            for role, own in self.families.items()
        }
        return marker

    def draft(self, text: str, role: str) -> Draft:
        """What of a cell can be marked, before its key is known."""
        if role not in self.families or is_code(text):
            return Draft(text, "", "", [], NOTHING, None)
        parsed = parse(strip_symbols(text), self.rules)
        families, spared = self.families[role], kept(parsed.text, parsed.folded)
        slots = [slot for slot in free(parsed, spared) if slot[0] in families]
        content = anchor(parsed)
        if not content or not (slots or self.invisible):
            return Draft(parsed.text, "", "", [], spared, None)
        return Draft(parsed.text, content, road(parsed), slots, spared, parsed)

    def finish(self, draft: Draft, key: CellKey, chips: Sequence[int]) -> tuple[str, int]:
        """Mark a cell; the chips are those of the `numbers` of the draft's slots."""
        self.used.update(slot[0].layer for slot in draft.slots)
        parsed, spared, (identity, start, masks, _, _) = draft.parsed, draft.spared, key
        if parsed is None:
            return draft.text, 0
        if draft.slots:
            parsed, spared = self._show(parsed, draft.slots, spared, iter(chips))
        pieces = cut(parsed) if self.invisible else []
        without = bare(parsed, pieces, spared) if spared is not NOTHING else ()
        if len(pieces) < 2 + len(without):
            return parsed.text, identity if draft.slots else 0
        self.used.add("invisible")
        window = self._ring >> (self._uniform - start % self._uniform) & _WINDOW
        return place(pieces, window ^ masks >> _SPARE, without), identity

    def _show(
        self, parsed: Parsed, slots: list[Slot], spared: Kept, chips: Iterator[int]
    ) -> tuple[Parsed, Kept]:
        """Write the chips of visible slots; where that would move any slot, write none.

        Nor where it would change which slots are left alone.
        """
        changes: list[tuple[int, int, str]] = []
        shown: dict[int, str] = {}
        for slot in slots:
            family, number, _, _, spelling, _ = slot
            wanted = next(chips)
            if family.fine:
                wanted = 2 * wanted + next(chips)
            if family.classes[spelling] != wanted:
                written = family.written[wanted][spelling]
                if change := edits(parsed, slot, wanted, written):
                    changes += change
                    shown[number] = written.lower()
        if not changes:
            return parsed, spared
        marked = parse(rewrite(parsed.text, changes), self.rules)
        if _same(parsed, marked, shown):
            still = kept(marked.text, marked.folded)
            if not (spared.codes or still.codes) or _numbers(free(parsed, spared)) == _numbers(
                free(marked, still)
            ):
                return marked, still
        return parsed, spared


def numbers(slots: Iterable[Slot]) -> Iterator[tuple[int, bool]]:
    """The chips that slots show, one or two where a slot is fine. SPEC 5.4.

    Their numbers, and whether they stand in the head.
    """
    for family, number, *_ in slots:
        yield number, family.head
        if family.fine:
            yield number | FINE, family.head


def _numbers(slots: list[Slot]) -> list[int]:
    return [slot[1] for slot in slots]


def _same(before: Parsed, after: Parsed, shown: Mapping[int, str]) -> bool:
    """Whether a rewritten text has the slots of the text before it, and shows what was written.

    Only slots were rewritten, so the anchors agree if the slots do.
    """
    if len(before.slots) != len(after.slots) or before.locale is not after.locale:
        return False
    moved = 0
    cased = False
    for old, new in zip(before.slots, after.slots, strict=True):
        family, number, start, end, spelling, _ = old
        wanted = shown.get(number, spelling)
        if new[1] != number or new[2] != start + moved or new[4] != wanted:
            return False
        moved += len(wanted) - (end - start)
        cased = cased or family.case
    return not cased or _style(before) == _style(after)


def _style(parsed: Parsed) -> list[bool]:
    """What the case of written forms is taken from."""
    text = parsed.text
    spans = [writable(parsed, slot) for slot in parsed.slots if slot[0].case]
    return [text.isupper(), *(text[span[0] : span[1]].islower() for span in spans if span)]


def _holds(encoding: str | None, characters: str) -> bool:
    if encoding is None:
        return True
    try:
        characters.encode(encoding)
    except UnicodeEncodeError:
        return False
    except (LookupError, ValueError):  # of names that cannot be, and codecs that are none of text
        raise UsageError(
            f"no encoding '{encoding}'", hint="for example utf-8, gb18030 or gbk"
        ) from None
    return True

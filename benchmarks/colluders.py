"""Accounts that compare their copies slot by slot, and show what suits them.

They know where the slots are and what forms there are, which is more than real ones would; they
strip what is invisible, since it differs everywhere.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence

from benchmarks.leaks import Row, stripped
from tracemark.text.parse import canonical, edits, parse, rewrite
from tracemark.text.rules import rules

Strategy = Callable[[list[str], str, random.Random], str]
"""From the spellings that the copies show, and the canonical one, to the one that is shown."""


def majority(spellings: list[str], canon: str, rng: random.Random) -> str:
    counts = Counter(spellings)
    return max(sorted(counts), key=lambda one: (counts[one], rng.random()))


def rarest(spellings: list[str], canon: str, rng: random.Random) -> str:
    counts = Counter(spellings)
    return min(sorted(counts), key=lambda one: (counts[one], rng.random()))


def at_random(spellings: list[str], canon: str, rng: random.Random) -> str:
    return rng.choice(spellings)


def canonical_where_different(spellings: list[str], canon: str, rng: random.Random) -> str:
    return canon if canon in spellings else rng.choice(spellings)


def rows_mixed(copies: Sequence[Sequence[Row]], rng: random.Random) -> list[Row]:
    """Each row whole from one of the copies."""
    rows = zip(*copies, strict=True)
    return [{k: stripped(v) for k, v in rng.choice(row).items()} for row in rows]


def compared(copies: Sequence[Sequence[Row]], strategy: Strategy, rng: random.Random) -> list[Row]:
    """Each slot as the strategy wants it."""
    return [
        {name: _cell([stripped(row[name]) for row in rows], strategy, rng) for name in rows[0]}
        for rows in zip(*copies, strict=True)
    ]


def _cell(texts: list[str], strategy: Strategy, rng: random.Random) -> str:
    if len({*texts}) == 1:
        return texts[0]
    cells = [parse(text, rules()) for text in texts]
    if len({tuple(slot[1] for slot in cell.slots) for cell in cells}) > 1:
        return rng.choice(texts)
    first = cells[0]
    canon = parse(canonical(first), rules()).slots
    changes = []
    for slots in zip(*(cell.slots for cell in cells), strict=True):
        slot, spellings = slots[0], [one[4] for one in slots]
        place = first.slots.index(slot)
        plain = canon[place][4] if len(canon) == len(first.slots) else slot[4]
        wanted = strategy(spellings, plain, rng)
        if wanted != slot[4]:
            changes += edits(first, slot, slot[0].classes[wanted], wanted)
    return rewrite(first.text, changes)


STRATEGIES: dict[str, Strategy | None] = {
    "majority": majority,
    "random": at_random,
    "rarest": rarest,
    "canonical where different": canonical_where_different,
    "rows mixed": None,
}


def collude(copies: Sequence[Sequence[Row]], name: str, rng: random.Random) -> list[Row]:
    """What several accounts leak together."""
    strategy = STRATEGIES[name]
    return rows_mixed(copies, rng) if strategy is None else compared(copies, strategy, rng)

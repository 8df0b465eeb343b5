"""What people do to rows to be rid of the marks, or to put them elsewhere.

Whoever "knows the rules" has this package: its parser, its families of forms, its `clean`; not the
key.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import tracemark
from benchmarks.common import N, recipient
from benchmarks.leaks import ADDRESS, Row, each_cell, standardised, stripped, transplant, washed
from tracemark.text.parse import clean, edits, parse, rewrite
from tracemark.text.rules import rules
from tracemark_cli.sample_orders import orders


@dataclass
class Scene:
    """A vault, an export, and the account it was issued to."""

    vault: tracemark.Vault
    rng: random.Random
    table: list[Row]
    to: str

    def marked(self, to: str, table: Sequence[Row] | None = None) -> list[Row]:
        return list(self.vault.mark_rows(self.table if table is None else table, to=to))

    def another(self) -> str:
        return recipient(self.rng.randrange(N))


@dataclass(frozen=True)
class Result:
    """What the tracer is handed, whose copies are in it, and the copy that was attacked."""

    rows: list[Row]
    guilty: tuple[str, ...]
    before: list[Row] | None = None


Attack = Callable[[Scene], Result]


def changed(how: Callable[[str, random.Random], str], column: str = "") -> Attack:
    """Every cell of a copy, or of one column of it, the rest washed."""

    def attack(scene: Scene) -> Result:
        before = scene.marked(scene.to)
        rows = [
            {
                name: how(text, scene.rng) if column in ("", name) else washed(text)
                for name, text in row.items()
            }
            for row in before
        ]
        return Result(rows, (scene.to,), before)

    return attack


def synonyms(rate: float) -> Callable[[str, random.Random], str]:
    """Each place where a form can stand gets one by lot, with this chance; nothing invisible."""

    def how(text: str, rng: random.Random) -> str:
        cell = parse(stripped(text), rules())
        changes = []
        for slot in cell.slots:
            if rng.random() < rate:
                form = rng.choice(sorted(slot[0].classes))
                if form != slot[4]:
                    changes += edits(cell, slot, slot[0].classes[form], form)
        return rewrite(cell.text, changes)

    return how


def cleaned(text: str, rng: random.Random) -> str:
    return clean(text, numerals=True)


def guessed(scene: Scene) -> Result:
    """Rows that were never marked, forms by lot: what a mark under a guessed key looks like."""
    return Result(
        [{k: synonyms(1)(v, scene.rng) for k, v in row.items()} for row in scene.table], ()
    )


def transplanted(scene: Scene) -> Result:
    """The invisible characters of a copy moved onto rows that were never issued."""
    foreign = list(orders(len(scene.table), scene.rng.randrange(1 << 40)))
    pairs = zip(scene.marked(scene.to), foreign, strict=True)
    return Result([transplant(donor, host) for donor, host in pairs], ())


def marked_again(scene: Scene) -> Result:
    """A copy that its holder had marked once more, for somebody else."""
    again = scene.another()
    return Result(scene.marked(again, scene.marked(scene.to)), (again,))


def salted(share: float) -> Attack:
    """Rows of somebody else's copy, in the place of the holder's own."""

    def attack(scene: Scene) -> Result:
        victim = scene.another()
        pairs = zip(scene.marked(scene.to), scene.marked(victim), strict=True)
        rows = [other if scene.rng.random() < share else own for own, other in pairs]
        return Result(each_cell(rows, stripped), (scene.to, victim))

    return attack


ATTACKS: dict[str, tuple[str, Attack]] = {
    "nothing (for comparison)": ("1 copy", changed(lambda t, r: t)),
    "invisible characters stripped": ("1 copy", changed(lambda t, r: stripped(t))),
    "washed: NFKC, spaces, punctuation": ("1 copy", changed(lambda t, r: washed(t))),
    "addresses standardised, the rest washed": (
        "1 copy, address software",
        changed(lambda t, r: standardised(t), ADDRESS),
    ),
    "forms by lot at 25 % of places": ("1 copy, the rules", changed(synonyms(0.25))),
    "forms by lot at 50 % of places": ("1 copy, the rules", changed(synonyms(0.5))),
    "forms by lot at 80 % of places": ("1 copy, the rules", changed(synonyms(0.8))),
    "forms by lot everywhere": ("1 copy, the rules", changed(synonyms(1.0))),
    "our own canonical text (`clean`)": ("1 copy, this package", changed(cleaned)),
    "unmarked rows, forms by lot (guessing)": ("the rules", guessed),
    "framing: invisible characters moved to foreign rows": ("1 copy", transplanted),
    "framing: a copy marked again for another": ("the marking service", marked_again),
    "framing: 10 % of the rows from another's copy": ("2 copies", salted(0.1)),
}

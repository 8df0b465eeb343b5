"""Tables of nobody, and the innocents of a copy: who is accused, who scores how much?"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

import tracemark
from benchmarks import leaks
from benchmarks.calibration import shares
from benchmarks.common import recipient
from benchmarks.trials import Trial
from tracemark_cli.sample_orders import orders

CANDIDATES = 1000
KINDS = (
    "foreign, never marked",
    "another vault's mark",
    "marks transplanted",
    "foreign, washed",
    "a copy, and its innocents",
)
_EDGE = 60  # bits; scores are counted in bins of two


class Nulls:
    """Two vaults of a thousand recipients each, and tables that none of the first was issued."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._seed = folder, seed
        rng = random.Random(f"{seed}/nulls")
        self._vault = tracemark.Vault.create(folder / "own", key=rng.randbytes(32))
        self._other = tracemark.Vault.create(folder / "other", key=rng.randbytes(32))
        for one in (self._vault, self._other):
            one.add_recipients(recipient(i) for i in range(CANDIDATES))

    def close(self) -> None:
        """Release both ledgers."""
        self._vault.close()
        self._other.close()

    def trial(self, number: int) -> Trial:
        """One table, half of them beside the original; the recipient of a copy is no innocent."""
        rng = random.Random(f"{self._seed}/null/{number}")
        kind = KINDS[number % len(KINDS)]
        true = recipient(rng.randrange(CANDIDATES))
        table = list(orders(rng.choice([1, 5, 20, 50, 200]), rng.randrange(1 << 40)))
        sample = leaks.write_csv(self._leak(kind, table, true, rng), self._folder / "null.csv")
        beside = number // len(KINDS) % 2 == 1
        case = self._vault.trace(sample, original=table if beside else None)
        named = [accusation.recipient for accusation in case.accusations]
        own = [one.score for one in case.accusations if one.recipient == true]
        scores = np.array(case.histogram["counts"], np.int64)
        scores -= np.histogram(np.clip(own, -_EDGE, _EDGE), case.histogram["edges"])[0]
        return {
            "channel": "null",
            "kind": kind,
            "verdict": case.verdict if named != [true] else "no innocent",
            "scores": {str(bin): int(scores[bin]) for bin in np.flatnonzero(scores)},
        }

    def _leak(
        self, kind: str, rows: list[leaks.Row], true: str, rng: random.Random
    ) -> list[leaks.Row]:
        if kind == "another vault's mark":
            return list(self._other.mark_rows(rows, to=true))
        if kind == "foreign, washed":
            return leaks.each_cell(rows, leaks.washed)
        if kind == "marks transplanted":
            donor = list(orders(len(rows), rng.randrange(1 << 40)))
            marked = self._vault.mark_rows(donor, to=true)
            return [_moved(*three) for three in zip(donor, marked, rows, strict=True)]
        if kind == "a copy, and its innocents":
            return leaks.each_cell(list(self._vault.mark_rows(rows, to=true)), leaks.stripped)
        return rows


def _moved(donor: leaks.Row, marked: leaks.Row, host: leaks.Row) -> leaks.Row:
    """Marks on foreign cells; a cell of the same text would be the donor's copy itself."""
    moved = leaks.transplant(marked, host)
    return {name: host[name] if host[name] == donor[name] else moved[name] for name in host}


def null_tables(trials: Sequence[Trial]) -> Iterator[str]:
    """Who was accused, and how the innocents' scores lie under the bound."""
    verdicts = Counter((one["kind"], one["verdict"]) for one in trials)
    yield (
        f"Null tables: {len(trials):,}, half of them beside the original,"
        f" {CANDIDATES:,} candidates, alpha = 1e-6."
    )
    yield ""
    yield "| what | no mark | inconclusive | its recipient alone | an innocent |"
    yield "| --- | --- | --- | --- | --- |"
    for kind in KINDS:
        row = (
            verdicts[kind, one] for one in ("no mark", "inconclusive", "no innocent", "identified")
        )
        yield f"| {kind} | {' | '.join(map(str, row))} |"
    yield ""
    yield from _calibration(scores_of(trials))


def scores_of(trials: Sequence[Trial]) -> list[int]:
    """How many innocents scored less than 2 bits, less than 4 and so on."""
    scores = np.zeros(_EDGE, np.int64)
    for one in trials:
        # a copy's recipient is no innocent; one who was not named cannot be taken out
        if one["kind"] != KINDS[-1] or one["verdict"] == "no innocent":
            for bin, count in one["scores"].items():
                scores[int(bin)] += count
    least = _EDGE // 2 + 1
    return [int(scores[:least].sum()), *scores[least:].tolist()]


def _calibration(scores: Sequence[int]) -> Iterator[str]:
    """Innocents' e-values against the bound that they are used with: P(e >= 2^b) <= 2^-b."""
    total = sum(scores)
    yield f"Scores of {total:,} innocents in the cases that could be scored:"
    yield ""
    yield "| bits | share of innocents at or above | the bound, 2^-bits |"
    yield "| --- | --- | --- |"
    for bits, share in shares(scores, 2):
        yield f"| {bits} | {share:.2e} ({share * total:,.0f}) | {2.0**-bits:.2e} |"

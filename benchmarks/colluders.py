"""Several accounts compare their copies of one export, and leak what they make of them.

    python -m benchmarks.colluders --trials 5

The whole way, unlike `collusion`: rows are marked, invisible characters stripped, the copies laid
side by side slot by slot with our own parser, which is the best a leaker could have, and the result
traced among N = 1,000,000.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import tracemark
from benchmarks import leaks
from benchmarks.common import N, recipient, some_candidates, wilson
from benchmarks.leaks import Row
from tracemark.text.parse import edits, parse, rewrite
from tracemark.text.rules import rules
from tracemark_cli.sample_orders import orders

# A strategy is handed the forms that the copies show of one slot, and the original's.
Strategy = Callable[[Sequence[str], str, random.Random], str]


def mix(forms: Sequence[str], original: str, rng: random.Random) -> str:
    return rng.choice(forms)


def majority(forms: Sequence[str], original: str, rng: random.Random) -> str:
    counts = Counter(rng.sample(forms, len(forms)))
    return max(counts, key=lambda form: counts[form])


def minority(forms: Sequence[str], original: str, rng: random.Random) -> str:
    counts = Counter(rng.sample(forms, len(forms)))
    return min(counts, key=lambda form: counts[form])


def keep(forms: Sequence[str], original: str, rng: random.Random) -> str:
    """The original's form wherever one of them has it."""
    return original if original in forms else rng.choice(forms)


def avoid(forms: Sequence[str], original: str, rng: random.Random) -> str:
    """Another than the original's wherever one of them has it."""
    return rng.choice([form for form in forms if form != original] or forms)


STRATEGIES: tuple[Strategy, ...] = (mix, majority, minority, keep, avoid)


def compared(copies: Sequence[str], original: str, strategy: Strategy, rng: random.Random) -> str:
    """One cell that the copies' owners agree on."""
    parsed = [parse(leaks.stripped(text), rules()) for text in (*copies, original)]
    first, theirs = parsed[0], parsed[-1]
    if len({len(one.slots) for one in parsed}) > 1:
        return rng.choice(copies)
    changes = []
    for index, slot in enumerate(first.slots):
        forms = [one.slots[index][4] for one in parsed[:-1]]
        chosen = strategy(forms, theirs.slots[index][4], rng)
        if chosen != slot[4]:
            changes += edits(first, slot, slot[0].classes[chosen], chosen)
    return rewrite(first.text, changes)


def by_rows(copies: Sequence[Sequence[Row]], rng: random.Random) -> list[Row]:
    """Every row from one of them, by lot."""
    return [
        leaks.each_cell([rng.choice(rows)], leaks.stripped)[0] for rows in zip(*copies, strict=True)
    ]


def by_slots(
    copies: Sequence[Sequence[Row]], source: Sequence[Row], strategy: Strategy, rng: random.Random
) -> list[Row]:
    return [
        {
            name: compared([row[name] for row in rows], original[name], strategy, rng)
            for name in original
        }
        for original, *rows in zip(source, *copies, strict=True)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=5)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--accounts", type=int, nargs="+", default=[2, 3, 5])
    options = parser.parse_args()
    for line in table(options, random.SystemRandom().randrange(1 << 32)):
        print(line, flush=True)


def table(options: argparse.Namespace, seed: int) -> Iterator[str]:
    yield f"Seed {seed}, N = {N:,}, alpha = 1e-6, {options.rows:,} rows, invisible stripped."
    yield ""
    yield "| accounts | strategy | somebody named | all named | n | 95 % Wilson | wrong |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        vault = tracemark.Vault.create(folder / "vault", key=rng.randbytes(32))
        vault.add_recipients(recipient(i) for i in range(N))
        for accounts in options.accounts:
            for strategy in (None, *STRATEGIES):
                yield measure(vault, accounts, strategy, options, rng, folder)


def measure(
    vault: tracemark.Vault,
    accounts: int,
    strategy: Strategy | None,
    options: argparse.Namespace,
    rng: random.Random,
    folder: Path,
) -> str:
    some = every = wrong = 0
    for _ in range(options.trials):
        source = list(orders(options.rows, rng.randrange(1 << 40)))
        them = [recipient(i) for i in rng.sample(range(N), accounts)]
        copies = [list(vault.mark_rows(source, to=one)) for one in them]
        leak = by_slots(copies, source, strategy, rng) if strategy else by_rows(copies, rng)
        sample = leaks.write_csv(leak, folder / "leak.csv")
        with some_candidates(vault, *them, rng=rng, all_of_them=False):
            case = vault.trace(sample)
        named = {accusation.recipient for accusation in case.accusations}
        some += bool(named & set(them))
        every += set(them) <= named
        wrong += bool(named - set(them))
    low, high = wilson(some, options.trials)
    return (
        f"| {accounts} | {strategy.__name__ if strategy else 'rows'} "
        f"| {100 * some / options.trials:.0f} % | {100 * every / options.trials:.0f} % "
        f"| {options.trials} | {100 * low:.0f}–{100 * high:.0f} | {wrong} |"
    )


if __name__ == "__main__":
    main()

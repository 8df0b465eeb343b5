"""The bound as a claim about the whole pipeline: files in, names or nobody out.

At alpha = 0.1 and few candidates accusations of innocents must occur, and no more often than
promised; the statistics of the decoder alone stand beside this file.
"""

import math
import random

import pytest

import tracemark
from benchmarks import leaks
from tracemark_cli.sample_orders import orders

INNOCENTS = [f"acct:{number:03d}" for number in range(40)]
TRIALS = 120
ALPHA = 0.5


def at_most(trials: int, chance: float, level: float = 1e-4) -> int:
    """The most successes in `trials` that a chance allows at this level: a binomial quantile."""
    total, successes = 0.0, -1
    while total < 1 - level:
        successes += 1
        total += math.exp(
            math.lgamma(trials + 1) - math.lgamma(successes + 1)
            - math.lgamma(trials - successes + 1)
            + successes * math.log(chance) + (trials - successes) * math.log1p(-chance)
        )  # fmt: skip
    return successes


def guilty_strip(vault, rng):
    """Somebody else's copy, invisible characters stripped: the guilty is no candidate."""
    rows = vault.mark_rows(orders(30, rng.randrange(1 << 40)), to="guilty:1")
    return leaks.each_cell(list(rows), leaks.stripped)


def never_marked(vault, rng):
    """Rows from elsewhere."""
    return list(orders(30, rng.randrange(1 << 40)))


def another_key(vault, rng):
    """Somebody's copy under a key that is not this vault's."""
    return list(vault.other.mark_rows(orders(30, rng.randrange(1 << 40)), to=rng.choice(INNOCENTS)))


@pytest.mark.parametrize("null", [guilty_strip, never_marked, another_key])
def test_innocents_are_named_no_more_often_than_alpha(tmp_path, null):
    """120 fresh null tables against 40 innocents at alpha = 0.5: at most the binomial's share."""
    rng = random.Random(f"null tables {null.__name__}")
    vault = tracemark.Vault.create(tmp_path / "v", key=rng.randbytes(32))
    vault.other = tracemark.Vault.create(tmp_path / "o", key=rng.randbytes(32))
    vault.other.add_recipients(INNOCENTS)
    vault.add_recipients([*INNOCENTS, "guilty:1"])
    accused = 0
    for _ in range(TRIALS):
        case = vault.trace(null(vault, rng), alpha=ALPHA, among="acct:")
        accused += bool(case.accusations)
    assert accused <= at_most(TRIALS, ALPHA)
    vault.other.close()
    vault.close()

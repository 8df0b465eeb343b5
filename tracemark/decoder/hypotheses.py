"""From votes to hypotheses: ways the sample may have come about, as weights on codewords. SPEC 6.3.

Whatever vector d, d_j a weight for bit 1 at position j, is chosen without a look at a recipient's
codeword x, an innocent recipient has

    E[exp(sum_j x_j d_j)] = prod_j (1 - p_j + p_j exp(d_j)) = exp(log_mean),

so exp(x.d - log_mean) is an e-value: never negative, mean 1 for an innocent. A weighted average of
e-values is one too. Everything here looks at votes, at biases and at the codewords of recipients
who are already accused; it may choose and tune as it likes, and pays nothing for it.

Each hypothesis is a story about one position: `crowd` recipients show bits there, the candidate
among them; the others' bits are drawn with p_j; a strategy turns the number of ones among them into
the chance that a slot shows 1; a part of the votes is noise. d_j is the log-likelihood ratio of all
votes at the position under that story. Stories are ranked by how well they explain the votes
whoever the recipient is, and the best are kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tracemark.model import Votes

Floats = NDArray[np.float64]

STEP = 2.0**-7  # nats; weights are whole multiples of it, so sums are exact in float32
_CAP = 8.0  # nats; the most that one position may say: 3072 * 8 / STEP < 2**24
_GRAIN = 4  # votes are rounded to quarters: few distinct pairs, so few likelihoods
_NOISE = (0.004, 0.03, 0.08, 0.16, 0.3, 0.5, 0.7, 0.85, 0.93, 0.97, 0.985)
_CROWDS = (2, 3, 4, 5, 8)
KEEP = 14
_TARDOS_WEIGHT = 0.25


@dataclass(frozen=True, slots=True)
class Hypotheses:
    """Weights of one vote vector.

    Attributes
    ----------
    names : tuple of str
        The stories, H of them.
    steps : (L, H) float32
        d_j / STEP: whole numbers; 0 where nothing was read.
    log_mean : (H,) float64
        ln of the mean of exp(x.d) for an innocent.
    weights : (H,) float64
        Fixed before scoring; sum 1.
    """

    names: tuple[str, ...]
    steps: NDArray[np.float32]
    log_mean: Floats
    weights: Floats

    def log_e(self, sums: NDArray[np.float32]) -> Floats:
        """ln of the average e-value, from sums of steps: (n, H) gives (n,)."""
        return log_average(sums * STEP - self.log_mean, self.weights)

    @property
    def attainable(self) -> float:
        """No codeword whatever reaches an ln e above this."""
        best = np.maximum(self.steps, 0).sum(axis=0, dtype=np.float64)
        return float(self.log_e(best[None].astype(np.float32))[0])


def log_average(logs: Floats, weights: Floats) -> Floats:
    """ln of the weighted average of exp(logs) along the last axis; weights >= 0 sum to 1."""
    top = logs.max(axis=-1)
    return np.asarray(top + np.log(np.exp(logs - top[..., None]) @ weights))


@dataclass(frozen=True, slots=True)
class _Story:
    """One way a position's votes may have come about; see the head of this file.

    `crowd` 0 stands for a crowd without end, of which the candidate's share is `share`.
    """

    name: str
    crowd: int
    rule: Callable[[Floats, int], Floats]
    noise: float
    share: float
    prior: float


def _mix(ones: Floats, crowd: int) -> Floats:
    return ones / crowd


def _coin(ones: Floats, crowd: int) -> Floats:
    return np.where(ones == 0, 0.0, np.where(ones == crowd, 1.0, 0.5))


def _majority(ones: Floats, crowd: int) -> Floats:
    return (np.sign(2 * ones - crowd) + 1) / 2


def _minority(ones: Floats, crowd: int) -> Floats:
    return np.where((ones == 0) | (ones == crowd), ones / crowd, 1 - _majority(ones, crowd))


_RULES = (_mix, _coin, _majority, _minority)


@lru_cache(maxsize=32)
def _stories(known: int) -> tuple[_Story, ...]:
    """All stories that reckon with `known` accused recipients; priors sum to 1."""
    alone = [
        _Story(f"share of a sample, noise {noise}", 1, _mix, noise, 1.0, 1 / len(_NOISE))
        for noise in _NOISE
    ]
    parts = [
        _Story(f"1/{round(1 / share)} of a crowd, noise {noise}", 0, _mix, noise, share, 0.5 / 15)
        for share in (0.5, 0.35, 0.2, 0.1, 0.05)
        for noise in (0.02, 0.2, 0.5)
    ]
    sizes = sorted({known + 1, known + 2, *(c for c in _CROWDS if c > known)} - {1})
    together = [
        _Story(f"{crowd} by {rule.__name__[1:]}, noise {noise}", crowd, rule, noise, 1.0, 1.0)
        for crowd in sizes
        if known < max(_CROWDS)
        for rule in _RULES[: 2 if crowd == 2 else 4]
        for noise in (0.01, 0.06, 0.2, 0.45, 0.7, 0.9)
    ]
    found = alone + parts + together
    priors = [s.prior if s.crowd < 2 else 0.5 / len(together) for s in found]
    total = math.fsum(priors)
    return tuple(
        _Story(s.name, s.crowd, s.rule, s.noise, s.share, prior / total)
        for s, prior in zip(found, priors, strict=True)
    )


@dataclass(frozen=True, slots=True)
class _Tables:
    """ln-chances under all stories, for each class of positions; T states of all stories in a row.

    Attributes
    ----------
    first : (H,) intp
        Where each story's states begin.
    one, zero : (C, 2, T) float64
        ln P(a slot shows 1), ln P(it shows 0), given the candidate's bit and the others' state.
    state : (C, 1, T) float64
        ln P(state).
    """

    first: NDArray[np.intp]
    one: Floats
    zero: Floats
    state: Floats


def _tables(biases: Floats, counts: Floats, base: Floats, rest: float, known: int) -> _Tables:
    """Tables for classes of positions: bias, ones among the accused, and what these explain.

    All are (C,); `rest` is the part of the votes that the `known` accused do not explain.
    """
    first: list[int] = []
    chances: list[list[Floats]] = []
    states: list[Floats] = []
    for story in _stories(known):
        first.append(len(states))
        if story.crowd < 2:
            shown = [story.share * bit + (1 - story.share) * biases for bit in (0, 1)]
            chances.append([base + rest * _noisy(s, story.noise) for s in shown])
            states.append(np.zeros(len(biases)))
            continue
        others = story.crowd - known - 1
        for ones in range(others + 1):
            ways = math.comb(others, ones)
            states.append(np.log(ways * biases**ones * (1 - biases) ** (others - ones)))
            shown = [story.rule(counts + ones + bit, story.crowd) for bit in (0, 1)]
            chances.append([_noisy(s, story.noise) for s in shown])
    chance = np.clip(np.array(chances).transpose(2, 1, 0), 0.002, 0.998)
    state = np.array(states).T[:, None]
    return _Tables(np.array(first), np.log(chance), np.log1p(-chance), state)


def _noisy(shown: Floats, noise: float) -> Floats:
    """Chance of showing 1 when a part of what is shown is a coin."""
    return noise / 2 + (1 - noise) * shown


@lru_cache(maxsize=64)
def _fresh_tables(biases: tuple[float, ...]) -> _Tables:
    """Tables for the first round, when nobody is accused: the same for every sample."""
    nothing = np.zeros(len(biases))
    return _tables(np.array(biases), nothing, nothing, 1.0, 0)


def hypotheses(
    votes: Votes,
    biases: Floats,
    *,
    need: float,
    known: NDArray[np.uint8] | None = None,
    keep: int = KEEP,
) -> Hypotheses:
    """Weigh one vote vector. Looks at no codeword but those of the accused.

    Parameters
    ----------
    votes : Votes
        ones, zeros : (L,).
    biases : (L,) float64
        P(bit = 1), in (0, 1).
    need : float
        ln e that an accusation takes, ln(N / alpha): Tardos weights are scaled to it.
    known : (k, L) uint8, optional
        Codewords of recipients already accused: votes are explained by them first.
    keep : int
        How many stories to keep, at least 1; two Tardos scores come on top.
    """
    ones, zeros = votes.ones, votes.zeros
    shares = np.zeros(0) if known is None else explained(ones, zeros, biases, known)
    taking_part = shares >= 0.03
    counts, base = np.zeros(len(biases)), np.zeros(len(biases))
    if known is not None:
        counts = known[taking_part].sum(axis=0).astype(np.float64)
        base = np.round(64 * (shares[taking_part] @ known[taking_part])) / 64
    accused = int(taking_part.sum())
    # positions alike in bias, accused and votes are alike in everything
    counted = np.round(np.stack([ones, zeros]) * _GRAIN) / _GRAIN
    classes, kind = _alike(biases, counts, base)
    cells, where = _alike(kind.astype(np.float64), counted[0], counted[1])
    kind, a, b = cells[0].astype(np.intp), cells[1], cells[2]
    number = np.bincount(where).astype(np.float64)
    if accused:
        rest = max(0.0, 1 - float(shares[taking_part].sum()))
        tables = _tables(classes[0], classes[1], classes[2], rest, accused)
    else:
        tables = _fresh_tables(tuple(classes[0].tolist()))
    p = classes[0][kind]

    logs = a[:, None, None] * tables.one[kind] + b[:, None, None] * tables.zero[kind]
    logs += tables.state[kind]
    likelihood = _log_sums(logs, tables.first)  # (cells, 2, H)
    # whoever the recipient is: how well does each story explain the votes?
    either = np.logaddexp(
        np.log1p(-p)[:, None] + likelihood[:, 0], np.log(p)[:, None] + likelihood[:, 1]
    )
    stories = _stories(accused)
    posterior = np.log([s.prior for s in stories]) + number @ either
    kept = np.sort(np.argsort(-posterior, kind="stable")[:keep])
    trust = np.exp(posterior[kept] - posterior[kept].max())
    trust = 0.7 * trust / trust.sum() + 0.3 / len(kept)

    ratios = likelihood[:, 1, kept] - likelihood[:, 0, kept]
    lines = [_tardos((a - b) / (1 + damp * (a + b)), p, number, need) for damp in (0.0, 0.25)]
    d = np.concatenate([ratios, np.stack(lines, axis=1)], axis=1)
    steps = np.round(np.clip(d, -_CAP, _CAP) / STEP)
    return Hypotheses(
        names=(*(stories[h].name for h in kept), "symmetric Tardos", "damped Tardos"),
        steps=steps[where].astype(np.float32),
        log_mean=number @ _cumulant(steps * STEP, p),
        weights=np.concatenate([(1 - _TARDOS_WEIGHT) * trust, np.full(2, _TARDOS_WEIGHT / 2)]),
    )


def _alike(*columns: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """Distinct rows of some columns, (c, u), and which of them each row is, (n,)."""
    order = np.lexsort(columns)
    stacked = np.stack(columns)[:, order]
    fresh = np.ones(len(order), np.bool_)
    fresh[1:] = np.any(stacked[:, 1:] != stacked[:, :-1], axis=0)
    which = np.empty(len(order), np.intp)
    which[order] = np.cumsum(fresh) - 1
    return stacked[:, fresh], which


def _log_sums(logs: Floats, first: NDArray[np.intp]) -> Floats:
    """ln of sums of exp over runs of the last axis that begin at `first`: (…, T) to (…, H)."""
    top = np.maximum.reduceat(logs, first, axis=-1)
    lengths = np.diff(first, append=logs.shape[-1])
    scaled = np.exp(logs - np.repeat(top, lengths, axis=-1))
    return np.asarray(top + np.log(np.add.reduceat(scaled, first, axis=-1)))


def _cumulant(d: Floats, p: Floats) -> Floats:
    """ln E[exp(x d)] for a bit x that is 1 with chance p: ln(1 - p + p e^d), (u, H)."""
    return np.logaddexp(np.log1p(-p)[:, None], np.log(p)[:, None] + d)


def _tardos(votes: Floats, p: Floats, number: Floats, need: float) -> Floats:
    """Symmetric Tardos weights, scaled so that their e-value is the best Chernoff test. (u,)

    With g_j the weights, exp(l (x.g - t)) at the l that minimises the threshold
    t = (need + sum_j ln E exp(l x_j g_j)) / l is the Chernoff bound itself. Skoric, Katzenbeisser,
    Celik, "Symmetric Tardos fingerprinting codes for arbitrary alphabet sizes" (2008), eq. 6.
    """
    g = votes / np.sqrt(p * (1 - p))
    size = math.sqrt(float(number @ (votes * votes)))
    if size == 0:
        return g
    scales = np.geomspace(0.02, 50, 40) * math.sqrt(2 * need) / size
    centre = float(number @ (p * g))  # the threshold is counted from the innocent's mean
    cumulants = number @ _cumulant(np.clip(g[:, None] * scales, -_CAP, _CAP), p)
    return np.asarray(g * scales[int(np.argmin((need + cumulants) / scales - centre))])


def explained(
    ones: Floats, zeros: Floats, biases: Floats, known: NDArray[np.uint8], rounds: int = 40
) -> Floats:
    """Which part of the votes each accused recipient explains, by expectation maximisation.

    The votes are taken as a blend of the accused, of noise, and of strangers whose bits follow the
    biases.

    Parameters
    ----------
    ones, zeros : (n,) float64
        Votes at each position.
    biases : (n,) float64
        P(bit = 1).
    known : (k, n) uint8
        Codewords of the accused.
    rounds : int
        Steps of the iteration.

    Returns
    -------
    (k,) float64
        Shares, at least 0; what is missing to 1 is unexplained.
    """
    total = float(ones.sum() + zeros.sum())
    if total == 0:
        return np.zeros(len(known))
    used = (ones > 0) | (zeros > 0)
    ones, zeros = ones[used], zeros[used]
    one = np.concatenate(
        [0.01 + 0.98 * known[:, used], np.full((1, len(ones)), 0.5), biases[None, used]]
    )
    share = np.full(len(one), 1 / len(one))
    for _ in range(rounds):
        blend = share @ one
        share = share * (one @ (ones / blend) + (1 - one) @ (zeros / (1 - blend))) / total
    return np.asarray(share[:-2])

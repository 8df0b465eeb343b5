"""From votes to hypotheses: weights on codewords, each with its exact mean. SPEC 6.4.

Whatever vector d, d_j a weight for bit 1 at position j, is chosen without a look at a recipient's
codeword x, an innocent recipient has

    E[exp(sum_j x_j d_j)] = prod_j (1 - p_j + p_j exp(d_j)) = exp(log_mean),

so exp(x.d - log_mean) is an e-value: never negative, mean 1 for an innocent. A weighted average of
e-values is one too. Everything here looks at votes, at biases and at the codewords of recipients
who are already accused; it may choose and tune as it likes, and pays nothing for it.

The weights are log-likelihood ratios under stories of how the votes came about, those that explain
the votes best whoever the recipient is, and beside them the symmetric Tardos score, which asks for
no story. Most of the weight goes to an exact test of the best story: a likelihood ratio that an
innocent reaches with chance 2^-40 is seldom above 2^36, and this wins the difference back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.decoder.exact import exact_line
from tracemark.decoder.shares import explained
from tracemark.decoder.stories import Tables, fresh_tables, tables
from tracemark.model import Votes

Floats = NDArray[np.float64]

STEP = 2.0**-7  # nats; weights are whole multiples of it, so sums are exact in float32
KEEP = 14
_CAP = 8.0  # nats; the most that one position may say: 4096 * 8 / STEP < 2**24
_GRAIN = 4  # votes are rounded to quarters: few distinct pairs, so few likelihoods
_EXACT = 0.75  # weight of the exact test
_COARSE = 16  # steps to one of the exact test's
_PLENTY = 2.5  # no exact test where this many times the line is expected anyhow
_TARDOS = 0.25  # weight of the Tardos scores
_EVEN = 0.3  # part of the stories' weight that is shared out evenly
_BELIEVABLE = 0.01  # posterior from which a story is reckoned with
_TAKING_PART = 0.03  # share of the votes from which an accused is reckoned with


@dataclass(frozen=True, slots=True)
class Exact:
    """A test as an e-value: 1 / P(sum >= line) from the line on, nothing below.

    Attributes
    ----------
    line : int
        In steps.
    log_e : float
        -ln P(an innocent's sum reaches the line).
    """

    line: int
    log_e: float


@dataclass(frozen=True, slots=True)
class Hypotheses:
    """Weights of one vote vector.

    Attributes
    ----------
    names : tuple of str
        The stories, H of them.
    steps : (L, H) float32
        d_j / STEP: whole numbers; 0 where nothing was read. The exact test's are last, if there is
        one; G columns are without it.
    log_mean : (G,) float64
        ln of the mean of exp(x.d) for an innocent.
    weights : (G,) float64
        Fixed before scoring; sum 1.
    exact : Exact or None
        Where there is one it has three quarters of all weight.
    expected : float
        ln e that somebody guilty would reach under the most hopeful of the believable stories.
    """

    names: tuple[str, ...]
    steps: NDArray[np.float32]
    log_mean: Floats
    weights: Floats
    exact: Exact | None
    expected: float

    def log_e(self, sums: NDArray[np.float32]) -> Floats:
        """ln of the average e-value, from sums of steps: (n, H) gives (n,)."""
        smooth = log_average(sums[:, : len(self.weights)] * STEP - self.log_mean, self.weights)
        if self.exact is None:
            return smooth
        prize = np.where(sums[:, -1] >= self.exact.line, self.exact.log_e, -np.inf)
        return np.asarray(np.logaddexp(smooth + math.log(1 - _EXACT), prize + math.log(_EXACT)))

    @property
    def attainable(self) -> float:
        """No codeword whatever reaches an ln e above this."""
        best = np.maximum(self.steps, 0).sum(axis=0, dtype=np.float64)
        return float(self.log_e(best[None].astype(np.float32))[0])


def log_average(logs: Floats, weights: Floats) -> Floats:
    """ln of the weighted average of exp(logs) along the last axis; weights >= 0 sum to 1."""
    top = logs.max(axis=-1)
    return np.asarray(top + np.log((np.exp(logs - top[..., None]) * weights).sum(axis=-1)))


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
        ln e that an accusation takes of this vote vector: the Tardos weights are scaled to it, and
        the exact test's line is drawn there.
    known : (k, L) uint8, optional
        Codewords of recipients already accused: votes are explained by them first.
    keep : int
        How many stories to keep, at least 1; two Tardos scores and the exact test come on top.
    """
    cells = _cells(votes, biases, known)
    p, number = cells.p, cells.number
    posterior = cells.posterior()
    kept = np.sort(np.argsort(-posterior, kind="stable")[:keep])
    trust = posterior[kept] / posterior[kept].sum()
    ratios = cells.likelihood[:, 1, kept] - cells.likelihood[:, 0, kept]
    lead, votes_in = cells.ones - cells.zeros, cells.ones + cells.zeros
    lines = [_tardos(lead / (1 + damp * votes_in), p, number, need) for damp in (0.0, 0.25)]
    d = np.concatenate([ratios, np.stack(lines, axis=1)], axis=1)
    steps = np.round(np.clip(d, -_CAP, _CAP) / STEP)
    names = (*(cells.table.names[h] for h in kept), "symmetric Tardos", "damped Tardos")
    log_mean = number @ _cumulant(steps * STEP, p)
    expected = _expected(steps[:, : len(kept)] * STEP, p, number)

    exact, best = None, int(np.argmax(trust))
    if expected[best] < _PLENTY * need:
        coarse = np.round(steps[:, best] / _COARSE)
        found = exact_line(coarse, p, number, need - math.log(_EXACT))
        if found is not None:
            exact = Exact(found[0] * _COARSE, -found[1])
            names = (*names, f"exact test of {names[best]}")
            steps = np.concatenate([steps, coarse[:, None] * _COARSE], axis=1)
    trusted = (1 - _EVEN) * trust + _EVEN / len(kept)
    return Hypotheses(
        names=names,
        steps=steps[cells.where].astype(np.float32),
        log_mean=log_mean,
        weights=np.concatenate([(1 - _TARDOS) * trusted, np.full(2, _TARDOS / 2)]),
        exact=exact,
        expected=float(expected[trust > _BELIEVABLE].max()),
    )


@dataclass(frozen=True, slots=True)
class _Cells:
    """Positions alike in bias, accused and votes are alike in everything: u kinds of them.

    Attributes
    ----------
    p, ones, zeros, number : (u,) float64
        Bias and votes of one such position; how many there are.
    where : (L,) intp
        Which kind each position is.
    table : Tables
        Stories, given the accused.
    likelihood : (u, 2, H) float64
        ln-chance of the votes at one position if its bit is 0, and if it is 1.
    """

    p: Floats
    ones: Floats
    zeros: Floats
    number: Floats
    where: NDArray[np.intp]
    table: Tables
    likelihood: Floats

    def posterior(self) -> Floats:
        """How much each story is to be believed, whoever the recipient is: (H,), sum 1."""
        p = self.p[:, None]
        zero, one = np.log1p(-p) + self.likelihood[:, 0], np.log(p) + self.likelihood[:, 1]
        logs = np.log(self.table.prior) + self.number @ np.logaddexp(zero, one)
        chances = np.exp(logs - logs.max())
        return np.asarray(chances / chances.sum())


def _cells(votes: Votes, biases: Floats, known: NDArray[np.uint8] | None) -> _Cells:
    """Sort positions into kinds, and hold the stories against each."""
    counts, base, shares = np.zeros(len(biases)), np.zeros(len(biases)), np.zeros(0)
    if known is not None:
        shares = explained(votes.ones, votes.zeros, biases, known)
        known, shares = known[shares >= _TAKING_PART], shares[shares >= _TAKING_PART]
        counts = known.sum(axis=0).astype(np.float64)
        base = np.round(64 * (shares @ known)) / 64
    classes, kind = _alike(biases, counts, base)
    rounded = np.round(np.stack([votes.ones, votes.zeros]) * _GRAIN) / _GRAIN
    cells, where = _alike(kind.astype(np.float64), rounded[0], rounded[1])
    kind, ones, zeros = cells[0].astype(np.intp), cells[1], cells[2]
    if len(shares):
        rest = max(0.0, 1 - float(shares.sum()))
        table = tables(classes[0], classes[1], classes[2], len(shares), rest)
    else:
        table = fresh_tables(tuple(classes[0].tolist()))
    return _Cells(
        p=classes[0][kind],
        ones=ones,
        zeros=zeros,
        number=np.bincount(where).astype(np.float64),
        where=where,
        table=table,
        likelihood=table.likelihood(kind, ones, zeros),
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


def _cumulant(d: Floats, p: Floats) -> Floats:
    """ln E[exp(x d)] for a bit x that is 1 with chance p: ln(1 - p + p e^d), (u, H)."""
    return np.logaddexp(np.log1p(-p)[:, None], np.log(p)[:, None] + d)


def _expected(d: Floats, p: Floats, number: Floats) -> Floats:
    """ln e that each story expects of somebody guilty: the mean of x.d - log_mean under it. (H,)"""
    mean = _cumulant(d, p)
    return np.asarray(number @ (np.exp(np.log(p)[:, None] + d - mean) * d - mean))


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

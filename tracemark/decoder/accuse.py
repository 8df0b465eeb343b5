"""Accuse recipients under a bound on naming anyone innocent. SPEC 6.5, 6.6.

**Claim.** Over all N candidates and whatever was done to the samples, the chance that anyone
innocent is accused is at most alpha. Innocent means: no copy marked for that recipient contributed
to the samples. Then its codewords are independent of the samples.

**One round.** For each sample alone, and for all of them pooled, and for each epoch, `hypotheses`
gives an e-value of every candidate. Epochs have independent codewords, so the product over the E
epochs of (1 - 1/E) + e/E is an e-value; the average over groups (pooled one half, single samples
one half between them) is one too. By Markov an innocent's reaches N/alpha with chance at most
alpha/N, and there are at most N innocents.

**Rounds.** Later rounds explain the votes by the recipients accused so far and look again. Let r be
innocent, and compare with the run from which r was deleted. Nothing in that run depends on r's
codewords, so in each of its rounds the weights do not, and the e-value r would have in round k
reaches N/alpha_k with chance at most alpha_k/N. Until r is accused the two runs are the same. So r
is accused at all with chance at most (alpha_1 + alpha_2 + ...)/N, and the alphas sum to alpha.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tracemark.case import Evidence
from tracemark.codeword import Codebook
from tracemark.decoder.hypotheses import KEEP, Hypotheses, hypotheses, log_average
from tracemark.decoder.search import Panel
from tracemark.decoder.shares import explained
from tracemark.decoder.tally import agreement, by_carrier, tally
from tracemark.decoder.team import Team
from tracemark.errors import UsageError
from tracemark.model import Reading, Votes

ROUNDS = 8
_WIDE, _BINS = 2.0, 60  # bits, of the histogram of all scores, and how many about 0
_EDGES = (np.arange(_BINS + 1) - _BINS // 2) * _WIDE
_COLUMNS = 400  # about how many weightings one epoch may have, all samples together
_AMPLE = 2.0  # times the line; somebody guilty is not missed there
_ALONE = 0.75  # of what is attainable is expected of one copy, 0.45 and less of several
_HOPE = 0.4  # a further round is worth its time if this part of the line is expected

Candidates = Callable[[], Iterable[Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Epoch:
    """What was read under one epoch's key.

    Attributes
    ----------
    codebook : Codebook
    samples : sequence of sequences of Reading
        For each sample the readings of its carriers; the same samples in every epoch.
    """

    codebook: Codebook
    samples: Sequence[Sequence[Reading]]


@dataclass(frozen=True, slots=True)
class Accused:
    """A recipient whose e-value passed the line.

    Attributes
    ----------
    recipient : str
    bits : float
        log2 of the e-value.
    bound : float
        The alpha at which this score would just have sufficed; at most the alpha in force.
    round : int
        1 for those accused first.
    share : float
        Part of all votes that this recipient explains, beside the other accused.
    samples : tuple of float
        log2 of the e-value of each sample alone, all epochs together.
    evidence : tuple of Evidence
        For each sample and carrier: slots read, agreeing, and expected to agree by chance.
    """

    recipient: str
    bits: float
    bound: float
    round: int
    share: float
    samples: tuple[float, ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the decoder says.

    Attributes
    ----------
    accused : tuple of Accused
        Strongest first within a round.
    candidates : int
        N.
    hypotheses : int
        How many weightings of the evidence were averaged in the first round.
    line : float
        Bits needed in the first round: log2(N / alpha_1).
    attainable : float
        Bits that the best of all possible codewords would reach: below the line, nobody can be
        named from this sample, whoever released it.
    expected : float
        About the bits that somebody guilty would have.
    edges, counts : lists
        Histogram of the first round's scores of all candidates, in bits, without names; scores
        beyond the ends stand in the outermost bins. All counts are 0 where no pass was needed.
    """

    accused: tuple[Accused, ...]
    candidates: int
    hypotheses: int
    line: float
    attainable: float
    expected: float = 0.0
    edges: list[float] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)

    @property
    def elsewhere(self) -> bool:
        """Whether the votes are one copy's, and plenty, and yet nobody is accused.

        Whoever has that copy is not among the candidates. Of copies that were mixed much less is
        expected than the best codeword would reach.
        """
        plenty = max(_AMPLE * self.line, _ALONE * self.attainable)
        return not self.accused and self.expected >= plenty > 0


def split(alpha: float, rounds: int = ROUNDS) -> list[float]:
    """The part of alpha that each round may spend: three quarters of what is left, the last all.

    Most leaks have one source and are decided in the first round. SPEC 6.6.

    Returns
    -------
    list of float
        Sums to alpha.
    """
    parts = [0.75 * alpha / 4**k for k in range(rounds - 1)]
    return [*parts, alpha / 4 ** (rounds - 1)]


def accuse(
    candidates: Candidates,
    number: int,
    epochs: Sequence[Epoch],
    *,
    alpha: float,
    team: Team | None = None,
) -> Judgement:
    """Hold all candidates against what was read, and accuse those whose evidence passes the line.

    Parameters
    ----------
    candidates : callable
        Called once for each pass; gives all candidates' ids, in lists, each id once.
    number : int
        N: how many there are. More than there are is allowed, fewer is not.
    epochs : sequence of Epoch
        Readings of all samples, under each epoch's key.
    alpha : float
        Bound on accusing anyone innocent, in (0, 1).
    team : Team, optional
        Helpers that have been drawing codewords since before there were readings.

    Raises
    ------
    UsageError
        If alpha is out of range or there are more candidates than `number`.
    """
    if not 0 < alpha < 1:
        raise UsageError("alpha must lie between 0 and 1", hint="the default is 1e-6")
    if number < 1:
        return Judgement((), 0, 0, 0.0, 0.0)
    case = _Case(epochs)
    found: list[_Found] = []
    passes: list[_Pass] = []
    with nullcontext(team) if team else Team() as helping:
        for turn, part in enumerate(split(alpha), start=1):  # SPEC 6.6
            need = math.log(number / part)
            passes.append(_look(candidates, number, case, found, helping, turn=turn, need=need))
            if not passes[-1].accused:
                break
            found += passes[-1].accused
    first = passes[0]
    return Judgement(
        accused=case.explain(found, number),
        candidates=number,
        hypotheses=first.hypotheses,
        line=math.log2(number / split(alpha)[0]),
        attainable=first.attainable / math.log(2),
        expected=first.expected / math.log(2),
        edges=_EDGES.tolist(),
        counts=first.counts.tolist(),
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """A recipient above the line, as the search left it."""

    recipient: str
    round: int
    log_e: float
    groups: NDArray[np.float64]  # (groups,) ln e of each group


@dataclass(frozen=True, slots=True)
class _Pass:
    """One round's outcome."""

    accused: list[_Found]
    hypotheses: int
    attainable: float
    expected: float
    counts: NDArray[np.int64]


class _Case:
    """Votes of all groups under each epoch that read anything. Group 0 is the pooled one."""

    def __init__(self, epochs: Sequence[Epoch]) -> None:
        self.epochs = [e for e in epochs if any(len(r) for sample in e.samples for r in sample)]
        self.votes: list[list[Votes]] = []
        for epoch in self.epochs:
            pooled = tally((r for sample in epoch.samples for r in sample), epoch.codebook)
            alone = [tally(sample, epoch.codebook) for sample in epoch.samples]
            self.votes.append([pooled, *(alone if len(alone) > 1 else [])])
        singles = len(self.votes[0]) - 1 if self.votes else 0
        self.weights = np.array([0.5, *[0.5 / singles] * singles] if singles else [1.0])

    def panels(self, known: Sequence[str], need: float) -> list[Panel]:
        """Hypotheses for every epoch and group, given who is accused already."""
        panels = []
        for epoch, groups in zip(self.epochs, self.votes, strict=True):
            book = epoch.codebook
            words = np.stack([book.codeword(r) for r in known]) if known else None
            # what an e-value of this group and epoch must reach to pass the line all by itself
            needs = need - np.log(self.weights) + math.log(len(self.epochs))
            weighed = [self._weigh(v, book, n, words) for v, n in zip(groups, needs, strict=True)]
            panels.append(Panel(book, weighed))
        return panels

    def _weigh(
        self, votes: Votes, book: Codebook, need: float, words: NDArray[np.uint8] | None
    ) -> Hypotheses | None:
        if votes.total == 0:
            return None
        keep = min(KEEP, max(3, _COLUMNS // len(self.weights)))  # many samples: fewer stories each
        return hypotheses(votes, book.biases, need=need, known=words, keep=keep)

    def groups(self, log_e: NDArray[np.float64]) -> NDArray[np.float64]:
        """ln e of each group from ln e of group and epoch: (n, G, E) to (n, G). SPEC 6.5."""
        epochs = log_e.shape[2]
        if epochs == 1:
            return np.asarray(log_e[:, :, 0])
        idle = math.log1p(-1 / epochs)
        return np.asarray(np.logaddexp(idle, log_e - math.log(epochs)).sum(axis=2))

    def attainable(self, panels: Sequence[Panel]) -> float:
        """No candidate's ln e is above this."""
        return self._overall([[g.attainable if g else 0.0 for g in p.groups] for p in panels])

    def expected(self, panels: Sequence[Panel]) -> float:
        """About what ln e somebody guilty would have."""
        return self._overall([[g.expected if g else 0.0 for g in p.groups] for p in panels])

    def _overall(self, log_e: Sequence[Sequence[float]]) -> float:
        """ln e from ln e of each epoch and group."""
        if not log_e:
            return 0.0
        return float(log_average(self.groups(np.array(log_e).T[None]), self.weights)[0])

    def explain(self, found: Sequence[_Found], number: int) -> tuple[Accused, ...]:
        """Add to each accused what the readings say about it."""
        alone = 1 if len(self.weights) > 1 else 0
        shares = self._shares([f.recipient for f in found])
        return tuple(
            Accused(
                recipient=f.recipient,
                bits=f.log_e / math.log(2),
                bound=_bound(f, number),
                round=f.round,
                share=share,
                samples=tuple((f.groups[alone:] / math.log(2)).tolist()),
                evidence=self._evidence(f.recipient),
            )
            for f, share in zip(found, shares, strict=True)
        )

    def _shares(self, recipients: Sequence[str]) -> list[float]:
        """Part of the pooled votes of all epochs that each accused explains."""
        total = sum(groups[0].total for groups in self.votes)
        shares = np.zeros(len(recipients))
        for epoch, groups in zip(self.epochs, self.votes, strict=True):
            if not recipients:
                break
            book, votes = epoch.codebook, groups[0]
            words = np.stack([book.codeword(r) for r in recipients])
            part = explained(votes.ones, votes.zeros, book.biases, words)
            shares += part * votes.total / total
        return [float(s) for s in shares]

    def _evidence(self, recipient: str) -> tuple[Evidence, ...]:
        """One entry for each sample and carrier that read anything, all epochs together."""
        counts: dict[tuple[int, str], tuple[int, int, float]] = {}
        for epoch in self.epochs:
            word = epoch.codebook.codeword(recipient)
            for sample, readings in enumerate(epoch.samples):
                for reading in by_carrier(readings):
                    key = sample, reading.carrier
                    old = counts.get(key, (0, 0, 0.0))
                    new = agreement(reading, word, epoch.codebook.biases)
                    counts[key] = old[0] + new[0], old[1] + new[1], old[2] + new[2]
        return tuple(
            Evidence(sample, carrier, read, agreeing, expected)
            for (sample, carrier), (agreeing, read, expected) in sorted(counts.items())
            if read
        )


def _look(
    candidates: Candidates,
    number: int,
    case: _Case,
    accused: Sequence[_Found],
    team: Team,
    *,
    turn: int,
    need: float,
) -> _Pass:
    """One round: weigh the votes given the accused, score everyone, keep who passes the line."""
    panels = case.panels([f.recipient for f in accused], need)
    width = sum(len(g.names) for p in panels for g in p.groups if g is not None)
    attainable, expected = case.attainable(panels), case.expected(panels)
    counts = np.zeros(_BINS, np.int64)
    found: list[_Found] = []
    # no codeword could pass; or none is likely to, once the accused explain the votes
    if attainable < need or (accused and expected < _HOPE * need):
        return _Pass(found, width, attainable, expected, counts)
    named = {f.recipient for f in accused}
    seen = 0
    for ids, log_e in team.scan(candidates(), panels, number=number):
        seen += len(ids)
        groups = case.groups(log_e)
        total = log_average(groups, case.weights)
        bins = np.floor(total / (math.log(2) * _WIDE)) + _BINS // 2
        counts += np.bincount(np.clip(bins, 0, _BINS - 1).astype(np.intp), minlength=_BINS)
        for i in np.flatnonzero(total >= need).tolist():
            if ids[i] not in named:
                found.append(_Found(ids[i], turn, float(total[i]), groups[i]))
    if seen > number:
        raise UsageError(
            f"{number} candidates were announced and {seen} came",
            hint="count the recipients again: the bound is stated for their number",
        )
    found.sort(key=lambda f: (-f.log_e, f.recipient))
    return _Pass(found, width, attainable, expected, counts)


def _bound(found: _Found, number: int) -> float:
    """The alpha at which this e-value would just have passed its round's line."""
    log = math.log(number / split(1.0)[found.round - 1]) - found.log_e
    return math.exp(min(0.0, log))

"""Stories: ways in which the votes at a position may have come about. SPEC 6.3.

A story is about a crowd of recipients, the candidate among them, whose copies went into the sample.
Some of the crowd may be accused already, and their bits are known; the others' bits are drawn with
the position's bias. A rule turns the number of ones in the crowd into the chance that a slot shows
1, and a part of the votes is noise, shown by a coin. Given the candidate's bit, the chance of all
votes at a position is a sum over what the others may have: the states.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rule = Callable[[Floats, int], Floats]

_CROWDS = (2, 3, 4, 5, 8)
_PARTS = (1 / 2, 1 / 3, 1 / 5, 1 / 10, 1 / 20)
_NOISE_ALONE = (0.004, 0.03, 0.08, 0.16, 0.3, 0.5, 0.7, 0.85, 0.93, 0.97, 0.985)
_NOISE_PART = (0.02, 0.2, 0.5)
_NOISE_CROWD = (0.01, 0.06, 0.2, 0.45, 0.7, 0.9)
_CLOSEST, _FARTHEST = 0.002, 0.998  # chances are kept away from certainty


def mix(ones: Floats, crowd: int) -> Floats:
    """Each slot from one of them, by lot."""
    return ones / crowd


def coin(ones: Floats, crowd: int) -> Floats:
    """Where they differ, a form chosen by something else: the original's, or the changed one."""
    return np.where(ones == 0, 0.0, np.where(ones == crowd, 1.0, 0.5))


def majority(ones: Floats, crowd: int) -> Floats:
    """What most of them have."""
    return (np.sign(2 * ones - crowd) + 1) / 2


def minority(ones: Floats, crowd: int) -> Floats:
    """Where they differ, what the fewest of them have."""
    return np.where((ones == 0) | (ones == crowd), ones / crowd, 1 - majority(ones, crowd))


@dataclass(frozen=True, slots=True)
class Story:
    """One way, at several levels of noise.

    Attributes
    ----------
    name : str
    crowd : int
        Recipients in it, the candidate and the accused included; 1: the candidate alone, beside
        what the accused explain.
    rule : callable
        From ones in the crowd to the chance of showing 1.
    part : float
        Of a crowd of 1, the candidate's part; the rest are strangers' bits, too many to count.
    noise : tuple of float
        Parts of the votes that are coins.
    prior : float
        Before the votes were seen, all levels of noise together.
    """

    name: str
    crowd: int
    rule: Rule
    part: float
    noise: tuple[float, ...]
    prior: float


@lru_cache(maxsize=32)
def stories(accused: int) -> tuple[Story, ...]:
    """All stories that reckon with so many accused; priors sum to 1."""
    alone = [Story("one alone", 1, mix, 1.0, _NOISE_ALONE, 0.5)]
    parts = [
        Story(f"one part in {round(1 / part)}", 1, mix, part, _NOISE_PART, 0.25 / len(_PARTS))
        for part in _PARTS
    ]
    sizes = sorted({accused + 1, accused + 2, *(c for c in _CROWDS if c > accused)} - {1})
    crowds = [
        Story(f"{size} by {rule.__name__}", size, rule, 1.0, _NOISE_CROWD, 0.0)
        for size in sizes
        if size <= max(_CROWDS)
        for rule in ((mix, coin) if size == 2 else (mix, coin, majority, minority))
    ]
    share = 0.25 / max(1, len(crowds))
    crowds = [Story(s.name, s.crowd, s.rule, s.part, s.noise, share) for s in crowds]
    total = math.fsum(s.prior for s in alone + parts + crowds)
    return tuple(
        Story(s.name, s.crowd, s.rule, s.part, s.noise, s.prior / total)
        for s in alone + parts + crowds
    )


@dataclass(frozen=True, slots=True)
class Tables:
    """ln-chances for C classes of positions under H levels of stories, T states in all, in a row.

    Attributes
    ----------
    names : tuple of str
        The H levels.
    prior : (H,) float64
        Sum 1.
    first : (H,) intp
        Where each level's states begin.
    one, zero : (C, 2, T) float64
        ln P(a slot shows 1), ln P(it shows 0), given the candidate's bit and the state.
    state : (C, 1, T) float64
        ln P(state).
    """

    names: tuple[str, ...]
    prior: Floats
    first: NDArray[np.intp]
    one: Floats
    zero: Floats
    state: Floats

    def likelihood(self, kind: NDArray[np.intp], ones: Floats, zeros: Floats) -> Floats:
        """ln-chance of the votes at positions of given classes: (u,) each to (u, 2, H)."""
        logs = ones[:, None, None] * self.one[kind] + zeros[:, None, None] * self.zero[kind]
        logs += self.state[kind]
        # SPEC 6.3: a faint vote shows either symbol with chances that sum to 1
        faint = np.mod(ones + zeros, 1)
        some = np.flatnonzero(faint)
        part = faint[some, None, None]
        logs[some] -= np.logaddexp(part * self.one[kind[some]], part * self.zero[kind[some]])
        top = np.maximum.reduceat(logs, self.first, axis=-1)
        lengths = np.diff(self.first, append=logs.shape[-1])
        scaled = np.exp(logs - np.repeat(top, lengths, axis=-1))
        return np.asarray(top + np.log(np.add.reduceat(scaled, self.first, axis=-1)))


def tables(biases: Floats, counts: Floats, base: Floats, accused: int, rest: float) -> Tables:
    """Work out the stories for classes of positions.

    Parameters
    ----------
    biases : (C,) float64
        P(bit = 1).
    counts : (C,) float64
        Ones among the accused.
    base : (C,) float64
        Part of the votes that the accused explain, and show as 1.
    accused : int
        How many there are.
    rest : float
        Part of the votes that the accused do not explain.
    """
    names: list[str] = []
    prior: list[float] = []
    first: list[int] = []
    chances: list[Floats] = []  # (states, 2, C) for each level
    states: list[Floats] = []  # (states, C)
    bits = np.array([[0.0], [1.0]])
    for story in stories(accused):
        if story.crowd == 1:
            shown = (story.part * bits + (1 - story.part) * biases)[None]
            chance = np.ones((1, len(biases)))
        else:
            others = story.crowd - accused - 1
            ones = np.arange(others + 1.0)[:, None]
            shown = story.rule(counts + ones[:, None] + bits, story.crowd)
            ways = np.array([[math.comb(others, k)] for k in range(others + 1)])
            chance = ways * biases**ones * (1 - biases) ** (others - ones)
        for noise in story.noise:
            names.append(f"{story.name}, noise {noise:g}")
            prior.append(story.prior / len(story.noise))
            first.append(first[-1] + len(states[-1]) if first else 0)
            noisy = noise / 2 + (1 - noise) * shown
            chances.append(base + rest * noisy if story.crowd == 1 else noisy)
            states.append(chance)
    show = np.clip(np.concatenate(chances).transpose(2, 1, 0), _CLOSEST, _FARTHEST)
    state = np.log(np.concatenate(states)).T[:, None]
    return Tables(
        tuple(names), np.array(prior), np.array(first), np.log(show), np.log1p(-show), state
    )


@lru_cache(maxsize=64)
def fresh_tables(biases: tuple[float, ...]) -> Tables:
    """`tables` where nobody is accused yet: the same for every sample."""
    nothing = np.zeros(len(biases))
    return tables(np.array(biases), nothing, nothing, 0, 1.0)

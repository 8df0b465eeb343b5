"""From readings to votes: one vote for each distinct slot. SPEC 6.1."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from tracemark.codeword import Codebook
from tracemark.model import Reading, Votes


def distinct(readings: Iterable[Reading]) -> Reading:
    """Merge readings of one carrier: each distinct slot once, its chip the mean of its readings.

    Duplicated rows, and the same slot in several samples, so count as one vote.

    Parameters
    ----------
    readings : iterable of Reading
        All of one carrier and one epoch.

    Returns
    -------
    Reading
        Slots ascending, none twice; an empty reading where there is nothing.
    """
    held = list(readings)
    if not held:
        nothing = np.zeros(0)
        return Reading("", nothing.astype(np.uint64), nothing.astype(np.int64), nothing)
    slots = np.concatenate([r.slots for r in held])
    positions = np.concatenate([r.positions for r in held])
    chips = np.concatenate([r.chips for r in held])
    once, first, inverse = np.unique(slots, return_index=True, return_inverse=True)
    means = np.bincount(inverse, chips, len(once)) / np.bincount(inverse, minlength=len(once))
    return Reading(held[0].carrier, once, positions[first], means)


def by_carrier(readings: Iterable[Reading]) -> list[Reading]:
    """One `distinct` reading for each carrier, in order of the carriers' names."""
    carriers: dict[str, list[Reading]] = {}
    for reading in readings:
        carriers.setdefault(reading.carrier, []).append(reading)
    return [distinct(carriers[name]) for name in sorted(carriers)]


def tally(readings: Iterable[Reading], codebook: Codebook) -> Votes:
    """Votes of all carriers together, one for each distinct slot of each carrier.

    A carrier that the pilot shows to be noisier than the best one counts for less. The pilot sees
    no codeword, so this costs nothing.

    Parameters
    ----------
    readings : iterable of Reading
        Of one epoch; of one sample, or of several that are to be pooled.
    codebook : Codebook
        Of that epoch.

    Returns
    -------
    Votes
        ones, zeros : (L,) float64; `counts` says how many slots each carrier added.
    """
    votes = Votes.empty(codebook.profile.length)
    carriers = by_carrier(readings)
    for reading, weight in zip(carriers, _weights(carriers, codebook), strict=True):
        votes.add(reading.positions, weight * reading.chips)
        votes.counts[reading.carrier] = len(reading)
    return votes


def _weights(carriers: Sequence[Reading], codebook: Codebook) -> list[float]:
    """How much a vote of each carrier counts, in (0, 1]: its log odds beside the best carrier's.

    The fidelity of a carrier is its excess agreement with the pilot's pattern. Of each but the best
    the estimate is raised by two standard errors: who is weak by bad luck alone loses nothing.
    """
    lead = 1 - 2 * codebook.profile.rare
    estimates: list[tuple[float, float]] = []  # fidelity, standard error
    for reading in carriers:
        part = (reading.positions < codebook.profile.biased) & (reading.chips != 0)
        common = codebook.common[reading.positions[part]] == 1
        signs = np.where(common, 1, -1) * np.sign(reading.chips[part])
        known = len(signs) > 0
        estimates.append(
            (float(signs.mean()) / lead, 1 / lead / math.sqrt(len(signs))) if known else (1.0, 0.0)
        )
    safe = [min(max(f - e, 0.0), 0.98) for f, e in estimates if e]
    best = max(safe, default=0.0)
    if best == 0:
        return [1.0] * len(carriers)
    raised = [min(max(f + 2 * e, 0.01), best) for f, e in estimates]
    return [math.atanh(r) / math.atanh(best) for r in raised]


def agreement(
    reading: Reading, codeword: NDArray[np.uint8], biases: NDArray[np.float64]
) -> tuple[int, int, float]:
    """How many chips of a reading a codeword explains.

    Parameters
    ----------
    reading : Reading
        One vote for each slot; erasures are left out.
    codeword : (L,) uint8
        Of the recipient in question.
    biases : (L,) float64
        P(bit = 1) at each position.

    Returns
    -------
    (agreeing, read, expected)
        Chips that show the codeword's bit, chips read, and how many would agree by chance.
    """
    read = reading.chips != 0
    ones = reading.chips[read] > 0
    positions = reading.positions[read]
    agreeing = int((ones == (codeword[positions] == 1)).sum())
    chance = np.where(ones, biases[positions], 1 - biases[positions])
    return agreeing, int(read.sum()), float(chance.sum())

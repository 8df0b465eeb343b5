"""The scores of all candidates as a drawing, without names: where bars, line and dots stand."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 88, 70, 34, 44


@dataclass(frozen=True, slots=True)
class Bar:
    """So many candidates scored between two edges."""

    x: float
    y: float
    width: float
    height: float
    count: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis, in pixels, and what stands beside it."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Dot:
    """An accused recipient: place, rank from 1, score, and whether it lies beyond the axis."""

    x: float
    y: float
    rank: int
    score: float
    beyond: bool


@dataclass(frozen=True, slots=True)
class Plot:
    """Everything the drawing needs, in pixels of its view box."""

    width: int
    height: int
    left: float
    right: float
    top: float
    base: float
    bars: tuple[Bar, ...]
    across: tuple[Tick, ...]
    upwards: tuple[Tick, ...]
    line: float
    dots: tuple[Dot, ...]


def plot(
    edges: Sequence[float],
    counts: Sequence[float],
    line: float,
    scores: Sequence[tuple[float, int]],
) -> Plot | None:
    """Lay the histogram out; counts on a logarithmic scale. None where nobody was scored.

    Parameters
    ----------
    edges : (n + 1,) float
        Bits, ascending.
    counts : (n,) float
    line : float
        Bits a score must reach.
    scores : sequence of (float, int)
        Score and round of the accused, strongest first. They are drawn as dots; those of round 1,
        whose scores these counts hold, are taken out of the bars.
    """
    if len(edges) != len(counts) + 1 or not any(counts):
        return None
    others = _others(edges, counts, [score for score, turn in scores if turn == 1])
    low, high = edges[0], max(edges[-1], line) + 8
    right, base = WIDTH - _RIGHT, HEIGHT - _BOTTOM
    tallest = max(1.0, math.log10(max(counts)) + 0.3)

    def across(bits: float) -> float:
        return round(_LEFT + (bits - low) / (high - low) * (right - _LEFT), 1)

    def upwards(count: float) -> float:
        part = (math.log10(count) + 0.3) / (tallest + 0.3)
        return round(base - part * (base - _TOP), 1)

    bars = [
        Bar(
            across(a) + 0.5,
            upwards(n),
            max(1.0, across(b) - across(a) - 1),
            base - upwards(n),
            int(n),
            a,
            b,
        )
        for a, b, n in zip(edges, edges[1:], others, strict=False)
        if n > 0
    ]
    return Plot(
        WIDTH,
        HEIGHT,
        _LEFT,
        right,
        _TOP,
        base,
        tuple(bars),
        tuple(Tick(across(x), f"{x:+.0f}" if x else "0") for x in range(-60, 61, 20)),
        tuple(Tick(upwards(10**k), f"{10**k:,}") for k in range(int(tallest) + 1)),
        across(line),
        tuple(_dots([score for score, _ in scores], high, across, base)),
    )


def _others(
    edges: Sequence[float], counts: Sequence[float], scores: Sequence[float]
) -> list[float]:
    """The counts without the accused of the first round."""
    left = list(counts)
    for score in scores:
        bits = min(max(score, edges[0]), edges[-1])
        at = next((k for k in range(len(left)) if bits <= edges[k + 1]), len(left) - 1)
        left[at] = max(0, left[at] - 1)
    return left


def _dots(
    scores: Sequence[float], high: float, across: Callable[[float], float], base: float
) -> list[Dot]:
    dots = []
    for rank, score in enumerate(scores, start=1):
        beyond = score > high - 6
        x = across(high - 2 if beyond else score)
        dots.append(Dot(x, base - 14 - 18 * ((rank - 1) % 8), rank, score, beyond))
    return dots

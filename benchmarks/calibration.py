"""Scores of innocents against the bound that they are used with: P(score >= b bits) <= 2^-b."""

from __future__ import annotations

import math
from collections.abc import Sequence

Points = list[tuple[int, float]]


def shares(scores: Sequence[int], width: int = 1) -> Points:
    """Bits, and the share of innocents that reach them.

    Parameters
    ----------
    scores : sequence of int
        How many innocents scored 0 or less, and so many bits or more but less than one bin more.
    width : int
        Bits of a bin.
    """
    total = sum(scores)
    above = [sum(scores[place:]) for place in range(len(scores))]
    return [(width * place, count / total) for place, count in enumerate(above) if place and count]


def plot(points: Points, said: str) -> str:
    """The share of innocents whose bound is at most x, against x: an SVG picture."""
    last = max(points[-1][0], math.ceil(-math.log2(points[-1][1]))) + 1
    side, edge = 420, 60

    def place(bits: float, share: float) -> str:
        x, y = edge + side * bits / last, edge / 2 + side * -math.log2(share) / last
        return f"{x:.1f},{y:.1f}"

    seen = " ".join(place(bits, share) for bits, share in points)
    dots = "".join(
        '<circle cx="{}" cy="{}" r="3"/>'.format(*place(*point).split(",")) for point in points
    )
    marks = "".join(
        f'<text x="{edge + side * bits / last:.0f}" y="{edge / 2 - 8:.0f}"'
        f' text-anchor="middle">{bits}</text>'
        f'<text x="{edge - 8}" y="{edge / 2 + side * bits / last + 4:.0f}"'
        f' text-anchor="end">{bits}</text>'
        for bits in range(0, last, 4)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side + 2 * edge}"'
        f' height="{side + 2 * edge}" font-family="sans-serif" font-size="12">'
        "<title>Bounds of innocents against the bound</title>"
        f'<rect width="100%" height="100%" fill="white"/>{marks}'
        f'<polyline points="{place(0, 1)} {place(last, 2.0**-last)}" stroke="#999" fill="none"'
        f' stroke-dasharray="5 4"/><polyline points="{seen}" stroke="#036" fill="none"/>'
        f'<g fill="#036">{dots}</g>'
        f'<text x="{edge}" y="{edge + side + 4}">across: score in bits, b; down: -log2 of the'
        f" share of innocents at or above it</text>"
        f'<text x="{edge}" y="{edge + side + 22}">dashed: 2^-b, the bound; {said}</text></svg>\n'
    )

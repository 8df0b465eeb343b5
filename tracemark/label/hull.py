"""The hull of points in a plane."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Corner = tuple[float, ...]


def hull(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """The corners of what lies around some points, one after the other: (n, 2) to (k, 2).

    By monotone chains: Andrew, "Another efficient algorithm for convex hulls in two dimensions",
    Information Processing Letters 9 (1979).
    """
    corners = sorted(map(tuple, points.tolist()))

    def chain_of(those: Iterable[Corner]) -> list[Corner]:
        line: list[Corner] = []
        for x, y in those:
            while len(line) > 1 and _turn(line[-2], line[-1], (x, y)) <= 0:
                line.pop()
            line.append((x, y))
        return line[:-1]

    return np.array([*chain_of(corners), *chain_of(reversed(corners))], np.float32)


def area(corners: NDArray[np.float32]) -> float:
    """What some corners, one after the other, enclose: (k, 2)."""
    x, y = corners.astype(np.float64).T
    return float(abs((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())) / 2


def _turn(one: Corner, two: Corner, three: Corner) -> float:
    return (two[0] - one[0]) * (three[1] - one[1]) - (two[1] - one[1]) * (three[0] - one[0])

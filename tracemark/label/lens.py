"""Smooth maps of the plane that can be undone: perspective, and the bow of a curled label.

SPEC 10.8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Matrix = NDArray[np.float64]


def apply(matrix: Matrix, points: Points) -> Points:
    """Map (n, 2) points by a (3, 3) projective matrix."""
    mapped = points @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(mapped[:, :2] / mapped[:, 2:])


class Step(Protocol):
    """One map and its inverse, on (n, 2) points."""

    def forward(self, points: Points) -> Points:
        """Map points."""
        ...

    def inverse(self, points: Points) -> Points:
        """Map points back."""
        ...


@dataclass(frozen=True, slots=True)
class Flat:
    """A projective map."""

    matrix: Matrix

    def forward(self, points: Points) -> Points:
        """Map points."""
        return apply(self.matrix, points)

    def inverse(self, points: Points) -> Points:
        """Map points back."""
        return apply(np.asarray(np.linalg.inv(self.matrix), np.float64), points)


@dataclass(frozen=True, slots=True)
class Drift:
    """A small smooth shift: each coordinate gains a cubic of both.

    Attributes
    ----------
    middle : (2,) float64
    size : float
        Coordinates enter the cubic as (point - middle) / size.
    terms : (10, 2) float64
        Coefficients of `monomials`, for each coordinate's gain.
    """

    middle: NDArray[np.float64]
    size: float
    terms: NDArray[np.float64]

    def forward(self, points: Points) -> Points:
        """Map points."""
        return np.asarray(points + monomials((points - self.middle) / self.size) @ self.terms)

    def inverse(self, points: Points) -> Points:
        """Map points back, by iteration: the shift is small and smooth.

        Points so far off that the iteration leaves them nowhere stay where they are.
        """
        found = points
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(6):
                gain = monomials((found - self.middle) / self.size) @ self.terms
                found = points - gain
        return np.where(np.isfinite(found), found, points)


@dataclass(frozen=True, slots=True)
class Lens:
    """Steps, one after the other."""

    steps: tuple[Step, ...] = ()

    def forward(self, points: Points) -> Points:
        """Map (n, 2) points through every step."""
        for step in self.steps:
            points = step.forward(points)
        return points

    def inverse(self, points: Points) -> Points:
        """Map (n, 2) points back."""
        for step in reversed(self.steps):
            points = step.inverse(points)
        return points

    def then(self, step: Step) -> Lens:
        """This lens with one more step."""
        return Lens((*self.steps, step))


def monomials(points: Points) -> NDArray[np.float64]:
    """Powers up to the third: (n, 10) 1 x y xx xy yy xxx xxy xyy yyy."""
    x, y = points.T
    one = np.ones_like(x)
    return np.stack([one, x, y, x * x, x * y, y * y, x**3, x * x * y, x * y * y, y**3], 1)

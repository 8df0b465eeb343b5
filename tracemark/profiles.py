"""Frozen parameter profiles. SPEC 2.

A profile fixes everything that a mark's meaning depends on: how long a codeword is, with which
biases its bits are drawn. A published profile never changes; a new one gets a new name. Names that
start with `draft` may still change between releases. `draft-1` has the numbers of `text-1`: a vault
of that name opens, but text marked before the format was frozen may not be read any more.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """Parameters of one version of the codeword.

    Attributes
    ----------
    name : str
        Stands in the ledger with every issue.
    biased : int
        Number of biased positions, a multiple of 8. Together with as many uniform ones they leave
        colluders no strategy: what hides one of them at a biased position betrays him at a uniform.
    uniform : int
        Number of uniform positions (bias one half), a multiple of 8, after the biased ones. The
        dense invisible layer uses these alone.
    planes : int
        Random bit planes that are combined into one plane of biased bits; the rare symbol of a
        biased position has probability ``rare = 2**-planes``.
    """

    name: str
    biased: int
    uniform: int
    planes: int

    @property
    def length(self) -> int:
        """L, the number of positions of a codeword."""
        return self.biased + self.uniform

    @property
    def rare(self) -> float:
        """Probability of the rare symbol at a biased position, in (0, 1/2)."""
        return 2.0**-self.planes


TEXT_1 = Profile(name="text-1", biased=1536, uniform=1536, planes=3)
DRAFT_1 = Profile(name="draft-1", biased=1536, uniform=1536, planes=3)

CURRENT = TEXT_1
PROFILES = {p.name: p for p in (TEXT_1, DRAFT_1)}

"""Cases: what was looked at, so that looking again costs. SPEC 9.6.

The bound on accusing anyone innocent holds for all looks at the same samples together: the k-th
look spends alpha / (k (k + 1)), and these parts add up to less than alpha.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tracemark.errors import UsageError
from tracemark.ledger.chain import Json

FIELDS = {"samples", "alpha", "among", "method", "reopens", "look", "candidates"}


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a set of samples, as recorded before anything was scored.

    Attributes
    ----------
    number : int
        Number of the ledger entry. Recipients registered later are no candidates of this look:
        pass it as `before` to `Ledger.ids`.
    k : int
        1 for the first look at these samples.
    candidates : int
        Recipients registered before this entry, under the prefix asked for.
    alpha : float
        The bound asked for, in (0, 1).
    again : bool
        Whether the very same look was recorded before; nothing is spent then.
    """

    number: int
    k: int
    candidates: int
    alpha: float
    again: bool

    @property
    def spends(self) -> float:
        """The part of alpha this look may use: alpha / (k (k + 1))."""
        return self.alpha / (self.k * (self.k + 1))


@dataclass(frozen=True, slots=True)
class Question:
    """What makes two looks the same: samples, alpha, candidates' prefix and method.

    Parameters
    ----------
    samples : sequence of str
        Hex SHA-256 of each sample; order and repetition do not matter.
    alpha : float
        In (0, 1).
    among : str or None
        Prefix of the candidates' ids; None for all.
    method : str
        Whatever else decides how the samples are read and scored.
    reopens : int, optional
        Number of an earlier case to which these samples add, though they share none with it.
    """

    samples: tuple[str, ...]
    alpha: float
    among: str | None
    method: str
    reopens: int | None

    @classmethod
    def of(
        cls,
        samples: Iterable[str],
        alpha: float,
        among: str | None,
        method: str,
        reopens: int | None,
    ) -> Question:
        """Check and order what a case asks. Raises UsageError."""
        if not 0 < alpha < 1:
            raise UsageError(f"alpha {alpha} is not between 0 and 1", hint="for example 1e-6")
        ordered = tuple(sorted(set(samples)))
        if not ordered:
            raise UsageError("a case needs at least one sample", hint="name a file that leaked")
        return cls(ordered, alpha, among or None, method, reopens)

    def body(self, k: int, candidates: int) -> dict[str, Json]:
        """The body of a ``case`` entry. SPEC 9.6.1."""
        return {
            "samples": list(self.samples),
            "alpha": repr(self.alpha),
            "among": self.among,
            "method": self.method,
            "reopens": self.reopens,
            "look": k,
            "candidates": candidates,
        }

    def same(self, body: dict[str, Any]) -> bool:
        """Whether a ``case`` entry records this very question."""
        asked = self.body(body["look"], body["candidates"])
        return all(
            asked[field] == body[field] for field in ("samples", "alpha", "among", "method")
        ) and (self.reopens is None or self.reopens == body["reopens"])


def looks_before(question: Question, earlier: Sequence[tuple[int, dict[str, Any]]]) -> int:
    """How many earlier cases hang together with these samples. SPEC 9.6.2.

    Two cases hang together if they share a sample, if one reopens the other, or if both hang
    together with a third.

    Parameters
    ----------
    question : Question
    earlier : sequence of (int, dict)
        Number and body of every earlier ``case`` entry.

    Raises
    ------
    UsageError
        `reopens` is not the number of a case.
    """
    if question.reopens is not None and question.reopens not in {number for number, _ in earlier}:
        raise UsageError(
            f"there is no case {question.reopens} to reopen", hint="see tracemark ledger show"
        )
    marks: set[object] = {*question.samples}
    if question.reopens is not None:
        marks.add(question.reopens)
    ties = {
        number: {number, *body["samples"], *filter(None, [body["reopens"]])}
        for number, body in earlier
    }
    found = 0
    while near := [number for number, held in ties.items() if not marks.isdisjoint(held)]:
        for number in near:
            marks |= ties.pop(number)
        found += len(near)
    return found

"""What a case says: verdict, accusations and the evidence behind them. SPEC 8."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Verdict = Literal["identified", "inconclusive", "no mark", "unreadable"]

FORMAT = "tracemark-case/1"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one carrier of one sample says about one accused recipient.

    Attributes
    ----------
    sample : int
        Index into `Case.samples`.
    carrier : str
        ``invisible``, ``typography``, ``wording``, …
    read : int
        Distinct slots read.
    agreeing : int
        Slots that show what this recipient's copy shows.
    expected : float
        Slots that would agree by chance if the recipient were innocent.
    """

    sample: int
    carrier: str
    read: int
    agreeing: int
    expected: float


@dataclass(frozen=True, slots=True)
class RowsOf:
    """The rows of one sample that show the marks of one accused recipient's copy. SPEC 6.11.

    They are told apart among the accused after the accusation, and add nothing to its weight.

    Attributes
    ----------
    sample : int
        Index into `Case.samples`.
    count : int
        How many rows.
    numbers : tuple of int
        The first 1,000 of them: 1 is the first row, a row of column names included.
    bits : tuple of float
        log2 of the odds that the row shows this copy's marks and not another's or none.
    """

    sample: int
    count: int
    numbers: tuple[int, ...]
    bits: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Accusation:
    """One recipient to whom the sample, or a part of it, was released.

    Attributes
    ----------
    recipient : str
        Recipient id.
    name, kind : str
        As registered, for the reader's convenience.
    bound : float
        The chance that a case like this names *anyone* innocent on evidence this strong; below the
        case's alpha.
    score : float
        Weight of evidence, log2 of the e-value, in bits.
    share : float
        Part of the sample's readable slots that this recipient's copy explains, 0 to 1.
    round : int
        1 for those named first; later rounds look at what the named do not explain.
    issued : tuple of dict
        Ledger entries about copies of the leaked records that were released to the recipient.
    evidence : tuple of Evidence
    rows : tuple of RowsOf
        For each sample of rows, those that show the marks of this recipient's copy.
    """

    recipient: str
    name: str
    kind: str
    bound: float
    score: float
    share: float
    round: int
    issued: tuple[dict[str, Any], ...] = ()
    evidence: tuple[Evidence, ...] = ()
    rows: tuple[RowsOf, ...] = ()


@dataclass(frozen=True, slots=True)
class Pilot:
    """The codeword-free test "does this carry a mark of ours?". SPEC 6.2.

    Attributes
    ----------
    slots : int
        Distinct slots that took part.
    agreeing : int
        Slots that agree with the keyed pattern. Both are 0 for a picture, whose pilot is a
        correlation and no count (SPEC 10.8).
    bound : float
        Chance of this much agreement in anything that we never marked.
    """

    slots: int
    agreeing: int
    bound: float


@dataclass(frozen=True, slots=True)
class SampleReport:
    """What became of one sample.

    Attributes
    ----------
    path : str
        File name as given, or ``text 1``, ``rows 2``.
    sha256 : str
        Of the bytes of a file, of the UTF-8 text, or of the rows as JSON Lines.
    kind : str
        ``csv``, ``json``, ``text``, ``rows``, …; ``unknown`` where unreadable.
    status : str
        ``marked`` (the pilot finds a mark of this vault), ``no mark``, ``empty``, ``unreadable``.
    rows, slots : int
        Rows read; distinct slots read.
    issued : int
        Distinct cells that the ledger knows to have been issued.
    pilot : Pilot or None
    note : str
        Why it is unreadable, or what was odd about it.
    """

    path: str
    sha256: str
    kind: str
    status: str
    rows: int = 0
    slots: int = 0
    issued: int = 0
    pilot: Pilot | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """The outcome of `Vault.trace`.

    Attributes
    ----------
    verdict : str
        ``identified``: at least one accusation. ``inconclusive``: a mark of this vault is there,
        too weak to name anyone. ``no mark``: nothing of this vault was found. ``unreadable``: no
        sample could be read.
    alpha : float
        The bound asked for: the chance that anyone innocent is named, over all looks at these
        samples.
    candidates : int
        N, the recipients that were scored.
    hypotheses : int
        How many weightings of the evidence share the bound.
    line : float
        Bits a score must reach in the first round.
    accusations : tuple of Accusation
        Strongest first.
    samples : tuple of SampleReport
    number : int or None
        The case's number in the ledger; None where the ledger could not be written.
    look : int
        1 for the first look at these samples; a later look spends a smaller part of alpha.
    histogram : dict
        Scores of all candidates as a distribution without names: ``edges`` and ``counts``.
    advice : tuple of str
        What would help, in plain words.
    """

    verdict: Verdict
    alpha: float
    candidates: int
    hypotheses: int
    line: float
    accusations: tuple[Accusation, ...] = ()
    samples: tuple[SampleReport, ...] = ()
    number: int | None = None
    look: int = 1
    among: str | None = None
    histogram: dict[str, list[float]] = field(default_factory=dict)
    advice: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The case as plain data, first key ``format``: ``tracemark-case/1``."""
        return {"format": FORMAT, **_rounded(asdict(self))}

    def to_json(self) -> str:
        """`to_dict` as JSON with a fixed order of keys."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2)


def _rounded(value: Any) -> Any:
    """Six significant digits: what is printed must not depend on the machine's last bit."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value

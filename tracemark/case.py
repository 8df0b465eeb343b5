"""What a case says: verdict, accusations and the evidence behind them. SPEC 8."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from tracemark.access.evidence import Access
from tracemark.exhibit import Exhibit

Verdict = Literal["identified", "inconclusive", "no mark", "unreadable"]
BindingVerdict = Literal["confirmed", "contradicted", "not checked"]

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
class Binding:
    """Whether the mark in one picture belongs to the waybill it was found on. SPEC 10.9.

    Attributes
    ----------
    sample : int
        Index into `Case.samples`.
    verdict : str
        ``confirmed``; ``contradicted``: the mark was made for another waybill, it may have been
        transplanted; ``not checked``, where `note` says why.
    source : str
        Where the number came from: ``given``, ``barcode``, or empty where it is unknown.
    read, agreeing : int
        Slots that are bound to the number, and those that show the recipient's codeword under it.
    by_chance : float
        P(at least so many agree) if the mark was made for another number: an exact binomial tail.
    if_bound : float
        P(no more agree) if it was made for this number: an exact hypergeometric tail.
    issued : bool or None
        Whether the ledger has this waybill as issued to the recipient; None without a number.
    issue : int or None
        The ledger entry of the label that the mark was made for, if it is another or if the number
        is unknown.
    note : str
    """

    sample: int
    verdict: BindingVerdict
    source: str
    read: int = 0
    agreeing: int = 0
    by_chance: float = 1.0
    if_bound: float = 1.0
    issued: bool | None = None
    issue: int | None = None
    note: str = ""


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
    binding : str
        Of all pictures that speak of the recipient: ``contradicted`` if one is, else ``confirmed``
        if one is, else ``not checked``; empty where no picture speaks of them.
    bindings : tuple of Binding
        For each such picture.
    cautions : tuple of str
        What must be known before anyone relies on it: that a revoked key may have made the marks.
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
    binding: BindingVerdict | Literal[""] = ""
    bindings: tuple[Binding, ...] = ()
    cautions: tuple[str, ...] = ()


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
        too weak to name anyone, or of nobody who was compared (`advice` says which). ``no mark``:
        nothing of this vault was found. ``unreadable``: no sample could be read.
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
    access : Access or None
        Circumstantial: who had access to the leaked records. It never decides a verdict. None where
        the samples name no waybill, order or phone number.
    exhibits : tuple of Exhibit
        Rows and pictures to show in a report. They hold what leaked, so `to_dict` leaves them out.
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
    access: Access | None = None
    exhibits: tuple[Exhibit, ...] = field(default=(), compare=False, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The case as plain data, first key ``format``: ``tracemark-case/1``; without exhibits."""
        found = asdict(replace(self, exhibits=()))
        del found["exhibits"]
        return {"format": FORMAT, **_rounded(found)}

    def to_json(self) -> str:
        """`to_dict` as JSON with a fixed order of keys."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2)

    def to_html(self, lang: str = "zh", *, exhibits: bool = True, asked: str = "") -> str:
        """The case as one self-contained page for people: `tracemark.report.page`.

        Parameters
        ----------
        lang : str
            ``zh`` or ``en``: the language the page opens in; it can be switched in the page.
        exhibits : bool
            Whether to show rows and pictures of the samples. They hold personal data.
        asked : str
            The command line that traced the case, to be shown as how to repeat it.
        """
        from tracemark.report import page  # late: most programs print no report

        return page(self.to_dict(), self.exhibits if exhibits else (), lang=lang, asked=asked)


def _rounded(value: Any) -> Any:
    """Six significant digits: what is printed must not depend on the machine's last bit."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value

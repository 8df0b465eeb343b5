"""What a case says about access: who could have had the records, never who leaked them. SPEC 13."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Holder:
    """A recipient that had access to records of the sample. No accusation.

    Attributes
    ----------
    recipient, name, kind : str
        As registered.
    held : int
        Of the recognised records, how many it had.
    exclusive : int
        How many nobody else had, as far as the ledger knows.
    issued, custody : int
        How many were in copies issued to it; how many it had in custody.
    all_told : int
        Records it had in the whole ledger, repetitions included: whoever had everything fits every
        list.
    guilt : float
        By the model of Papadimitriou and Garcia-Molina (2011), see `tracemark.access.guilt`.
    events : tuple of dict
        The ledger's entries that show it: entry, what, when, records; the largest first.
    """

    recipient: str
    name: str
    kind: str
    held: int
    exclusive: int
    issued: int
    custody: int
    all_told: int
    guilt: float
    events: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """Circumstantial evidence: who had access to the records of the samples.

    It identifies nobody, carries no bound, and changes no verdict.

    Attributes
    ----------
    records : int
        Distinct records with an identifier (waybill or order number, phone, masked phone) that
        were looked up; of more than 16,384 a random part.
    of : int
        Rows with an identifier in the samples.
    recognised : int
        Of `records`, how many the ledger shows in the hands of a candidate.
    by : dict of str to int
        Known to the ledger by ``waybill``, else by ``phone``, else by ``masked`` phone alone, which
        many people share.
    recipients : int
        Candidates that had any of them.
    complete : int
        Candidates that had all of them.
    allowed : int
        Recognised records that an explanation may leave out: the ledger may lack as many.
    smallest : int
        Recipients in the smallest sets that explain the list; an upper bound if not `exact`.
    least : int
        No set is smaller than this.
    exact : bool
    alternatives : int
        How many sets of that size explain the list. More than one cannot be told apart.
    sets : tuple of tuple of str
        Recipient ids of each; empty where more than ten recipients take part.
    holders : tuple of Holder
        The recipients in `sets`, those with most records first.
    """

    records: int
    of: int
    recognised: int
    by: dict[str, int]
    recipients: int = 0
    complete: int = 0
    allowed: int = 0
    smallest: int = 0
    least: int = 0
    exact: bool = True
    alternatives: int = 0
    sets: tuple[tuple[str, ...], ...] = ()
    holders: tuple[Holder, ...] = ()

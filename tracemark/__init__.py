"""tracemark: every copy carries its recipient's mark, and a leaked one can be traced.

The engineer's side marks where data leaves a system (`Vault.mark_rows`, `Vault.mark_text`,
`Vault.mark_table`); the investigator's side traces what leaked (`Vault.trace`). The chance that a
case names anyone innocent is bounded, and the bound is proved in docs/SPEC.md.
"""

from typing import TYPE_CHECKING

from tracemark import words
from tracemark.later import later

if TYPE_CHECKING:
    from tracemark.access.evidence import Access, Holder
    from tracemark.case import Accusation, Binding, Case, Evidence, Pilot, RowsOf, SampleReport
    from tracemark.casefile import SignedCase, read_case, verify_case
    from tracemark.checkpoints import Checkpoint, Proven, check_proof
    from tracemark.cleaning import clean_table
    from tracemark.custody import CustodyEvent
    from tracemark.errors import (
        AlreadyMarked,
        BadSignature,
        HostTooSmall,
        KeyFault,
        LedgerError,
        MissingExtra,
        TracemarkError,
        UnknownRecipient,
        UnreadableSample,
        UsageError,
        VaultError,
    )
    from tracemark.keys import EnvironmentKeys, EpochKey, FileKeys, KeyProvider
    from tracemark.label_file_verbs import LabelFile, MarkedFile
    from tracemark.ledger import Entry, Verification
    from tracemark.loaders import LIMITS, Limits
    from tracemark.marking import Receipt
    from tracemark.model import Recipient
    from tracemark.passphrases import ask_with
    from tracemark.tables.sink import open_output
    from tracemark.text.parse import clean
    from tracemark.vault import Vault
else:  # each with its first use: what marks need not load what traces, nor a helper either
    __getattr__ = later(
        __name__,
        {
            "tracemark.access.evidence": "Access Holder",
            "tracemark.case": "Accusation Binding Case Evidence Pilot RowsOf SampleReport",
            "tracemark.casefile": "SignedCase read_case verify_case",
            "tracemark.checkpoints": "Checkpoint Proven check_proof",
            "tracemark.cleaning": "clean_table",
            "tracemark.custody": "CustodyEvent",
            "tracemark.errors": "AlreadyMarked BadSignature HostTooSmall KeyFault LedgerError"
            " MissingExtra TracemarkError UnknownRecipient UnreadableSample UsageError VaultError",
            "tracemark.keys": "EnvironmentKeys EpochKey FileKeys KeyProvider",
            "tracemark.label_file_verbs": "LabelFile MarkedFile",
            "tracemark.ledger": "Entry Verification",
            "tracemark.loaders": "LIMITS Limits",
            "tracemark.marking": "Receipt",
            "tracemark.model": "Recipient",
            "tracemark.passphrases": "ask_with",
            "tracemark.tables.sink": "open_output",
            "tracemark.text.parse": "clean",
            "tracemark.vault": "Vault",
        },
    )

__version__ = "0.1.0.dev0"

__all__ = [
    "LIMITS",
    "Access",
    "Accusation",
    "AlreadyMarked",
    "BadSignature",
    "Binding",
    "Case",
    "Checkpoint",
    "CustodyEvent",
    "Entry",
    "EnvironmentKeys",
    "EpochKey",
    "Evidence",
    "FileKeys",
    "Holder",
    "HostTooSmall",
    "KeyFault",
    "KeyProvider",
    "LabelFile",
    "LedgerError",
    "Limits",
    "MarkedFile",
    "MissingExtra",
    "Pilot",
    "Proven",
    "Receipt",
    "Recipient",
    "RowsOf",
    "SampleReport",
    "SignedCase",
    "TracemarkError",
    "UnknownRecipient",
    "UnreadableSample",
    "UsageError",
    "Vault",
    "VaultError",
    "Verification",
    "ask_with",
    "check_proof",
    "clean",
    "clean_table",
    "open_output",
    "read_case",
    "verify_case",
    "words",
]

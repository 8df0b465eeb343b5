"""The ledger: an append-only, hash-chained record of recipients, issues and cases. SPEC 9."""

from tracemark.ledger.cases import Look
from tracemark.ledger.chain import Entry, Head
from tracemark.ledger.fingerprints import Fingerprinter
from tracemark.ledger.holdings import Holdings
from tracemark.ledger.issues import Issue
from tracemark.ledger.ledger import Ledger
from tracemark.ledger.verify import Verification

__all__ = [
    "Entry",
    "Fingerprinter",
    "Head",
    "Holdings",
    "Issue",
    "Ledger",
    "Look",
    "Verification",
]

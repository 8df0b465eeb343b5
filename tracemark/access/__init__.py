"""Access evidence: who had access to what leaked, without any mark. SPEC 13.

Pure: identifiers, sets and probabilities, no ledger, no key, no name.
"""

"""How a ZPL II stream begins; apart from `zpl`, which few programs need. SPEC 11.13."""

from __future__ import annotations

import re

MOST_BYTES = 256_000_000  # of a stream
_BEGINS = re.compile(rb"(?:\xef\xbb\xbf)?[\s\x00-\x1f]*(?:CT~~CD|\^[A-Z]{2}|~D[GY])", re.IGNORECASE)


def is_zpl(head: bytes) -> bool:
    """Whether a file of which these are the first bytes is a ZPL II stream."""
    found = _BEGINS.match(head)
    return found is not None and (b"XA" in head or found[0][-2:].upper() in (b"DG", b"DY"))

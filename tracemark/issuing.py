"""Issuing keys: enough to mark for some recipients, too little to trace or to sign. SPEC 3.6.

The holder has the subkeys that say where marks stand and the codewords of its own recipients. It
cannot compute anybody else's codeword, so it cannot trace, nor make a mark of another's; and it
cannot sign cases or checkpoints. What it can do: find and remove marks, copy the chips of a marked
copy that it has in hand, and seal the ledger. A past that it wrote anew is found by a checkpoint
that was kept elsewhere, and by nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from tracemark.codeword import Codebook
from tracemark.keys import ISSUING, EpochKey
from tracemark.profiles import Profile

PURPOSES = (
    *("slots/text", "slots/label", "slots/tone", "slots/decoy", "ledger"),
    *("fingerprint/waybill", "fingerprint/phone", "fingerprint/masked"),
)


def issuing_key(keys: Sequence[EpochKey], profile: Profile, recipients: Iterable[str]) -> str:
    """The text of a key file with which copies can be made for these recipients, and no others."""
    book = Codebook(keys[-1], profile)
    held = {
        "format": ISSUING,
        "profile": profile.name,
        "epochs": [
            {
                "commitment": key.commitment,
                "subkeys": {purpose: key.derive(purpose).hex() for purpose in PURPOSES},
            }
            for key in keys
        ],
        "codewords": {one: book.pack([one])[0].tobytes().hex() for one in recipients},
    }
    return json.dumps(held, indent=1) + "\n"

"""Makes trust.json: subkeys, codewords, and the tree and checkpoint of a given ledger.

    python -m tests.vectors.make_trust

The test regenerates all of it and compares: a later release that tells any of it otherwise could
not trace what was marked before, or check what was deposited. Never regenerated silently.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tracemark import checkpoints, signing
from tracemark.checkpoints import Checkpoint
from tracemark.codeword import Codebook
from tracemark.keys import EpochKey
from tracemark.ledger import merkle
from tracemark.ledger.chain import START, canonical, link
from tracemark.profiles import PROFILES

FILE = Path(__file__).with_name("trust.json")
KEYS = (EpochKey(1, bytes(range(32))), EpochKey(2, bytes(range(100, 132))))
PURPOSES = ("codeword", "bias", "slots/text", "slots/label", "slots/decoy", "ledger", "sign",
            "fingerprint/waybill", "fingerprint/phone", "fingerprint/masked")  # fmt: skip
RECIPIENTS = ("acct:1042", "station:YW-012", "快递员七号")


def main() -> None:
    FILE.write_text(json.dumps(made(), ensure_ascii=False, indent=1) + "\n", "utf-8")


def made() -> dict[str, Any]:
    return {
        "keys": [
            {
                "epoch": key.epoch,
                "commitment": key.commitment,
                "public_key": signing.public_key(key),
                "subkeys": {purpose: key.derive(purpose).hex() for purpose in PURPOSES},
            }
            for key in KEYS
        ],
        "codewords": {
            name: [
                {
                    "epoch": key.epoch,
                    "common": Codebook(key, profile)._common.tobytes().hex(),
                    "packed": {r: Codebook(key, profile).pack([r])[0].tobytes().hex()
                               for r in RECIPIENTS},
                }
                for key in KEYS
            ]
            for name, profile in PROFILES.items()
        },
        "ledger": ledger(),
    }  # fmt: skip


def ledger() -> dict[str, Any]:
    """Seven invented entries, their hashes, the roots after each, and what is signed over them."""
    previous, hashes = START, []
    for seq in range(1, 8):
        body = canonical({"recipient": "acct:1042", "rows": seq})
        previous = link(previous, seq, f"2026-01-0{seq}T00:00:00.000000Z", "issue", body)
        hashes.append(previous)
    leaves = [merkle.leaf(one) for one in hashes]
    state = Checkpoint("0011223344556677", 7, merkle.root(leaves))
    return {
        "hashes": [one.hex() for one in hashes],
        "roots": [merkle.root(leaves[:n]).hex() for n in range(8)],
        "inclusion": [[one.hex() for one in merkle.inclusion(leaves, n)] for n in range(7)],
        "consistency": [[one.hex() for one in merkle.consistency(leaves, n)] for n in range(1, 8)],
        "checkpoint": checkpoints.signed(state, KEYS[1]),
    }


if __name__ == "__main__":
    main()

"""A process that issues batches until it is done or killed, and says which ones are durable."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from tracemark.keys import EpochKey
from tracemark.ledger import Ledger


def main(path: str, recipient: str, start: int, batches: int) -> None:
    key = EpochKey(1, bytes(range(32)))
    with (
        Ledger.open(path if "://" in path else Path(path), [key]) as ledger,
        ledger.issue(recipient, "table", profile="draft-1", epoch=1, policy="full") as issue,
    ):
        for number in range(start, start + batches):
            values = np.arange(1, 101, dtype=np.uint64) + np.uint64(1000 * number)
            issue.batch(100, {"waybill": values, "phone": values})
            print(number, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))

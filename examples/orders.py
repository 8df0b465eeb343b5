"""Write an invented order export as CSV or JSON Lines, to try things on.

    python examples/orders.py 1000 orders.csv
    python examples/orders.py 1000 orders.jsonl --seed 7
    python examples/orders.py 1000 orders.gbk.csv --encoding gbk

The rows themselves are made by `tracemark_cli.sample_orders`, which the demo uses too.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

from tracemark_cli.sample_orders import COLUMNS, orders


def write(path: Path, *, n: int, seed: int, encoding: str = "utf-8") -> None:
    """Write `n` orders; the ending of the path says whether as CSV or as JSON Lines.

    Characters that the encoding lacks become question marks, as old shop systems write them.
    """
    with path.open("w", encoding=encoding, errors="replace", newline="") as file:
        if path.suffix == ".jsonl":
            for row in orders(n, seed):
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        else:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(orders(n, seed))


def main() -> None:
    """Read the command line and write the file."""
    parser = argparse.ArgumentParser(description="Write an invented order export.")
    parser.add_argument("n", type=int, help="how many orders")
    parser.add_argument("path", type=Path, help="where to: FILE.csv or FILE.jsonl")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other orders")
    parser.add_argument("--encoding", default="utf-8", help="utf-8, utf-8-sig, gb18030, gbk, …")
    wanted = parser.parse_args()
    write(wanted.path, n=wanted.n, seed=wanted.seed, encoding=wanted.encoding)


if __name__ == "__main__":
    main()

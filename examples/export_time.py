"""Mark an export at the moment it is made: one library call between the query and the file.

    python examples/export_time.py

Makes a vault in a temporary folder, exports 200 invented orders for one account, lets 50 rows of
the export leak without their invisible characters, and traces them.
"""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import tracemark
from tracemark_cli.sample_orders import COLUMNS, orders


def export(
    vault: tracemark.Vault, rows: Iterable[Mapping[str, str]], account: str, path: Path
) -> None:
    """Write the rows for one account. This is all that an export needs to change."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(vault.mark_rows(rows, to=account))


def leak(path: Path, rows: int) -> str:
    """Some lines of the export, as they might turn up in a chat, washed of invisible characters."""
    text = path.read_text(encoding="utf-8")
    return re.sub("[\u200b-\u200f\ufe00-\ufe0f]", "", "\n".join(text.splitlines()[1 : rows + 1]))


def main() -> None:
    """Export, leak, trace."""
    with (
        tempfile.TemporaryDirectory() as folder,
        tracemark.Vault.create(Path(folder) / "vault") as vault,
    ):
        vault.add_recipients(f"acct:{number}" for number in range(1000, 2000))
        path = Path(folder) / "orders.csv"
        export(vault, orders(200, seed=3), "acct:1042", path)
        case = vault.trace(leak(path, rows=50))
    print(case.verdict)
    for accusation in case.accusations:
        print(f"released to {accusation.recipient}; bound {accusation.bound:.1g}")


if __name__ == "__main__":
    main()

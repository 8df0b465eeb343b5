"""Makes the case vectors text-1-case-*.txt. Run by hand, once for each version of the format.

    python -m tests.vectors.make_cases

Every file begins with `expect:` and with how it was made; an empty line; then the sample itself.
The vault has the root key 00 01 … 1f and the recipients acct:0000 … acct:0199.
"""

import random
import tempfile
from pathlib import Path

import tracemark
from benchmarks import leaks
from tracemark_cli.sample_orders import orders

HERE = Path(__file__).parent
KEY = bytes(range(32))
RECIPIENTS = [f"acct:{number:04d}" for number in range(200)]


def main() -> None:
    rows = list(orders(80, 1))
    with tempfile.TemporaryDirectory() as folder:
        vault = tracemark.Vault.create(Path(folder) / "vault", key=KEY)
        other = tracemark.Vault.create(Path(folder) / "other", key=KEY[::-1])
        for one in (vault, other):
            one.add_recipients(RECIPIENTS)
        a, b = (list(vault.mark_rows(rows, to=to)) for to in ("acct:0042", "acct:0100"))
        longest = max((row["收货地址"] for row in a if " " not in row["收货地址"]), key=len)
        mixed = [*a[:40], *b[40:]]
        random.Random(1).shuffle(mixed)
        foreign = list(other.mark_rows(orders(40, 2), to="acct:0042"))
        write("address", "accuse acct:0042", "one copied address", longest + "\n")
        write("pasted", "accuse acct:0042", "20 rows, tabs", leaks.pasted(a[:20]))
        write(
            "stripped", "accuse acct:0042", "80 rows, invisible characters removed",
            leaks.pasted(leaks.each_cell(a, leaks.stripped)),
        )  # fmt: skip
        write(
            "two-sources", "accuse acct:0042 acct:0100",
            "40 rows of each, shuffled, invisible characters removed",
            leaks.pasted(leaks.each_cell(mixed, leaks.stripped)),
        )  # fmt: skip
        write("unmarked", "nobody, no mark", "80 rows never marked", leaks.pasted(rows))
        write("another-key", "nobody, no mark", "40 rows of another vault", leaks.pasted(foreign))
        write(
            "too-little", "nobody, no mark", "two rows, invisible characters removed",
            leaks.pasted(leaks.each_cell(a[:2], leaks.stripped)),
        )  # fmt: skip
        write("unreadable", "unreadable", "the beginning of a picture", "\x89PNG\r\n\x1a\n" * 3)


def write(name: str, expect: str, made: str, sample: str) -> None:
    path = HERE / f"text-1-case-{name}.txt"
    head = f"expect: {expect}\nmade: {made}\n\n"
    encoding = "latin-1" if expect == "unreadable" else "utf-8"
    path.write_bytes((head + sample).encode(encoding))


if __name__ == "__main__":
    main()

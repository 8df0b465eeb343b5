"""Kill issuing processes at random moments, and hold what got out against the ledger.

    python -m benchmarks.kill --kills 200

Each process issues rows, single rows, a table and labels until SIGKILL ends it. What it handed out
stands in a file, written number by number. After each kill: is every number that got out in the
ledger under its recipient, does the whole ledger verify, and does the next process open the vault
and issue without anything being repaired? A killed process leaves the system's buffers; what a cut
of power takes is another question, which SQLite's synchronous=FULL answers and this does not.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tracemark
from tests.label.hosts import label
from tracemark.ledger.fingerprints import Fingerprinter

WAYS = ("rows", "single", "table", "label")
TO = "acct:7"


@dataclass(frozen=True)
class Outcome:
    """What one kill left behind.

    Attributes
    ----------
    got_out, lost : int
        Numbers handed out, and those of them that the ledger does not hold.
    faults : tuple of str
        What verification found.
    still_open : int
        Issues that say for themselves that they were broken off.
    next_issue_holds : bool
        Whether a new process opened the vault and issued, with nothing repaired.
    """

    got_out: int
    lost: int
    faults: tuple[str, ...]
    still_open: int
    next_issue_holds: bool


def address(number: int) -> str:
    return f"浙江省金华市义乌市北苑街道雪峰西路{number % 900}号3幢2单元{number % 90 + 101}室"


def row(number: int) -> dict[str, str]:
    return {"运单号": f"YT{number:013}", "收货地址": address(number)}


class Outside:
    """Where copies go: a file that survives the process, one number a line."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, data: bytes) -> int:
        return os.write(self._file, data)

    def hand_out(self, number: str) -> None:
        self.write(number.encode() + b"\n")


class Endless:
    """A table that never ends."""

    def __init__(self, numbers: Iterator[int]) -> None:
        self._numbers = numbers
        self._rest = "运单号,收货地址\n".encode()

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes of some hundred more rows."""
        if not self._rest:
            some = itertools.islice(self._numbers, 500)
            self._rest = "".join(f"YT{n:013},{address(n)}\n" for n in some).encode()
        cut = len(self._rest) if size < 0 else size
        block, self._rest = self._rest[:cut], self._rest[cut:]
        return block


def issue_for_ever(folder: Path, out: Path, way: str, first: int) -> None:
    """What the process does until it is killed."""
    with tracemark.Vault.open(folder) as vault:
        outside = Outside(out)
        outside.write(b"\n")  # from here on it may be killed
        numbers = itertools.count(first)
        if way == "rows":
            for marked in vault.mark_rows(map(row, numbers), to=TO):
                outside.hand_out(marked["运单号"])
        elif way == "single":
            for number in numbers:
                [marked] = vault.mark_rows([row(number)], to=TO)
                outside.hand_out(marked["运单号"])
        elif way == "table":
            vault.mark_table(Endless(numbers), outside, to=TO)
        else:
            picture = label(first)
            for number in numbers:
                vault.mark_label(picture, to=TO, waybill=f"YT{number:013}", again=True)
                outside.hand_out(f"YT{number:013}")


def kill_one(folder: Path, way: str, first: int, rng: random.Random, most: float) -> Outcome:
    """Start a process, kill it within `most` seconds, and look.

    One in three is killed at any moment from the opening of the vault on, the others at any moment
    after something got out.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tracemark", "tests.label.hosts"])
    out = folder.with_name(f"out-{first}")
    process = context.Process(target=issue_for_ever, args=(folder, out, way, first))
    process.start()
    patience = time.monotonic() + 60
    enough = 1 if rng.random() < 1 / 3 else 16
    while not (out.exists() and out.stat().st_size >= enough):
        if not process.is_alive() or time.monotonic() > patience:
            raise RuntimeError(f"the process that issues ({way}) did not start")
        time.sleep(0.002)
    time.sleep(rng.uniform(0, most))
    if not process.is_alive():
        raise RuntimeError(f"the process that issues ({way}) ended before it was killed")
    process.kill()
    process.join()
    return look(folder, out, first)


def look(folder: Path, out: Path, first: int) -> Outcome:
    # a line is out once its number is; the last line of a table may be cut within its address
    lines = out.read_text("utf-8", errors="ignore").splitlines()
    numbers = {line.split(",")[0] for line in lines if line.startswith("YT")}
    whole = sorted(number for number in numbers if len(number) == 15)
    with tracemark.Vault.open(folder) as vault:
        ledger = vault._ledger
        prints = Fingerprinter(vault._keys[-1]).waybills(whole)
        held = ledger.holds(TO, "waybill", 1, prints)
        check = vault.verify_ledger()
        [after] = vault.mark_rows([row(first + 10**9)], to=TO)
        known = Fingerprinter(vault._keys[-1]).waybills([after["运单号"]])
        goes_on = bool(ledger.holds(TO, "waybill", 1, known).all()) and vault.verify_ledger().holds
    out.unlink()
    return Outcome(len(whole), int((~held).sum()), check.faults, len(check.open_issues), goes_on)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--most", type=float, default=0.6, help="seconds of issuing at most")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    rng = random.Random(options.seed)
    print(f"seed {options.seed}\n\n| way | kills | got out | lost | damaged | would not go on |")
    print("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name:
        for place, way in enumerate(WAYS):
            folder = Path(name) / way
            with tracemark.Vault.create(folder) as vault:
                vault.add_recipient(TO)
            found = [
                kill_one(folder, way, (1000 * place + kill) * 10**5, rng, options.most)
                for kill in range(options.kills // len(WAYS))
            ]
            print(
                f"| {way} | {len(found)} | {sum(one.got_out for one in found):,} "
                f"| {sum(one.lost for one in found)} | {sum(bool(one.faults) for one in found)} "
                f"| {sum(not one.next_issue_holds for one in found)} |",
                flush=True,
            )


if __name__ == "__main__":
    main()

"""What becomes of an export once it leaks: the ways that the demo tries. All data is invented."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from .sample_orders import COLUMNS, Chance

Copy = Sequence[dict[str, str]]  # the rows of one marked export
Maker = Callable[[Sequence[Copy], Copy, Chance], bytes]

_IGNORABLE = re.compile("[\u00ad\u180b-\u180f\u200b-\u200f\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_ADDRESS, _NAME, _PHONE, _REMARK = "收货地址", "收件人", "手机", "备注"


@dataclass(frozen=True, slots=True)
class Leak:
    """One way of leaking.

    Attributes
    ----------
    title : str
        At most 34 columns wide.
    file : str
        Name of the leaked file.
    copies : int
        Of how many recipients the copies go into it; 0 for material that was never marked.
    ours : bool
        Whether the copies come from the demo's vault, or from somebody else's.
    make : callable
        From those copies, foreign orders and a source of chance to the bytes of the file.
    policy : str
        Policy under which the copies were marked.
    """

    title: str
    file: str
    copies: int
    make: Maker
    policy: str = "full"
    ours: bool = True


def as_csv(
    rows: Iterable[dict[str, str]], columns: Sequence[str] = COLUMNS, *, by: str = ","
) -> str:
    """The rows as a table with these columns."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, extrasaction="ignore", delimiter=by)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _changed(rows: Copy, change: Callable[[str], str]) -> list[dict[str, str]]:
    return [{name: change(cell) for name, cell in row.items()} for row in rows]


def _shuffled(rows: Iterable[dict[str, str]], chance: Chance) -> list[dict[str, str]]:
    mixed = list(rows)
    chance.shuffle(mixed)
    return mixed


def _stripped(text: str) -> str:
    return _IGNORABLE.sub("", text)


def _washed(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", _stripped(text)))


def _whole(copies: Sequence[Copy], _: Copy, __: Chance) -> bytes:
    return as_csv(copies[0]).encode()


def _pasted(count: int) -> Maker:
    def make(copies: Sequence[Copy], _: Copy, chance: Chance) -> bytes:
        rows = chance.sample(list(copies[0]), count)
        lines = ["\t".join((row[_NAME], row[_PHONE], row[_ADDRESS], row[_REMARK])) for row in rows]
        return ("\n".join(lines) + "\n").encode()

    return make


def _one_address(copies: Sequence[Copy], _: Copy, chance: Chance) -> bytes:
    typical = [row[_ADDRESS] for row in copies[0] if len(_stripped(row[_ADDRESS])) >= 24]
    return chance.pick(typical).encode()


def _without_invisible(copies: Sequence[Copy], _: Copy, __: Chance) -> bytes:
    return as_csv(_changed(copies[0], _stripped)).encode()


def _in_gbk(copies: Sequence[Copy], _: Copy, __: Chance) -> bytes:
    return as_csv(_changed(copies[0], _stripped)).encode("gbk", errors="replace")


def _nfkc_washed(copies: Sequence[Copy], _: Copy, __: Chance) -> bytes:
    return as_csv(_changed(copies[0], _washed)).encode()


def _half_of_it(copies: Sequence[Copy], _: Copy, chance: Chance) -> bytes:
    rows = _shuffled(copies[0], chance)
    return as_csv(rows[: len(rows) // 2], (_ADDRESS, _PHONE, _NAME)).encode()


def _retyped(copies: Sequence[Copy], _: Copy, chance: Chance) -> bytes:
    def typed(text: str) -> str:
        return "".join(chance.pick("的一是了我") if chance.often(0.005) else c for c in text)

    return as_csv(_changed(copies[0], lambda text: typed(_stripped(text)))).encode()


def _merged(copies: Sequence[Copy], foreign: Copy, chance: Chance) -> bytes:
    return as_csv(_shuffled(chain(copies[0], foreign), chance)).encode()


def _renamed_json(copies: Sequence[Copy], _: Copy, __: Chance) -> bytes:
    rows = [{"to": row[_NAME], "tel": row[_PHONE], "addr": row[_ADDRESS]} for row in copies[0]]
    return json.dumps({"data": rows}, ensure_ascii=False, indent=1).encode()


def _addresses_alone(copies: Sequence[Copy], _: Copy, __: Chance) -> bytes:
    return "\n".join(row[_ADDRESS] for row in copies[0] if row[_ADDRESS]).encode()


def _spreadsheet(copies: Sequence[Copy], _: Copy, __: Chance) -> bytes:
    return as_csv(copies[0], by="\t").encode("utf-16")


def _masked(copies: Sequence[Copy], _: Copy, __: Chance) -> bytes:
    rows = [
        {**row, _NAME: row[_NAME][:1] + "**", _PHONE: row[_PHONE][:3] + "********"}
        for row in copies[0]
    ]
    return as_csv(rows).encode()


def _two_halves(copies: Sequence[Copy], _: Copy, chance: Chance) -> bytes:
    first, second = copies
    half = len(first) // 2
    return as_csv(_shuffled([*first[:half], *second[half:]], chance)).encode()


def _two_compared(copies: Sequence[Copy], _: Copy, chance: Chance) -> bytes:
    rows = [
        {name: row[name] if chance.often(0.5) else other[name] for name in row}
        for row, other in zip(*copies, strict=True)
    ]
    return as_csv(rows).encode()


def _never_marked(_: Sequence[Copy], foreign: Copy, __: Chance) -> bytes:
    return as_csv(foreign).encode()


LEAKS = (
    Leak("the whole export", "whole.csv", 1, _whole),
    Leak("marked quietly, whole", "quiet.csv", 1, _whole, policy="quiet"),
    Leak("marked plainly, whole", "plain.csv", 1, _whole, policy="plain"),
    Leak("50 rows pasted into a chat", "chat-50.txt", 1, _pasted(50)),
    Leak("10 rows pasted into a chat", "chat-10.txt", 1, _pasted(10)),
    Leak("one address", "address.txt", 1, _one_address),
    Leak("no invisible characters left", "stripped.csv", 1, _without_invisible),
    Leak("stripped, converted to GBK", "gbk.csv", 1, _in_gbk),
    Leak("stripped, NFKC, no spaces", "washed.csv", 1, _nfkc_washed),
    Leak("retyped, one slip in 200", "retyped.csv", 1, _retyped),
    Leak("half, shuffled, 3 columns", "half.csv", 1, _half_of_it),
    Leak("merged with 10x foreign rows", "merged.csv", 1, _merged),
    Leak("JSON with other names", "other-names.json", 1, _renamed_json),
    Leak("a list of addresses alone", "addresses.txt", 1, _addresses_alone),
    Leak("from a spreadsheet, UTF-16", "spreadsheet.txt", 1, _spreadsheet),
    Leak("names and phones starred out", "masked.csv", 1, _masked),
    Leak("halves of two accounts", "two-halves.csv", 2, _two_halves),
    Leak("two copies compared, mixed", "two-compared.csv", 2, _two_compared),
    Leak("never marked", "unmarked.csv", 0, _never_marked),
    Leak("marked by another vault", "other-vault.csv", 1, _whole, ours=False),
)

"""Cases to make pages of: a mixture of two copies, a label, hostile names and cells."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import tracemark
from tests.label import hosts
from tracemark.exhibit import ShownCell, ShownPicture, ShownPlace, ShownRows
from tracemark_cli.sample_orders import orders

SCRIPT = "<script>document.title='broken'</script>"
HANDLER = '"><img src=x onerror="document.title=\'broken\'">{{7*7}}'
FILE_NAME = "<svg onload=alert(1)>\u202egpj.csv"


def write(path: Path, rows: Iterable[Mapping[str, str]]) -> Path:
    held = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(held[0]))
        writer.writeheader()
        writer.writerows(held)
    return path


@dataclass(frozen=True)
class Leak:
    """Copies released to two recipients, mixed with foreign and hostile rows; and a label."""

    vault: tracemark.Vault
    table: Path
    case: tracemark.Case


def leak(folder: Path) -> Leak:
    vault = tracemark.Vault.create(folder / "vault", key=bytes(range(3, 35)))
    vault.add_recipients(f"acct:{number}" for number in range(300))
    vault.add_recipient("station:YW-012", name="义乌北苑站", kind="station")
    vault.add_recipient("acct:evil", name=SCRIPT + HANDLER)
    ours = list(orders(80, seed=31))
    first = list(vault.mark_rows(ours[:40], to="station:YW-012"))
    second = list(vault.mark_rows(ours[40:], to="acct:evil"))
    foreign = [
        {**row, "备注": SCRIPT, "商品": HANDLER} if place % 2 else row
        for place, row in enumerate(orders(6, seed=32))
    ]
    table = write(folder / FILE_NAME, [*foreign, *first[:20], *second[:20]])
    label = folder / "label.png"
    vault.mark_label(hosts.label(3), to="station:YW-012").save(label, dpi=(203, 203))
    return Leak(vault, table, _with_places(vault.trace(table, label)))


def _with_places(case: tracemark.Case) -> tracemark.Case:
    """Each weight at some place of the picture, whoever has read it."""
    weights = ("strong", "weak", "contradicting", "erased", "read")
    places = tuple(ShownPlace(40.0 + 30 * k, 60.0, weight, 0) for k, weight in enumerate(weights))
    outline = ((10.0, 10.0), (200.0, 10.0), (200.0, 300.0), (10.0, 300.0))
    exhibits = tuple(
        replace(one, places=places, outline=outline) if isinstance(one, ShownPicture) else one
        for one in case.exhibits
    )
    return replace(case, exhibits=exhibits)


def evil(name: str) -> str:
    """A text that acts, and says its name, if any part of it is taken for markup."""
    return f"<script>alert('{name}')</script><img src=x onerror=alert('{name}')>\"' onload={name}"


PLACES = ("name", "sample", "note", "header", "plain", "whole", "slot", "between", "entry")


def hostile(case: tracemark.Case) -> tracemark.Case:
    """The case with such a text wherever the page shows what came from outside."""
    [rows] = [one for one in case.exhibits if isinstance(one, ShownRows)]
    read = ShownCell("", "strong", accused=0, read=3, agreeing=3, bits=9.0)
    parts = ((evil("slot"), "strong"), (evil("between"), "silent"))
    cells = (
        ShownCell(evil("plain")),
        replace(read, text=evil("whole")),
        replace(read, text=parts[0][0] + parts[1][0], parts=parts),
    )
    shown = replace(rows, headers=(evil("header"), "a", "b"), rows=((7, cells),))
    issued = ({**case.accusations[0].issued[0], "name": evil("entry")},)
    accused = replace(case.accusations[0], name=evil("name"), issued=issued)
    sample = replace(case.samples[rows.sample], path=evil("sample"), note=evil("note"))
    samples = tuple(sample if at == rows.sample else one for at, one in enumerate(case.samples))
    return replace(case, accusations=(accused,), samples=samples, exhibits=(shown,))

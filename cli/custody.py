"""``tracemark custody``: who scanned, sorted, carried or looked up which waybill."""

from __future__ import annotations

import csv
import io
import sys
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

import tracemark

from .options import VAULT, AsJson, VaultPath
from .pipes import as_file, csv_lines, must_end, name_of
from .terminal import progress, say, say_json, say_json_line, say_table

app = typer.Typer(help="Record who had which waybills in hand without a marked copy.")

_COLUMNS = {
    "recipient": (
        "recipient",
        "account",
        "recipient id",
        "账号",
        "接收方",
        "经手方",
        "网点",
        "操作人",
    ),
    "waybill": (
        "waybill",
        "waybill number",
        "tracking number",
        "运单号",
        "快递单号",
        "面单号",
        "单号",
    ),
    "when": ("when", "time", "date", "时间", "日期", "操作时间", "扫描时间"),
    "what": ("what", "event", "action", "type", "事件", "操作", "环节", "类型"),
}


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV in UTF-8 or GB18030, or - for stdin.")
    ],
    vault: VaultPath = VAULT,
    as_json: AsJson = False,
) -> None:
    """Record custody from a CSV file.

    Columns: recipient and waybill, and if present when and what (else "scan"),
    or in Chinese 账号, 运单号, 时间, 操作. The ledger keeps keyed fingerprints and the
    day, never the numbers. Recipients must be registered. The same file can be
    imported again: what was recorded before is passed over.

    Example:  tracemark custody import scans.csv
    """
    with tracemark.Vault.open(vault) as opened, as_file(file) as path:
        name, encoding = name_of(file), _encoding(path, name_of(file))
        known = {one.id for one in opened.recipients()}
        read = 0
        with progress("checking") as report:  # once through before anything is recorded
            for number, event in _events(path, encoding, name, report):
                if event.recipient not in known:
                    raise tracemark.UnknownRecipient(
                        f"{name}: line {number} names no recipient of this vault",
                        hint="register it with tracemark recipient add",
                    )
                try:
                    event.check()
                except tracemark.UsageError as error:
                    raise tracemark.UnreadableSample(
                        f"{name}: line {number}: {error}", hint=error.hint
                    ) from None
                read += 1
        with progress("recording") as report:
            events = (event for _, event in _events(path, encoding, name, report))
            recorded = opened.record_custody_events(events)
    if as_json:
        say_json({"read": read, "recorded": recorded})
    else:
        say(f"{read:,} events read, {recorded:,} recorded")


@app.command("list")
def list_(
    waybill: Annotated[
        str | None,
        typer.Argument(metavar="WAYBILL", help="Everyone who had this one, marked copies as well."),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="ID", help="Only of one recipient.")
    ] = None,
    last: Annotated[
        int, typer.Option("--last", min=1, metavar="N", help="Only the newest N.")
    ] = 20,
    vault: VaultPath = VAULT,
    as_json: AsJson = False,
) -> None:
    """List custody entries, or who had one waybill in hand.

    To have had a waybill in hand is not to have leaked it. With --json one object a line.

    Example:  tracemark custody list SF1234567890123
    """
    with tracemark.Vault.open(vault) as opened:
        entries = opened.custody_of(waybill) if waybill else opened.ledger_entries("custody")
        mine = (one for one in entries if not to or one.body["recipient"] == to)
        rows = [_row(one) for one in deque(mine, min(last, sys.maxsize))]
    if as_json:
        for row in rows:
            say_json_line(row)
    else:
        say_table(("entry", "what", "when", "recipient"), [tuple(row.values()) for row in rows])


def _row(entry: tracemark.Entry) -> dict[str, object]:
    body = entry.body
    when = body["when"] if entry.kind == "custody" else entry.time[:10]
    return {
        "entry": entry.seq,
        "what": body["what"],
        "when": when or "",
        "recipient": body["recipient"],
    }


def _encoding(path: Path, name: str) -> str:
    """UTF-8 or GB18030, whichever the whole file is. Raises UnreadableSample."""
    must_end(path)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            with path.open(encoding=encoding, newline="") as file:
                while file.read(1 << 20):
                    pass
            return encoding
        except UnicodeDecodeError:
            continue
    raise tracemark.UnreadableSample(
        f"{name} is neither UTF-8 nor GB18030", hint="save it as a CSV file in UTF-8"
    )


def _events(
    path: Path, encoding: str, name: str, report: Callable[[str, float], None]
) -> Iterator[tuple[int, tracemark.CustodyEvent]]:
    """Line and event of each line that holds anything. Raises UnreadableSample, UsageError."""
    size = max(1, path.stat().st_size)
    with path.open("rb") as binary, io.TextIOWrapper(binary, encoding, newline="") as text:
        lines = csv_lines(text)
        try:
            header = [cell.strip().lower() for cell in next(lines, [])]
            places = {field: _place(header, field) for field in _COLUMNS}
            for field in ("recipient", "waybill"):
                if places[field] is None:
                    raise tracemark.UnreadableSample(
                        f"{name} has no column '{field}'",
                        hint="the first line names the columns: recipient, waybill, when, what",
                    )
            for number, line in enumerate(filter(None, lines), start=2):
                if number % 65_536 == 0:
                    report("", min(1.0, binary.tell() / size))
                cells = {
                    field: line[place].strip() if place is not None and place < len(line) else ""
                    for field, place in places.items()
                }
                if not cells["recipient"] or not cells["waybill"]:
                    raise tracemark.UnreadableSample(
                        f"{name}: line {lines.line_num} has no recipient or no waybill",
                        hint="remove the line, or fill it in",
                    )
                yield (
                    lines.line_num,
                    tracemark.CustodyEvent(
                        cells["recipient"], cells["waybill"], cells["when"], cells["what"] or "scan"
                    ),
                )
        except csv.Error as error:
            raise tracemark.UnreadableSample(
                f"{name} is not CSV after line {lines.line_num}: {error}", hint="check its quotes"
            ) from None


def _place(header: list[str], field: str) -> int | None:
    return next((header.index(name) for name in _COLUMNS[field] if name in header), None)

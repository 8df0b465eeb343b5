"""Spreadsheets of all kinds: XLSX, XLSM, XLSB, XLS and ODS, by calamine. SPEC 11.9.

Values only: no formula is computed, no link followed, no macro looked at. Hidden sheets are read.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

from tracemark.errors import MissingExtra, UnreadableSample
from tracemark.loaders.limits import Limits
from tracemark.tables.zipped import checked_zip


def rows(path: Path, limits: Limits) -> Iterator[list[str] | None]:
    """Rows of all sheets, numbers as they would be typed; None before each sheet."""
    try:
        import python_calamine as calamine
    except ImportError:
        raise MissingExtra("xlsx", "a workbook") from None
    with path.open("rb") as file:
        if file.read(4) == b"PK\x03\x04":
            checked_zip(path, members=limits.members, unpacked=limits.unpacked).close()
    try:
        with calamine.CalamineWorkbook.from_path(str(path)) as book:
            for sheet in book.sheets_metadata:
                if sheet.typ is calamine.SheetTypeEnum.WorkSheet:
                    yield None
                    for row in book.get_sheet_by_name(sheet.name).iter_rows():
                        yield [_text(value) for value in row]
    except calamine.PasswordError:
        raise UnreadableSample(
            "the workbook is locked by a password", hint="save it without the password"
        ) from None
    except (calamine.CalamineError, ValueError, OSError, EOFError):
        raise UnreadableSample(
            "a broken workbook", hint="open it in a spreadsheet program and save it again"
        ) from None


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    return str(value)

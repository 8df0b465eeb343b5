"""``tracemark recipient``: who copies can be released to."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

import tracemark

from .options import VAULT, AsJson, VaultPath
from .pipes import csv_lines, name_of, reading
from .terminal import progress, say, say_json, say_json_line, say_table

app = typer.Typer(help="Register and list recipients of copies.")

_FIELDS = ("id", "name", "kind", "parent")


@app.command()
def add(
    id: Annotated[str, typer.Argument(metavar="ID", help="A business key, no personal data.")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="For display.")] = "",
    kind: Annotated[
        str, typer.Option("--kind", metavar="KIND", help="account, station, terminal or courier.")
    ] = "account",
    parent: Annotated[
        str | None, typer.Option("--parent", metavar="ID", help="Recipient it belongs to.")
    ] = None,
    vault: VaultPath = VAULT,
    as_json: AsJson = False,
) -> None:
    """Register one recipient; the same again changes nothing.

    Example:  tracemark recipient add station:YW-012 --name 义乌北苑站 --kind station
    """
    with tracemark.Vault.open(vault) as opened:
        opened.add_recipient(id, name=name, kind=kind, parent=parent)
    if as_json:
        say_json({"id": id, "name": name, "kind": kind, "parent": parent})
    else:
        say(f"registered {id}")


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV in UTF-8 or GB18030, or - for stdin.")
    ],
    vault: VaultPath = VAULT,
    as_json: AsJson = False,
) -> None:
    """Register many recipients from a CSV file.

    Columns: id, and if present name, kind, parent; others are passed over. Those known already
    are left as they are, so the same file can be imported again.

    Example:  tracemark recipient import accounts.csv
    """
    with tracemark.Vault.open(vault) as opened, reading(file) as source:
        name = name_of(file)
        text = decoded(source.read(), name)
        read = sum(1 for _ in _recipients(text, name))  # once through before any is registered
        with progress("registering") as report:
            changed = opened.add_recipients(_told(_recipients(text, name), read, report))
    if as_json:
        say_json({"read": read, "changed": changed})
    else:
        say(f"{read:,} recipients read, {changed:,} added or changed")


@app.command("list")
def list_(
    prefix: Annotated[
        str | None, typer.Argument(metavar="PREFIX", help="Only ids that begin so.")
    ] = None,
    vault: VaultPath = VAULT,
    as_json: AsJson = False,
) -> None:
    """List recipients in the order of their ids.

    With --json one object a line.

    Example:  tracemark recipient list station:
    """
    with tracemark.Vault.open(vault) as opened:
        held = opened.recipients(prefix)
        if as_json:
            for one in held:
                say_json_line({field: getattr(one, field) for field in _FIELDS})
        else:
            rows = [(one.id, one.kind, one.parent or "", one.name) for one in held]
            say_table(("id", "kind", "parent", "name"), rows)


def _told(
    recipients: Iterator[tracemark.Recipient], count: int, report: Callable[[str, float], None]
) -> Iterator[tracemark.Recipient]:
    """The same recipients, telling now and then how many have passed."""
    for number, one in enumerate(recipients):
        if number % 10_000 == 0:
            report("", number / count)
        yield one


def decoded(content: bytes, name: str) -> str:
    """The text of a file in UTF-8 or GB18030. Raises UnreadableSample."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise tracemark.UnreadableSample(
        f"{name} is neither UTF-8 nor GB18030", hint="save it as a CSV file in UTF-8"
    )


def _recipients(text: str, name: str) -> Iterator[tracemark.Recipient]:
    """One recipient for each line that holds anything. Raises UnreadableSample."""
    lines = csv_lines(io.StringIO(text, newline=""))
    try:
        header = [cell.strip() for cell in next(lines, [])]
        if "id" not in header:
            raise tracemark.UnreadableSample(
                f"{name} has no column 'id'",
                hint="the first line names the columns: id, and if present name, kind, parent",
            )
        places = [header.index(field) if field in header else len(header) for field in _FIELDS]
        for line in filter(None, lines):
            padded = [*line, *[""] * (len(header) + 1 - len(line))]
            id, shown, kind, parent = [padded[place].strip() for place in places]
            if not id:
                raise tracemark.UnreadableSample(
                    f"{name}: line {lines.line_num} has no id",
                    hint="remove the line, or fill it in",
                )
            yield tracemark.Recipient(id, shown, kind or "account", parent or None)
    except csv.Error as error:
        raise tracemark.UnreadableSample(
            f"{name} is not CSV after line {lines.line_num}: {error}", hint="check its quotes"
        ) from None

"""``tracemark mark``: release a marked copy."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer

import tracemark

from .options import VAULT, AsJson, Output, Policy, To, VaultPath
from .pipes import PIPE, Watched, as_file, must_be_like, must_spare, name_of, reading, writing
from .terminal import note, note_json, print_as_it_is, progress, say, say_facts, say_json
from .words import told

_LABELS = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".pdf", ".zpl", ".prn"}

STEM = "stem"  # each label's number is its file's name
CODE = "code"  # each label's number is in its own barcode
_WORTH = 16  # files to a process: below that, starting it takes longer than it saves

app = typer.Typer(help="Mark a copy for the recipient it is released to.")


@app.command()
def table(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="IN",
            help="CSV, TSV, JSON (Lines), text, XLSX or Parquet file, or - for stdin.",
        ),
    ],
    to: To,
    output: Output,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="NAME=ROLE",
            help="What a column holds, where its name does not tell; may be repeated.",
        ),
    ] = None,
    policy: Policy = "full",
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind",
            metavar="KIND",
            help="csv, tsv, json, jsonl, text, xlsx, parquet, if it cannot be told.",
        ),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option("--encoding", metavar="NAME", help="Encoding, where it cannot be told."),
    ] = None,
    decoys: Annotated[
        float,
        typer.Option(
            "--decoys",
            metavar="PART",
            show_default=False,
            help="Mix in decoys of the vault: 0.01 is one for 100 rows. CSV and TSV only.",
        ),
    ] = 0.0,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            metavar="N",
            min=1,
            help="Processes that mark the rows of CSV and TSV; the copy is the same.",
        ),
    ] = 1,
    vault: VaultPath = VAULT,
    as_json: AsJson = False,
) -> None:
    """Mark an export. All that is not marked stays as it is, of a text byte for byte.

    Example:  tracemark mark table orders.csv --to acct:1042 -o copy.csv

    Example:  export | tracemark mark table - --to acct:1042 -o - > copy.csv
    """
    must_spare([output], [source])
    with (
        tracemark.Vault.open(vault) as opened,
        reading(source) as file,
        progress("marking") as report,
        writing(output) as sink,
    ):
        must_be_like(output, source)
        receipt = opened.mark_table(
            Watched(file, report),
            sink,
            to=to,
            columns=_columns(column or []),
            policy=policy,
            name=name_of(source),
            kind=kind,
            encoding=encoding,
            decoys=decoys,
            workers=jobs,
        )
    if "invisible" not in receipt.layers and policy != "plain":
        note(f"{receipt.encoding} cannot hold invisible characters: that layer is left out")
    if not receipt.cells:
        note("nothing in it could be marked: this copy cannot be traced by its text")
    _report(receipt, output, as_json)


@app.command()
def text(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The text, or - for stdin.")],
    to: To,
    role: Annotated[
        str,
        typer.Option(
            "--role", metavar="ROLE", help="What it is: address, name, item, remark, text, …"
        ),
    ] = "address",
    policy: Policy = "full",
    vault: VaultPath = VAULT,
    as_json: AsJson = False,
) -> None:
    """Mark one text, such as an address on a screen, and print it.

    Example:  tracemark mark text 浙江省义乌市北苑街道雪峰西路99号3幢2单元501室 --to acct:1042
    """
    given = _stdin() if text == "-" else text
    with tracemark.Vault.open(vault) as opened:
        marked, receipt = opened.issue_text(given, to, role, policy)
    if not receipt.cells:
        note("nothing in it could be marked: this copy cannot be traced by its text")
    if as_json:
        say_json({"recipient": to, "text": marked, "cells": receipt.cells})
    else:
        print_as_it_is(marked if text == "-" else marked + "\n")


@app.command()
def label(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="IN...",
            help="PNG, JPEG, BMP, TIFF, PDF or ZPL files, folders of them, or - for stdin.",
        ),
    ],
    to: To,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="File to write, or - for stdout; a folder where IN is several or a folder.",
        ),
    ],
    waybill: Annotated[
        str | None,
        typer.Option(
            "--waybill",
            metavar="NO",
            help="Waybill number that binds the mark; stem: each file is named after its own; "
            "code: each label of ZPL has it in its own barcode.",
        ),
    ] = None,
    profile: Annotated[
        str,
        typer.Option(
            "--profile",
            metavar="NAME",
            help="discreet, default or robust: at most 0.16, 0.25, 0.5 % of the white dots change.",
        ),
    ] = "default",
    dpi: Annotated[
        float | None,
        typer.Option(
            "--dpi",
            metavar="N",
            help="The printer's resolution, where it cannot be told; of a PDF 203 by default.",
        ),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Mark even a label that carries a mark already.")
    ] = False,
    rendered: Annotated[
        Path | None,
        typer.Option(
            "--rendered",
            metavar="PNG",
            help="What the printer makes of the ZPL, dot for dot; a folder of them for several IN.",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", metavar="N", min=1, help="Processes; by default as many as are worth it."
        ),
    ] = None,
    vault: VaultPath = VAULT,
    as_json: AsJson = False,
) -> None:
    """Mark labels as their printer is sent them: pictures, every page of a PDF, ZPL streams.

    The waybill number binds the mark to its waybill. In a folder, NO may be the word stem: each
    file is then named after its number.

    Example:  tracemark mark label waybill.png --to station:YW-012 -o marked.png

    Example:  tracemark mark label labels/ --to station:YW-012 --waybill stem -o marked/

    Example:  tracemark mark label batch.pdf --to station:YW-012 -o marked.pdf

    Example:  tracemark mark label in.zpl --to station:YW-012 --rendered in.png -o marked.zpl
    """
    labels = [path for source in sources for path in _labels(source)]
    several = len(sources) > 1 or sources[0].is_dir()
    if several and waybill and waybill not in (STEM, CODE):
        raise typer.BadParameter("one waybill number for several labels", param_hint="--waybill")
    targets = [output / path.name if several else output for path in labels]
    renderings = [found for path in labels if (found := _rendering(path, rendered))]
    must_spare(targets, [*labels, *renderings])
    for target, count in Counter(targets).items():
        if count > 1:
            raise tracemark.UsageError(
                f"two outputs would be written to {target}", hint="mark each folder into its own"
            )
    if several:
        output.mkdir(parents=True, exist_ok=True)
    else:
        must_be_like(output, sources[0])
    done, total = [], 0
    with (
        tracemark.Vault.open(vault) as opened,
        progress("marking") as report,
        _held(labels, waybill, rendered) as files,
    ):
        workers = jobs or min(os.cpu_count() or 1, len(files) // _WORTH)
        marked = opened.mark_label_files(files, to, profile, dpi=dpi, again=again, workers=workers)
        with closing(marked):
            for number, one in enumerate(marked):
                with writing(targets[number]) as sink:
                    sink.write(one.data)
                report("", (number + 1) / len(labels))
                done.append({"input": name_of(labels[number]), "output": str(targets[number])})
                total += one.labels
    if output == PIPE:
        note(f"released to {to}: {'one label' if total == 1 else f'{total} labels'}")
    elif as_json:
        say_json({"recipient": to, "labels": done})
    else:
        for entry in done:
            say(f"{entry['output']}: released to {to}")


@contextmanager
def _held(
    labels: list[Path], waybill: str | None, rendered: Path | None
) -> Iterator[list[tracemark.LabelFile]]:
    """Each label as a file, with its number and its rendering."""
    with ExitStack() as stack:
        yield [
            tracemark.LabelFile(
                stack.enter_context(as_file(path)),
                path.stem if waybill == STEM else waybill,
                _rendering(path, rendered),
                name_of(path),
            )
            for path in labels
        ]


def _rendering(path: Path, rendered: Path | None) -> Path | None:
    """The rendering given, or of a folder the one named as the label is; none for other kinds."""
    if rendered is None or not rendered.is_dir():
        return rendered
    found = rendered / f"{path.stem}.png"
    return found if found.exists() else None


def _labels(source: Path) -> list[Path]:
    """A file itself; the labels of a folder, in order of their names."""
    if not source.is_dir():
        return [source]
    found = sorted(path for path in source.iterdir() if path.suffix.lower() in _LABELS)
    if not found:
        raise tracemark.UnreadableSample(
            f"no label in the folder {source}",
            hint="labels are PNG, JPEG, BMP, TIFF, PDF or ZPL files",
        )
    return found


def _stdin() -> str:
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise tracemark.UnreadableSample(
            "stdin is not UTF-8", hint="tracemark mark table - marks texts in other encodings"
        ) from None


def _columns(options: list[str]) -> dict[str, str]:
    columns = {}
    for option in options:
        name, equals, role = option.rpartition("=")
        if not (name and equals and role):
            raise typer.BadParameter(f"'{option}' is not NAME=ROLE", param_hint="--column")
        columns[name] = role
    return columns


def _report(receipt: tracemark.Receipt, output: Path, as_json: bool) -> None:
    """Say what was released: on stderr where stdout holds the copy itself."""
    if output == PIPE and as_json:
        note_json(dataclasses.asdict(receipt))
    elif output == PIPE:
        note(
            f"released to {receipt.recipient}: {receipt.rows:,} rows, {receipt.cells:,} cells "
            f"marked ({', '.join(receipt.used) or '-'}), issue {receipt.issue}"
        )
    elif as_json:
        say_json({**dataclasses.asdict(receipt), "output": str(output)})
    else:
        say(f"{output}: released to {receipt.recipient}")
        say_facts(
            [
                ("rows", f"{receipt.rows:,}"),
                ("marked cells", f"{receipt.cells:,}"),
                ("layers", ", ".join(map(told, receipt.used)) or "-"),
                ("encoding", receipt.encoding),
                ("issue", receipt.issue),
                ("sha256", receipt.sha256),
            ]
        )

"""What ``trace`` leaves behind: a page, and a signed case file."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

import tracemark

from .pipes import must_spare, same_file, writing
from .terminal import printable, say, say_wrapped

ReportTo = Annotated[
    Path | None,
    typer.Option("--report", metavar="OUT.html", help="Write a page for people: shows samples."),
]
SignedTo = Annotated[
    Path | None,
    typer.Option("--signed", metavar="OUT.json", help="Write a signed case file: no contents."),
]
Without = Annotated[
    bool, typer.Option("--no-contents", help="Leave rows and pictures out of the report.")
]


def check_outputs(
    vault: tracemark.Vault, report: Path | None, signed: Path | None, read: Iterable[Path]
) -> None:
    """Find what would keep the outputs from being written, or lose a file, before any is read."""
    outputs = [one for one in (report, signed) if one]
    must_spare(outputs, read)
    for output in outputs:
        if not output.parent.is_dir():
            raise tracemark.UsageError(
                f"no folder {output.parent} for {output.name}", hint="make the folder first"
            )
        if vault.path.resolve() in output.resolve().parents:
            raise tracemark.UsageError(
                f"cannot write {output}: it is in the vault's folder", hint="name another folder"
            )
    if report and signed and same_file(report, signed):
        raise tracemark.UsageError(
            f"two outputs would be written to {signed}", hint="name a file for each"
        )
    if signed:
        _ = vault.public_key  # raises MissingExtra


def write_case(
    case: tracemark.Case,
    vault: tracemark.Vault,
    report: Path | None,
    signed: Path | None,
    *,
    lang: str,
    contents: bool,
) -> None:
    """Write the page and the signed file that were asked for."""
    command = printable(shlex.join(["tracemark", *sys.argv[1:]]))
    if report:
        page = case.to_html(lang, exhibits=contents, asked=command)
        with writing(report) as sink:
            sink.write(page.encode())
    if signed and case.number is None:
        raise tracemark.UsageError(
            "nothing could be read, so there is no case to sign", hint="leave --signed out"
        )
    if signed:
        text = vault.sign_case(case, command=command)
        with writing(signed) as sink:
            sink.write(text.encode())


def say_written(case: tracemark.Case, report: Path | None, signed: Path | None) -> None:
    """Say where the files are, or how to get them."""
    say()
    if report:
        say(f"report: {report}")
    if signed:
        say(f"signed case file: {signed}")
    if not report and case.accusations:
        say_wrapped(
            "next: the same command with --report case.html writes a page to print and show; "
            "asking again spends nothing."
        )

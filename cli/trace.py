"""``tracemark trace``: whose copy leaked, on what evidence, or honestly nobody."""

from __future__ import annotations

import dataclasses
import math
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

import tracemark

from .access import say_access
from .binding import binding_of
from .entries import word
from .options import VAULT, AsJson, VaultPath
from .outcome import (
    ReportTo,
    SignedTo,
    Without,
    check_outputs,
    say_written,
    write_case,
)
from .pipes import PIPE, as_file, spelled
from .terminal import (
    DONE,
    NOBODY,
    TROUBLE,
    chance,
    progress,
    say,
    say_facts,
    say_json,
    say_wrapped,
)
from .words import behind, labelled, language, told

_STATUS = {"identified": DONE, "inconclusive": NOBODY, "no mark": NOBODY, "unreadable": TROUBLE}

_LISTED = 8  # row numbers printed; the JSON has the first thousand

_MEANING = {
    "identified": "a copy of this was released to:",
    "inconclusive": "a mark of this vault is there, and nobody can be named by it",
    "no mark": "no mark of this vault was found, so nobody is named",
    "unreadable": "no sample could be read",
}


def trace(
    samples: Annotated[
        list[Path],
        typer.Argument(metavar="SAMPLE", help="Leaked files, archives, or - for stdin."),
    ],
    alpha: Annotated[
        float,
        typer.Option(
            "--alpha", metavar="P", help="Bound on the chance that anyone innocent is named."
        ),
    ] = 1e-6,
    among: Annotated[
        str | None,
        typer.Option("--among", metavar="PREFIX", help="Only recipients whose id begins so."),
    ] = None,
    ocr: Annotated[
        bool | None,
        typer.Option(
            "--ocr/--no-ocr",
            help="Read the text of pictures without a label's mark; by default if it is installed.",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            "--limit",
            metavar="NAME=N",
            help="How much of a file is read: unpacked, members, pages, labels, width, cell, depth,"
            " seconds or memory; may be repeated.",
        ),
    ] = None,
    original: Annotated[
        Path | None,
        typer.Option(
            "--original",
            metavar="FILE",
            help="What was copied, before it was marked: the exported table, or the label (extra"
            " photo). More is read beside it.",
        ),
    ] = None,
    waybill: Annotated[
        list[str] | None,
        typer.Option(
            "--waybill",
            metavar="NO",
            help="Number of the waybill in the pictures; or one for each sample, repeated.",
        ),
    ] = None,
    report_to: ReportTo = None,
    signed_to: SignedTo = None,
    without: Without = False,
    vault: VaultPath = VAULT,
    as_json: AsJson = False,
) -> None:
    """Name the recipients of the copies that leaked, or nobody.

    All samples of one case are weighed one by one and together. Whom the evidence does not name
    beyond the bound is not named at all. A mark names the recipient of a copy, not a thief.

    Status 0: identified; 1: nobody is named; 3: unreadable sample or trouble with the vault.

    Example:  tracemark trace leak.csv chat.txt --among station:

    Example:  tracemark trace photo.jpg --waybill YT7712345678901 --original label.png

    Example:  tracemark trace photo.jpg --report case.html --signed case.json
    """
    with ExitStack() as stack:
        opened = stack.enter_context(tracemark.Vault.open(vault))
        check_outputs(opened, report_to, signed_to, [*samples, *([original] if original else [])])
        paths = [stack.enter_context(as_file(_there(sample))) for sample in samples]
        before = original and stack.enter_context(as_file(_there(original)))
        report = stack.enter_context(progress("tracing"))
        case = opened.trace(
            *paths,
            alpha=alpha,
            among=among,
            original=before,
            waybill=waybill[0] if waybill and len(waybill) == 1 else waybill or None,
            ocr=ocr,
            limits=_limits(limit or []),
            progress=report,
        )
        case = _as_named(case, paths, samples)
        write_case(case, opened, report_to, signed_to, lang=language(), contents=not without)
    if as_json:
        say_json(case.to_dict())
    else:
        _say(case)
        say_written(case, report_to, signed_to)
    raise typer.Exit(_STATUS[case.verdict])


def _there(sample: Path) -> Path:
    """The sample, if there is a file; otherwise OSError says so before the ledger is touched."""
    if sample != PIPE and not sample.is_fifo():  # what is taken out of a pipe is gone
        sample.open("rb").close()
    return sample


def _as_named(case: tracemark.Case, paths: list[Path], samples: list[Path]) -> tracemark.Case:
    """The case with each sample called what the person called it, and an archive's files by it."""
    called = {spelled(path): spelled(sample) for path, sample in zip(paths, samples, strict=True)}
    named = []
    for report in case.samples:
        path = next(p for p in called if report.path == p or report.path.startswith(p + "/"))
        name = called[path] + report.path[len(path) :]
        note = report.note.replace(path, called[path])
        named.append(dataclasses.replace(report, path=name, note=note))
    return dataclasses.replace(case, samples=tuple(named))


def _limits(options: list[str]) -> tracemark.Limits:
    """The limits with some of them set anew."""
    known = {field.name for field in dataclasses.fields(tracemark.Limits)}
    given = {}
    for option in options:
        name, _, number = option.partition("=")
        if name not in known or not number.isdecimal():
            raise typer.BadParameter(
                f"'{option}' is not NAME=N; NAME is one of {', '.join(sorted(known))}",
                param_hint="--limit",
            )
        given[name] = int(number)
    return dataclasses.replace(tracemark.LIMITS, **given)


def _say(case: tracemark.Case) -> None:
    say(labelled(case.verdict, _MEANING[case.verdict]), theirs=True)
    for accusation in case.accusations:
        say()
        _say_accusation(accusation, case)
    say()
    say("samples")
    for sample in case.samples:
        _say_sample(sample)
    if case.verdict != "unreadable":
        say()
        _say_case(case)
    for line in case.advice:
        say_wrapped(line, indent="  ")
    if case.access:
        say()
        say_access(case.access)


def _say_accusation(accusation: tracemark.Accusation, case: tracemark.Case) -> None:
    name = f"  {accusation.name}" if accusation.name else ""
    say(f"  {accusation.recipient}{name}", theirs=True)
    facts: list[tuple[str, object]] = [
        ("kind", accusation.kind),
        ("bound", f"{chance(accusation.bound)} that anyone innocent is named"),
        ("score", f"{accusation.score:.1f} bits, {case.line:.1f} are needed"),
        ("share", f"{_percent(accusation.share)} of what the samples show"),
    ]
    facts += [("released", _issued(entry)) for entry in accusation.issued]
    plain = [one for one in accusation.evidence if _stands_out(one)]
    facts += [("evidence", _evidence(one, case)) for one in plain]
    if others := len(accusation.evidence) - len(plain):
        facts.append(("evidence", f"{others:,} more, in which this copy agrees as by chance"))
    facts += [("rows", _rows(one, case)) for one in accusation.rows]
    facts += [("waybill", binding_of(one, case)) for one in accusation.bindings]
    facts += [("caution", told(one)) for one in accusation.cautions]
    say_facts(facts, indent="    ")


def _rows(rows: tracemark.RowsOf, case: tracemark.Case) -> str:
    first = ", ".join(f"{number:,}" for number in rows.numbers[:_LISTED])
    more = ", …" if rows.count > _LISTED else ""
    return _in(rows.sample, case, told(f"{rows.count:,} show this copy's marks: {first}{more}"))


def _evidence(evidence: tracemark.Evidence, case: tracemark.Case) -> str:
    said = told(
        f"{evidence.carrier}, {evidence.agreeing:,} of {evidence.read:,} slots agree, "
        f"{evidence.expected:,.0f} by chance"
    )
    return _in(evidence.sample, case, said)


def _in(sample: int, case: tracemark.Case, said: str) -> str:
    """What was said of one sample, behind its name where there are several."""
    return behind(case.samples[sample].path, said) if len(case.samples) > 1 else said


def _stands_out(evidence: tracemark.Evidence) -> bool:
    """By two deviations of fair coins: less would list samples that others leaked."""
    return evidence.agreeing - evidence.expected > math.sqrt(evidence.read)


def _percent(part: float) -> str:
    return "under 1%" if part < 0.01 else f"{part:.0%}"


def _issued(entry: dict[str, object]) -> str:
    what = f"{word('copy', str(entry['what']))} {entry['name'] or ''}".strip()
    cells = f"{entry['cells']:,}"
    return told(
        f"entry {entry['issue']}, {str(entry['time'])[:19]}, {cells} cells leaked, of: {what}"
    )


def _say_sample(sample: tracemark.SampleReport) -> None:
    say(f"  {sample.path}", theirs=True)
    facts: list[tuple[str, object]] = [("kind", sample.kind), ("status", sample.status)]
    if sample.rows:
        facts.append(("rows", f"{sample.rows:,}, {sample.issued:,} cells known to the ledger"))
    if (pilot := sample.pilot) and pilot.slots:
        facts.append(
            (
                "mark",
                f"{pilot.agreeing:,} of {pilot.slots:,} slots follow this vault's pattern "
                f"(by chance: {chance(pilot.bound)})",
            )
        )
    elif pilot and sample.slots:
        facts.append(
            (
                "mark",
                f"{sample.slots:,} slots read where this vault's pattern lies "
                f"(by chance: {chance(pilot.bound)})",
            )
        )
    if sample.note:
        facts.append(("note", sample.note))
    say_facts(facts, indent="    ")


def _say_case(case: tracemark.Case) -> None:
    among = f" whose id begins with {case.among}" if case.among else ""
    number = "not recorded" if case.number is None else f"case {case.number}, look {case.look}"
    say_wrapped(
        f"{number}: {case.candidates:,} candidates{among}, {case.hypotheses} hypotheses; the "
        f"chance that anyone innocent is named is at most {chance(case.alpha)}."
    )

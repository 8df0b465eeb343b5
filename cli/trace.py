"""``tracemark trace``: whose copy leaked, on what evidence, or honestly nobody."""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

import tracemark

from .options import VAULT, AsJson, VaultPath
from .pipes import PIPE, as_file
from .terminal import (
    DONE,
    NOBODY,
    TROUBLE,
    probability,
    progress,
    say,
    say_facts,
    say_json,
    say_wrapped,
)

_STATUS = {"identified": DONE, "inconclusive": NOBODY, "no mark": NOBODY, "unreadable": TROUBLE}

_LISTED = 8  # row numbers printed; the JSON has the first thousand

_MEANING = {
    "identified": "a copy of this was released to:",
    "inconclusive": "a mark of this vault is there, too weak to name anyone",
    "no mark": "no mark of this vault was found, so nobody is named",
    "unreadable": "no sample could be read",
}


def trace(
    samples: Annotated[
        list[Path], typer.Argument(metavar="SAMPLE", help="Leaked files, or - for stdin.")
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
    original: Annotated[
        Path | None,
        typer.Option(
            "--original", metavar="FILE", help="The table that was exported, before it was marked."
        ),
    ] = None,
    vault: VaultPath = VAULT,
    as_json: AsJson = False,
) -> None:
    """Name the recipients of the copies that leaked, or nobody.

    All samples of one case are weighed one by one and together. Whom the evidence does not name
    beyond the bound is not named at all. A mark names the recipient of a copy, not a thief.

    Status 0: identified; 1: nobody is named; 3: unreadable sample or trouble with the vault.

    Example:  tracemark trace leak.csv chat.txt --among station:
    """
    with ExitStack() as stack:
        opened = stack.enter_context(tracemark.Vault.open(vault))
        paths = [stack.enter_context(as_file(_there(sample))) for sample in samples]
        table = original and stack.enter_context(as_file(_there(original)))
        report = stack.enter_context(progress("tracing"))
        case = opened.trace(
            *paths,
            alpha=alpha,
            among=among,
            original=table,
            progress=report,
        )
    case = _as_named(case, samples)
    if as_json:
        say_json(case.to_dict())
    else:
        _say(case)
    raise typer.Exit(_STATUS[case.verdict])


def _there(sample: Path) -> Path:
    """The sample, if there is a file; otherwise OSError says so before the ledger is touched."""
    if sample != PIPE:
        sample.open("rb").close()
    return sample


def _as_named(case: tracemark.Case, samples: list[Path]) -> tracemark.Case:
    """The case with each sample called what the person called it."""
    named = tuple(
        dataclasses.replace(report, path=str(sample))
        for report, sample in zip(case.samples, samples, strict=True)
    )
    return dataclasses.replace(case, samples=named)


def _say(case: tracemark.Case) -> None:
    say(f"{case.verdict}: {_MEANING[case.verdict]}")
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


def _say_accusation(accusation: tracemark.Accusation, case: tracemark.Case) -> None:
    say(f"  {accusation.recipient}" + (f"  {accusation.name}" if accusation.name else ""))
    facts: list[tuple[str, object]] = [
        ("kind", accusation.kind),
        ("bound", f"{probability(accusation.bound)} that anyone innocent is named"),
        ("score", f"{accusation.score:.1f} bits, {case.line:.1f} are needed"),
        ("share", f"{accusation.share:.0%} of what the samples show"),
    ]
    facts += [("issued", _issued(entry)) for entry in accusation.issued]
    facts += [("evidence", _evidence(one, case)) for one in accusation.evidence]
    facts += [("rows", _rows(one, case)) for one in accusation.rows]
    say_facts(facts, indent="    ")


def _rows(rows: tracemark.RowsOf, case: tracemark.Case) -> str:
    where = f"{case.samples[rows.sample].path}: " if len(case.samples) > 1 else ""
    first = ", ".join(f"{number:,}" for number in rows.numbers[:_LISTED])
    more = ", …" if rows.count > _LISTED else ""
    return f"{where}{rows.count:,} show this copy's marks: {first}{more}"


def _evidence(evidence: tracemark.Evidence, case: tracemark.Case) -> str:
    where = f"{case.samples[evidence.sample].path}: " if len(case.samples) > 1 else ""
    return (
        f"{where}{evidence.carrier}, {evidence.agreeing:,} of {evidence.read:,} slots agree, "
        f"{evidence.expected:,.0f} by chance"
    )


def _issued(entry: dict[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in entry.items() if value is not None)


def _say_sample(sample: tracemark.SampleReport) -> None:
    say(f"  {sample.path}")
    facts: list[tuple[str, object]] = [("kind", sample.kind), ("status", sample.status)]
    if sample.rows:
        facts.append(("rows", f"{sample.rows:,}, {sample.issued:,} cells known to the ledger"))
    if (pilot := sample.pilot) and pilot.slots:
        facts.append(
            (
                "mark",
                f"{pilot.agreeing:,} of {pilot.slots:,} slots follow this vault's pattern "
                f"(by chance: {probability(pilot.bound)})",
            )
        )
    elif pilot and sample.slots:
        facts.append(
            (
                "mark",
                f"{sample.slots:,} slots read where this vault's pattern lies "
                f"(by chance: {probability(pilot.bound)})",
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
        f"chance that anyone innocent is named is at most {probability(case.alpha)}."
    )

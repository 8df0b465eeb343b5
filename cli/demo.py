"""``tracemark demo``: release marked exports, leak them, trace them. All data is invented."""

from __future__ import annotations

import csv
import io
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

import tracemark

from .label_leaks import LABEL_LEAKS, LabelLeak, leaked
from .leaks import LEAKS, Copy, Leak, as_csv
from .options import AsJson
from .sample_orders import Chance, orders
from .terminal import DONE, TROUBLE, probability, progress, say, say_json, say_table, say_wrapped
from .words import told

RECIPIENTS = 1000
_BELONGS = {"confirmed": "its own", "contradicted": "another's"}
ROWS = 300
_SEED = 20
_ALL = len(LEAKS) + len(LABEL_LEAKS)
_KEY = bytes(range(32))  # known to everyone: the demo shows the same on every machine
_KINDS = (("acct", "account"), ("station", "station"), ("term", "terminal"), ("rider", "courier"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one leak."""

    leak: str
    file: str
    released_to: tuple[str, ...]
    verdict: str
    named: tuple[str, ...]
    bound: float | None
    right: bool
    waybill: str = ""  # whether the mark belongs to the waybill it was found on


def demo(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="Keep all files here; otherwise none is kept."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Release marked exports and labels, leak and wash them, trace every leak.

    One thousand invented recipients, twenty leaks of exports and six of printed labels; all files
    are kept where DIR is given.

    Example:  tracemark demo tracemark-demo
    """
    started = time.monotonic()
    with ExitStack() as stack:
        where = folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _empty(where)
        vault = stack.enter_context(_vault(where / "vault", _KEY))
        other = stack.enter_context(_vault(where / "other-vault", _KEY[::-1]))
        report = stack.enter_context(progress("demo"))
        outcomes = []
        for number, (leak, released_to) in enumerate(_dealt()):
            report(leak.title, number / _ALL)
            file = _leak(vault if leak.ours else other, where, leak, released_to)
            outcomes.append(_traced(vault, file, leak, released_to if leak.ours else ()))
        for number, of_label in enumerate(LABEL_LEAKS):
            report(of_label.title, (len(LEAKS) + number) / _ALL)
            outcomes.append(_label(vault, where, of_label, Chance(_SEED + number)))
    if as_json:
        say_json([asdict(outcome) for outcome in outcomes])
    else:
        _say(outcomes, time.monotonic() - started, folder)
    raise typer.Exit(DONE if all(outcome.right for outcome in outcomes) else TROUBLE)


def _empty(where: Path) -> None:
    """Make the folder and what the demo keeps in it. Raises UsageError if it is in use."""
    if where.exists() and (not where.is_dir() or any(where.iterdir())):
        raise tracemark.UsageError(
            f"{where} is not an empty folder", hint="name a folder that is not there yet"
        )
    for name in ("released", "leaked"):
        (where / name).mkdir(parents=True)


def _vault(path: Path, key: bytes) -> tracemark.Vault:
    vault = tracemark.Vault.create(path, key=key)
    vault.add_recipients(
        tracemark.Recipient(_id(number), kind=_KINDS[number % len(_KINDS)][1])
        for number in range(RECIPIENTS)
    )
    return vault


def _id(number: int) -> str:
    return f"{_KINDS[number % len(_KINDS)][0]}:{number:04}"


def _dealt() -> Iterator[tuple[Leak, tuple[str, ...]]]:
    """Each leak with the recipients whose copies go into it, all different."""
    numbers = iter(Chance(_SEED).sample(range(RECIPIENTS), sum(leak.copies for leak in LEAKS)))
    for leak in LEAKS:
        yield leak, tuple(sorted(_id(next(numbers)) for _ in range(leak.copies)))


def _leak(issuer: tracemark.Vault, where: Path, leak: Leak, released_to: Sequence[str]) -> Path:
    """Release the copies and leak them."""
    export = as_csv(orders(ROWS, _SEED)).encode()
    copies = [_released(issuer, where, export, to, leak.policy) for to in released_to]
    foreign = list(orders(10 * ROWS, _SEED + 1))
    leaked = where / "leaked" / leak.file
    leaked.write_bytes(leak.make(copies, foreign, Chance(_SEED)))
    return leaked


def _traced(
    vault: tracemark.Vault, leaked: Path, leak: Leak, released_to: tuple[str, ...]
) -> Outcome:
    case = vault.trace(leaked)
    named = tuple(sorted(accusation.recipient for accusation in case.accusations))
    return Outcome(
        leak=leak.title,
        file=str(leaked),
        released_to=released_to,
        verdict=case.verdict,
        named=named,
        bound=max((accusation.bound for accusation in case.accusations), default=None),
        right=set(named) <= set(released_to) and bool(named) == bool(released_to),
    )


def _label(vault: tracemark.Vault, where: Path, leak: LabelLeak, chance: Chance) -> Outcome:
    """Print a label, leak pictures of it, trace them with the number that they show."""
    to = _id(int(chance.random() * RECIPIENTS))
    found = leaked(vault, leak, to, chance)
    path = where / "leaked" / leak.file
    paths = [path.with_stem(f"{path.stem}-{n}" if n else path.stem)
             for n in range(len(found.pictures))]  # fmt: skip
    for name, picture in zip(paths, found.pictures, strict=True):
        picture.save(name, quality=92)
    case = vault.trace(*paths, waybill=found.number)
    named = tuple(accusation.recipient for accusation in case.accusations)
    binding = case.accusations[0].binding if named else ""
    expected = "" if not leak.marked else "contradicted" if leak.framed else "confirmed"
    released_to = (to,) if leak.marked else ()
    return Outcome(
        leak=leak.title,
        file=str(paths[0]),
        released_to=released_to,
        verdict=case.verdict,
        named=named,
        bound=max((accusation.bound for accusation in case.accusations), default=None),
        right=named == released_to and binding == expected,
        waybill=binding,
    )


def _released(vault: tracemark.Vault, where: Path, export: bytes, to: str, policy: str) -> Copy:
    path = where / "released" / f"{to.replace(':', '-')}.csv"
    with path.open("wb") as sink:
        vault.mark_table(io.BytesIO(export), sink, to=to, policy=policy, name=path.name)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _say(outcomes: Sequence[Outcome], seconds: float, kept: Path | None) -> None:
    released = sum(len(outcome.released_to) for outcome in outcomes)
    say(
        f"{RECIPIENTS:,} recipients; exports of {ROWS} orders and labels released to "
        f"{released} of them."
    )
    say()
    lines: list[tuple[str, ...]] = []
    for number, outcome in enumerate(outcomes, start=1):
        whose = [*outcome.released_to, *[""] * (len(outcome.named) - len(outcome.released_to))]
        named = [*outcome.named, *[""] * (len(outcome.released_to) - len(outcome.named))]
        lines.append(
            (
                f"{number:>2} {told(outcome.leak)}",
                whose[0] if whose else told("nobody"),
                named[0] if named and named[0] else told("nobody"),
                "" if outcome.bound is None else probability(outcome.bound),
                told(_BELONGS.get(outcome.waybill, outcome.waybill)),
            )
        )
        lines += [("", *pair, "", "") for pair in zip(whose[1:], named[1:], strict=True)]
    say_table(("leak", "released to", "named", "bound", "waybill"), lines)
    say()
    if wrong := [str(at) for at, outcome in enumerate(outcomes, start=1) if not outcome.right]:
        say_wrapped(f"TRACED WRONGLY: {', '.join(wrong)}")
    right = sum(outcome.right for outcome in outcomes)
    say_wrapped(
        f"{right} of {len(outcomes)} traced rightly in {seconds:.0f} s. The bound is the chance "
        "that anyone innocent, of all recipients, is named on evidence this strong; nobody is "
        "named where it would be above 1e-06."
    )
    if kept:
        say(f"Try:  tracemark trace --vault {kept / 'vault'} {outcomes[0].file}")

"""What it costs to defeat a mark: the tables of docs/results-adversary.md and SECURITY.md.

    python -m benchmarks.adversary --trials 10 --log adversary.jsonl -o docs/results-adversary.md

Each trial draws a fresh label or export, a fresh recipient out of a million and one attack of
`benchmarks.attacks_label` or `benchmarks.attacks_text`. The line is that of N recipients; the
guilty and 255 others are scored. Files go to the tracer as the attacker made them. Trials go round
the attacks, and each is a line of the log, so that a long run can be broken off and gone on with.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import tracemark
from benchmarks import attacks_label, attacks_text, leaks
from benchmarks.common import N, recipient, some_candidates, wilson
from benchmarks.trials import Trial, logged, options_of
from tracemark.barcodes import numbers
from tracemark_cli.sample_orders import orders

SIZES = ("76x130", "100x150")
LAYOUTS = ("ruled", "dense")
MARKS = ("<!-- adversary -->", "<!-- /adversary -->")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=10, help="of each attack")
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--only", default="", help="attacks whose name contains this")
    parser.add_argument("--kind", choices=("label", "text"), nargs="*", default=("label", "text"))
    options_of(parser)
    parser.add_argument("-o", "--output", type=Path, help="write between its marks")
    options = parser.parse_args()
    done = logged(options, {}, lambda done: run(options, done))
    text = "\n".join(tables(done))
    print(text)
    if options.output:
        between(options.output, text)


def run(options: argparse.Namespace, done: list[Trial]) -> Iterator[Trial]:
    have = Counter((one["kind"], one["attack"]) for one in done)
    rng = random.SystemRandom()
    with tempfile.TemporaryDirectory() as name:
        vault = tracemark.Vault.create(Path(name) / "vault")
        vault.add_recipients(recipient(i) for i in range(N))
        for turn in range(options.trials):
            for kind in options.kind:
                attacks = attacks_label if kind == "label" else attacks_text
                for attack in attacks.ATTACKS:
                    if options.only in attack and have[kind, attack] <= turn:
                        trial = {"kind": kind, "attack": attack, "seed": rng.randrange(1 << 60)}
                        if kind == "label":
                            yield trial | on_label(vault, attack, trial["seed"])
                        else:
                            yield trial | on_text(
                                vault, attack, trial["seed"], options.rows, Path(name)
                            )
        vault.close()


def on_label(vault: tracemark.Vault, attack: str, seed: int) -> Trial:
    rng = random.Random(seed)
    scene = attacks_label.Scene(
        vault, rng, rng.randrange(1 << 30), recipient(rng.randrange(N)),
        rng.choice(SIZES), rng.choice(LAYOUTS),
    )  # fmt: skip
    try:
        result = attacks_label.ATTACKS[attack][1](scene)
    except tracemark.HostTooSmall:
        return {"outcome": "refused"}
    with some_candidates(scene.to, *result.guilty, rng=rng, all_of_them=False):
        case = vault.trace(result.picture, ocr=False, waybill=result.number or None)
    trial = outcome(case, result.guilty)
    trial["bindings"] = sorted({one.binding for one in case.accusations})
    if result.before is not None:
        after, before = attacks_label.ink(result.picture), result.before
        trial["damage"] = round(100 * float(np.mean(after != before)) / float(before.mean()), 3)
        read, whole = (
            set(numbers(one)) for one in (result.picture, attacks_label.shown(result.before))
        )
        trial["codes"] = [len(read & whole), len(whole)]
    return trial


def on_text(vault: tracemark.Vault, attack: str, seed: int, rows: int, folder: Path) -> Trial:
    rng = random.Random(seed)
    table = list(orders(rows, rng.randrange(1 << 40)))
    scene = attacks_text.Scene(vault, rng, table, recipient(rng.randrange(N)))
    result = attacks_text.ATTACKS[attack][1](scene)
    sample = leaks.write_csv(result.rows, folder / "attacked.csv")
    with some_candidates(scene.to, *result.guilty, rng=rng, all_of_them=False):
        case = vault.trace(sample)
    trial = outcome(case, result.guilty)
    if result.before is not None:
        pairs = zip(result.rows, result.before, strict=True)
        seen = [
            any(leaks.stripped(after[key]) != leaks.stripped(before[key]) for key in after)
            for after, before in pairs
        ]
        trial["damage"] = round(100 * sum(seen) / len(seen), 1)
    return trial


def outcome(case: tracemark.Case, guilty: tuple[str, ...]) -> Trial:
    named = {accusation.recipient: accusation.score for accusation in case.accusations}
    return {
        "outcome": case.verdict,
        "named": len(named.keys() & {*guilty}),
        "guilty": len(guilty),
        "wrong": bool(named.keys() - {*guilty}),
        "bits": round(max(named.values(), default=0.0), 1),
    }


def tables(trials: list[Trial]) -> Iterator[str]:
    for kind, attacks in (("label", attacks_label.ATTACKS), ("text", attacks_text.ATTACKS)):
        of_kind = [trial for trial in trials if trial["kind"] == kind]
        if not of_kind:
            continue
        spoilt = "ink changed %" if kind == "label" else "rows changed %"
        extra = " codes still read |" if kind == "label" else ""
        yield f"| {kind}s: attack | it takes | {spoilt} |{extra} somebody guilty named | n | 95 % Wilson | all of them | an innocent | verdicts without a name | bits, median |"  # noqa: E501
        yield "| --- " * (11 if kind == "label" else 10) + "|"
        for attack, (needs, _) in attacks.items():
            some = [trial for trial in of_kind if trial["attack"] == attack]
            if some := [trial for trial in some if trial["outcome"] != "refused"]:
                yield row(kind, attack, needs, some)
        yield ""


def row(kind: str, attack: str, needs: str, trials: list[Trial]) -> str:
    damage = [trial["damage"] for trial in trials if "damage" in trial]
    cells = [attack, needs, f"{statistics.median(damage):.3g}" if damage else ""]
    if kind == "label":
        codes = np.sum([trial.get("codes", (0, 0)) for trial in trials], axis=0)
        cells.append(f"{codes[0]} of {codes[1]}" if codes[1] else "")
    hits = sum(trial["named"] > 0 for trial in trials)
    low, high = wilson(hits, len(trials))
    silent = Counter(trial["outcome"] for trial in trials if trial["outcome"] != "identified")
    bound = Counter(one for trial in trials for one in trial.get("bindings", ()) if one)
    others = [f"{name} {count}" for name, count in sorted(silent.items())]
    if "framing" in attack:
        others += [f"binding {name} {count}" for name, count in sorted(bound.items())]
    guilty = any(trial["guilty"] for trial in trials)
    cells += [
        f"{hits}" if guilty else "–",
        f"{len(trials)}",
        f"{100 * max(0.0, low):.0f}–{100 * high:.0f}" if guilty else "",
        f"{sum(trial['named'] == trial['guilty'] for trial in trials)}" if guilty else "–",
        f"{sum(trial['wrong'] for trial in trials)}",
        ", ".join(others),
        f"{statistics.median(trial['bits'] for trial in trials):.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def between(path: Path, text: str) -> None:
    """Put the tables between the marks of a file; what stands around them stays."""
    first, last = MARKS
    whole = path.read_text(encoding="utf-8") if path.exists() else f"{first}\n{last}\n"
    head, _, rest = whole.partition(first)
    _, _, tail = rest.partition(last)
    path.write_text(f"{head}{first}\n\n{text}\n{last}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()

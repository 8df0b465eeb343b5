"""Other watermarks from PyPI beside tracemark, on the same labels, rows and leaks in one run.

    python -m venv PEERS && PEERS/bin/pip install blind-watermark text-blind-watermark zwsp-steg-py
    PEERS/bin/pip install --no-deps invisible-watermark  # torch is for its RivaGAN alone
    python -m benchmarks.peers --python PEERS/bin/python --trials 10 --log trials.jsonl --write

Each trial draws a fresh label or table and a recipient among N. Every tool marks it, every copy
goes through every channel with the same seed, and every tool reads what it marked. *Named* is the
recipient; *somebody else* is any other of the N. The peers are given what their documents ask for
(the length of the payload) and more: a picture with head room above its white, and at reading the
label cut out at its true corners and brought to its true size, which the simulator knows. tracemark
is given the sample alone. A tool that is not installed says so in the table.

`--write` puts the tables into docs/results-peers.md and both READMEs (`benchmarks.peer_tables`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import tracemark
from benchmarks import leaks, peer_tables
from benchmarks.channels import CHANNELS
from benchmarks.channels.base import Channel
from benchmarks.common import N, recipient
from benchmarks.leaks import transplant
from benchmarks.peer_tools import Found, Ours, Peer, Rows, Tool, Worker
from benchmarks.peer_worker import TOOLS
from examples.waybill import waybill
from tracemark_cli.sample_orders import orders

ISSUED = 1000  # rows of an export
Trial = dict[str, Any]


def threshold(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """What a thermal printer is sent: dark below one half, nothing between."""
    black = np.asarray(image.convert("L")) < 128
    out = Image.fromarray(np.where(black, 0, 255).astype(np.uint8))
    out.info = dict(image.info)
    return out


LABEL_LEAKS: dict[str, Channel] = {"png": CHANNELS["png"], "threshold": threshold} | {
    name: CHANNELS[name] for name in ("jpeg50", "quarter", "scan200", "phone", "chat")
}
PAYLOADS = {"label": (20, 32), "text": (20,)}  # bits
PRINTED = ("scan200", "phone", "chat")


def _gbk(rows: Rows, rng: random.Random) -> Rows:
    errors = rng.choice(("ignore", "replace"))
    return leaks.each_cell(rows, lambda text: text.encode("gbk", errors).decode("gbk"))


def _foreign(count: int, rng: random.Random) -> Rows:
    return list(orders(count, rng.randrange(1 << 40)))


def _merged(rows: Rows, rng: random.Random) -> Rows:
    pile = [*rows, *_foreign(10 * len(rows), rng)]
    rng.shuffle(pile)
    return pile


def _moved(rows: Rows, rng: random.Random) -> Rows:
    return [transplant(a, b) for a, b in zip(rows, _foreign(len(rows), rng), strict=True)]


TEXT_LEAKS: dict[str, tuple[int, Callable[[Rows, random.Random], Rows]]] = {
    "copied": (50, lambda rows, rng: rows),
    "five": (5, lambda rows, rng: rows),
    "merged": (50, _merged),
    "stripped": (50, lambda rows, rng: leaks.each_cell(rows, leaks.stripped)),
    "gbk": (50, _gbk),
    "washed": (50, lambda rows, rng: leaks.each_cell(rows, leaks.washed)),
    "retyped": (50, lambda rows, rng: leaks.each_cell(rows, lambda t: leaks.retyped(t, rng))),
    "moved": (50, _moved),
}
NOT_THEIRS = ("unmarked", "moved")  # samples that show nobody to be named


def outcome(found: Found, number: int) -> str:
    return "named" if found == {number} else "somebody else" if found else "nobody"


def label_trial(tools: Sequence[Tool], seed: int) -> Iterator[Trial]:
    """One label, marked by every tool, through every channel; and as it is, never marked."""
    rng = random.Random(seed)
    label = waybill(
        rng.randrange(1 << 30),
        size=rng.choice(("76x130", "100x150", "4x6")),
        layout=rng.choice(("ruled", "sparse", "dense")),
    )
    number, noise = rng.randrange(N), {name: rng.randrange(1 << 60) for name in LABEL_LEAKS}
    samples: dict[tuple[str, bytes], Image.Image] = {}

    def leaked(name: str, copy: Image.Image) -> Image.Image:
        if name in PRINTED:  # copies that print alike have one print
            copy = threshold(copy, np.random.default_rng(0))
        key = name, hashlib.sha256(copy.mode.encode() + copy.tobytes()).digest()
        if key not in samples:
            samples[key] = LABEL_LEAKS[name](copy, np.random.default_rng(noise[name]))
        return samples[key]

    for tool in tools:
        marked, marking = tool.mark_label(label, number)
        printed = np.asarray(threshold(marked, np.random.default_rng(0)))
        dots = int((printed != np.asarray(label.convert("L"))).sum())
        for channel in (*LABEL_LEAKS, "unmarked"):
            unmarked = channel == "unmarked"
            sample = leaked("png", label) if unmarked else leaked(channel, marked)
            found, reading = tool.read_label(sample, label.size, number)
            ended = "somebody else" if unmarked and found else outcome(found, number)
            yield {"host": "label", "seed": seed, "tool": tool.name, "channel": channel,
                   "outcome": ended, "marking": marking, "reading": reading,
                   "dots": dots}  # fmt: skip


def text_trial(tools: Sequence[Tool], seed: int) -> Iterator[Trial]:
    """One export, marked by every tool; the same rows of it leak in every way."""
    rng = random.Random(seed)
    table, number = list(orders(ISSUED, rng.randrange(1 << 40))), rng.randrange(N)
    kept = rng.sample(range(ISSUED), 50)
    for tool in tools:
        marked, marking = tool.mark_rows(table, number)
        for channel in (*TEXT_LEAKS, "unmarked"):
            count, leak = TEXT_LEAKS.get(channel, (50, TEXT_LEAKS["copied"][1]))
            source = table if channel == "unmarked" else marked
            sample = leak([source[i] for i in kept[:count]], random.Random(f"{seed}/{channel}"))
            found, reading = tool.read_rows(sample, number)
            ended = "somebody else" if channel in NOT_THEIRS and found else outcome(found, number)
            yield {"host": "text", "seed": seed, "tool": tool.name, "channel": channel,
                   "outcome": ended, "marking": marking, "reading": reading}  # fmt: skip


def tools_on(worker: Worker, versions: Mapping[str, str | None], host: str) -> list[Tool]:
    """The others that are installed and mark such a host, with each payload they are given."""
    there = [name for name, tool in TOOLS.items() if tool.host == host and versions[name]]
    return [Peer(name, worker, bits) for name in there for bits in PAYLOADS[host]]


def trials(
    worker: Worker, versions: Mapping[str, str | None], turns: int, recipients: int = N
) -> Iterator[Trial]:
    """Fresh tables and labels by turns, each through every tool."""
    fresh = random.SystemRandom()
    with tempfile.TemporaryDirectory() as name:
        vault = tracemark.Vault.create(Path(name) / "vault")
        vault.add_recipients(recipient(i) for i in range(recipients if turns else 0))
        ours = Ours(vault, random.Random(fresh.randrange(1 << 60)))
        for _ in range(turns):
            for trial, host in ((text_trial, "text"), (label_trial, "label")):
                yield from trial(
                    [ours, *tools_on(worker, versions, host)], fresh.randrange(1 << 60)
                )
        vault.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default=sys.executable, help="where the others are installed")
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after these")
    parser.add_argument("--log", type=Path, help="one line for each reading; gone on with")
    parser.add_argument("--write", action="store_true", help="put the tables into the documents")
    options = parser.parse_args()
    log = options.log or Path(tempfile.mkstemp(suffix=".jsonl")[1])
    before = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    done = [json.loads(line) for line in before]
    worker = Worker(options.python)
    versions = {tool: worker.ask("version", tool)[0] for tool in TOOLS}
    end = time.monotonic() + 60 * options.minutes
    with log.open("a", encoding="utf-8") as file:
        for trial in trials(worker, versions, options.trials):
            done.append(trial)
            print(json.dumps(trial), file=file, flush=True)
            if time.monotonic() > end:
                break
    worker.close()
    if options.write:
        peer_tables.write(done, versions)
    else:
        print("\n".join(peer_tables.results(done, versions)))


if __name__ == "__main__":
    main()

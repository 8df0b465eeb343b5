"""``tracemark report`` and ``verify-case``: case files as pages, and their signatures."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated

import typer

import tracemark

from .options import AsJson
from .pipes import PIPE, must_end, must_spare, name_of, reading, writing
from .terminal import note, say, say_facts, say_json, say_wrapped
from .words import labelled, language, told

CaseFile = Annotated[
    Path, typer.Argument(metavar="CASE", help="A case file, signed or not, or - for stdin.")
]


def report(
    source: CaseFile,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT.html", help="Page to write, or -.")
    ],
) -> None:
    """Write a case file as a page that a person can read and print.

    The page needs no network and opens in any browser; Chinese and English stand in it. A case
    file holds no contents of the samples: `trace --report` writes a page that shows them. A
    signed file is checked first, and the page says who signed it and when; whether that is the
    vault's own key `verify-case` tells.

    Example:  tracemark report case.json -o case.html
    """
    must_spare([output], [source])
    text, name = _text(source), name_of(source)
    case = tracemark.read_case(text, name=name)
    if "statement" in json.loads(text):
        page = tracemark.verify_case(text, name=name).to_html(language())
    else:
        page = case.to_html(language())
    with writing(output) as sink:
        sink.write(page.encode())
    if output != PIPE:
        say(labelled(str(output), case.verdict), theirs=True)


def verify_case(
    source: CaseFile,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="HEX", help="Public key, as the vault's owner published it."),
    ] = None,
    samples: Annotated[
        list[Path] | None,
        typer.Option("--sample", metavar="FILE", help="A file that was traced; may be repeated."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a signed case file: that nobody changed it, who signed it, that samples are its own.

    Needs neither the vault nor its key. Status 0: it holds; 3: it does not. Without --key it is
    checked only against the key that it names itself.

    Example:  tracemark verify-case case.json --key 5f0c… --sample leak.csv
    """
    hashes = [_sha256(path) for path in samples or []]
    found = tracemark.verify_case(
        _text(source), public_key=key, samples=hashes, name=name_of(source)
    )
    if as_json:
        say_json(
            {
                "holds": True,
                "key_compared": key is not None,
                "samples_compared": len(hashes),
                "verdict": found.case.verdict,
                "named": [one.recipient for one in found.case.accusations],
                "public_key": found.public_key,
                "process": found.process,
                "vault": found.vault,
            }
        )
        return
    _say(found, key is not None, len(hashes))


def _say(found: tracemark.SignedCase, compared: bool, samples: int) -> None:
    say("the signature holds: nothing was changed")
    facts = (
        (told("verdict"), told(found.case.verdict)),
        (told("released to"), ", ".join(one.recipient for one in found.case.accusations) or "-"),
        (told("signed"), found.time),
        (told("vault"), found.vault["id"]),
        (told("public key"), found.public_key),
        (told("ledger"), found.vault["head"]),
        (told("command"), found.process["command"] or "-"),
        (told("samples"), f"{samples} / {len(found.case.samples)}"),
    )
    say_facts(facts, theirs=True)
    if not compared:
        say_wrapped(
            "The key is the one that the file names itself: compare it with the one that the "
            "vault's owner published (--key)."
        )
    if not samples:
        note("--sample checks that the files at hand are those that were traced")


def _text(source: Path) -> str:
    with reading(source) as file:
        held = file.read()
    try:
        return held.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise tracemark.UnreadableSample(
            f"{name_of(source)} is not UTF-8", hint="a case file is what tracemark trace writes"
        ) from None


def _sha256(path: Path) -> str:
    must_end(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

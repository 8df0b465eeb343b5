"""``tracemark doctor``: is everything in order here, and what to do where it is not."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

import typer
from PIL import Image, ImageDraw, ImageFont

import tracemark

from .options import VAULT, AsJson, VaultPath
from .terminal import DONE, TROUBLE, say, say_json, say_wrapped
from .words import labelled

State = Literal["good", "advice", "trouble"]

_SIGNS = {"good": "ok", "advice": "look", "trouble": "WRONG"}
_PRIVATE = {"keys", "decoys.jsonl", "tokens.json"}  # nobody else may read them
_LEAST_FREE = 1 << 30
_FOR_DEVELOPERS = {"all", "bench", "browser", "dev", "test"}
_REQUIREMENT = re.compile(r"([\w.-]+).*extra\s*==\s*['\"](\w+)")
# extra -> what it is for; the package itself says which extras there are
_USES = {
    "sign": "signed case files",
    "photo": "waybill numbers read from photos",
    "xlsx": "spreadsheets",
    "arrow": "Parquet files and data frames",
    "pdf": "PDF files",
    "postgres": "a ledger in PostgreSQL",
    "spark": "Spark data frames",
    "ocr": "text in pictures",
    "serve": "the marking service",
    "seal": "a key file under a passphrase",
    "keyring": "passphrases in the system's keyring",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, and what to do."""

    check: str
    state: State
    found: str
    remedy: str = ""


def doctor(
    vault: VaultPath = VAULT,
    as_json: AsJson = False,
) -> None:
    """Check this machine and a vault, and say what to fix.

    Looks at the Python packages, the vault's permissions, its ledger and free space, and marks and
    reads back a label of printed size in a vault of its own. Nothing in your vault is changed.

    Status 0: all in order; 3: something must be fixed.

    Example:  tracemark doctor --vault /srv/tracemark
    """
    findings = [*_machine(), *_vault(vault), _label()]
    if as_json:
        say_json([asdict(finding) for finding in findings])
    else:
        for one in findings:
            say_wrapped(labelled(_SIGNS[one.state], labelled(one.check, one.found)))
            if one.remedy:
                say_wrapped(labelled("fix", one.remedy), indent="    ")
        say()
        wrong = sum(one.state == "trouble" for one in findings)
        say(f"{wrong} to be fixed" if wrong else "all is in order")
    wrong = any(one.state == "trouble" for one in findings)
    raise typer.Exit(TROUBLE if wrong else DONE)


def _machine() -> Iterator[Finding]:
    own, python, sqlite = tracemark.__version__, platform.python_version(), sqlite3.sqlite_version
    yield Finding("versions", "good", f"tracemark {own}, Python {python}, SQLite {sqlite}")
    for extra, missing in sorted(_extras().items()):
        name, use = f"extra {extra}", _USES.get(extra, extra)
        if missing:
            what = f"not there: {use}"
            yield Finding(name, "advice", what, f"pip install 'tracemark[{extra}]'")
        else:
            yield Finding(name, "good", use)


def _extras() -> dict[str, list[str]]:
    """For each extra for users, the packages that it lacks."""
    try:
        needed = requires("tracemark") or []
    except PackageNotFoundError:
        return {}  # run from a checkout that is not installed
    lacking: dict[str, list[str]] = {}
    for package, extra in (match.groups() for match in map(_REQUIREMENT.match, needed) if match):
        if extra not in _FOR_DEVELOPERS:
            lacking.setdefault(extra, []).extend([] if _is_there(package) else [package])
    return lacking


def _is_there(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def _vault(vault: str) -> Iterator[Finding]:
    try:
        opened = tracemark.Vault.open(vault)
    except tracemark.TracemarkError as error:
        yield Finding("vault", "trouble", str(error), error.hint)
        return
    with opened:
        path = opened.path
        yield Finding("vault", "good", f"{opened.place}, epochs of keys: {len(opened.epochs)}")
        yield from _permissions(path)
        if opened.verify_ledger().holds:
            yield Finding("ledger", "good", "whole")
        else:
            yield Finding("ledger", "trouble", "it does not hold", "tracemark ledger verify")
        if next(iter(opened.recipients()), None):
            yield Finding("recipients", "good", "registered")
        else:
            next_step = "tracemark recipient import FILE"
            yield Finding("recipients", "advice", "none is registered", next_step)
    if not path.is_dir():  # keys in the environment, ledger in a database
        return
    free = shutil.disk_usage(path).free
    space = f"{free / (1 << 30):.1f} GB"
    if free > _LEAST_FREE:
        yield Finding("free space", "good", space)
    else:
        why = "nothing is issued once the ledger cannot be written: make room"
        yield Finding("free space", "trouble", space, why)


def _permissions(path: Path) -> Iterator[Finding]:
    if os.name != "posix" or not path.is_dir():
        return
    for file in sorted([path, *path.iterdir()]):
        mode = stat.S_IMODE(file.stat().st_mode)
        key = file.name == "keys"
        others = mode & (0o077 if file.name in _PRIVATE else 0o022)
        if others:
            found = f"{mode:03o}: others can {'change' if others & 0o022 else 'read'} it"
            wanted = "700" if file.is_dir() else "600"
            state: State = "trouble" if key else "advice"
            yield Finding(f"permissions {file.name}", state, found, f"chmod {wanted} {file}")
    if (path / "keys").exists():
        found = "without the key no copy can ever be traced"
        remedy = f"keep a copy of {path} elsewhere, away from everyone who receives copies"
        yield Finding("backup", "advice", found, remedy)


def _label() -> Finding:
    """Mark and read back a label of printed size, in a vault that is thrown away."""
    with (
        tempfile.TemporaryDirectory(prefix="tracemark-") as folder,
        tracemark.Vault.create(Path(folder) / "vault", key=os.urandom(32)) as vault,
    ):
        vault.add_recipients(f"acct:{number}" for number in range(100))
        marked = vault.mark_label(_drawn(), to="acct:42")
        case = vault.trace(_scanned(marked))
    if [one.recipient for one in case.accusations] == ["acct:42"]:
        found = "76 x 130 mm at 203 dpi, at 150 % on grey paper, was read back"
        return Finding("label self-test", "good", found)
    remedy = "install tracemark and its dependencies again"
    return Finding("label self-test", "trouble", "the mark was not read back", remedy)


def _drawn() -> Image.Image:
    """A ruled label with invented words, 1 bit, 203 dpi."""
    image = Image.new("1", (608, 1040), 1)
    draw = ImageDraw.Draw(image)
    draw.rectangle((8, 8, 599, 1031), outline=0, width=2)
    for y in (110, 230, 330, 470, 600, 690, 840, 930):
        draw.line((8, y, 599, y), fill=0, width=2)
    draw.line((300, 230, 300, 330), fill=0, width=2)
    for at, words, size in (
        ((24, 20), "SELF-TEST", 60),
        ((24, 130), "000-T00", 80),
        ((24, 245), "HUB 00", 50),
        ((24, 345), "NOBODY * 000****0000", 36),
        ((24, 395), "12 LANE END, HOUSE 0", 30),
        ((24, 615), "TEA, FELT, THREE TILES", 40),
    ):
        draw.text(at, words, font=ImageFont.load_default(size), fill=0)
    image.info["dpi"] = (203, 203)
    return image


def _scanned(label: Image.Image) -> Image.Image:
    """Grey, on paper, at 150 %: as a scanner would hand it over."""
    grey = label.convert("L")
    paper = Image.new("L", (grey.width + 120, grey.height + 120), 235)
    paper.paste(grey, (60, 60))
    return paper.resize((paper.width * 3 // 2, paper.height * 3 // 2), Image.Resampling.BICUBIC)

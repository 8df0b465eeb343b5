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
from .words import Lang, Language, language

State = Literal["good", "advice", "trouble"]

_SIGNS = {
    "good": ("ok", "正常"),
    "advice": ("look", "注意"),
    "trouble": ("WRONG", "故障"),
}
_LEAST_FREE = 1 << 30
_FOR_DEVELOPERS = {"all", "bench", "browser", "dev", "test"}
_REQUIREMENT = re.compile(r"([\w.-]+).*extra\s*==\s*['\"](\w+)")
# extra -> what it is for; the package itself says which extras there are
_USES = {
    "sign": ("signed case files", "签署案件文件"),
    "photo": ("waybill numbers read from photos", "从照片中读取运单号"),
    "xlsx": ("spreadsheets", "电子表格"),
    "arrow": ("Parquet files and data frames", "Parquet 文件与数据框"),
    "pdf": ("PDF files", "PDF 文件"),
    "postgres": ("a ledger in PostgreSQL", "PostgreSQL 中的台账"),
    "ocr": ("text in pictures", "识别图片中的文字"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, and what to do."""

    check: str
    state: State
    found: str
    remedy: str = ""


def doctor(
    lang: Language = "",
    vault: VaultPath = VAULT,
    as_json: AsJson = False,
) -> None:
    """Check this machine and a vault, and say what to fix.

    Looks at the Python packages, the vault's permissions, its ledger and free space, and marks and
    reads back a label of printed size in a vault of its own. Nothing in your vault is changed.

    Status 0: all in order; 3: something must be fixed.

    Example:  tracemark doctor --vault /srv/tracemark
    """
    spoken = language(lang)
    findings = [*_machine(spoken), *_vault(vault, spoken), _label(spoken)]
    if as_json:
        say_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            sign = _SIGNS[finding.state][spoken == "zh"]
            say_wrapped(f"{sign}: {finding.check}: {finding.found}")
            if finding.remedy:
                say_wrapped(
                    ("处理：" if spoken == "zh" else "fix: ") + finding.remedy, indent="    "
                )
        say()
        say(_verdict(findings, spoken))
    wrong = any(finding.state == "trouble" for finding in findings)
    raise typer.Exit(TROUBLE if wrong else DONE)


def _verdict(findings: list[Finding], lang: Lang) -> str:
    wrong = sum(finding.state == "trouble" for finding in findings)
    if lang == "zh":
        return f"有 {wrong} 项必须处理" if wrong else "一切就绪"
    return f"{wrong} to be fixed" if wrong else "all is in order"


def _machine(lang: Lang) -> Iterator[Finding]:
    zh = lang == "zh"
    versions = f"tracemark {tracemark.__version__}, Python {platform.python_version()}, "
    yield Finding(
        "版本" if zh else "versions", "good", versions + f"SQLite {sqlite3.sqlite_version}"
    )
    for extra, missing in sorted(_extras().items()):
        name = f"{'可选组件' if zh else 'extra'} {extra}"
        use = _USES.get(extra, (extra, extra))[zh]
        if not missing:
            yield Finding(name, "good", use)
            continue
        what = f"未安装：{use}" if zh else f"not there: {use}"
        yield Finding(name, "advice", what, f"pip install 'tracemark[{extra}]'")


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


def _vault(vault: str, lang: Lang) -> Iterator[Finding]:
    zh = lang == "zh"
    name = "库" if zh else "vault"
    try:
        opened = tracemark.Vault.open(vault)
    except tracemark.TracemarkError as error:
        yield Finding(name, "trouble", str(error), error.hint)
        return
    with opened:
        path = opened.path
        epochs = len(opened.epochs)
        yield Finding(
            name, "good", f"{opened.place}, {'密钥期' if zh else 'epochs of keys'}: {epochs}"
        )
        yield from _permissions(path, lang)
        whole = opened.verify_ledger()
        yield (
            Finding("台账" if zh else "ledger", "good", "完整" if zh else "whole")
            if whole.holds
            else Finding(
                "台账" if zh else "ledger",
                "trouble",
                "不成立" if zh else "it does not hold",
                "tracemark ledger verify",
            )
        )
        known = next(iter(opened.recipients()), None) is not None
        yield (
            Finding("接收者" if zh else "recipients", "good", "已登记" if zh else "registered")
            if known
            else Finding(
                "接收者" if zh else "recipients",
                "advice",
                "还没有登记" if zh else "none is registered",
                "tracemark recipient import FILE",
            )
        )
    if not path.is_dir():  # keys in the environment, ledger in a database
        return
    free = shutil.disk_usage(path).free
    space = f"{free / (1 << 30):.1f} GB"
    yield (
        Finding("剩余空间" if zh else "free space", "good", space)
        if free > _LEAST_FREE
        else Finding(
            "剩余空间" if zh else "free space",
            "trouble",
            space,
            "台账写不下时就不会放出数据：请腾出空间"
            if zh
            else "nothing is issued once the ledger cannot be written: make room",
        )
    )


def _permissions(path: Path, lang: Lang) -> Iterator[Finding]:
    zh = lang == "zh"
    if os.name != "posix" or not path.is_dir():
        return
    for file in sorted([path, *path.iterdir()]):
        mode = stat.S_IMODE(file.stat().st_mode)
        loose = mode & 0o077 if file.name == "keys" else mode & 0o022
        if loose:
            wanted = "700" if file.is_dir() else "600"
            yield Finding(
                f"{'权限' if zh else 'permissions'} {file.name}",
                "trouble" if file.name == "keys" else "advice",
                f"{mode:03o}: 其他人可以{'读' if file.name == 'keys' else '改'}"
                if zh
                else f"{mode:03o}: others can {'read' if file.name == 'keys' else 'change'} it",
                f"chmod {wanted} {file}",
            )
    if (path / "keys").exists():
        yield Finding(
            "备份" if zh else "backup",
            "advice",
            "密钥丢失后，任何副本都无法再追溯"
            if zh
            else "without the key no copy can ever be traced",
            f"备份 {path} 到别处，并与收件方隔离"
            if zh
            else f"keep a copy of {path} elsewhere, away from everyone who receives copies",
        )


def _label(lang: Lang) -> Finding:
    """Mark and read back a label of printed size, in a vault that is thrown away."""
    zh = lang == "zh"
    check = "面单自检" if zh else "label self-test"
    with (
        tempfile.TemporaryDirectory(prefix="tracemark-") as folder,
        tracemark.Vault.create(Path(folder) / "vault", key=os.urandom(32)) as vault,
    ):
        vault.add_recipients(f"acct:{number}" for number in range(100))
        marked = vault.mark_label(_drawn(), to="acct:42")
        case = vault.trace(_scanned(marked))
    named = [one.recipient for one in case.accusations]
    if named == ["acct:42"]:
        return Finding(
            check,
            "good",
            "76 × 130 毫米、203 dpi 的面单，放大到 150 % 后仍读出"
            if zh
            else "76 x 130 mm at 203 dpi, at 150 % on grey paper, was read back",
        )
    return Finding(
        check,
        "trouble",
        "没有读回标记" if zh else "the mark was not read back",
        "请重新安装 tracemark 及其依赖" if zh else "install tracemark and its dependencies again",
    )


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

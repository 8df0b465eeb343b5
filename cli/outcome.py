"""What ``trace`` leaves behind: a page, a signed case file, and the outcome in Chinese."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

import tracemark

from .pipes import writing
from .terminal import printable, probability, say, say_facts, say_wrapped

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


def check_outputs(vault: tracemark.Vault, *outputs: Path | None, signed: Path | None) -> None:
    """Find what would keep the outputs from being written before anything is traced."""
    for output in filter(None, (*outputs, signed)):
        if not output.parent.is_dir():
            raise tracemark.UsageError(
                f"no folder {output.parent} for {output.name}", hint="make the folder first"
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
    if report:
        page = case.to_html(lang, exhibits=contents)
        with writing(report) as sink:
            sink.write(page.encode())
    if signed and case.number is None:
        raise tracemark.UsageError(
            "nothing could be read, so there is no case to sign", hint="leave --signed out"
        )
    if signed:
        command = printable(shlex.join(["tracemark", *sys.argv[1:]]))
        text = vault.sign_case(case, command=command)
        with writing(signed) as sink:
            sink.write(text.encode())


def say_written(case: tracemark.Case, report: Path | None, signed: Path | None, lang: str) -> None:
    """Say where the files are, or how to get them."""
    chinese = lang == "zh"
    say()
    if report:
        say(f"{'报告' if chinese else 'report'}: {report}")
    if signed:
        say(f"{'签署的案件文件' if chinese else 'signed case file'}: {signed}")
    if not report and case.accusations:
        say_wrapped(
            "下一步：加上 --report case.html 再运行一次，得到可打印、可出示的报告（不消耗界限）。"
            if chinese
            else "next: the same command with --report case.html writes a page to print and show; "
            "asking again spends nothing."
        )


def say_in_chinese(case: tracemark.Case) -> None:
    """Print the outcome in Chinese; the same facts as in English."""
    words = tracemark.words
    say(f"{words.phrase(case.verdict, 'zh')}：{_sentence(case)}")
    for one in case.accusations:
        say()
        say(f"  {one.recipient}" + (f"  {one.name}" if one.name else ""))
        facts: list[tuple[str, object]] = [
            ("类型", words.phrase(one.kind, "zh")),
            ("误指概率", f"{words.odds(one.bound, 'zh')}（误指任何无辜者）"),
            ("证据", f"{one.score:.1f} 比特，认定需要 {case.line:.1f} 比特"),
            ("比例", f"解释了样本所显示内容的 {one.share:.0%}"),
        ]
        facts += [
            (
                "发放",
                f"台账第 {entry['issue']} 条，{str(entry['time'])[:19]}，"
                f"泄露 {entry['cells']} 个单元格",
            )
            for entry in one.issued
        ]
        facts += [("标记", _evidence(piece, case)) for piece in one.evidence]
        say_facts(facts, indent="    ")
    say()
    say("样本")
    for sample in case.samples:
        _say_sample(sample)
    if case.verdict != "unreadable":
        say()
        among = f"（编号以 {case.among} 开头）" if case.among else ""
        number = (
            "未记入台账" if case.number is None else f"案件 {case.number}，第 {case.look} 次检验"
        )
        say_wrapped(
            f"{number}：候选者 {case.candidates:,} 个{among}，{case.hypotheses} 种加权方式；"
            f"误指任何无辜者的概率不超过 {probability(case.alpha)}。"
        )
    for line in case.advice:
        say_wrapped(words.advice(line, "zh"), indent="  ")


def _sentence(case: tracemark.Case) -> str:
    words = tracemark.words
    if not case.accusations:
        return words.phrase(f"says {case.verdict}", "zh")
    who = "、".join(one.recipient for one in case.accusations)
    key = "says identified one" if len(case.accusations) == 1 else "says identified many"
    return words.phrase(key, "zh", who=who, count=len(case.accusations))


def _evidence(piece: tracemark.Evidence, case: tracemark.Case) -> str:
    where = f"{case.samples[piece.sample].path}：" if len(case.samples) > 1 else ""
    return (
        f"{where}{tracemark.words.phrase(piece.carrier, 'zh')}，读出 {piece.read:,} 处，"
        f"相符 {piece.agreeing:,} 处，偶然相符的期望 {piece.expected:,.0f} 处"
    )


def _say_sample(sample: tracemark.SampleReport) -> None:
    words = tracemark.words
    say(f"  {sample.path}")
    facts: list[tuple[str, object]] = [
        ("种类", words.phrase(sample.kind, "zh")),
        ("状态", words.phrase(sample.status, "zh")),
    ]
    if sample.rows:
        facts.append(("行数", f"{sample.rows:,}，其中台账有记录的单元格 {sample.issued:,} 个"))
    if sample.pilot and sample.slots:
        chance = words.odds(sample.pilot.bound, "zh")
        facts.append(("图样", f"读出 {sample.slots:,} 处；若从未打标记，如此吻合的概率{chance}"))
    if sample.note:
        facts.append(("说明", sample.note))
    say_facts(facts, indent="    ")

"""What `benchmarks.peers` found, as tables: docs/results-peers.md, and those both READMEs show."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import wilson
from benchmarks.peer_worker import TOOLS

ROOT = Path(__file__).parents[1]
START, END = "<!-- peers -->", "<!-- end of peers -->"
CHECKED = ", 32 bits"

Trial = dict[str, Any]
Versions = Mapping[str, str | None]

LEAKS = {
    "label": {
        "png": ("the file as it is, PNG", "原文件 PNG"),
        "threshold": ("1-bit, as a thermal printer is sent it", "二值化（热敏打印机收到的样子）"),
        "jpeg50": ("the file as JPEG 50", "存为 JPEG 50"),
        "quarter": ("a quarter of the file", "原文件截取四分之一"),
        "scan200": ("printed, scanned at 200 dpi", "打印后 200 dpi 扫描"),
        "phone": ("printed, photographed", "打印后手机拍照"),
        "chat": ("the photo through a chat app", "照片经聊天软件转发"),
        "unmarked": ("never marked: names somebody", "从未标记：误指他人"),
    },
    "text": {
        "copied": ("50 rows as copied", "原样复制 50 行"),
        "five": ("5 rows as copied", "原样复制 5 行"),
        "merged": ("50 rows among 500 foreign", "50 行混入 500 行外来数据"),
        "stripped": ("50 rows, invisible characters stripped", "50 行，剔除不可见字符"),
        "gbk": ("50 rows converted to GBK", "50 行转为 GBK"),
        "washed": ("50 rows washed: NFKC, spaces, punctuation", "50 行清洗：NFKC、空格、标点"),
        "retyped": ("50 rows retyped, 0.5 % typos", "50 行重新录入，错字 0.5 %"),
        "moved": (
            "invisible characters moved to other rows: names their recipient",
            "不可见字符移植到他人的行：误指其接收者",
        ),
        "unmarked": ("never marked: names somebody", "从未标记：误指他人"),
    },
}
WORDS = {
    "leak": ("what leaked", "泄露的内容"),
    "marking": ("processor time of marking, tracemark = 1", "打标记的处理器时间（tracemark = 1）"),
    "reading": ("of reading, tracemark = 1", "读取的处理器时间（tracemark = 1）"),
    "missing": ("not installed", "未安装"),
    "innocent": ("of all these readings, an innocent named", "以上全部读取中误指他人"),
    "checked": ("with 12 check bits", "加 12 位校验"),
}
NOBODY_OWNS = ("unmarked", "moved")


def write(trials: Sequence[Trial], versions: Versions) -> None:
    """Put the tables into the documents, between their markers."""
    put(ROOT / "docs" / "results-peers.md", "\n".join(results(trials, versions)))
    for language, name in enumerate(("README.md", "README.zh-CN.md")):
        put(ROOT / name, "\n".join(summary(trials, versions, language)))


def put(page: Path, text: str) -> None:
    before, _, rest = page.read_text(encoding="utf-8").partition(START)
    _, found, after = rest.partition(END)
    if not found:
        raise SystemExit(f"{page.name} has no place for the table: {START} … {END}")
    page.write_text(f"{before}{START}\n{text}\n{END}{after}", encoding="utf-8")


def tools_for(host: str) -> list[str]:
    return ["tracemark", *(name for name, tool in TOOLS.items() if tool.host == host)]


def shown(tool: str, versions: Versions) -> str:
    package, _, method = tool.partition(" ")
    return " ".join(part for part in (package, versions.get(tool) or "", method) if part)


def of(trials: Sequence[Trial], **what: str) -> list[Trial]:
    return [trial for trial in trials if what.items() <= trial.items()]


def summary(trials: Sequence[Trial], versions: Versions, language: int) -> Iterator[str]:
    """The READMEs' tables: how often the right recipient was named, or an innocent."""
    for host, channels in LEAKS.items():
        tools = tools_for(host)
        yield ""
        yield line(WORDS["leak"][language], *(shown(tool, versions) for tool in tools))
        yield line(*["---"] * (len(tools) + 1))
        for channel, words in channels.items():
            wanted = "somebody else" if channel in NOBODY_OWNS else "named"
            here = of(trials, host=host, channel=channel)
            yield line(words[language], *cells(here, tools, wanted, language))
        innocent = cells(of(trials, host=host), tools, "somebody else", language)
        yield line(WORDS["innocent"][language], *innocent)
        for what in ("marking", "reading"):
            yield line(WORDS[what][language], *(ratio(trials, host, tool, what) for tool in tools))
    yield ""


def cells(
    trials: Sequence[Trial], tools: Sequence[str], wanted: str, language: int
) -> Iterator[str]:
    """How often each tool's readings ended so; with check bits as well, where it differs."""
    for tool in tools:
        bare, checked = (share(of(trials, tool=tool + bits), wanted) for bits in ("", CHECKED))
        other = f"; {WORDS['checked'][language]} {checked}" if checked not in ("", bare) else ""
        yield (bare or WORDS["missing"][language]) + other


def results(trials: Sequence[Trial], versions: Versions) -> Iterator[str]:
    """Every tool and payload on every channel."""
    for host, channels in LEAKS.items():
        yield ""
        yield line("tool", "leak", "named", "95 % Wilson", "somebody else", "nobody", "n")
        yield line(*["---"] * 7)
        for tool in (t + bits for t in tools_for(host) for bits in ("", CHECKED)):
            known = tool.removesuffix(CHECKED)
            name = shown(known, versions) + tool.removeprefix(known)
            some = of(trials, host=host, tool=tool)
            if not some and tool == known:
                yield line(name, WORDS["missing"][0], "", "", "", "", "0")
            for channel, (words, _) in channels.items():
                if here := of(some, channel=channel):
                    yield line(name, words, *counts(here, channel), str(len(here)))
        yield ""
        yield line("tool", "marking, s", "reading, s", "dots changed in print")
        yield line(*["---"] * 4)
        for tool in (t + bits for t in tools_for(host) for bits in ("", CHECKED)):
            if some := of(trials, host=host, tool=tool):
                dots = [trial["dots"] for trial in some if "dots" in trial]
                yield line(
                    tool,
                    *(f"{middle(some, what):.3f}" for what in ("marking", "reading")),
                    str(round(statistics.median(dots))) if dots else "",
                )
    yield ""


def counts(trials: Sequence[Trial], channel: str) -> Iterator[str]:
    ended = Counter(trial["outcome"] for trial in trials)
    if channel in NOBODY_OWNS:
        yield from ("", "")
    else:
        yield str(ended["named"])
        yield "–".join(f"{100 * end:.0f}" for end in wilson(ended["named"], len(trials)))
    yield str(ended["somebody else"])
    yield str(ended["nobody"])


def share(trials: Sequence[Trial], wanted: str) -> str:
    hits = sum(trial["outcome"] == wanted for trial in trials)
    return f"{hits}/{len(trials)}" if trials else ""


def ratio(trials: Sequence[Trial], host: str, tool: str, what: str) -> str:
    some, ours = of(trials, host=host, tool=tool), of(trials, host=host, tool="tracemark")
    return f"{middle(some, what) / middle(ours, what):.2g}" if some and ours else ""


def middle(trials: Sequence[Trial], what: str) -> float:
    """The median of what the trials took, in processor seconds."""
    return float(statistics.median(trial[what] for trial in trials))


def line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"

"""Write the command line's reference from its own help: ``python -m tracemark_cli.reference``.

python -m tracemark_cli.reference docs/cli.md            write it
python -m tracemark_cli.reference --check docs/cli.md    fail if it is not what it should be
python -m tracemark_cli.reference docs/cli.zh-CN.md      in Chinese, as the name says
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import typer

from .main import app, status
from .words import Lang

_HEAD = """\
# Command line

Written by `python -m tracemark_cli.reference docs/cli.md` from the program's own help.

| exit status | meaning |
| --- | --- |
| 0 | done; `trace`: somebody is identified |
| 1 | `trace`: nobody is named |
| 2 | wrong usage: an unknown option, recipient, column or role, an output that cannot be written |
| 3 | an unreadable sample, or trouble with the vault; `ledger verify`: the ledger does not hold |
| 130, 141, 143 | interrupted; the reader of the output has left; terminated |

Results go to stdout. Errors go to stderr as `tracemark: error: …`, the next step as `hint: …`.

The language is that of `--lang zh` or `--lang en`, anywhere in the command; else that of
`TRACEMARK_LANG`; else that of the locale. JSON is the same in both.
In Chinese: [cli.zh-CN.md](cli.zh-CN.md).
"""

_HEAD_ZH = """\
# 命令行

由 `python -m tracemark_cli.reference docs/cli.zh-CN.md` 根据程序自身的帮助写出。

| 退出状态 | 含义 |
| --- | --- |
| 0 | 完成；`trace`：已确定接收者 |
| 1 | `trace`：未指名任何人 |
| 2 | 用法错误：没有这个选项、接收者、列或角色，或无法写出结果 |
| 3 | 样本无法读取，或库有问题；`ledger verify`：台账不成立 |
| 130、141、143 | 被中断；读取输出的一方已离开；被终止 |

结果写到标准输出。错误写到标准错误，形如 `tracemark: 错误：…`，下一步形如 `提示：…`。

语言由写在命令前后任意位置的 `--lang zh` 或 `--lang en` 决定，其次是环境变量 `TRACEMARK_LANG`，
再次是系统语言（如 `LANG=zh_CN.UTF-8`）。JSON 输出不随语言变化。
"""


def verbs() -> Iterator[tuple[str, ...]]:
    """The path of every group and verb, in the order of the help."""
    yield ()
    yield from _below(typer.main.get_command(app), ())


def _below(command: object, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, child in getattr(command, "commands", {}).items():
        yield (*path, name)
        yield from _below(child, (*path, name))


def help_of(path: tuple[str, ...], lang: Lang = "en") -> str:
    """What ``tracemark PATH --help`` prints at 80 columns."""
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    os.environ["COLUMNS"] = "80"
    with contextlib.redirect_stdout(printed):
        status([*path, "--help", "--lang", lang])
    printed.seek(0)
    return printed.read().rstrip() + "\n"


def reference(lang: Lang = "en") -> str:
    """The whole page."""
    parts = [_HEAD if lang == "en" else _HEAD_ZH]
    for path in verbs():
        title = " ".join(("tracemark", *path))
        parts.append(f"\n## {title}\n\n```text\n{help_of(path, lang)}```\n")
    return "".join(parts)


def main() -> None:
    """Write the page, or check it."""
    *check, target = sys.argv[1:]
    page = Path(target)
    made = reference("zh" if page.suffixes[:1] == [".zh-CN"] else "en")
    if not check:
        page.write_text(made, encoding="utf-8")
    elif page.read_text(encoding="utf-8") != made:
        sys.exit(f"{page} is not what the program's help says: run this without --check")


if __name__ == "__main__":
    main()

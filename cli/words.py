"""In which language the terminal speaks: --lang, else the locale."""

from __future__ import annotations

import os
from typing import Annotated, Literal

import typer

import tracemark

Lang = Literal["en", "zh"]

Language = Annotated[
    str,
    typer.Option(
        "--lang", metavar="LANG", show_default=False, help="zh or en; by default as the locale is."
    ),
]


def language(wanted: str = "") -> Lang:
    """The language asked for; else Chinese where the locale is Chinese, else English.

    Raises
    ------
    UsageError
        For another language.
    """
    if wanted in ("zh", "en"):
        return "zh" if wanted == "zh" else "en"
    if wanted:
        raise tracemark.UsageError(f"no messages in '{wanted}'", hint="--lang zh or --lang en")
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if locale := os.environ.get(name):
            return "zh" if locale.lower().startswith("zh") else "en"
    return "en"

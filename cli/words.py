"""In which language the terminal speaks: --lang, else TRACEMARK_LANG, else the locale."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Annotated, Literal

import typer

import tracemark

__all__ = [
    "Lang",
    "Language",
    "behind",
    "labelled",
    "language",
    "listen",
    "speaking",
    "together",
    "told",
]

Lang = Literal["en", "zh"]

Language = Annotated[
    str,
    typer.Option(
        "--lang",
        metavar="LANG",
        show_default=False,
        help="zh or en, before or behind any command; by default as TRACEMARK_LANG or the locale.",
    ),
]

_LOCALE = ("TRACEMARK_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
_spoken: ContextVar[Lang] = ContextVar("language", default="en")


@contextmanager
def speaking() -> Iterator[None]:
    """Speak the language that is heard in it, and not beyond."""
    before = _spoken.set(_of_locale())
    try:
        yield
    finally:
        _spoken.reset(before)


def listen(arguments: Sequence[str]) -> list[str]:
    """Take --lang out of the arguments, wherever it stands, and speak that language from now on.

    Raises
    ------
    UsageError
        For another language.
    """
    left, wanted = list(arguments), ""
    end = left.index("--") if "--" in left else len(left)
    for at in reversed(range(end)):
        if left[at] == "--lang" and at + 1 < end:
            wanted, left[at : at + 2] = wanted or left[at + 1], []
        elif left[at].startswith("--lang="):
            wanted, left[at : at + 1] = wanted or left[at].removeprefix("--lang="), []
    if wanted not in ("", *tracemark.words.LANGUAGES):
        raise tracemark.UsageError(f"no messages in '{wanted}'", hint="--lang zh or --lang en")
    if wanted:
        _spoken.set("zh" if wanted == "zh" else "en")
    return left


def _of_locale() -> Lang:
    named = next(filter(None, map(os.environ.get, _LOCALE)), "")
    return "zh" if named.lower().startswith("zh") else "en"


def language() -> Lang:
    """The language that is spoken."""
    return _spoken.get()


def told(text: str) -> str:
    """What the program says, in the language that is spoken."""
    if language() == "en":
        return text
    return _chinese()(text)


@cache
def _chinese() -> Callable[[str], str]:
    from importlib.resources import files

    own = files(__package__ or "tracemark_cli").joinpath("zh.toml").read_text(encoding="utf-8")
    return tracemark.words.chinese(own)


def labelled(name: str, text: str) -> str:
    """A name, a colon, and what is said, in the language that is spoken."""
    return behind(told(name), told(text))


def behind(name: str, said: str) -> str:
    """A name from outside, a colon, and what was said of it in the language that is spoken."""
    return f"{name}{'：' if language() == 'zh' else ': '}{said}"


def together(parts: Sequence[str]) -> str:
    """What was said, one after another, in the language that is spoken."""
    return ("，" if language() == "zh" else ", ").join(filter(None, parts))

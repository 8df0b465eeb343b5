"""Rows of Python values, texts nested in them included, as JSON Lines has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def texts_in(value: Any, key: Any = None) -> Iterator[tuple[Any, str]]:
    """The texts of a row, also of what is nested in it, each with its nearest key."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from texts_in(one, name)
    elif type(value) in (list, tuple):
        for one in value:
            yield from texts_in(one, key)


def with_texts_in(value: Any, texts: Iterator[str]) -> Any:
    """The same row with other texts, which come in the order of `texts_in`."""
    if isinstance(value, str):
        return next(texts)
    if isinstance(value, dict):
        return {name: with_texts_in(one, texts) for name, one in value.items()}
    if type(value) in (list, tuple):
        return type(value)(with_texts_in(one, texts) for one in value)
    return value

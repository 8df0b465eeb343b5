"""Arguments are of the types that the signature names: said before anything is done with them.

One check for all verbs of a vault. What a type does not say (a dpi above 0, a column that is
there) is checked where it is known.
"""

from __future__ import annotations

import inspect
import io
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import cache, wraps
from numbers import Integral, Real
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np

from tracemark.errors import UsageError

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C", bound=type)

Row = TypeVar("Row")

_Check = Callable[[Any], bool]

_BAR = re.compile(r"\s*\|\s*(?![^\[]*\])")  # between types, not within brackets
_CLASSES = ("Image.Image", "Case", "Limits", "Pool", "Vault")


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """The function, which raises UsageError for an argument of another type than its own.

    Numbers are finite, paths can be names of files, and a text is no iterable of characters.
    Scalars of numpy are taken for Python's. What has a type that is not known here is let by.
    """

    @cache  # when first called: most programs call few verbs
    def plan() -> tuple[inspect.Signature, dict[str, tuple[list[_Check], str]]]:
        signature = inspect.signature(function)
        annotations = {
            name: str(one.annotation)
            for name, one in signature.parameters.items()
            if one.kind is not one.VAR_POSITIONAL
        }
        checks = {name: (_checks(one), one) for name, one in annotations.items()}
        return signature, {name: one for name, one in checks.items() if one[0]}

    @wraps(function)
    def called(*given: P.args, **named: P.kwargs) -> R:
        signature, checks = plan()
        try:
            bound = signature.bind(*given, **named)
        except TypeError:  # too many or too few of them: Python says it best
            return function(*given, **named)
        for name, (one_of, annotation) in checks.items():
            if name not in bound.arguments:
                continue
            value = bound.arguments[name]
            if isinstance(value, np.generic):
                value = bound.arguments[name] = value.item()
            if not any(check(value) for check in one_of):
                if isinstance(value, str) and is_path in one_of:
                    raise UsageError(f"{name} is empty or no name", hint="name a file or folder")
                raise UsageError(f"{name} cannot be {shown(value)}", hint=f"it is {annotation}")
        return function(*bound.args, **bound.kwargs)

    return called


def all_checked(cls: C) -> C:
    """The class, its public methods and those it inherits `checked`."""
    for name in dir(cls):
        method = inspect.getattr_static(cls, name)
        if name.startswith("_"):
            continue
        if inspect.isfunction(method):
            setattr(cls, name, checked(method))
        elif isinstance(method, classmethod):
            setattr(cls, name, classmethod(checked(method.__func__)))
    return cls


def mappings(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows. Raises UsageError at one that is no mapping."""
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            raise UsageError(
                f"row {number} cannot be {shown(row)}",
                hint="each row is a mapping from column name to value",
            )
        yield row


def sequences(columns: Mapping[str, Iterable[Any]]) -> list[list[Any]]:
    """The columns' values. Raises UsageError if one is none of values, or of another length."""
    held: list[list[Any]] = []
    for name, values in columns.items():
        if not _many(values):
            raise UsageError(
                f"the column '{name}' cannot be {shown(values)}",
                hint="each column is a sequence of values",
            )
        held.append(list(values))
    if len({len(values) for values in held}) > 1:
        raise UsageError("the columns differ in length", hint="give each row a value in each")
    return held


def is_path(value: object) -> bool:
    """Whether it can be the name of a file."""
    try:
        named = os.fsencode(value) if isinstance(value, str | os.PathLike) else b""
    except UnicodeEncodeError:
        return False
    return bool(named) and b"\0" not in named


def must_not_replace(path: Path) -> None:
    """Raise UsageError for a file of a vault: its ledger or its keys would be lost."""
    if path.is_file() and (path.parent / "vault.json").exists():
        raise UsageError(f"cannot write {path}: it is part of a vault", hint="name another file")


def _checks(annotation: str) -> list[_Check]:
    """A check for each of the types; none if one of them is not known here."""
    heads = [part.partition("[")[0].strip() for part in _BAR.split(annotation)]
    if {"os.PathLike", "Path"} & {*heads} and "str" in heads:
        heads.remove("str")
    known = [_named(head) if head in _CLASSES else _KINDS.get(head) for head in heads]
    found = [one for one in known if one]
    return found if len(found) == len(heads) else []


def shown(value: object) -> str:
    """What was handed in, as a message says it: not what it holds."""
    if value is None or isinstance(value, bool | float):
        return str(value)
    return f"a {type(value).__name__}"


def _number(value: object) -> bool:
    try:
        return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # whole, and more than any float
        return False


def _many(value: object) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | bytearray)


def _file(value: object) -> bool:
    mine = hasattr(value, "read") or hasattr(value, "write")
    return mine and not isinstance(value, io.TextIOBase) and not getattr(value, "closed", False)


def _named(name: str) -> _Check:
    name = name.rpartition(".")[2]
    return lambda value: any(one.__name__ == name for one in type(value).__mro__)


_KINDS: dict[str, _Check] = {
    "None": lambda value: value is None,
    "str": lambda value: isinstance(value, str),
    "bytes": lambda value: isinstance(value, bytes),
    "bool": lambda value: isinstance(value, Integral),
    "int": lambda value: isinstance(value, Integral) and not isinstance(value, bool),
    "float": _number,
    "date": lambda value: isinstance(value, date),
    "os.PathLike": is_path,
    "Path": is_path,
    "Mapping": lambda value: isinstance(value, Mapping),
    "Sequence": lambda value: _many(value) and hasattr(value, "__len__"),
    "tuple": lambda value: isinstance(value, tuple | list),
    "Iterable": _many,
    "Callable": callable,
    "Originals": callable,
    "Readable": _file,
    "Writable": _file,
    "BinaryIO": _file,
    "KeyProvider": lambda value: hasattr(value, "keys") and not isinstance(value, Mapping),
}

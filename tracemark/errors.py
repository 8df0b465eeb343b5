"""Every error that tracemark raises, in one place.

`TracemarkError` is never raised itself; catch it to catch them all. Each error says what is wrong
and where in its first argument, and carries a `hint`: the next step for a person. No message ever
contains key material or the contents of a cell.
"""

from __future__ import annotations

import re
from typing import Any

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LONGEST = 1000


class TracemarkError(Exception):
    """Base of all errors of this library. Never raised itself.

    Parameters
    ----------
    message : str
        What is wrong, and where. It is kept as one line: what a caller handed in may hold line ends
        and be of any length.
    hint : str
        One line: what the person can do about it; empty where there is nothing to do.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(_one_line(message))
        self.hint = _one_line(hint)

    def __reduce__(self) -> tuple[Any, ...]:
        """From one process to another, whatever a subclass is made of."""
        return _again, (type(self), self.args, self.__dict__)


def _one_line(text: str) -> str:
    text = _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
    return text if len(text) < _LONGEST else f"{text[: _LONGEST // 2]}…{text[-_LONGEST // 2 :]}"


def _again(
    kind: type[TracemarkError], args: tuple[Any, ...], state: dict[str, Any]
) -> TracemarkError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class UsageError(TracemarkError):
    """A call that cannot be meant: an unknown policy, a column that is not there."""


class VaultError(TracemarkError):
    """The vault is missing, damaged, locked, or of a version this release does not know."""


class KeyFault(VaultError):
    """No key, a malformed key, or a key that is not the one the ledger commits to."""


class LedgerError(VaultError):
    """The ledger cannot be read or written, or its chain does not hold."""


class UnknownRecipient(UsageError):
    """The recipient was never registered in this vault."""


class UnreadableSample(TracemarkError):
    """A leaked sample, or a file to be marked, cannot be read as what it claims to be."""


class BadSignature(TracemarkError):
    """A signed case file was changed, was signed with another key, or has other samples."""


class HostTooSmall(TracemarkError):
    """The host offers too few slots to carry a mark that could name anyone."""

    def __init__(self, *, needed: int, found: int, what: str = "slots", hint: str = "") -> None:
        super().__init__(f"host too small: {needed} {what} needed, {found} found", hint=hint)
        self.needed = needed
        self.found = found


class AlreadyMarked(TracemarkError):
    """The host carries a mark of this vault already."""


class MissingExtra(TracemarkError):
    """An optional dependency is needed for this; the hint says how to install it."""

    def __init__(self, extra: str, what: str) -> None:
        super().__init__(
            f"{what} needs the extra '{extra}'", hint=f"pip install 'tracemark[{extra}]'"
        )
        self.extra = extra

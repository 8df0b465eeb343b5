"""Where the passphrase of a sealed key file comes from. SPEC 3.5.

In this order: the environment variable TRACEMARK_PASSPHRASE; the system's keyring, if it was
remembered there (extra ``keyring``); whoever the program asks.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tracemark.errors import KeyFault, MissingExtra

VARIABLE = "TRACEMARK_PASSPHRASE"
_SERVICE = "tracemark"

Ask = Callable[[Path], str | None]

_asked: list[Ask] = []


def ask_with(ask: Ask | None) -> None:
    """Set whom to ask for a passphrase that is neither in the environment nor in the keyring.

    Parameters
    ----------
    ask : callable or None
        Gets the path of the key file; returns None where nobody can be asked.
    """
    _asked[:] = [ask] if ask else []


def passphrase(path: Path) -> str:
    """The passphrase for a key file. Raises KeyFault if there is none."""
    if found := os.environ.get(VARIABLE):
        return found
    if remembered := _remembered(path):
        return remembered
    for ask in _asked:
        if said := ask(path):
            return said
    raise KeyFault(
        f"the key file {path} is sealed, and no passphrase is at hand",
        hint=f"set {VARIABLE}, or run tracemark at a terminal",
    )


def remember(path: Path, passphrase: str) -> None:
    """Keep a passphrase in the system's keyring, under the path of the key file.

    Raises
    ------
    KeyFault
        If the system has no keyring that can be used.
    MissingExtra
        Without the extra ``keyring``.
    """
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise MissingExtra("keyring", "the system's keyring") from None
    try:
        keyring.set_password(_SERVICE, str(path.absolute()), passphrase)
    except (KeyringError, RuntimeError, OSError):
        raise KeyFault(
            "the system's keyring cannot be used", hint=f"set {VARIABLE} instead"
        ) from None


def _remembered(path: Path) -> str | None:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return None
    try:
        found = keyring.get_password(_SERVICE, str(path.absolute()))
    except (KeyringError, RuntimeError, OSError):
        return None
    return str(found) if found else None

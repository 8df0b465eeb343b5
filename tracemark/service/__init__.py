"""A marking service: the key stays on one machine, labels and rows come and go by HTTP.

It marks and never traces. The extra `serve` holds what it needs; `tracemark serve` starts it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from tracemark.errors import MissingExtra, UsageError
from tracemark.service.tokens import Grant, Tokens

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["Grant", "Tokens", "create_app", "serve"]


def create_app(
    vault: str | os.PathLike[str], *, marking: int = 2, table_limit: int = 1 << 32
) -> FastAPI:
    """The service as an ASGI application, to be run by any server of that kind.

    Parameters
    ----------
    vault : path or str
        Folder of the vault, or the address of its ledger.
    marking : int
        How many requests are marked at the same time; others wait.
    table_limit : int
        Bytes of a table, at most.

    Raises
    ------
    MissingExtra
        If the extra `serve` is not installed.
    VaultError
        If there is no vault, or it cannot be opened.
    """
    try:
        from tracemark.service.app import application
    except ModuleNotFoundError as error:
        if error.name and error.name.partition(".")[0] in ("fastapi", "starlette", "anyio"):
            raise MissingExtra("serve", "the marking service") from None
        raise
    return application(vault, marking=marking, table_limit=table_limit)


def serve(
    vault: str | os.PathLike[str],
    host: str,
    port: int,
    *,
    marking: int = 2,
    ready: Callable[[int], None] = lambda port: None,
) -> None:
    """Run the service until it is interrupted.

    Parameters
    ----------
    vault, marking
        As for `create_app`.
    host, port : str, int
        Where it listens; port 0 is one that is free.
    ready : callable
        Called with the port before it listens, when nothing is missing any more.

    Raises
    ------
    MissingExtra, VaultError
        As `create_app`.
    UsageError
        If it cannot listen there.
    """
    app = create_app(vault, marking=marking)
    try:
        import uvicorn
    except ModuleNotFoundError:
        raise MissingExtra("serve", "the marking service") from None
    with _listening(host, port) as listening:
        ready(listening.getsockname()[1])
        # the access log would hold waybill numbers, which stand in the address of a request
        config = uvicorn.Config(app, access_log=False, log_level="warning")
        uvicorn.Server(config).run(sockets=[listening])


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        reason = reason.partition(" (while")[0]  # Python says the address once more
        raise UsageError(
            f"cannot listen on {host}, port {port}: {reason}",
            hint="end what listens there, or choose another --port or --host",
        ) from None

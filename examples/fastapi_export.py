"""A FastAPI download that is marked as it streams: for FastAPI, and Starlette alike.

    uvicorn --app-dir examples fastapi_export:demo --factory
    curl -H 'X-Account: acct:1042' http://127.0.0.1:8000/orders.csv

`mark_rows` is lazy: rows are asked for, marked, recorded and sent chunk by chunk, so that the first
bytes leave at once and memory stays the same however long the export is. The account comes from a
header here; in a real system from the session, never from what the client writes.
Needs fastapi and uvicorn, as the extra ``serve`` brings them.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Header, HTTPException
from fastapi.responses import StreamingResponse

import tracemark
from tracemark_cli.sample_orders import COLUMNS, orders

Rows = Iterable[Mapping[str, str]]

_BLOCK = 1 << 14  # characters


def who(x_account: Annotated[str, Header()]) -> str:
    """The account of the session. Replace it by your own dependency."""
    return x_account


def create_app(vault: tracemark.Vault, query: Callable[[], Rows]) -> FastAPI:
    """An application with one download.

    Parameters
    ----------
    vault : tracemark.Vault
        Open for as long as the application runs; the threads of the server share it.
    query : callable
        Gives the rows, one after the other.
    """
    app = FastAPI()

    # a plain def: the server runs it, and asks for the lines, in threads of its own
    @app.get("/orders.csv")
    def download(account: Annotated[str, Depends(who)]) -> StreamingResponse:
        """The orders as this account's own marked copy."""
        try:
            lines = as_csv(vault.mark_rows(query(), to=account))
            first = next(lines)  # only once the ledger holds it: before that, nothing is answered
        except tracemark.UnknownRecipient:
            raise HTTPException(403, "no such account") from None
        except tracemark.VaultError:
            raise HTTPException(503, "exports are not possible at the moment") from None
        return StreamingResponse(chain([first], lines), media_type="text/csv; charset=utf-8")

    return app


def as_csv(rows: Rows) -> Iterator[bytes]:
    """The header and the rows as CSV, in blocks of some 16 KB; at least one."""
    block = io.StringIO(newline="")
    writer = csv.DictWriter(block, COLUMNS)
    writer.writeheader()
    for row in rows:
        writer.writerow(row)
        if block.tell() > _BLOCK:
            yield block.getvalue().encode()
            block.seek(0)
            block.truncate()
    yield block.getvalue().encode()


def demo() -> FastAPI:
    """Invented orders, and a vault that is gone with the process."""
    vault = tracemark.Vault.create(Path(tempfile.mkdtemp()) / "vault")
    vault.add_recipient("acct:1042", name="demo account")
    return create_app(vault, lambda: orders(10_000, seed=4))

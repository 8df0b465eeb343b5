"""A CSV download that is marked as it streams, as a plain WSGI application.

    python examples/streaming_download.py 8000
    curl 'http://127.0.0.1:8000/orders.csv?account=acct:1042'

`mark_rows` is lazy: a row is asked for, marked and sent before the next ones are read, so that the
first bytes leave at once and memory stays the same however long the export is. Who downloads must
come from the session in a real system, never from the address as here.
"""

from __future__ import annotations

import contextlib
import csv
import io
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from wsgiref.simple_server import make_server

import tracemark
from tracemark_cli.sample_orders import COLUMNS, orders

Rows = Iterable[Mapping[str, str]]
Start = Callable[[str, list[tuple[str, str]]], Any]


class Download:
    """Serves ``/orders.csv?account=ID``, each account its own marked copy.

    Parameters
    ----------
    vault : tracemark.Vault
    query : callable
        Gives the rows, one after the other.
    """

    def __init__(self, vault: tracemark.Vault, query: Callable[[], Rows]) -> None:
        self._vault = vault
        self._query = query

    def __call__(self, environ: Mapping[str, Any], start: Start) -> Iterable[bytes]:
        """Answer one request. See PEP 3333."""
        account = parse_qs(environ.get("QUERY_STRING", "")).get("account", [""])[0]
        try:
            marked = self._vault.mark_rows(self._query(), to=account)
        except tracemark.UnknownRecipient:
            start("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
            return [b"no such account\n"]
        start("200 OK", [("Content-Type", "text/csv; charset=utf-8")])
        return as_csv(marked)


def as_csv(rows: Rows) -> Iterator[bytes]:
    """The header and the rows as lines of CSV, one at a time."""
    line = io.StringIO(newline="")
    writer = csv.DictWriter(line, COLUMNS)
    writer.writeheader()
    for row in rows:
        writer.writerow(row)
        yield line.getvalue().encode()
        line.seek(0)
        line.truncate()


def main() -> None:
    """Serve invented orders until interrupted."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    with (
        tempfile.TemporaryDirectory() as folder,
        tracemark.Vault.create(Path(folder) / "vault") as vault,
    ):
        vault.add_recipient("acct:1042", name="demo account")
        application = Download(vault, lambda: orders(10_000, seed=4))
        with make_server("127.0.0.1", port, application) as server:
            print(f"http://127.0.0.1:{server.server_port}/orders.csv?account=acct:1042", flush=True)
            server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()

"""``tracemark serve`` and ``tracemark token``: a marking service that keeps the key to itself."""

from __future__ import annotations

from typing import Annotated

import typer

import tracemark
from tracemark import service

from .options import VAULT, AsJson, VaultPath
from .terminal import note, say, say_json, say_table

app = typer.Typer(help="Issue, list and revoke what clients of the service show.")


def serve(
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option("--port", metavar="N", min=0, max=65535, help="Port to listen on; 0: any."),
    ] = 8765,
    marking: Annotated[
        int, typer.Option("--marking", metavar="N", min=1, help="Requests marked at a time.")
    ] = 2,
    vault: VaultPath = VAULT,
) -> None:
    """Mark tables, texts and labels for clients that hold no key. It never traces.

    It speaks plain HTTP: let a proxy in front of it speak TLS to other machines.

    Example:  tracemark serve --port 8765

    Example:  curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: text/csv"
    --data-binary @orders.csv http://127.0.0.1:8765/v1/tables -o copy.csv
    """

    def ready(port: int) -> None:
        address = f"[{host}]" if ":" in host else host
        note(f"listening on http://{address}:{port}, described at /docs; Ctrl-C ends it")

    service.serve(vault, host, port, marking=marking, ready=ready)


@app.command()
def issue(
    to: Annotated[
        str | None, typer.Option("--to", metavar="ID", help="The one recipient it is bound to.")
    ] = None,
    among: Annotated[
        str | None,
        typer.Option("--among", metavar="PREFIX", help="Or all whose ids begin so."),
    ] = None,
    vault: VaultPath = VAULT,
    as_json: AsJson = False,
) -> None:
    """Make a token and print it; it is not kept and cannot be shown again.

    Example:  tracemark token issue --to station:YW-012
    """
    if (to is None) == (among is None):
        raise typer.BadParameter("one of the two is needed", param_hint="--to or --among")
    with tracemark.Vault.open(vault) as opened:
        bound = to or among or ""
        first = next(opened.recipients(bound), None)  # an id comes before all longer ones
        if first is None or (to and first.id != to):
            raise tracemark.UsageError(
                f"nobody registered is called {bound}", hint="tracemark recipient list"
            )
    token = service.Tokens(vault).issue(bound, prefix=to is None)
    if as_json:
        say_json({"token": token, "recipient": bound, "prefix": to is None})
    else:
        say(token)


@app.command("list")
def list_(vault: VaultPath = VAULT, as_json: AsJson = False) -> None:
    """List the tokens ever issued, without the tokens themselves.

    Example:  tracemark token list
    """
    tracemark.Vault.open(vault).close()
    grants = service.Tokens(vault).list()
    if as_json:
        say_json(
            [
                {
                    "id": grant.id,
                    "recipient": grant.recipient,
                    "prefix": grant.prefix,
                    "issued": grant.issued,
                    "revoked": grant.revoked or None,
                }
                for grant in grants
            ]
        )
    else:
        say_table(
            ("id", "issued", "revoked", "recipient"),
            [
                (g.id, g.issued, g.revoked or "-", g.recipient + ("*" if g.prefix else ""))
                for g in grants
            ],
        )


@app.command()
def revoke(
    id: Annotated[str, typer.Argument(metavar="ID", help="As the list shows it.")],
    vault: VaultPath = VAULT,
) -> None:
    """Let a token hold no longer, from the next request on.

    Example:  tracemark token revoke 1f2e3d4c
    """
    service.Tokens(vault).revoke(id)
    say(f"token {id} is revoked")

"""Options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

VaultPath = Annotated[
    str,
    typer.Option(
        "--vault",
        envvar="TRACEMARK_VAULT",
        show_envvar=False,
        metavar="DIR",
        help="Folder of keys and ledger, or postgresql://…; also TRACEMARK_VAULT.",
    ),
]
VAULT = "tracemark-vault"

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

To = Annotated[
    str, typer.Option("--to", metavar="ID", help="Recipient that the copy is released to.")
]
Policy = Annotated[
    str,
    typer.Option(
        "--policy",
        metavar="NAME",
        help="full; quiet: nothing a reader could see; plain: no invisible characters.",
    ),
]
Output = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="OUT", help="File to write, or - for stdout."),
]

"""``tracemark key``: the epochs of the vault's key."""

from __future__ import annotations

import typer

import tracemark

from .options import VAULT, AsJson, VaultPath
from .terminal import say, say_json, say_table

app = typer.Typer(help="List and rotate keys. No key is ever printed.")


@app.command("list")
def list_(vault: VaultPath = VAULT, as_json: AsJson = False) -> None:
    """List the epochs and the commitment to each key, oldest first.

    The commitment stands in the ledger too: it proves that a key was not chosen afterwards.

    Example:  tracemark key list
    """
    with tracemark.Vault.open(vault) as opened:
        epochs = opened.epochs
    if as_json:
        say_json(epochs)
    else:
        say_table(("epoch", "commitment"), [(e["epoch"], e["commitment"]) for e in epochs])


@app.command()
def public(vault: VaultPath = VAULT, as_json: AsJson = False) -> None:
    """Print the public key with which this vault's signed case files are checked. Publish it.

    Example:  tracemark key public
    """
    with tracemark.Vault.open(vault) as opened:
        key = opened.public_key
    if as_json:
        say_json({"public_key": key})
    else:
        say(key)


@app.command()
def rotate(vault: VaultPath = VAULT, as_json: AsJson = False) -> None:
    """Start a new epoch: new copies use its key, older copies are still traced.

    Example:  tracemark key rotate
    """
    with tracemark.Vault.open(vault) as opened:
        opened.rotate_key()
        newest = opened.epochs[-1]
    if as_json:
        say_json(newest)
    else:
        say(f"epoch {newest['epoch']} begins; back the key up now")

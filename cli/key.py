"""``tracemark key``: the epochs of the vault's key."""

from __future__ import annotations

import os
from getpass import getpass
from pathlib import Path
from typing import Annotated

import typer

import tracemark

from .options import VAULT, AsJson, VaultPath
from .terminal import at_terminal, say, say_json, say_table
from .words import told

app = typer.Typer(help="List, rotate and seal keys. No key is ever printed.")


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
        for one in epochs:
            if one["revoked"]:
                say(f"epoch {one['epoch']} is revoked since {one['revoked']}")


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


@app.command()
def revoke(
    epoch: Annotated[int, typer.Argument(metavar="EPOCH", help="An older epoch.")],
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DAY", help="From when others may have had its key."),
    ] = None,
    vault: VaultPath = VAULT,
) -> None:
    """Record that the key of an older epoch got out; today, or since the DAY given (2026-05-01).

    Its marks are still traced, but accusations that rest on them say from now on that they may be
    forged. Rotate the key first: new copies must not be marked with one that got out.

    Example:  tracemark key revoke 1 --since 2026-05-01
    """
    with tracemark.Vault.open(vault) as opened:
        opened.revoke_epoch(epoch, since)
    say(f"epoch {epoch} is revoked; accusations that rest on it say so from now on")


@app.command()
def issuer(
    to: Annotated[
        str, typer.Option("--to", metavar="PREFIX", help="Recipients whose id begins so.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Key file.")],
    vault: VaultPath = VAULT,
) -> None:
    """Write a key that marks for some recipients, and can neither trace nor sign.

    Where copies are made, point TRACEMARK_KEY_FILE at it, and keep the whole key elsewhere.

    Example:  tracemark key issuer --to station:YW- -o issuer.key
    """
    with tracemark.Vault.open(vault) as opened:
        count = opened.write_issuing_key(output, to)
    say(f"a key that marks for {count:,} recipients")


@app.command()
def seal(
    remember: Annotated[
        bool, typer.Option("--remember", help="Keep the passphrase in the system's keyring.")
    ] = False,
    vault: VaultPath = VAULT,
) -> None:
    """Seal the key file with a passphrase, or with another one than before (extra seal).

    The new passphrase comes from TRACEMARK_NEW_PASSPHRASE, or is asked for at a terminal. From
    then on TRACEMARK_PASSPHRASE, the keyring or a person must supply it. Without it nothing can be
    traced any more: write it down, away from the backup of the key.

    Example:  tracemark key seal
    """
    with tracemark.Vault.open(vault) as opened:
        opened.seal_keys(_new_passphrase(), remember=remember)
    say("the key file is sealed; back it up, and the passphrase apart from it")


@app.command()
def unseal(vault: VaultPath = VAULT) -> None:
    """Take the seal off the key file.

    Example:  tracemark key unseal
    """
    with tracemark.Vault.open(vault) as opened:
        opened.unseal_keys()
    say("the key file is open to whoever can read it")


def _new_passphrase() -> str:
    if given := os.environ.get("TRACEMARK_NEW_PASSPHRASE"):
        return given
    if not at_terminal():
        raise tracemark.UsageError(
            "no new passphrase", hint="set TRACEMARK_NEW_PASSPHRASE, or run it at a terminal"
        )
    said = getpass(told("new passphrase:") + " ")
    if getpass(told("the same again:") + " ") != said:
        raise tracemark.UsageError("the two passphrases differ", hint="run it again")
    return said

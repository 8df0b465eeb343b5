"""``tracemark tile``: what a web back office covers its pages with, so that screenshots tell."""

from __future__ import annotations

from typing import Annotated

import typer

import tracemark

from .options import VAULT, AsJson, Output, To, VaultPath
from .pipes import PIPE, must_suit, writing
from .terminal import note, say, say_json, say_wrapped

CSS = (
    "body::after { content: ''; position: fixed; inset: 0; z-index: 2147483647;"
    " pointer-events: none; background: url({name}) 0 0 / 1024px 1024px repeat; }"
)


def tile(
    to: To,
    output: Output,
    profile: Annotated[
        str,
        typer.Option(
            "--profile",
            metavar="NAME",
            help="discreet, default or robust: at most 3, 4 or 6 of 255 levels.",
        ),
    ] = "default",
    vault: VaultPath = VAULT,
    as_json: AsJson = False,
) -> None:
    """Make the nearly invisible PNG that marks the screens of whoever is signed in.

    Lay it over every page by the style sheet that is printed. Screenshots and photos of the
    screen are then traced like labels: tracemark trace screenshot.png

    Example:  tracemark tile --to acct:1042 -o tile.png
    """
    must_suit(output, ".png")
    with tracemark.Vault.open(vault) as opened, writing(output) as sink:
        opened.screen_tile(to, profile=profile).save(sink, "PNG", optimize=True)
    if output == PIPE:
        note(f"released to {to}: one tile")
        return
    css = CSS.replace("{name}", output.name)
    if as_json:
        say_json({"recipient": to, "output": str(output), "css": css})
        return
    say(f"{output}: released to {to}")
    say_wrapped("style sheet of the pages:")
    say(css, theirs=True)

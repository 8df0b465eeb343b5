"""The program ``tracemark``: its verbs, put together."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import tracemark

from . import custody, decoys, key, ledger, mark, recipient, serve
from .chinese import in_chinese
from .clean import clean
from .demo import demo
from .doctor import doctor
from .init import init
from .preview import preview
from .report import report, verify_case
from .terminal import TERMINATED, USAGE, ask_passphrase, guarded, hold_streams, last_resort, say
from .tile import tile
from .trace import trace
from .words import Language, language, listen, speaking

VERBS = (
    *("init", "recipient", "mark", "tile", "preview", "custody", "decoys"),
    *("trace", "report", "verify-case"),
    *("clean", "ledger", "key", "serve", "token", "doctor", "demo"),
)


class _InOrder(TyperGroup):
    """Lists the verbs in the order in which a person needs them."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(VERBS)


app = typer.Typer(
    name="tracemark",
    cls=_InOrder,
    invoke_without_command=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)


def _version(wanted: bool) -> None:
    if wanted:
        say(f"tracemark {tracemark.__version__}")
        raise typer.Exit


@app.callback()
def _tracemark(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")
    ] = False,
    lang: Language = "",  # taken out by `listen` before
) -> None:
    """Trace leaked order exports and waybill labels back to whom they were released.

    Exit status: 0 done or identified; 1 nobody is named; 2 wrong usage; 3 unreadable sample or
    trouble with the vault.
    """
    if context.invoked_subcommand is None:
        for line in context.get_help().splitlines():
            say(line)
        raise typer.Exit(USAGE)


app.command()(init)
app.add_typer(recipient.app, name="recipient")
app.add_typer(mark.app, name="mark")
app.add_typer(custody.app, name="custody")
app.add_typer(decoys.app, name="decoys")
app.command()(tile)
app.command()(preview)
app.command()(trace)
app.command()(report)
app.command("verify-case")(verify_case)
app.command()(clean)
app.add_typer(ledger.app, name="ledger")
app.add_typer(key.app, name="key")
app.command()(serve.serve)
app.add_typer(serve.app, name="token")
app.command()(doctor)
app.command()(demo)


def _told_whole(command: Any) -> None:
    """In lists of commands each shows the first sentence of its help, which is otherwise cut."""
    first = " ".join((command.help or "").split("\n\n")[0].split())
    command.short_help = first.partition(". ")[0].removesuffix(".")
    for child in getattr(command, "commands", {}).values():
        _told_whole(child)


def status(arguments: Sequence[str]) -> int:
    """Run the program and return its exit status; nothing is raised."""

    def run() -> int | None:
        words = listen(arguments)
        command = typer.main.get_command(app)
        if language() == "zh":
            in_chinese(command)
        else:
            _told_whole(command)
        ended: int | None = command.main(words, prog_name="tracemark", standalone_mode=False)
        return ended

    with speaking():
        return guarded(run)


def run() -> None:
    """Run the program as a process."""
    hold_streams()
    sys.excepthook = last_resort
    tracemark.ask_with(ask_passphrase)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    sys.exit(status(sys.argv[1:]))

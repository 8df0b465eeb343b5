"""``tracemark init``: make a vault."""

from __future__ import annotations

import tracemark

from .options import VAULT, AsJson, VaultPath
from .terminal import say, say_facts, say_json


def init(vault: VaultPath = VAULT, as_json: AsJson = False) -> None:
    """Make a vault: a folder with a fresh key and an empty ledger.

    Example:  tracemark init --vault /srv/tracemark

    --vault postgresql://user@host/database keeps the ledger there (extra postgres) and the key in
    the folder TRACEMARK_KEYS.

    Keys come from TRACEMARK_KEY where that is set, and no key file is written then. Back the
    folder up, and keep it from everyone who receives marked copies: without the key nothing can
    be traced, and with it marks can be found and forged.
    """
    with tracemark.Vault.create(vault) as made:
        key = made.epochs[-1]
        if as_json:
            say_json({"vault": made.place, "profile": made.profile.name, **key})
            return
        say(f"made a vault in {made.place}")
        say_facts([("profile", made.profile.name), ("commitment", key["commitment"])])
        say("next: tracemark recipient add ID")

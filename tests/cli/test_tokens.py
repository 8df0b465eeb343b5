"""Tokens of the marking service, on the command line."""

from __future__ import annotations

from pathlib import Path

import tracemark
from tests.cli.conftest import Run
from tracemark import service


def test_a_token_is_for_one_or_for_all_that_begin_so(run: Run, vault: Path) -> None:
    one = run("token", "issue", "--to", "acct:1000").out.strip()
    some = run("token", "issue", "--among", "station:", "--json").json
    assert some["prefix"] and some["recipient"] == "station:"
    first, second = run("token", "list", "--json").json
    assert (first["recipient"], first["prefix"], first["revoked"]) == ("acct:1000", False, None)
    assert (second["recipient"], second["prefix"]) == ("station:", True)
    tokens = service.Tokens(vault)
    bound, open_ = tokens.grant(one), tokens.grant(some["token"])
    assert bound and bound.allows("acct:1000") and not bound.allows("acct:10001")
    assert open_ and open_.allows("station:YW-012") and not open_.allows("acct:1000")
    assert one not in run("token", "list").out


def test_a_token_is_for_somebody_registered(run: Run, vault: Path) -> None:
    """Under just this name: not where longer ids begin so, before it or after it."""
    run("token", "issue", "--to", "acct:100").failed(2, "acct:100")
    run("token", "issue", "--to", "zz").failed(2, "zz")
    run("token", "issue", "--among", "nobody:").failed(2, "nobody:")
    assert run("token", "list", "--json").json == []
    with tracemark.Vault.open(vault) as opened:
        opened.add_recipients(["acct:100", "acct:100:2"])
    assert run("token", "issue", "--to", "acct:100").status == 0


def test_a_revoked_token_holds_no_longer(run: Run, vault: Path) -> None:
    token = run("token", "issue", "--to", "acct:1000").out.strip()
    (held,) = run("token", "list", "--json").json
    assert run("token", "revoke", held["id"]).status == 0
    assert run("token", "list", "--json").json[0]["revoked"]
    assert service.Tokens(vault).grant(token) is None
    run("token", "revoke", "00000000").failed(2, "00000000")

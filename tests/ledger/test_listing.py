"""Candidates listed once: always those of the case, asked for again only where need be."""

from __future__ import annotations

from itertools import chain, islice

import pytest

from tracemark.ledger import Ledger, listing, recipients
from tracemark.model import Recipient


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 3)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """From which id on the ledger is asked, each time."""
    seen: list[str] = []
    real = recipients.ids

    def ids(store, prefix, chunk, before, after=""):
        seen.append(after)
        return real(store, prefix, chunk, before, after)

    monkeypatch.setattr(recipients, "ids", ids)
    return seen


NAMES = [f"acct:{n:02}" for n in range(1, 21)]


@pytest.fixture
def full(ledger: Ledger, small_pages: None) -> Ledger:
    ledger.add_recipients(map(Recipient, NAMES))
    return ledger


def ids(lists):
    return list(chain.from_iterable(lists))


@pytest.mark.parametrize("pages", [0, 1, 3, 100])
def test_what_was_listed_already_is_not_asked_for_again(full, asked, pages):
    """However far the first listing came, the second gives each id once, in order."""
    those = full.listing("acct:")
    seen = ids(islice(those.now(), pages))
    look = full.record_case(["00"], 1e-6)
    expected = ids(recipients.ids(full._store, "acct:", 100, look.number))
    asked.clear()
    assert ids(those.before(look.number)) == expected
    assert asked == [seen[-1] if seen else ""]
    assert ids(those.before(look.number)) == expected, "a later pass"


@pytest.mark.parametrize("when", ["while listing", "before the case", "after the case"])
def test_whoever_is_registered_meanwhile_counts_if_it_was_before_the_case(full, when):
    those = full.listing("acct:")
    first = those.now()
    next(first)
    if when == "while listing":
        full.add_recipients([Recipient("acct:005"), Recipient("acct:15x")])
    ids(first)
    if when == "before the case":
        full.add_recipients([Recipient("acct:005"), Recipient("acct:15x")])
    look = full.record_case(["00"], 1e-6)
    if when == "after the case":
        full.add_recipients([Recipient("acct:005"), Recipient("acct:15x")])
    found = ids(those.before(look.number))
    assert found == ids(recipients.ids(full._store, "acct:", 100, look.number))
    assert ("acct:005" in found) == ("acct:15x" in found) == (when != "after the case")


def test_renaming_somebody_lists_nobody_twice(full):
    full.add_recipients([Recipient("acct:07", "renamed")])
    those = full.listing("acct:")
    ids(those.now())
    look = full.record_case(["00"], 1e-6)
    found = ids(those.before(look.number))
    assert len(found) == len(set(found))


def test_what_is_kept_is_bounded(full, asked, monkeypatch):
    monkeypatch.setattr(listing, "_KEPT", 46)
    those = full.listing("acct:")
    everybody = ids(those.now())
    look = full.record_case(["00"], 1e-6)
    asked.clear()
    assert ids(those.before(look.number)) == everybody
    assert asked == [everybody[5]], "two pages of three ids, 23 characters each, were kept"

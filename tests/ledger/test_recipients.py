"""The register: idempotent, versioned, ordered by id, streamed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracemark.errors import UnknownRecipient, UsageError
from tracemark.keys import EpochKey
from tracemark.ledger import Ledger, recipients
from tracemark.model import Recipient

KEY = EpochKey(1, bytes(range(32)))


def ids(ledger, prefix=None, *, chunk=8192, before=None):
    return recipients.ids(ledger._store, prefix, chunk, before)


def test_the_same_again_changes_nothing(ledger: Ledger) -> None:
    head = ledger.head
    assert ledger.add_recipients([Recipient("acct:1")]) == 0
    assert ledger.head == head


def test_a_change_adds_a_version_and_the_latest_counts(ledger: Ledger) -> None:
    for name in ("北苑站", "南苑站", "北苑站"):
        assert ledger.add_recipients([Recipient("acct:1", name, "station", "acct:2")]) == 1
    assert ledger.recipient("acct:1") == Recipient("acct:1", "北苑站", "station", "acct:2")
    assert ledger.count() == 2
    assert ledger.at_most() == ledger.verify().recipients == 5
    assert ledger.at_most("acct:1") == 4
    assert ledger.at_most("acct:3") == 0


def test_within_one_import_the_last_of_an_id_counts(ledger: Ledger) -> None:
    assert ledger.add_recipients([Recipient("a", "one"), Recipient("a", "two")]) == 1
    assert ledger.recipient("a").name == "two"


def test_unknown_recipient(ledger: Ledger) -> None:
    with pytest.raises(UnknownRecipient, match="no recipient 'acct:9'"):
        ledger.recipient("acct:9")


@pytest.mark.parametrize(
    "id", ["", " a", "a ", "a\tb", "a\nb", "a\x00b", "a\u200bb", "x" * 201, "a\u3000", "\ud800"]
)
def test_unfit_ids_are_refused(ledger: Ledger, id: str) -> None:
    with pytest.raises(UsageError, match="not a recipient id"):
        ledger.add_recipients([Recipient(id)])
    with pytest.raises(UsageError, match="not a parent"):
        ledger.add_recipients([Recipient("a", parent=id)])
    assert ledger.count() == 2


def test_unknown_kind_is_refused_and_nothing_of_the_batch_is_kept(ledger: Ledger) -> None:
    with pytest.raises(UsageError, match="unknown kind of recipient 'robot'"):
        ledger.add_recipients([Recipient("fine"), Recipient("b", kind="robot")])
    assert ledger.count() == 2


def test_ids_come_in_order_in_chunks_by_prefix(ledger: Ledger) -> None:
    names = [f"站:{n:03}" for n in range(100)]
    ledger.add_recipients(Recipient(name) for name in reversed(names))
    chunks = list(ids(ledger, "站:", chunk=30))
    assert [len(chunk) for chunk in chunks] == [30, 30, 30, 10]
    assert sum(chunks, []) == names  # noqa: RUF017
    assert ledger.count("站:") == 100
    assert ledger.count() == 102
    assert list(ids(ledger, "站:00")) == [names[:10]]
    assert list(ids(ledger, "none")) == []
    assert [r.id for r in ledger.recipients("站:09")] == names[90:]


def test_a_prefix_is_no_pattern(ledger: Ledger) -> None:
    ledger.add_recipients(Recipient(name) for name in ("a%b", "a_b", "axb", "A_b"))
    assert list(ids(ledger, "a_")) == [["a_b"]]
    assert list(ids(ledger, "a%")) == [["a%b"]]


def test_candidates_of_a_case_are_those_registered_before_it(ledger: Ledger) -> None:
    look = ledger.record_case(["00"], 1e-6)
    ledger.add_recipients([Recipient("acct:3"), Recipient("acct:1", "renamed")])
    assert list(ids(ledger, before=look.number)) == [["acct:1", "acct:2"]]
    assert ledger.count(before=look.number) == look.candidates == 2
    assert ledger.count() == 3


def test_whoever_was_renamed_often_or_came_later_ends_no_list(ledger: Ledger) -> None:
    """More versions of one id than a list holds, and a list's worth of ids after the case."""
    for number in range(5):
        ledger.add_recipients([Recipient("acct:1", f"name {number}")])
    look = ledger.record_case(["00"], 1e-6)
    ledger.add_recipients(Recipient(f"acct:1{number}") for number in range(7))
    assert list(ids(ledger, chunk=2, before=look.number)) == [["acct:1"], ["acct:2"]]
    everyone = [name for some in ids(ledger, chunk=2) for name in some]
    assert everyone == ["acct:1", *(f"acct:1{number}" for number in range(7)), "acct:2"]


def test_listing_more_than_a_page(ledger: Ledger) -> None:
    ledger.add_recipients(Recipient(f"n{number:05}", f"name {number}") for number in range(9000))
    listed = list(ledger.recipients("n"))
    assert len(listed) == 9000
    assert listed[8999] == Recipient("n08999", "name 8999")


_ID = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6).filter(
    lambda text: text.isprintable() and text == text.strip()
)


@settings(max_examples=15, deadline=None)
@given(names=st.lists(_ID, unique=True, max_size=20), prefix=_ID | st.just(""))
def test_prefix_search_is_startswith(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], prefix: str
) -> None:
    path = tmp_path_factory.mktemp("prefix") / "ledger.sqlite"
    with Ledger.create(path, vault_id="v", profile="draft-1", keys=[KEY]) as ledger:
        ledger.add_recipients(map(Recipient, names))
        expected = sorted(name for name in names if name.startswith(prefix))
        assert [name for chunk in ids(ledger, prefix, chunk=3) for name in chunk] == expected
        assert ledger.count(prefix) == len(expected)


def test_bulk_import(ledger: Ledger) -> None:
    """More than one write's worth, imported twice: versions, count and digests agree."""
    those = [Recipient(f"acct:{number:07}") for number in range(60_000)]
    assert ledger.add_recipients(those) == len(those)
    assert ledger.add_recipients(those) == 0
    assert ledger.count() == len(those) + 2
    assert sum(map(len, ids(ledger))) == len(those) + 2
    assert ledger.verify().holds

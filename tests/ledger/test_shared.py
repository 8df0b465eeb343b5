"""An issue that many processes write: once for each part, whatever runs twice or dies."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

from tracemark.errors import UsageError
from tracemark.ledger import Issue, Ledger

Prints = dict[str, np.ndarray]


def prints(seed: int) -> Prints:
    values = np.random.default_rng(seed).integers(1, 1 << 63, 20, dtype=np.uint64)
    return {"waybill": values, "anchor": values + np.uint64(1)}


def opened(ledger: Ledger, issue: Callable[..., Issue]) -> int:
    return issue().number


def test_a_part_that_runs_twice_is_recorded_once(ledger, issue) -> None:
    job = opened(ledger, issue)
    for _ in range(2):
        for name in ("0", "1", "11"):
            part = ledger.shared(job).part(name)
            for batch in range(3):
                part.batch(10, prints(100 * int(name) + batch))
    assert ledger.shared(job).close() == 90
    batches = list(ledger.entries("batch"))
    assert [one.body["part"] for one in batches] == [
        f"{name}/{batch}" for name in (0, 1, 11) for batch in range(3)
    ]
    found = ledger.verify()
    assert (found.faults, found.open_issues, found.fingerprints) == ((), (), 9 * 40)


def test_equal_batches_of_two_parts_are_two(ledger, issue) -> None:
    """Rows that say nothing look alike: they still count."""
    job = opened(ledger, issue)
    for name in ("0", "1"):
        part = ledger.shared(job).part(name)
        part.batch(10, {})
        part.batch(10, {})
    assert ledger.shared(job).close() == 40


def test_another_content_under_the_same_part_is_recorded(ledger, issue) -> None:
    """A source that is not the same twice: all that may have got out is known."""
    job = opened(ledger, issue)
    for seed in (1, 2):
        ledger.shared(job).part("0").batch(10, prints(seed))
    for seed in (1, 2):
        assert ledger.issued("waybill", 1, prints(seed)["waybill"]).all()
    assert ledger.shared(job).close() == 20
    assert ledger.verify().holds


def test_a_closed_issue_takes_nothing_new(ledger, issue) -> None:
    job = opened(ledger, issue)
    ledger.shared(job).part("0").batch(10, prints(1))
    assert ledger.shared(job).close() == 10
    ledger.shared(job).part("0").batch(10, prints(1))  # an old task that comes late
    with pytest.raises(UsageError, match="is closed"):
        ledger.shared(job).part("0").batch(10, prints(2))
    with pytest.raises(UsageError, match="is closed"):
        ledger.shared(job).close()
    assert ledger.verify().holds


def test_only_an_issue_is_shared_and_only_with_plain_names(ledger, issue) -> None:
    with pytest.raises(UsageError, match="entry 1 is no issue"):
        ledger.shared(1)
    for name in ("", "a/b", "1%", "1_", "x" * 41):
        with pytest.raises(UsageError, match="part cannot be named"):
            ledger.shared(opened(ledger, issue)).part(name)


def test_two_at_once_on_the_same_part_record_it_once(ledger, issue, path) -> None:
    """A speculative task runs beside the first; both want to be the one."""
    job = opened(ledger, issue)
    start = threading.Barrier(2)

    def run() -> None:
        with Ledger.open(path, ledger._keys) as own:
            part = own.shared(job).part("7")
            start.wait()
            for batch in range(10):
                part.batch(5, prints(batch))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.shared(job).close() == 50
    assert ledger.verify().faults == ()

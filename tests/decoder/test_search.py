from __future__ import annotations

import numpy as np
import pytest

from tracemark.codeword import Codebook
from tracemark.decoder.hypotheses import hypotheses
from tracemark.decoder.search import Panel
from tracemark.decoder.team import Team
from tracemark.keys import EpochKey
from tracemark.model import Votes
from tracemark.profiles import CURRENT

BOOKS = [Codebook(EpochKey(epoch, bytes([epoch]) * 32), CURRENT) for epoch in (1, 2)]
IDS = [f"courier:{n}" for n in range(5_000)]


def weighed(book, seed, slots=700):
    rng = np.random.default_rng(seed)
    votes = Votes.empty(CURRENT.length)
    votes.add(rng.integers(0, CURRENT.length, slots), rng.choice([-1.0, 1.0], slots))
    return hypotheses(votes, book.biases, need=40.0)


def scan(candidates, panels, *, number=0):
    with Team() as team:
        yield from team.scan(candidates, panels, number=number)


def scores(blocks):
    found = {}
    for ids, log_e in blocks:
        assert len(ids) == len(log_e)
        found.update(zip(ids, log_e, strict=True))
    return found


def test_scores_are_those_of_each_candidates_own_codeword():
    """Every tenth of 5,000, in two epochs and three groups, against a plain product."""
    panels = [Panel(book, [weighed(book, 1), None, weighed(book, 2, 9)]) for book in BOOKS]
    found = scores(scan([IDS], panels))
    assert list(found) == IDS
    for name in IDS[::10]:
        for epoch, panel in enumerate(panels):
            word = panel.codebook.codeword(name).astype(np.float32)[None]
            for group, h in enumerate(panel.groups):
                expected = 0.0 if h is None else h.log_e(word @ h.steps)[0]
                assert found[name][group, epoch] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("size", [1, 3, 255, 256, 257, 4_097])
def test_how_the_ids_are_cut_into_lists_changes_nothing(size):
    panel = Panel(BOOKS[0], [weighed(BOOKS[0], 3)])
    whole = scores(scan([IDS[:4_200]], [panel]))
    cut = scores(scan((IDS[i : min(i + size, 4_200)] for i in range(0, 4_200, size)), [panel]))
    assert list(cut) == list(whole)
    assert all(np.array_equal(cut[name], whole[name]) for name in whole)


def test_many_groups_at_once_give_the_same_scores_as_one_at_a_time():
    """More columns than one multiplication takes."""
    groups = [weighed(BOOKS[0], seed, 300) for seed in range(7)]
    together = scores(scan([IDS[:300]], [Panel(BOOKS[0], groups)]))
    for number, group in enumerate(groups):
        alone = scores(scan([IDS[:300]], [Panel(BOOKS[0], [group])]))
        assert all(together[n][number, 0] == alone[n][0, 0] for n in alone)


def test_candidates_are_streamed():
    """A list is asked for only when the one before has been scored."""
    asked = []

    def lists():
        for number in range(3):
            asked.append(number)
            yield [f"account:{number}"]

    blocks = scan(lists(), [Panel(BOOKS[0], [weighed(BOOKS[0], 4)])])
    next(blocks)
    assert asked == [0]

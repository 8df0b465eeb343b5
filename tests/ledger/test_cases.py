"""Cases: looking again costs, asking the same does not, and all looks together keep the bound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracemark.errors import UsageError
from tracemark.ledger import Ledger, Look
from tracemark.ledger.cases import Question, looks_before

A, B, C, D = ("a" * 64, "b" * 64, "c" * 64, "d" * 64)


def test_first_look_spends_half(ledger: Ledger) -> None:
    look = ledger.record_case([A, B], 1e-6)
    assert (look.k, look.again, look.candidates) == (1, False, 2)
    assert look.spends == 5e-7
    body = next(ledger.entries("case")).body
    assert body["samples"] == [A, B]
    assert body["alpha"] == "1e-06"


def test_the_same_question_is_the_same_look(ledger: Ledger) -> None:
    first = ledger.record_case([A, B], 1e-6, "acct:")
    again = ledger.record_case([B, A, B], 1e-6, "acct:")
    assert again == Look(first.number, first.k, first.candidates, 1e-6, again=True)
    assert len(list(ledger.entries("case"))) == 1


@pytest.mark.parametrize(
    "change",
    [{"alpha": 1e-3}, {"among": "acct:1"}, {"method": "2"}, {"samples": [A]}, {"samples": [A, C]}],
)
def test_any_other_question_about_a_sample_is_another_look(
    ledger: Ledger, change: dict[str, object]
) -> None:
    asked: dict[str, object] = {"samples": [A, B], "alpha": 1e-6, "among": None, "method": "1"}
    ledger.record_case(**asked)
    look = ledger.record_case(**{**asked, **change})
    assert look.k == 2
    assert not look.again
    assert look.spends == pytest.approx(look.alpha / 6)


def test_other_samples_are_another_case(ledger: Ledger) -> None:
    assert ledger.record_case([A], 1e-6).k == 1
    assert ledger.record_case([B], 1e-6).k == 1


def test_cases_hang_together_through_others(ledger: Ledger) -> None:
    ledger.record_case([A], 1e-6)
    ledger.record_case([B], 1e-6)
    assert ledger.record_case([A, B], 1e-6).k == 3
    assert ledger.record_case([B, C], 1e-6).k == 4
    assert ledger.record_case([C], 1e-6).k == 5
    assert ledger.record_case([D], 1e-6).k == 1


def test_a_case_can_be_reopened_with_new_material(ledger: Ledger) -> None:
    first = ledger.record_case([A], 1e-6)
    second = ledger.record_case([B], 1e-6, reopens=first.number)
    assert second.k == 2
    assert ledger.record_case([B], 1e-6, reopens=first.number).again
    assert ledger.record_case([A, C], 1e-6).k == 3


def test_what_cannot_be_asked(ledger: Ledger) -> None:
    for alpha in (0.0, 1.0, -1.0, float("nan")):
        with pytest.raises(UsageError, match="alpha"):
            ledger.record_case([A], alpha)
    with pytest.raises(UsageError, match="at least one sample"):
        ledger.record_case([], 1e-6)
    with pytest.raises(UsageError, match="no case 2 to reopen"):
        ledger.record_case([A], 1e-6, reopens=2)
    assert not list(ledger.entries("case"))


_SAMPLES = st.lists(st.frozensets(st.sampled_from("abcdefgh"), min_size=1, max_size=3), max_size=12)


@given(_SAMPLES)
def test_looks_count_the_component_they_join(history: list[frozenset[str]]) -> None:
    """The k of each look is 1 + the earlier cases in its component, by plain graph search."""
    earlier: list[tuple[int, dict[str, object]]] = []
    for number, samples in enumerate(history, start=1):
        question = Question.of(samples, 1e-6, None, str(number), None)
        component, size = set(samples), -1
        while size != len(component):
            size = len(component)
            for _, body in earlier:
                if component & {*body["samples"]}:
                    component |= {*body["samples"]}
        expected = sum(bool(component & {*body["samples"]}) for _, body in earlier)
        assert looks_before(question, earlier) == expected
        earlier.append((number, question.body(expected + 1, 2)))


@given(st.integers(1, 300), st.floats(1e-9, 0.5))
def test_all_looks_together_spend_less_than_alpha(looks: int, alpha: float) -> None:
    spent = sum(Look(k, k, 2, alpha, again=False).spends for k in range(1, looks + 1))
    assert spent < alpha

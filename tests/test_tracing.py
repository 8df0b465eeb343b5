import gc
import hashlib
import json
import random
import re
import unicodedata
from pathlib import Path

import pytest

import tracemark
from benchmarks import leaks
from tests.conftest import ACCOUNTS, KEY
from tracemark.decoder import team
from tracemark_cli.sample_orders import orders

ADDRESS = "收货地址"


def named(case) -> list[str]:
    return [accusation.recipient for accusation in case.accusations]


@pytest.fixture
def marked(vault, export):
    return list(vault.mark_rows(export, to="acct:0042"))


@pytest.mark.parametrize(
    "leak",
    [
        lambda rows, rng, at: leaks.write_csv(rows, at / "whole.csv"),
        lambda rows, rng, at: leaks.as_json(rng.sample(rows, 200), at / "all.json"),
        lambda rows, rng, at: leaks.write_csv(
            leaks.each_cell(rows, leaks.stripped), at / "stripped.csv"
        ),
        lambda rows, rng, at: leaks.write_csv(rows, at / "gbk.csv", "gbk", "replace"),
        lambda rows, rng, at: leaks.write_csv(rows, at / "wide.csv", "utf-16"),
        lambda rows, rng, at: leaks.write_csv(rng.sample(rows, 20), at / "some.csv"),
        lambda rows, rng, at: leaks.pasted(rng.sample(rows, 20)),
        lambda rows, rng, at: rows[:5],
        lambda rows, rng, at: leaks.write_csv(
            [{"addr": row[ADDRESS]} for row in rows], at / "one_column.csv"
        ),
        lambda rows, rng, at: leaks.write_csv(
            rng.sample([*rows, *orders(2000, 3)], 2200), at / "merged.csv"
        ),
        lambda rows, rng, at: leaks.write_csv(
            leaks.each_cell(rows, lambda t: unicodedata.normalize("NFKC", t)), at / "nfkc.csv"
        ),
    ],
    ids=[
        "whole", "json", "stripped", "gbk", "utf16", "20 rows", "pasted", "5 rows", "one column",
        "merged", "nfkc",
    ],
)  # fmt: skip
def test_leaks_are_traced(vault, marked, rng, tmp_path, leak):
    """However it leaked, exactly the right account is named, under alpha."""
    case = vault.trace(leak(marked, rng, tmp_path))
    assert case.verdict == "identified"
    assert named(case) == ["acct:0042"]
    assert case.accusations[0].bound <= 1e-6
    assert case.accusations[0].share > 0.5
    assert case.samples[0].status == "marked"
    assert case.samples[0].rows <= 2200


def test_one_copied_address(vault, marked):
    """A single address with enough letters names its account."""
    address = max((row[ADDRESS] for row in marked), key=len)
    case = vault.trace(address)
    assert named(case) == ["acct:0042"]
    assert [one.status for one in case.samples] == ["marked"]


def test_a_line_from_a_chat(vault, marked):
    """Name, phone and address in one line, as people send them."""
    row = max(marked, key=lambda row: len(row[ADDRESS]))
    case = vault.trace(f"{row['收件人']} {row['手机']} {row[ADDRESS]}\n好的谢谢")
    assert named(case) == ["acct:0042"]


def test_nobody_is_named_for_what_was_never_marked(vault, marked, tmp_path):
    """Foreign rows, our own originals, other vaults' marks: no accusation."""
    other = tracemark.Vault.create(tmp_path / "other", key=bytes(32))
    other.add_recipients(ACCOUNTS)
    foreign = list(orders(200, 77))
    for sample in (foreign, list(other.mark_rows(foreign, to="acct:0042"))):
        case = vault.trace(sample)
        assert case.verdict == "no mark" and not case.accusations
        assert case.samples[0].status == "no mark"


def test_our_own_original_says_issued_but_not_marked(vault, marked, export):
    """The ledger knows the records, the mark is not there, and nobody is named."""
    case = vault.trace(export)
    assert case.verdict == "no mark" and case.samples[0].issued > 100
    assert any("issued" in line for line in case.advice)


def test_too_little_is_inconclusive(vault, marked):
    """A washed handful: the mark is seen, nobody is named, and the advice asks for more rows."""
    washed = leaks.each_cell(marked[:60], leaks.stripped)
    case = vault.trace(washed, alpha=1e-200)
    assert case.verdict == "inconclusive" and not case.accusations
    assert any("more rows" in line for line in case.advice)


def test_two_sources_in_one_pile(vault, export, marked, rng):
    """Two accounts' rows mixed: both are named, with about half of the sample each."""
    other = list(vault.mark_rows(export, to="acct:0100"))
    pile = leaks.each_cell([*marked[:100], *other[100:]], leaks.stripped)
    rng.shuffle(pile)
    case = vault.trace(pile)
    assert sorted(named(case)) == ["acct:0042", "acct:0100"]
    assert all(0.25 < a.share < 0.75 for a in case.accusations)


def test_many_samples_alone_and_pooled(vault, export, marked):
    """Different leakers in different samples are both found; weak samples add up."""
    other = list(vault.mark_rows(export, to="acct:0100"))
    case = vault.trace(marked[:10], other[10:20])
    assert sorted(named(case)) == ["acct:0042", "acct:0100"]
    pieces = [leaks.each_cell(marked[i : i + 5], leaks.stripped) for i in range(0, 100, 5)]
    assert not named(vault.trace(pieces[0]))
    assert named(vault.trace(*pieces[1:])) == ["acct:0042"]


def test_old_epochs_still_trace(vault, export, marked):
    """After a rotation new copies use the new key, and old leaks are still named."""
    assert vault.rotate_key() == 2
    fresh = list(vault.mark_rows(export, to="acct:0100"))
    assert named(vault.trace(marked[:50])) == ["acct:0042"]
    assert named(vault.trace(fresh[:50])) == ["acct:0100"]
    with tracemark.Vault.open(vault.path) as reopened:
        assert named(reopened.trace(marked[50:100])) == ["acct:0042"]


def test_looking_again_costs(vault, marked):
    """The same case is the same look; a case that shares a sample is a later one."""
    first, same = vault.trace(marked[:50]), vault.trace(marked[:50])
    assert (first.number, first.look) == (same.number, same.look)
    assert first.to_json() == same.to_json()
    wider = vault.trace(marked[:50], marked[50:60])
    assert wider.look == 2 and wider.line > first.line
    assert wider.accusations[0].bound <= 1e-6


def test_whatever_changes_the_votes_is_another_look(vault, export, marked, tmp_path):
    """A limit, and a ledger that has grown, make other votes of the same bytes: that costs."""
    page = tmp_path / "page.html"
    page.write_text(
        "<table>"
        + "".join(f"<tr><td>{'<td>'.join(row.values())}</tr>" for row in marked[:30])
        + "</table>",
        encoding="utf-8",
    )
    cut = tracemark.Limits(cell=12)
    assert [vault.trace(page, limits=one).look for one in (tracemark.LIMITS, cut, cut)] == [1, 2, 2]
    assert [vault.trace(page).look, vault.trace(page, ocr=False).look] == [1, 1]
    later = list(orders(60, 77))
    assert vault.trace(later).look == 1
    list(vault.mark_rows(later[:30], to="acct:0100"))
    assert [vault.trace(later).look, vault.trace(later).look] == [2, 2]


def test_the_order_of_samples_is_no_other_look(vault, marked):
    looks = [
        vault.trace(*some).number for some in ((marked[:9], marked[9:]), (marked[9:], marked[:9]))
    ]
    assert looks[0] == looks[1]


def test_among_narrows_the_candidates(vault, marked):
    """Only candidates under the prefix are scored; the true one outside is not named."""
    case = vault.trace(marked, among="acct:01")
    assert case.candidates == 100 and not case.accusations
    with pytest.raises(tracemark.UsageError, match="no recipient begins with"):
        vault.trace(marked, among="nobody:")


def test_a_clear_mark_of_nobody_compared_says_so(vault, export, marked, tmp_path):
    """One copy's clear mark asks for more candidates; a few rows and mixtures for more rows."""
    assert "without one" in " ".join(vault.trace(marked, among="acct:01").advice)
    lacking = tracemark.Vault.create(tmp_path / "lacking", key=KEY)
    lacking.add_recipients(f"acct:{number:04}" for number in range(100, 300))
    [clear, missing] = lacking.trace(marked).advice
    assert "none of the 200" in clear and "never registered" in missing
    [_, few] = lacking.trace(marked[:10], alpha=1e-200).advice
    copies = [list(vault.mark_rows(export, f"acct:{number:04}")) for number in range(20)]
    [_, mixed] = lacking.trace([copies[n % 20][n] for n in range(60)]).advice
    assert "more rows" in few and "more rows" in mixed


def test_rows_without_a_place_for_a_mark_ask_for_the_file_itself(vault):
    """Where invisible characters were all there was and are gone, more rows cannot help."""
    rows = [{"address": f"Große Bleichen {n}, 50667 Köln"} for n in range(200)]
    copy = leaks.each_cell(list(vault.mark_rows(rows, to="acct:0042")), leaks.stripped)
    assert "as it was first received" in vault.trace(copy).advice[1]
    assert "Add more rows" in vault.trace(copy[:20]).advice[0]


def test_unreadable_samples_take_no_part(vault, marked, tmp_path):
    """A bad file is said to be unreadable and the others are traced all the same."""
    bad = tmp_path / "picture.csv"
    bad.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8)
    empty = tmp_path / "empty.csv"
    empty.touch()
    case = vault.trace(bad, empty, tmp_path / "missing.csv")
    assert case.verdict == "unreadable"
    assert [sample.status for sample in case.samples] == ["unreadable"] * 3
    assert all(sample.note for sample in case.samples)
    assert case.samples[0].sha256 == hashlib.sha256(bad.read_bytes()).hexdigest()
    case = vault.trace(bad, marked)
    assert named(case) == ["acct:0042"]
    assert {evidence.sample for evidence in case.accusations[0].evidence} == {1}


@pytest.mark.parametrize("alpha", [0, 1, -1, 2, float("nan")])
def test_alpha_is_checked(vault, alpha):
    """alpha outside (0, 1) is refused."""
    with pytest.raises(tracemark.UsageError):
        vault.trace("x", alpha=alpha)


def test_what_is_no_sample_is_refused(vault):
    """No sample, bytes, numbers and single dicts are refused with a hint."""
    for samples in ((), (b"bytes",), (3,), ({"a": "b"},), ([1, 2],)):
        with pytest.raises(tracemark.UsageError) as caught:
            vault.trace(*samples)
        assert caught.value.hint


def test_the_case_as_json(vault, marked, tmp_path: Path):
    """The case file says who, on what evidence, and names nobody else."""
    case = vault.trace(leaks.write_csv(marked, tmp_path / "leak.csv"))
    data = json.loads(case.to_json())
    assert data["format"] == "tracemark-case/1"
    assert list(data)[:5] == ["format", "verdict", "alpha", "candidates", "hypotheses"]
    assert data["accusations"][0]["recipient"] == "acct:0042"
    assert data["accusations"][0]["issued"]
    assert len(data["samples"][0]["sha256"]) == 64
    assert sum(data["histogram"]["counts"]) == len(ACCOUNTS)
    others = [account for account in ACCOUNTS if account != "acct:0042"]
    assert not any(account in case.to_json() for account in others)


def test_transplanted_marks_name_nobody(vault, marked):
    """Invisible characters moved to other rows, letter by letter: a frame, not a mark."""
    rng = random.Random(1)
    hosts = list(orders(200, 12))
    for donor, host in zip(marked, hosts, strict=True):
        symbols = [c for c in donor[ADDRESS] if "\ufe03" <= c <= "\ufe0a"]
        text = host[ADDRESS]
        host[ADDRESS] = "".join(
            c + (symbols.pop(0) if symbols and "\u4e00" <= c <= "\u9fff" else "") for c in text
        )
    rng.shuffle(hosts)
    case = vault.trace(hosts)
    assert not case.accusations and case.verdict == "no mark"


def test_a_case_is_the_same_with_and_without_another_processor(vault, export, monkeypatch):
    """Byte for byte, in two epochs, and in every round."""
    vault.add_recipients(f"clerk:{n}" for n in range(20_000))
    old = list(vault.mark_rows(export[:40], to="clerk:77"))
    vault.rotate_key()
    rows = old + list(vault.mark_rows(export[40:80], to="clerk:5000"))
    monkeypatch.setattr(team, "MANY", 20_000)
    monkeypatch.setattr(team, "processors", lambda: 1)
    alone = vault.trace(rows).to_json()
    monkeypatch.setattr(team, "processors", lambda: 2)
    helped = []
    scan = team.Team.scan

    def noted(self, *args, **kwargs):
        helped.append(len(self._helpers))
        return scan(self, *args, **kwargs)

    monkeypatch.setattr(team.Team, "scan", noted)
    assert vault.trace(rows).to_json() == alone
    assert set(helped) == {1} and {"clerk:77", "clerk:5000"} <= set(re.findall(r"clerk:\d+", alone))


@pytest.fixture
def helped(monkeypatch):
    """As among many candidates and with a second processor."""
    for name, value in (("MANY", 1), ("_SEEN", 0), ("processors", lambda: 2)):
        monkeypatch.setattr(team, name, value)


def test_helpers_stay_from_one_trace_to_the_next_until_the_vault_is_closed(vault, marked, helped):
    """The next trace finds the codewords drawn, and says the same of the same sample."""
    with tracemark.Vault.open(vault.path) as again:
        first = again.trace(marked[:5])
        crew = again._teams._idle
        (helper,) = crew._helpers
        homes = dict(crew._supply._homes)
        assert homes and helper._child.poll() is None
        second = again.trace(marked[:5])
        assert again._teams._idle is crew and crew._supply._homes == homes
        assert helper._child.poll() is None
    assert helper._child.poll() is not None
    assert named(first) == ["acct:0042"]
    assert first.accusations == second.accusations
    assert first == vault.trace(marked[:5])


def test_a_vault_that_nobody_closed_leaves_no_process(vault, marked, helped):
    again = tracemark.Vault.open(vault.path)
    again.trace(marked[:5])
    (helper,) = again._teams._idle._helpers
    assert helper._child.poll() is None
    del again
    gc.collect()
    assert helper._child.poll() is not None


def test_a_trace_that_breaks_off_keeps_no_process(vault, marked, helped, monkeypatch):
    vault.trace(marked[:5])
    (helper,) = vault._teams._idle._helpers
    with monkeypatch.context() as patch:
        patch.setattr("tracemark.tracing.accuse", lambda *args, **options: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            vault.trace(marked[:5])
    assert vault._teams._idle is None and helper._child.poll() is not None
    assert named(vault.trace(marked[:5])) == ["acct:0042"]

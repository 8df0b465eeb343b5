"""The waybill number binds the mark: a mark moved to another waybill contradicts it."""

import math

import numpy as np
import pytest
from PIL import Image

import tracemark
from tests.label import hosts
from tracemark.bindings import hypergeometric_tail
from tracemark.keys import EpochKey
from tracemark.label import binding, embed, read

A, B = "YT7712345678901", "YT7712345678902"


def transplanted(host: Image.Image, marked: Image.Image, onto: Image.Image) -> Image.Image:
    """The nubs of a marked label, dot for dot, on another label of the same layout."""
    nubs = np.asarray(host) & ~np.asarray(marked)
    forged = Image.fromarray(np.asarray(onto) & ~nubs)
    forged.info = dict(onto.info)
    return forged


@pytest.fixture(autouse=True)
def read_once(monkeypatch):
    """Each picture is read once for all tests: reading is a function of picture and key."""

    def reading(picture, key):
        sign = (picture.mode, picture.size, picture.tobytes(), key)
        if sign not in READ:
            READ[sign] = read(picture, key)
        return READ[sign]

    monkeypatch.setattr("tracemark.label.read", reading)


READ: dict = {}


@pytest.fixture
def label():
    return hosts.label(7)


@pytest.fixture
def marked(vault, label):
    return vault.mark_label(label, to="acct:0042", waybill=A)


def only(case: tracemark.Case) -> tracemark.Binding:
    [accusation] = case.accusations
    assert accusation.recipient == "acct:0042"
    [found] = accusation.bindings
    assert accusation.binding == found.verdict
    return found


def test_the_right_number_confirms(vault, marked):
    """Nearly every bound slot agrees, by chance next to never; the ledger has it as issued."""
    found = only(vault.trace(marked, waybill=" yt77-1234 5678901 "))
    assert found.verdict == "confirmed" and found.source == "given"
    assert found.agreeing > 0.9 * found.read > 20
    assert found.by_chance < 1e-6 and found.if_bound > 1e-4 and found.issued is True


def test_a_transplanted_mark_contradicts(vault, label, marked):
    """It still names its recipient, and is said loudly to be of another waybill, and of which."""
    other = hosts.label(8)
    vault.mark_label(other, to="acct:0007", waybill=B)
    case = vault.trace(transplanted(label, marked, other), waybill=B)
    found = only(case)
    assert found.verdict == "contradicted" and found.if_bound < 1e-4 and found.issued is False
    [first, _] = vault.ledger_entries("issue")
    assert found.issue == first.seq
    assert any("transplanted" in line for line in case.advice)


def test_without_a_number_it_says_why_and_whose_label_it_was(vault, marked):
    """No number, no barcode: not checked; the ledger still tells which label it is."""
    found = only(vault.trace(marked))
    assert found.verdict == "not checked" and found.note and found.issued is None
    [issue] = vault.ledger_entries("issue")
    assert found.issue == issue.seq


def test_a_mark_made_without_a_number_belongs_to_none(vault, label):
    """A number given for it is neither confirmed nor contradicted."""
    found = only(vault.trace(vault.mark_label(label, to="acct:0042"), waybill=A))
    assert found.verdict == "not checked" and "without a waybill number" in found.note


def test_where_no_label_has_a_number_bound_slots_vote(vault, label):
    """Elsewhere an eighth of the votes is lost where the number is not known."""
    plain = vault.mark_label(label, to="acct:0042")
    whole = vault.trace(plain)
    shown = vault.trace(plain, waybill=A)
    vault.mark_label(hosts.label(8), to="acct:0007", waybill=B)
    short = vault.trace(plain)
    scores = [case.accusations[0].score for case in (whole, shown, short)]
    assert scores[0] == scores[1] > 1.08 * scores[2]
    assert 0.09 < 1 - short.samples[0].slots / whole.samples[0].slots < 0.16


def test_where_a_vault_has_decoys_nothing_is_made_of_missing_numbers(vault, label):
    """Who is issued a decoy depends on codewords, and so may whether a label has a number."""
    plain = vault.mark_label(label, to="acct:0042")
    slots = vault.trace(plain).samples[0].slots
    vault.add_decoys([{"运单号": B, "收货地址": "浙江省杭州市西湖区文三路159号3幢2单元501室"}])
    assert vault.trace(plain).samples[0].slots < 0.91 * slots


def test_a_number_for_each_sample(vault, label, marked):
    """One number for all samples, or one for each in their order."""
    second = vault.mark_label(hosts.label(8), to="acct:0042", waybill=B)
    case = vault.trace(marked, second, waybill=[A, B])
    assert [one.verdict for one in case.accusations[0].bindings] == ["confirmed"] * 2
    case = vault.trace(marked, second, waybill=A)
    assert [one.verdict for one in case.accusations[0].bindings] == ["confirmed", "contradicted"]
    assert case.accusations[0].binding == "contradicted"
    with pytest.raises(tracemark.UsageError):
        vault.trace(marked, second, waybill=[A])
    for nothing in ("12", "YT77*****8901"):
        with pytest.raises(tracemark.UsageError):
            vault.trace(marked, waybill=nothing)
        with pytest.raises(tracemark.UsageError):
            vault.mark_label(label, to="acct:0042", waybill=nothing)


def test_another_number_is_another_look(vault, marked):
    """What was brought decides the votes, so asking again with another number spends alpha."""
    looks = [vault.trace(marked, waybill=number).look for number in (None, A, A, B)]
    assert looks == [1, 2, 2, 3]


def test_the_number_is_read_from_the_picture(vault):
    """A number in a barcode counts if this vault issued it; the mark is then bound to it."""
    for name in ("zxingcpp", "segno"):
        pytest.importorskip(name, reason="needs the extra 'bench'")
    from examples.waybill import code128

    label = hosts.label(7).convert("L")
    label.paste(255, hosts.BARS)
    bars = Image.fromarray(np.where([code128(A)], 0, 255).astype(np.uint8).repeat(90, 0))
    label.paste(bars.resize((2 * bars.width, 90), Image.Resampling.NEAREST), (90, 705))
    label.info["dpi"] = (203, 203)
    found = only(vault.trace(vault.mark_label(label, to="acct:0042", waybill=A)))
    assert found.verdict == "confirmed" and found.source == "barcode"
    forged = vault.mark_label(label, to="acct:0042", waybill=B)
    assert only(vault.trace(forged)).verdict == "contradicted"


def test_the_extra_that_is_missing_is_named(vault, marked, monkeypatch):
    """Without zxing-cpp the check was not possible, and the verdict says what would make it so."""
    monkeypatch.setitem(__import__("sys").modules, "zxingcpp", None)
    assert "tracemark[photo]" in only(vault.trace(marked)).note


def test_an_eighth_of_the_slots_is_bound():
    """Copies under two numbers differ in about half of their bound slots and in nothing else."""
    label, bits = hosts.label(), hosts.codeword(1)
    texts = [read(embed(label, bits, hosts.KEY, word=word)[0], hosts.KEY) for word in (5, 6)]
    parts = [binding.split(one.readings[0], hosts.KEY) for one in texts]
    (free, bound), (other_free, other_bound) = parts
    one, other = (dict(zip(part.slots, part.chips, strict=True)) for part in (free, other_free))
    opposite = [one[slot] * other[slot] < 0 for slot in one.keys() & other.keys()]
    assert np.mean(opposite) < 0.01
    assert 0.09 < len(bound) / (len(bound) + len(free)) < 0.16
    one, other = (dict(zip(part.slots, part.chips, strict=True)) for part in (bound, other_bound))
    both = [slot for slot in one.keys() & other.keys() if one[slot] and other[slot]]
    same = [np.sign(one[slot]) == np.sign(other[slot]) for slot in both]
    assert 0.3 < np.mean(same) < 0.7
    for word, part in ((5, bound), (6, other_bound)):
        there = binding.unbind(part, hosts.KEY, word)
        ours = (there.chips > 0) == (bits[there.positions] == 1)
        assert ours[there.chips != 0].mean() > 0.95
        shown = there.chips != 0
        chips = binding._some(part, shown)
        [agreeing] = binding.agreeing(chips, bits, hosts.KEY, [word])
        assert agreeing == ours[shown].sum()


def test_the_tail_is_exact():
    """P(X <= 3) for 10 drawn of 50, of which 20 are good, by counting; and it ends at 1."""
    counted = sum(math.comb(20, k) * math.comb(30, 10 - k) for k in range(4)) / math.comb(50, 10)
    assert hypergeometric_tail(50, 20, 10, 3) == pytest.approx(counted, rel=1e-9)
    assert hypergeometric_tail(50, 20, 10, 10) == pytest.approx(1)
    assert hypergeometric_tail(12, 10, 5, 2) == 0  # at least three must be good


# already marked


def test_a_marked_label_is_refused(vault, label, marked, tmp_path):
    """Whoever it was marked for, under any epoch's key, turned or not; nothing is recorded."""
    before = len(list(vault.ledger_entries()))
    turned = marked.transpose(Image.Transpose.ROTATE_90)
    turned.info["dpi"] = (203, 203)
    for host in (marked, marked.convert("RGB"), turned):
        with pytest.raises(tracemark.AlreadyMarked) as caught:
            vault.mark_label(host, to="acct:0043")
        assert "--again" in caught.value.hint
    assert len(list(vault.ledger_entries())) == before
    vault.mark_label(marked, to="acct:0043", again=True)
    vault.rotate_key()
    with pytest.raises(tracemark.AlreadyMarked):
        vault.mark_label(marked, to="acct:0043")


def test_an_unmarked_label_is_not_refused(vault, label, tmp_path):
    """Nor is one that carries another vault's mark: 40 keys, the poorest tail far from the line."""
    for number in range(40):
        foreign = embed(
            label, hosts.codeword(number), EpochKey(1, bytes([number] * 32)).derive("x")
        )
        vault.mark_label(foreign[0], to="acct:0042")

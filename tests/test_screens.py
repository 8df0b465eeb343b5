import hashlib

import pytest
from PIL import Image

import tracemark
from tests.tone import hosts


def test_a_screenshot_names_who_was_signed_in(vault):
    """Through a quarter cut out and JPEG: the right account, and the ledger holds the tile."""
    tile = vault.screen_tile(to="acct:0042")
    page = hosts.covered(hosts.table(1, (1200, 700)), tile)
    case = vault.trace(hosts.jpeg(hosts.quarter(page, 0.9, 0.2), 70), ocr=False)
    assert [one.recipient for one in case.accusations] == ["acct:0042"]
    assert case.samples[0].status == "marked"
    assert {one.carrier for one in case.accusations[0].evidence} == {"tone"}
    [issue] = vault.ledger_entries("issue")
    assert issue.body["what"] == "tile" and issue.body["policy"] == "default"
    [close] = vault.ledger_entries("close")
    head = f"{tile.mode} {tile.size}\n".encode()
    assert close.body["sha256"] == hashlib.sha256(head + tile.tobytes()).hexdigest()


def test_the_same_account_gets_the_same_tile(vault):
    """Until the key is rotated; and nobody else does."""
    first = vault.screen_tile("acct:0001").tobytes()
    assert vault.screen_tile("acct:0001").tobytes() == first
    assert vault.screen_tile("acct:0002").tobytes() != first
    vault.rotate_key()
    assert vault.screen_tile("acct:0001").tobytes() != first


def test_screens_of_others_name_nobody(vault, tmp_path):
    """A screen under another vault's tile is not ours."""
    with tracemark.Vault.create(tmp_path / "other") as other:
        other.add_recipient("acct:0042")
        foreign = other.screen_tile("acct:0042")
    page = hosts.covered(hosts.table(2, (500, 300)), foreign)
    assert vault.trace(page, ocr=False).verdict == "no mark"


def test_a_photo_is_marked_by_its_tones(vault):
    """A picture without edges for nubs carries tones alone; twice is refused."""
    host = hosts.scene(3, (512, 400)).convert("L")
    marked = vault.mark_label(host, to="acct:0007")
    assert marked.tobytes() == vault.mark_label(host, to="acct:0007").tobytes()
    case = vault.trace(hosts.half(marked), ocr=False)
    assert [one.recipient for one in case.accusations] == ["acct:0007"]
    with pytest.raises(tracemark.AlreadyMarked):
        vault.mark_label(marked, to="acct:0008")


def test_a_picture_nobody_could_trace_is_refused(vault):
    """Too small for anything; nothing is recorded."""
    with pytest.raises(tracemark.HostTooSmall):
        vault.mark_label(Image.new("RGB", (40, 30), (90, 120, 150)), to="acct:0007")
    assert not list(vault.ledger_entries("issue"))


def test_unknown_recipient_and_profile(vault):
    """Nothing is made for them."""
    with pytest.raises(tracemark.UnknownRecipient):
        vault.screen_tile("acct:9999")
    with pytest.raises(tracemark.UsageError):
        vault.screen_tile("acct:0001", profile="loud")
    assert not list(vault.ledger_entries("issue"))

import io
import sys

import numpy as np
import pytest
from PIL import Image

import tracemark
from tests.label import hosts


@pytest.fixture
def label():
    """A ruled 76 x 130 mm label, black and white, 203 dpi."""
    return hosts.label(7)


@pytest.fixture
def marked(vault, label):
    return vault.mark_label(label, to="acct:0042", waybill="YT7712345678901")


@pytest.mark.parametrize("channel", ["png", "jpeg50", "turned", "scan200", "copy", "chat"])
def test_a_leaked_label_is_traced(vault, marked, channel):
    """From the file itself to a photo through a chat app: the right account and nobody else."""
    pytest.importorskip("cv2", reason="needs the extra 'bench'")
    from benchmarks.channels import CHANNELS

    picture = CHANNELS[channel](marked, np.random.default_rng(3))
    case = vault.trace(picture)
    assert [a.recipient for a in case.accusations] == ["acct:0042"]
    assert case.samples[0].kind == "picture" and case.samples[0].status == "marked"
    assert {e.carrier for e in case.accusations[0].evidence} == {"nubs", "dots"}
    assert case.samples[0].slots > 0 and case.samples[0].pilot.slots == 0  # no count is claimed


def test_a_label_file_is_known_by_its_content(vault, marked, tmp_path):
    """A picture is traced as one, whatever its name ends in; its hash is the file's."""
    path = tmp_path / "leak.dat"
    marked.save(path, "PNG")
    case = vault.trace(path)
    assert case.verdict == "identified" and len(case.samples[0].sha256) == 64


def test_avif_is_read_and_heic_with_its_package(vault, marked, tmp_path, monkeypatch):
    """As phones and chats make them, whatever their names; what lacks is named."""
    marked.convert("L").save(tmp_path / "a.dat", "AVIF", quality=80)
    assert vault.trace(tmp_path / "a.dat", ocr=False).verdict == "identified"
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99)
    (tmp_path / "cut.avif").write_bytes((tmp_path / "a.dat").read_bytes()[:900])
    (tmp_path / "a.heic").write_bytes(heic)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    case = vault.trace(tmp_path / "cut.avif", tmp_path / "a.heic", ocr=False)
    assert case.verdict == "unreadable"
    assert "broken" in case.samples[0].note and "without pillow-heif" in case.samples[1].note


def test_form_and_ledger(vault, label, marked):
    """Mode, size and resolution stay; the issue and the waybill's fingerprint are recorded."""
    assert (marked.mode, marked.size) == (label.mode, label.size)
    assert marked.info.get("dpi") == label.info.get("dpi")
    [issue] = vault.ledger_entries("issue")
    assert issue.body["what"] == "label" and len(issue.body["waybill"]) == 16
    [batch] = vault.ledger_entries("batch")
    assert batch.body["fingerprints"]["waybill"]["count"] == 1


def test_the_same_label_gets_the_same_marks(vault, label, marked):
    """Printing again gives no second view of the code; another account's copy differs."""
    number = "YT7712345678901"
    assert vault.mark_label(label, to="acct:0042", waybill=number).tobytes() == marked.tobytes()
    assert vault.mark_label(label, to="acct:0043", waybill=number).tobytes() != marked.tobytes()


def test_nobody_is_named_for_a_label_that_was_never_marked(vault, label, tmp_path):
    """Unmarked, or marked under another key: no mark found."""
    with tracemark.Vault.create(tmp_path / "other", key=bytes(32)) as other:
        other.add_recipient("acct:0042")
        foreign = other.mark_label(label, to="acct:0042")
    for picture in (label, foreign):
        case = vault.trace(picture)
        assert case.verdict == "no mark" and not case.accusations


def test_a_label_and_rows_in_one_case(vault, marked, export):
    """Samples of different kinds stand in one case."""
    rows = list(vault.mark_rows(export[:20], to="acct:0042"))
    case = vault.trace(rows, marked)
    assert [a.recipient for a in case.accusations] == ["acct:0042"]
    assert {e.carrier for e in case.accusations[0].evidence} >= {"nubs", "invisible"}


def test_too_little_room_is_said(vault):
    """A blank label cannot carry a mark: a refusal, not a weak mark, and no issue recorded."""
    with pytest.raises(tracemark.HostTooSmall) as caught:
        vault.mark_label(Image.new("1", (608, 1040), 1), to="acct:0042")
    assert caught.value.hint
    assert not list(vault.ledger_entries("issue"))


@pytest.mark.parametrize(
    "picture",
    [
        Image.new("1", (1, 1)),
        Image.new("L", (1, 20000), 255),
        Image.new("RGB", (800, 600), "black"),
        Image.new("L", (800, 600), 255),
        Image.new("I;16", (300, 300)),
        Image.new("CMYK", (300, 300)),
    ],
    ids=["1x1", "1x20000", "black", "white", "16 bit", "cmyk"],
)
def test_pictures_of_no_label(vault, picture):
    """Odd pictures are read or said to be unreadable; nobody is named and nothing breaks."""
    case = vault.trace(picture)
    assert case.verdict in ("no mark", "unreadable") and not case.accusations


def test_what_a_file_says_of_itself_may_be_broken(vault, marked, tmp_path):
    """EXIF that cannot be read turns nothing; where the pixels begin must be known."""
    for number, exif in enumerate((b"Exif\0\0MM", b"Exif\0\0MM\0*\0\0")):
        marked.save(tmp_path / f"{number}.png", exif=exif)
        case = vault.trace(tmp_path / f"{number}.png", ocr=False)
        assert [one.recipient for one in case.accusations] == ["acct:0042"]
    palette = marked.convert("P")
    palette.info["transparency"] = bytes(300)  # of 256 colours
    with pytest.raises(tracemark.UnreadableSample):
        vault.mark_label(palette, to="acct:0042")
    assert vault.trace(palette, ocr=False).verdict == "unreadable"
    held = io.BytesIO()
    marked.save(held, "TIFF")
    places = b"\x11\x01\x04\x00"  # the tag that says where strips begin, in whole numbers
    assert held.getvalue().count(places) == 1
    for kind in (7, 12):  # in bytes, in fractions
        broken = held.getvalue().replace(places, bytes((0x11, 1, kind, 0)))
        (tmp_path / "broken.tif").write_bytes(broken)
        assert vault.trace(tmp_path / "broken.tif", ocr=False).verdict == "unreadable"


def test_cielab_and_premultiplied_pictures_are_read(vault, marked, tmp_path):
    """Modes that Pillow converts to no grey of itself."""
    grey = marked.convert("L")
    lab = Image.merge("LAB", [grey, *[Image.new("L", grey.size, 128)] * 2])
    lab.save(tmp_path / "lab.tif")
    for picture in (lab, tmp_path / "lab.tif", marked.convert("LA").convert("La")):
        case = vault.trace(picture, ocr=False)
        assert [one.recipient for one in case.accusations] == ["acct:0042"]
        assert len(case.exhibits) == 1


def test_broken_and_huge_files(vault, marked, tmp_path):
    """A cut file and a bomb are unreadable, in a word."""
    buffer = io.BytesIO()
    marked.save(buffer, "PNG")
    (tmp_path / "cut.png").write_bytes(buffer.getvalue()[: len(buffer.getvalue()) // 2])
    bomb = Image.new("1", (20000, 20000))
    bomb.save(tmp_path / "bomb.png")
    (tmp_path / "liar.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 40)
    names = ("cut.png", "bomb.png", "liar.png")
    case = vault.trace(*(tmp_path / name for name in names))
    assert case.verdict == "unreadable"
    assert "too many" in case.samples[1].note


def cut_short():
    """A picture that was opened but not read yet, and whose file ends too soon."""
    held = io.BytesIO()
    hosts.label(7).save(held, "PNG")
    return Image.open(io.BytesIO(held.getvalue()[:2000]))


@pytest.mark.parametrize("broken", [lambda: Image.new("L", (0, 40)), cut_short])
def test_a_picture_that_cannot_be_read_is_one_clear_word(vault, label, broken):
    """No pixels, or a file cut short: refused when marking, unreadable when tracing."""
    with pytest.raises(tracemark.UnreadableSample):
        vault.mark_label(broken(), to="acct:0042")
    assert vault.trace(broken()).verdict == "unreadable"
    with pytest.raises(tracemark.UnreadableSample):
        vault.trace(label, original=broken())


def test_pieces_too_small_to_be_believed_add_up(vault):
    """What small pieces show is scored though neither pattern alone tells that they are marked."""
    marked = vault.mark_label(hosts.label(7), to="acct:0042").convert("L")
    pieces = [marked.crop((150, top, 340, top + 190)) for top in (360, 600)]
    for piece in pieces:
        alone = vault.trace(piece, ocr=False)
        assert alone.verdict == "no mark" and alone.samples[0].note.startswith("pilot weak")
        assert not alone.samples[0].slots and not alone.advice and not alone.exhibits[0].places
    case = vault.trace(*pieces, ocr=False)
    assert [one.recipient for one in case.accusations] == ["acct:0042"]
    for sample in case.samples:
        assert sample.status == "marked" and sample.slots and "shows of the accused" in sample.note

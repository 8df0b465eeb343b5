"""ZPL that stores and recalls formats and graphics, or counts in other units. SPEC 11.13."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import tracemark
from tracemark.printing import zpl
from tracemark.printing.zpl.graphics import packed
from tracemark.printing.zpl.items import Area, Box, Graphic

SAMPLES = Path(__file__).parent / "zpl"
NAMES = ("fedex", "glscz", "posten", "ups")
RULES = b"".join(
    b"^FO40,%d^GB700,3,3^FS^FO%d,40^GB3,1100,3^FS" % (90 * line, 80 * line) for line in range(1, 13)
)
STORED = (
    b"^XA^DFE:WAYBILL.ZPL^FS^PW800^LL1200"
    + RULES
    + (b"^FO60,100^A0N,30,30^FN1^FS^FO60,190^A0N,30,30^FN2^FS^FO200,1120^BCN,60,N^FN3^FS^XZ")
)
RECALLED = (
    b"^XA^XFE:WAYBILL^FS^FN1^FDReceiver^FS^FN2^FH_^FDa_20long_20street^FS^FN3^FDSF%010d^FS^XZ"
)
PLAIN = (
    b"^XA^PW800^LL1200"
    + RULES
    + (
        b"^FO60,100^A0N,30,30^FDReceiver^FS^FO60,190^A0N,30,30^FDa long street^FS"
        b"^FO200,1120^BCN,60,N^FDSF%010d^FS^XZ"
    )
)


@pytest.fixture
def vault(tmp_path: Path) -> tracemark.Vault:
    opened = tracemark.Vault.create(tmp_path / "vault", key=bytes(range(32)))
    opened.add_recipients(f"station:{number}" for number in range(300))
    return opened


def one(data: bytes, dpi: float | None = None) -> zpl.Format:
    [label] = zpl.labels(data, name="it", dpi=dpi)
    return label


def alike(first: zpl.Format, second: zpl.Format) -> bool:
    """Whether two labels show the same, as far as is known."""
    a, b = zpl.drawn(first, "a"), zpl.drawn(second, "b")
    return (
        a.ink.shape == b.ink.shape
        and bool((a.ink == b.ink).all() and (a.off == b.off).all())
        and [word.text for word in first.words] == [word.text for word in second.words]
    )


def in_two(data: bytes) -> bytes:
    """A label as a stored format and what recalls it, every field's data in the latter."""
    said: list[bytes] = []

    def number(match: re.Match[bytes]) -> bytes:
        said.append(match[0])
        return b"^FN%d" % len(said)

    start, end = data.rindex(b"^XA") + 3, data.rindex(b"^XZ")
    body = re.sub(rb"\^FD[^^~]*", number, data[start:end])
    told = b"".join(b"^FN%d%b^FS" % pair for pair in enumerate(said, 1))
    return b"".join(
        [data[:start], b"^DFR:IT.ZPL^FS", body, b"^XZ^XA", told, b"^XFR:IT.ZPL", data[end:]]
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_label_in_two_parts_is_the_label_in_one(name: str) -> None:
    """Of real streams: drawn alike, and everything that they say is said."""
    data = (SAMPLES / f"{name}.zpl").read_bytes()
    parted = in_two(data)
    assert b"^XF" in parted and b"^FN1^FD" in parted
    assert alike(one(parted), one(data))


def test_every_recalled_label_is_marked_in_itself(vault: tracemark.Vault) -> None:
    """The format is stored as it was; each label that recalls it has its mark, number and issue."""
    data = STORED + b"\n" + RECALLED % 1 + b"\n" + RECALLED % 2
    marked = vault.mark_label_zpl(data, "station:7")
    assert marked.startswith(STORED)
    first, second = zpl.labels(marked, name="it")
    assert [label.numbers() for label in (first, second)] == [["SF0000000001"], ["SF0000000002"]]
    assert isinstance(first.items[-1], Graphic) and isinstance(second.items[-1], Graphic)
    issues = list(vault.ledger_entries("issue"))
    assert next(vault.custody_of("SF0000000002")).seq == issues[1].seq
    assert len(issues) == 2
    # the same dots as on a label of one part
    plain = one(vault.mark_label_zpl(PLAIN % 1, "station:7", "SF0000000001"))
    assert alike(one(STORED + RECALLED % 1), one(PLAIN % 1))
    assert plain.numbers() == first.numbers()
    with pytest.raises(tracemark.AlreadyMarked, match="label 1"):
        vault.mark_label_zpl(marked, "station:8")


def test_a_leaked_stream_says_which_waybill_its_mark_belongs_to(
    vault: tracemark.Vault, tmp_path: Path
) -> None:
    """Nobody gives a number: marking and tracing take it from the barcode's own field."""
    path = tmp_path / "leak.zpl"
    path.write_bytes(vault.mark_label_zpl(STORED + RECALLED % 123, "station:9"))
    case = vault.trace(path)
    assert [accused.recipient for accused in case.accusations] == ["station:9"]
    assert case.accusations[0].binding == "confirmed"
    assert {one.source for one in case.accusations[0].bindings} == {"barcode"}


def test_a_format_that_the_printer_holds_is_asked_for(vault: tracemark.Vault) -> None:
    for stream in (RECALLED % 1, STORED.replace(b"WAYBILL", b"OTHER") + RECALLED % 1):
        with pytest.raises(tracemark.UsageError, match=r"E:WAYBILL\.ZPL") as raised:
            vault.mark_label_zpl(stream, "station:7")
        assert "^DF" in raised.value.hint
    with pytest.raises(tracemark.UnreadableSample, match="no label") as nothing:
        vault.mark_label_zpl(STORED, "station:7")
    assert "^XF" in nothing.value.hint
    erased = STORED + b"^XA^IDE:*.ZPL^FS^XZ" + RECALLED % 1
    with pytest.raises(tracemark.UsageError, match=r"E:WAYBILL\.ZPL"):
        vault.mark_label_zpl(erased, "station:7")
    assert not list(vault.ledger_entries("issue"))


def test_formats_that_recall_one_another_without_end_are_refused(vault: tracemark.Vault) -> None:
    itself = b"^XA^DFR:A^FS^XFR:A^FS^XZ^XA^XFR:A^FS^XZ"
    many = b"^XA^DFR:0^FS" + b"^FO9,9^GB9,9^FS" * 99 + b"^XZ"
    for deep in range(1, 4):
        many += b"^XA^DFR:%d^FS" % deep + b"^XFR:%d^FS" % (deep - 1) * 99 + b"^XZ"
    for stream in (itself, many + b"^XA^XFR:3^FS^XZ"):
        with pytest.raises(tracemark.UsageError, match="recalls"):
            vault.mark_label_zpl(stream, "station:7")


def test_a_field_repeats_what_another_of_its_number_says() -> None:
    label = one(b"^XA^FO20,20^A0N,30,30^FN4^FDTwice^FS^FO20,90^A0N,30,30^FN4^FS" + RULES + b"^XZ")
    assert [word.text for word in label.words] == ["Twice", "Twice"]


@pytest.mark.parametrize("recalled", [b"^XGR:LOGO.GRF,1,1", b"^XGLOGO", b"^IMR:LOGO"])
@pytest.mark.parametrize("binary", [False, True])
def test_a_downloaded_graphic_is_drawn_dot_for_dot(recalled: bytes, binary: bool) -> None:
    dots = np.random.default_rng(3).random((60, 80)) < 0.4
    if binary:
        sent = b"~DYR:LOGO,B,G,600,10," + np.packbits(dots, axis=1).tobytes()
    else:
        sent = b"~DGR:LOGO.GRF,600,10," + packed(dots).split(b",", 4)[4]
    label = one(sent + b"^XA^FO100,200" + recalled + b"^FS" + RULES + b"^XZ")
    assert (zpl.drawn(label, "it").ink[200:260, 100:180] >= dots).all()
    [graphic] = [item for item in label.items if isinstance(item, Graphic)]
    assert (graphic.left, graphic.top) == (100, 200) and (graphic.dots == dots).all()
    gone = one(sent + b"^XA^IDR:*.*^FS^XZ^XA^FO100,200" + recalled + b"^FS" + RULES + b"^XZ")
    assert isinstance(gone.items[0], Area)


MILLIMETRES = re.sub(  # the same label, each coordinate an eighth
    rb"(\^FO|\^GB|\^PW|\^LL)([\d,]+)",
    lambda match: match[1] + b",".join(b"%g" % (int(n) / 8) for n in match[2].split(b",")),
    b"^XA^MUM^LH0,0^PW800^LL1200" + RULES + b"^XZ",
)


def test_millimetres_are_dots_where_they_come_to_whole_ones(vault: tracemark.Vault) -> None:
    """The overlay is placed in dots, and what comes after it is in millimetres again."""
    data = MILLIMETRES + RULES.join([b"^XA^MUD", b"^XZ"])
    assert alike(one(MILLIMETRES, 203), one(b"^XA^PW800^LL1200" + RULES + b"^XZ"))
    marked = vault.mark_label_zpl(data, "station:7", dpi=203)
    overlay = zpl.labels(marked, name="it", dpi=203)[0].items[-1]
    assert isinstance(overlay, Graphic) and b"^MUD^FO" in marked and b"^FS^MUM^XZ" in marked
    with pytest.raises(tracemark.AlreadyMarked, match="label 1"):
        vault.mark_label_zpl(marked, "station:7", dpi=203)
    drawing = zpl.drawn(one(MILLIMETRES, 203), "it")
    shown = drawing.ink[
        overlay.top : overlay.top + overlay.dots.shape[0],
        overlay.left : overlay.left + overlay.dots.shape[1],
    ]
    assert overlay.dots.sum() > 100 and not (shown & overlay.dots).any()


@pytest.mark.parametrize(
    ("said", "dpi"),
    [(b"^MUM", 203), (b"^MUI", 203), (b"^MUM", 300), (b"^MUI", 300)],
)
def test_what_comes_to_no_whole_dot_is_not_drawn(said: bytes, dpi: float) -> None:
    """A line at 10.07 mm may be printed at dot 80 or 81: nothing is marked about it."""
    label = one(b"^XA" + said + b"^FO10.07,9.5625^GB3.31,0.37,0.37^FS^XZ", dpi)
    assert label.items and not any(isinstance(item, Box) for item in label.items)


def test_a_label_written_for_half_the_resolution_is_enlarged() -> None:
    half = b"^XA^MUD,150,300^FO20,45^GB350,3,1^FS^FO30,80^GFA,1,1,1,80^FS^XZ"
    label = one(half)
    [box, graphic] = label.items
    assert isinstance(box, Box) and (box.left, box.top, box.width, box.height) == (40, 90, 700, 6)
    assert isinstance(graphic, Area)  # printers may enlarge it or not


@pytest.mark.parametrize(
    ("said", "why", "next_step"),
    [(b"^MUM", r"\^MU", "--dpi"), (b"^MUI", r"\^MU", "--dpi"), (b"^JMB", r"\^JMB", "^JMA")],
)
def test_what_cannot_be_placed_is_refused(
    vault: tracemark.Vault, said: bytes, why: str, next_step: str
) -> None:
    with pytest.raises(tracemark.UsageError, match=why) as raised:
        vault.mark_label_zpl((PLAIN % 1).replace(b"^XA", b"^XA" + said), "station:7")
    assert next_step in raised.value.hint


@pytest.mark.parametrize(
    ("field", "read"),
    [
        (b"^BCN,60,N^FD>:SF>512345678", ["SF12345678"]),
        (b"^BQN,2,5^FDQA,SF1234567890", ["SF1234567890"]),
        (b"^BQN,2,5^FDMM,N1234567890", ["1234567890"]),
        (b"^BXN,5,200,,,,_^FD_1SF1234567890", ["SF1234567890"]),
        (b"^BQN,2,5^FDQA,https://example.org/t?no=SF1234567890", []),
        (b"^BCN,60,N^FD>;>842054956", []),  # a postal code
        (b"^BCN,60,N^FD(00)3 4012345 1234567 8", ["00340123451234567 8".replace(" ", "")]),
    ],
)
def test_codes_say_what_a_scanner_reads(field: bytes, read: list[str]) -> None:
    assert one(b"^XA^FO9,9" + field + b"^FS^XZ").numbers() == read


def test_two_numbers_are_none(vault: tracemark.Vault) -> None:
    """Which of them is the waybill's, somebody must say."""
    other = b"^FO400,1120^BCN,60,N^FDRT9999999999^FS^XZ"
    data = (PLAIN % 7).replace(b"^XZ", other)
    vault.mark_label_zpl(data, "station:7")
    assert not list(vault.custody_of("SF0000000007"))
    vault.mark_label_zpl(data, "station:7", "SF0000000007")
    assert list(vault.custody_of("SF0000000007"))

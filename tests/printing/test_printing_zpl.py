"""ZPL streams: what is known of a label, and dots laid over it. SPEC 11.13."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import tracemark
from tracemark.printing import zpl
from tracemark.printing.streams import is_zpl
from tracemark.printing.zpl.graphics import packed, unpacked
from tracemark.printing.zpl.items import Area, Graphic

SAMPLES = Path(__file__).parent / "zpl"
NAMES = ("fedex", "glscz", "posten", "ups")
RULES = b"".join(
    b"^FO40,%d^GB700,3,3^FS^FO%d,40^GB3,1100,3^FS" % (90 * line, 80 * line) for line in range(1, 13)
)
LABEL = b"^XA^PW800^LL1200" + RULES + b"^FO60,100^A0N,30,30^FDReceiver^FS^XZ"


def stream(name: str) -> bytes:
    return (SAMPLES / f"{name}.zpl").read_bytes()


def rendering(name: str) -> Image.Image:
    with Image.open(SAMPLES / f"{name}.png") as picture:
        return picture.copy()


def dots(picture: Image.Image) -> NDArray[np.bool_]:
    return ~np.asarray(picture)


def one(data: bytes) -> zpl.Format:
    [label] = zpl.labels(data, name="it")
    return label


@pytest.fixture
def vault(tmp_path: Path) -> tracemark.Vault:
    opened = tracemark.Vault.create(tmp_path / "vault", key=bytes(range(32)))
    opened.add_recipients(f"station:{number}" for number in range(300))
    return opened


@pytest.mark.parametrize("name", NAMES)
def test_what_is_drawn_is_what_another_renderer_draws(name: str) -> None:
    """Known ink is ink there, and whatever else is ink there was kept off."""
    label = one(stream(name))
    alone, beside = zpl.drawn(label, name), zpl.beside(label, dots(rendering(name)), name)
    shown = beside.ink[-beside.top :, -beside.left :]
    height, width = (min(sides) for sides in zip(shown.shape, alone.ink.shape, strict=True))
    shown, ink, off = (part[:height, :width] for part in (shown, alone.ink, alone.off))
    assert np.count_nonzero(ink & ~off) > 1000
    assert not (ink & ~off & ~shown).any()
    assert not (shown & ~ink & ~off).any()


@pytest.mark.parametrize("turned", [False, True])
def test_a_rendering_with_a_margin_or_upside_down_is_laid_where_it_belongs(turned: bool) -> None:
    shown = np.pad(dots(rendering("posten")), ((7, 0), (11, 0)))
    drawing = zpl.beside(one(stream("posten")), shown[::-1, ::-1] if turned else shown, "it")
    assert (drawing.left, drawing.top) == (-11, -7)
    assert (drawing.ink == shown).all()


def test_another_labels_rendering_is_refused() -> None:
    with pytest.raises(tracemark.UsageError, match="dot for dot"):
        zpl.beside(one(stream("posten")), dots(rendering("ups")), "it")


@pytest.mark.parametrize("given", [None, "rendering"])
@pytest.mark.parametrize("name", ["posten", "glscz"])
def test_every_byte_stays_and_only_white_dots_become_ink(
    vault: tracemark.Vault, name: str, given: str | None
) -> None:
    data = stream(name)
    picture = rendering(name) if given else None
    marked = vault.mark_label_zpl(data, "station:7", rendered=picture)
    at = one(data).last
    added = len(marked) - len(data)
    assert marked[:at] == data[:at] and marked[at + added :] == data[at:]
    before, after = one(data), one(marked)
    *same, overlay = after.items
    assert len(same) == len(before.items) and isinstance(overlay, Graphic)
    drawing = zpl.beside(before, dots(rendering(name)), name)
    rows, columns = np.nonzero(overlay.dots)
    rows, columns = rows + overlay.top - drawing.top, columns + overlay.left - drawing.left
    shown = columns < drawing.ink.shape[1]  # the other renderer cut the widest label off
    assert np.count_nonzero(shown) > 100
    assert not drawing.ink[rows[shown], columns[shown]].any()
    with pytest.raises(tracemark.AlreadyMarked):
        vault.mark_label_zpl(marked, "station:8", rendered=picture)
    assert vault.mark_label_zpl(data, "station:7", rendered=picture) == marked


def test_no_dot_is_laid_near_a_code(vault: tracemark.Vault) -> None:
    data = stream("posten")
    overlay = one(vault.mark_label_zpl(data, "station:7", rendered=rendering("posten"))).items[-1]
    assert isinstance(overlay, Graphic)
    codes = [item for item in one(data).items if isinstance(item, Area) and item.code]
    assert codes
    rows, columns = np.nonzero(overlay.dots)
    for area in codes:
        inside = (rows + overlay.top >= area.top) & (rows + overlay.top < area.bottom)
        inside &= (columns + overlay.left >= area.left) & (columns + overlay.left < area.right)
        assert not inside.any()


def test_a_leaked_stream_is_traced(vault: tracemark.Vault, tmp_path: Path) -> None:
    path = tmp_path / "leak.zpl"
    path.write_bytes(vault.mark_label_zpl(stream("posten"), "station:9", "SF1234567890"))
    case = vault.trace(path, waybill="SF1234567890")
    assert [accused.recipient for accused in case.accusations] == ["station:9"]
    assert [sample.kind for sample in case.samples] == ["zpl", "picture"]


def test_each_label_of_a_stream_is_an_issue_with_its_own_number(vault: tracemark.Vault) -> None:
    labels = [
        LABEL.replace(b"Receiver", b"R%d" % number).replace(
            b"^XZ", b"^FO200,1120^BCN,60,N^FDSF%010d^FS^XZ" % number
        )
        for number in (1, 2)
    ]
    data = b"^XA^MCY^XZ\n" + b"\n".join(labels)
    marked = vault.mark_label_zpl(data, "station:7", "code")
    issues = list(vault.ledger_entries("issue"))
    assert [entry.body["what"] for entry in issues] == ["label", "label"]
    assert next(vault.custody_of("SF0000000002")).seq == issues[1].seq
    first, second = (label.items[-1] for label in zpl.labels(marked, name="it"))
    assert isinstance(first, Graphic) and isinstance(second, Graphic)
    # the same rules, another receiver: marked at other places
    assert first.dots.shape != second.dots.shape or (first.dots != second.dots).any()


def test_a_label_of_text_alone_asks_for_its_rendering(vault: tracemark.Vault) -> None:
    data = LABEL + b"^XA^FO20,20^A0N,40,40^FDWords^FS^XZ"
    with pytest.raises(tracemark.HostTooSmall, match="label 2") as raised:
        vault.mark_label_zpl(data, "station:7")
    assert "--rendered" in raised.value.hint
    assert not list(vault.ledger_entries("issue"))


def test_changed_prefixes_home_and_encodings_hold(vault: tracemark.Vault) -> None:
    """The overlay speaks as the stream does, and lands where the rules are."""
    plain = one(vault.mark_label_zpl(LABEL, "station:7")).items[-1]
    assert isinstance(plain, Graphic)
    words = "收件人".encode("gb18030") + b"\x81\x5e"  # a character that ends as the prefix does
    odd = LABEL.replace(b"^XA", b"^XA^LH10,20^CI14", 1).replace(b"Receiver", words)
    odd = odd[: odd.index(b"^LH")] + odd[odd.index(b"^LH") :].replace(b"^", b"!").replace(
        words.replace(b"^", b"!"), words
    )
    data = b"^XA^CC!" + odd.removeprefix(b"^XA")
    label = one(data)
    assert label.home == (10, 20)
    marked = vault.mark_label_zpl(data, "station:7")
    assert words in marked and marked[label.last :].startswith(b"!FO")
    drawing, overlay = zpl.drawn(label, "it"), one(marked).items[-1]
    assert isinstance(overlay, Graphic)
    rows, columns = np.nonzero(overlay.dots)
    around = np.pad(drawing.ink, 1)
    touching = sum(
        around[rows + overlay.top + down, columns + overlay.left + right]
        for down, right in ((0, 1), (2, 1), (1, 0), (1, 2))
    )
    assert np.mean(touching > 0) > 0.5  # nubs lie on edges


@pytest.mark.parametrize("shape", [(1, 8), (3, 16), (40, 1200), (900, 808)])
def test_graphics_are_read_as_they_were_packed(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(shape[0])
    for share in (0.0, 0.003, 0.5, 1.0):
        given = rng.random(shape) < share
        _, total, _, line, text = packed(given).split(b",", 4)
        read = unpacked(b"A", text, int(total), int(line))
        assert read is not None and (read == given).all()


@pytest.mark.parametrize(
    "data",
    [
        b"^XA^FO9,9^GFA,99999999999,99,3,:Z64:eJw=:0000^FS",  # never ended
        b"^XA" * 1000,
        b"^XA^FO0,0^GB32000,32000,9^FS^XZ",
        b"^XA^FO0,0^XGR:X.GRF,9999,9999^FS^XZ" * 3,
        b"^XA" + b"^FO0,0^GB5000,5000,2500^FS" * 400 + b"^XZ",
        b"^XA^FO0,0^GFB,4000000000,10,1,\x00\x01^FS^XZ",
        b"~DGR:A.GRF,4000000,1," + b"z" * 400 + b"F^XA^FO0,0^XGR:A.GRF,1,1^FS^XZ",
        b"^XA^FO,^FTx,y^GB,,^FS^BY^FW^CI^LH^PW^LL^MU^XZ",
        b"^XA^CC^XZ^CD",
        b"^",
        b"",
    ],
)
def test_hostile_streams_are_refused_in_one_line(vault: tracemark.Vault, data: bytes) -> None:
    with pytest.raises((tracemark.UnreadableSample, tracemark.HostTooSmall)) as raised:
        vault.mark_label_zpl(data, "station:7")
    assert raised.value.hint and "\n" not in str(raised.value)


def test_places_that_are_no_dots_are_refused(vault: tracemark.Vault) -> None:
    with pytest.raises(tracemark.UsageError, match=r"\^MU"):
        vault.mark_label_zpl(LABEL.replace(b"^XA", b"^XA^MUM"), "station:7")


def test_a_stream_is_told_by_its_beginning() -> None:
    for name in NAMES:
        assert is_zpl(stream(name)[:1024])
    assert is_zpl(b"\x10CT~~CD,~CC^~CT~\r\n^XA^XZ") and is_zpl(b"~DGR:X.GRF,1,1,FF")
    assert not is_zpl(b"name,phone\n^XA,1\n") and not is_zpl(b"%PDF-1.7") and not is_zpl(b"^^^")

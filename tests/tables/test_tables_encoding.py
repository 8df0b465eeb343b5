"""Encodings are found, held to, and given back; what is no text is refused by name."""

from __future__ import annotations

import codecs
import io
import random
from pathlib import Path

import pytest

from tracemark.errors import UnreadableSample, UsageError
from tracemark.tables import open_document
from tracemark.tables.encoding import Decoder, codec_of, detect, holds, refuse_binary

LINE = "YT0000000000001,张三,13800000000,浙江省义乌市春晗路8号2栋,请放门口（东）\r\n"
TABLE = "运单号,收件人,手机,收货地址,备注\r\n" + LINE * 200
RARE = TABLE + "YT0000000000002,李㛃,13800000001,𠮷野路1号,好👍\r\n"


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("utf-8", TABLE.encode()),
        ("utf-8", b"id,name\n1,plain\n"),
        ("utf-8", RARE.encode()),
        ("utf-8-sig", codecs.BOM_UTF8 + TABLE.encode()),
        ("utf-16-le", codecs.BOM_UTF16_LE + RARE.encode("utf-16-le")),
        ("utf-16-be", codecs.BOM_UTF16_BE + RARE.encode("utf-16-be")),
        ("utf-16-le", TABLE.encode("utf-16-le")),
        ("utf-16-be", TABLE.encode("utf-16-be")),
        ("utf-32-le", codecs.BOM_UTF32_LE + TABLE.encode("utf-32-le")),
        ("gbk", TABLE.encode("gbk")),
        ("gb18030", RARE.encode("gb18030")),
    ],
)
def test_an_encoding_is_found_and_the_table_read_and_given_back(
    encoding: str, content: bytes
) -> None:
    document = open_document(io.BytesIO(content), name="orders.csv")
    rows = list(document.rows())
    assert document.encoding == encoding
    assert document.headers in (TABLE.splitlines()[0].split(","), ["id", "name"])
    assert b"".join(document.encode(document.render(r, list(r.values))) for r in rows) == content
    last = [row for row in rows if row.values][-1]
    assert "\ufffd" not in last.raw
    assert len(last.values) == len(document.headers)


def refused(content: bytes) -> bool:
    try:
        refuse_binary(content, name="a")
    except UnreadableSample:
        return True
    return False


def test_random_bytes_are_no_text() -> None:
    rng = random.Random(12)
    assert sum(not refused(rng.randbytes(200)) for _ in range(500)) <= 5
    assert all(refused(rng.randbytes(size)) for size in (1000, 5000) for _ in range(200))


@pytest.mark.parametrize(
    ("encodings", "text"),
    [
        ("gb18030 big5 utf-8 utf-16", "高雄市苓雅區中正一路390號18樓之6\n"),
        ("shift_jis euc_jp utf-16", "東京都新宿区西新宿２丁目８−１ ｶﾌﾞ\n"),
        ("euc_kr johab utf-16", "서울특별시 강남구 테헤란로 152\n"),
        ("cp1252 latin-1 cp437 mac-roman", "Große Bleichen 16, Köln, Élève à l'école\n"),
        ("cp1251 koi8-r cp866 iso8859-5", "ул. Ленина, д. 5, съешь ещё\n"),
        # as Hive parts its cells
        ("utf-8", "YT00001\x01Michaelkirchstr. 17\x0110179\x02Berlin\n"),
    ],
)
def test_text_in_no_encoding_is_taken_for_binary(encodings: str, text: str) -> None:
    contents = [(text * 40).encode(one, "ignore") for one in encodings.split()]
    assert not any(refused(content[:size]) for content in contents for size in (200, 1000))


def test_western_bytes_are_named() -> None:
    western = "Straße;Köln;Größe 5 €\n" * 50
    with pytest.raises(UnreadableSample) as said:
        list(open_document(io.BytesIO(western.encode("cp1252")), name="a.csv").rows())
    assert "cp1252" in said.value.hint
    with pytest.raises(UnreadableSample) as said:
        list(open_document(io.BytesIO((TABLE * 9).encode("gbk") + b"\xff\n"), name="a.csv").rows())
    assert "cp1252" not in said.value.hint


def test_utf8_with_a_damaged_character_is_not_taken_for_gbk() -> None:
    """Chinese UTF-8 with one wrong byte often decodes as GBK: marked so, it would be ruined."""
    whole = "收货地址浙江省义乌市北苑街道".encode()
    damaged = [whole[:at] + b"\xe5" + whole[at + 1 :] for at in range(len(whole))]
    assert sum("\ufffd" not in content.decode("gbk", "replace") for content in damaged) > 10
    assert {detect(content) for content in damaged} == {"utf-8"}


def test_gbk_is_found_from_a_sample_that_ends_within_a_character() -> None:
    content = TABLE.encode("gbk")
    assert {detect(content[:size]) for size in range(60, 120)} == {"gbk"}


def test_every_gbk_character_is_the_same_in_gb18030_and_comes_back() -> None:
    """What lets one codec read both, and bytes come back from text."""
    for lead in range(0x81, 0xFF):
        for trail in range(0x40, 0xFF):
            pair = bytes([lead, trail])
            try:
                character = pair.decode("gbk")
            except UnicodeDecodeError:
                continue
            assert pair.decode("gb18030") == character
            assert character.encode("gb18030") == pair


def test_chinese_after_a_megabyte_of_ascii_is_still_utf8() -> None:
    content = b"id,address\n" + b"1,Main St 5\n" * 100_000 + "2,春晗路8号\n".encode()
    *_, last = open_document(io.BytesIO(content), name="a.csv").rows()
    assert last.values == ["2", "春晗路8号"]


def test_gbk_after_three_blocks_of_ascii_is_found() -> None:
    content = b"id,address\n" + b"1,Main St 5\n" * 60_000 + "2,春晗路8号\n".encode("gbk")
    *_, last = open_document(io.BytesIO(content), name="a.csv").rows()
    assert last.values == ["2", "春晗路8号"]


@pytest.mark.parametrize("before", [3, 300, 30_000])
def test_mixed_encodings_are_refused_with_byte_and_line(before: int) -> None:
    good = (LINE * before).encode()
    bad = "YT9,王五,1,义乌\n".encode("gbk")
    with pytest.raises(UnreadableSample) as caught:
        list(open_document(io.BytesIO(good + bad + good), name="mixed.csv").rows())
    offset = len(good) + len("YT9,")
    assert f"mixed.csv: byte {offset} (line {before + 1}) is not utf-8" in str(caught.value)
    assert caught.value.hint


def test_a_file_cut_within_its_last_character_is_refused() -> None:
    with pytest.raises(UnreadableSample, match=r"line 201.*damaged"):
        list(open_document(io.BytesIO(TABLE.encode()[:-4]), name="cut.csv").rows())


def test_a_sample_to_trace_is_read_on_past_what_does_not_decode() -> None:
    content = LINE.encode() * 50 + "王五,义乌\n".encode("gbk") + LINE.encode() * 50
    document = open_document(io.BytesIO(content), name="mixed.csv", errors="replace")
    rows = list(document.rows())
    assert len(rows) == 101
    assert rows[-1].values == LINE.strip().split(",")


def test_a_decoder_counts_what_it_replaced() -> None:
    decoder = Decoder("utf-8", errors="replace", name="x")
    assert "".join(decoder.decode([b"a\xffb", b"\xe4\xb8", b"\xadc\xff"])) == "a\ufffdb中c\ufffd"
    assert decoder.replaced == 2


@pytest.mark.parametrize(
    ("magic", "what"),
    [
        (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        (b"\xff\xd8\xff\xe0", "a JPEG picture"),
        (b"PK\x03\x04" + b"\0" * 26 + b"orders.csv", "a ZIP archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an XLS or DOC file"),
        (b"%PDF-1.7", "a PDF file"),
        (b"\x1f\x8b\x08", "a gzip file"),
        (b"SQLite format 3\0", "an SQLite database"),
        (bytes(range(32)) * 8, "a binary file"),
    ],
)
@pytest.mark.parametrize("errors", ["strict", "replace"])
def test_a_binary_file_named_csv_is_refused_by_what_it_is(
    magic: bytes, what: str, errors: str
) -> None:
    content = magic + bytes(range(256)) * 20
    with pytest.raises(UnreadableSample, match=f"orders.csv: not a text, it looks like {what}"):
        open_document(io.BytesIO(content), name="orders.csv", errors=errors)


def test_nul_in_a_cell_survives() -> None:
    content = b"name,remark\nA,\0\nB,x\0y\n" + b"C,plain words\n" * 20
    document = open_document(io.BytesIO(content), name="a.csv")
    rows = list(document.rows())
    assert rows[1].values == ["A", "\0"]
    assert rows[2].values == ["B", "x\0y"]
    assert "".join(document.render(r, list(r.values)) for r in rows).encode() == content


def test_an_unknown_encoding_and_a_codec_that_is_none_are_usage_errors() -> None:
    for name in ("klingon", "base64", "utf-7", "iso2022_jp", "hz"):
        with pytest.raises(UsageError, match="not known"):
            codec_of(name)


def test_a_named_encoding_is_taken_at_its_word(tmp_path: Path) -> None:
    path = tmp_path / "big5.txt"
    path.write_bytes("臺北市信義路\n".encode("big5"))
    with path.open("rb") as file:
        document = open_document(file, name="big5.txt", encoding="big5")
        assert [row.values for row in document.rows()] == [["臺北市信義路"]]


@pytest.mark.parametrize("order", ["le", "be"])
def test_utf16_by_name_takes_its_byte_order_from_the_mark(order: str) -> None:
    content = f"\ufeff{TABLE}".encode(f"utf-16-{order}")
    document = open_document(io.BytesIO(content), name="a.csv", encoding="UTF-16")
    rows = list(document.rows())
    assert b"".join(document.encode(row.raw) for row in rows) == content
    assert len(rows) == 202


def test_bytes_that_a_codec_would_not_give_back_are_refused() -> None:
    twin = b"\x87\x90"
    assert twin.decode("cp932").encode("cp932") != twin
    content = "一\n二".encode("cp932") + twin + b"\n"
    with pytest.raises(UnreadableSample, match=r"byte 5 \(line 2\) is cp932 .* written back"):
        list(open_document(io.BytesIO(content), encoding="cp932").rows())
    document = open_document(io.BytesIO(content), encoding="cp932", errors="replace")
    assert len(list(document.rows())) == 2


def test_a_character_that_the_file_cannot_hold_is_named_by_number_only() -> None:
    document = open_document(io.BytesIO("信義路\n".encode("big5")), encoding="big5")
    with pytest.raises(UsageError, match=r"big5 cannot hold the character U\+FE05") as caught:
        document.encode("路\ufe05")
    assert "路" not in str(caught.value)


def test_holds_tells_what_a_carrier_may_use() -> None:
    assert holds("gbk", "（，室")
    assert not holds("gbk", "\ufe03")
    assert holds("gb18030", "\ufe03")
    assert holds("utf-8-sig", "\ufe03")

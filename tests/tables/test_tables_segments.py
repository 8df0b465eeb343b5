"""The cell that leaked is among the parts of the line it was pasted in."""

from __future__ import annotations

import pytest

from tracemark.tables.segments import segments

NAME, PHONE, WAYBILL = "张三", "13800000000", "YT0000000000001"
ADDRESS = "浙江省金华市义乌市北苑街道春晗路8号2栋1单元301室"
SPACED = "浙江省 金华市 义乌市 北苑街道春晗路8号 2栋1单元"
COMMAED = "浙江省，义乌市，春晗路8号（南门）"
REMARK = "请放门口，谢谢"


@pytest.mark.parametrize("address", [ADDRESS, SPACED, COMMAED])
@pytest.mark.parametrize(
    "line",
    [
        "{address}",
        "{waybill}\t{name}\t{phone}\t{address}\t{remark}",
        "{waybill},{name},{phone},{address},{remark}",
        "{name} {phone} {address}",
        "{name}，{phone}，{address}",
        "{name}{phone}{address}",
        "{name} {address} {phone}",
        "{address} {name} {phone}",
        "{name} 138****0000 {address}",
        "{name} +86 138-0000-0000 {address}",
        "{name} 0579-85550000 {address}",
        "{name} 13800000000-1234 {address}",
        "{name};{phone};{address};{remark}",
        "{name} | {phone} | {address} | {remark}",
        "收件人：{name} 电话：{phone} 地址：{address}",
        "收件人:{name}, 手机号码:{phone}, 收货地址:{address}, 备注:{remark}",
        "1. {name} {phone} {address}",
        "12、{waybill} {name} {address}",
        "[2024-05-06 12:33:21] 李四: {name} {phone} {address}",
        "2024年5月6日 12:33 {waybill} {name} {phone} {address}",
        '"{waybill}","{name}","{phone}","{address}","{remark}"',
        "“{address}”",
        "{name}    {phone}    {address}    {remark}",
    ],
)
def test_the_address_is_found_in_a_pasted_line(line: str, address: str) -> None:
    pasted = line.format(address=address, name=NAME, phone=PHONE, waybill=WAYBILL, remark=REMARK)
    assert address in segments(pasted)


@pytest.mark.parametrize(
    "line",
    [
        "John Smith, 555-555-0100, 5 Main St, Apt 5, Springfield",
        "Name: John Smith Phone: (555) 555-0100 Address: 5 Main St, Apt 5, Springfield",
        "John Smith\t+1 555-555-0100\t5 Main St, Apt 5, Springfield",
        "John Smith 555-555-0100 5 Main St, Apt 5, Springfield",
    ],
)
def test_an_english_address_is_found(line: str) -> None:
    assert "5 Main St, Apt 5, Springfield" in segments(line)


def test_a_remark_with_a_date_or_a_label_is_found_uncut() -> None:
    for remark in ("2024-05-06前送到", "地址：见备注", "电话13800000000联系"):
        assert remark in segments(f"{NAME}\t{remark}\tx")


def test_the_likeliest_parts_come_first() -> None:
    assert segments(f"{NAME} {PHONE} {ADDRESS}")[:2] == [NAME, ADDRESS]


def test_invisible_characters_stay_in_their_part() -> None:
    marked = "春\ufe05晗\ufe07路8号"
    assert marked in segments(f"{NAME}\t{marked}\t{PHONE}")


def test_no_two_parts_have_the_same_letters() -> None:
    found = segments("甲，乙，甲 乙，，甲")
    letters = ["".join(filter(str.isalnum, part)) for part in found]
    assert len(set(letters)) == len(letters)


@pytest.mark.parametrize("line", ["", " \t ", "，，", "-- | --", "\ufe05"])
def test_a_line_without_letters_has_no_parts(line: str) -> None:
    assert segments(line) == []


def test_a_long_line_gives_no_more_than_the_limit() -> None:
    found = segments("词 " * 5000, limit=40)
    assert len(found) <= 40
    assert len(segments(",".join(f"w{i} v{i}" for i in range(3000)))) == 64

"""Draw invented courier waybills as a thermal printer is sent them: 1 bit, at its own resolution.

    python examples/waybill.py waybill.png --seed 7
    python examples/waybill.py big.png --size 100x180 --dpi 300 --layout dense

Sizes and parts follow the common electronic waybills of Chinese couriers: one part of 76x130 mm,
100x150 mm or 4x6 in, two parts of 100x180 mm with a cut line. People, shops and numbers come from
`tracemark_cli.sample_orders`, so nobody on a label exists. QR codes need segno:
pip install 'tracemark[bench]'.
"""

from __future__ import annotations

import argparse
import os
import random
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import segno
from PIL import Image, ImageDraw, ImageFont

from tracemark_cli.sample_orders import ENGLISH_PEOPLE, ENGLISH_ROADS, REGIONS, orders

SIZES = {"76x130": (76.0, 130.0), "100x150": (100.0, 150.0), "100x180": (100.0, 180.0),
         "4x6": (101.6, 152.4)}  # fmt: skip
LAYOUTS = ("ruled", "sparse", "dense")
TWO_PART = {"100x180": 110.0}  # where the cut line stands, mm from the top

FONTS = (
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/System/Library/Fonts/STHeiti Medium.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "C:/Windows/Fonts/msyh.ttc",
    "C:/Windows/Fonts/simhei.ttf",
)
FONT_HINT = (
    "install one (Debian, Ubuntu: apt install fonts-wqy-microhei; macOS and Windows have one)"
    " or set TRACEMARK_FONT to a font file"
)

Fields = dict[str, str]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Box = tuple[float, float, float, float]  # left, top, right, bottom in mm


# what stands on a waybill


def fields(seed: int, language: str | None = None) -> Fields:
    """Invented fields of one waybill.

    Parameters
    ----------
    seed : int
        The same seed gives the same fields.
    language : str, optional
        ``zh`` or ``en``; by default Chinese where a Chinese font is found.

    Returns
    -------
    dict of str to str
        Chinese column names, in both languages, so that marking finds the same roles.
    """
    chance = random.Random(seed)
    language = language or ("zh" if chinese_font() else "en")
    to, by = orders(2, seed)
    digits = "".join(chance.choices("0123456789", k=13))
    common = {
        "语言": language,
        "运单号": chance.choice(("7", "YT", "SF", "JT")) + digits,
        "订单号": str(chance.randrange(10**17, 10**18)),
        "三段码": f"{chance.randrange(100, 999)}-{chance.choice('ABCK')}"
        f"{chance.randrange(1, 40):02}-{chance.randrange(100):02} {chance.randrange(1, 99):02}",
        "手机": _masked(f"16{chance.randrange(10**9):09}"),
        "寄件电话": _masked(f"16{chance.randrange(10**9):09}"),
        "重量": f"{chance.uniform(0.1, 9):.2f}kg",
        "数量": str(chance.randrange(1, 5)),
        "打印时间": f"2024-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02} "
        f"{chance.randrange(24):02}:{chance.randrange(60):02}",
        "取件码": f"{chance.randrange(1, 30)}-{chance.randrange(1, 9)}-"
        f"{chance.randrange(10**4):04}",
    }
    if language == "en":
        return common | {
            "快递": chance.choice(("SWIFTLINE", "Plains Parcel", "NORTHGATE")),
            "服务": chance.choice(("STANDARD", "EXPRESS")),
            "收件人": chance.choice(ENGLISH_PEOPLE),
            "收货地址": _english(chance),
            "寄件人": chance.choice(ENGLISH_PEOPLE),
            "寄件地址": _english(chance),
            "集包地": chance.choice(("East Hub 4", "Riverside Hub", "Hill Hub 12")),
            "网点": chance.choice(("Northgate Station", "Canal Station")),
            "商品": chance.choice(
                ("Wool scarf, grey", "Desk lamp, white", "Storage bags, set of 6")
            ),
            "备注": chance.choice(("", "Leave at reception", "Call before delivery")),
        }
    city = next((r.city[:2] for r in REGIONS if r.city[:2] in to["收货地址"]), "义乌")
    return common | {
        "快递": chance.choice(("顺途速递", "中原快运", "极风物流", "百川速运", "云驿快递")),
        "服务": chance.choice(("标准快递", "特惠件", "电商件", "隐私面单")),
        "收件人": _masked_name(to["收件人"]),
        "收货地址": " ".join(to["收货地址"].split()),
        "寄件人": _masked_name(by["收件人"]),
        "寄件地址": " ".join(by["收货地址"].split()),
        "集包地": city + chance.choice(("转运中心", "集散中心", "分拨中心", "枢纽")),
        "网点": city + chance.choice(("北苑", "城西", "高新", "下沙", "江东")) + "网点",
        "商品": to["商品"],
        "备注": " ".join(to["备注"].split()),
    }


def _masked(phone: str) -> str:
    return f"{phone[:3]}****{phone[-4:]}"


def _masked_name(name: str) -> str:
    return name if "*" in name or len(name) < 2 else name[0] + "*" + name[2:]


def _english(chance: random.Random) -> str:
    road = f"{chance.randrange(1, 400)} {chance.choice(ENGLISH_ROADS)} Road"
    return (
        f"Apartment {chance.randrange(1, 60)}, {road}, Northgate {chance.randrange(10**4, 10**5)}"
    )


CAPTIONS = {
    "zh": {"to": "收", "from": "寄", "sign": "签收人/签收时间", "seen": "已验视", "item": "物品",
           "weight": "计费重量", "remark": "备注", "order": "订单号", "hub": "集", "code": "取件码",
           "printed": "打印时间", "your": "你的签字代表您已验收此包裹并已确认商品信息无误",
           "copy": "客户联", "count": "数量", "total": "合计"},
    "en": {"to": "TO", "from": "BY", "sign": "Signature / time", "seen": "INSPECTED",
           "item": "Item", "weight": "Weight", "remark": "Remark", "order": "Order", "hub": "HUB",
           "code": "Pick-up", "printed": "Printed", "copy": "CUSTOMER COPY", "count": "Qty",
           "total": "Total", "your": "By signing you confirm that the parcel arrived unopened"},
}  # fmt: skip


# fonts


@cache
def chinese_font() -> str | None:
    """Path of a font with Chinese characters: TRACEMARK_FONT, else one of `FONTS`, else None."""
    wanted = os.environ.get("TRACEMARK_FONT")
    return next((path for path in ([wanted] if wanted else FONTS) if Path(path).exists()), None)


@cache
def font(size: int) -> Font:
    """The Chinese font where there is one, else Pillow's own Latin one."""
    path = chinese_font()
    return ImageFont.truetype(path, size) if path else ImageFont.load_default(size)


# codes

# ISO/IEC 15417, table 1: widths of bar, space, bar, space, bar, space for values 0 to 105
PATTERNS = """
    212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232
    122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122
    321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311
    211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113
    213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422
    121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111
    241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121
    412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412
    211214 211232
""".split()  # noqa: SIM905 - a table
START_B, START_C, CODE_C, STOP = 104, 105, 99, "2331112"


def code128(text: str) -> list[bool]:
    """Modules of a Code 128 symbol, True for a bar, without quiet zones.

    A leading part in code set B is followed by an even run of digits in code set C.
    """
    run = len(text) - len(text.rstrip("0123456789"))
    head = len(text) - run // 2 * 2
    values = [START_B, *(ord(c) - 32 for c in text[:head]), CODE_C] if head else [START_C]
    values += [int(text[i : i + 2]) for i in range(head, len(text), 2)]
    check = (values[0] + sum(i * value for i, value in enumerate(values))) % 103
    widths = "".join(PATTERNS[value] for value in [*values, check]) + STOP
    return [i % 2 == 0 for i, width in enumerate(widths) for _ in range(int(width))]


# drawing


class Sheet:
    """A white label that is drawn on in millimetres and holds dots.

    Parameters
    ----------
    size : (float, float)
        Width and height in mm.
    dpi : float
        203 is taken as 8 dots to the mm, as its print heads are made.
    """

    def __init__(self, size: tuple[float, float], dpi: float) -> None:
        self.scale = 8.0 if round(dpi) == 203 else dpi / 25.4
        self.size = size
        self.image = Image.new("1", (self.dots(size[0]), self.dots(size[1])), 1)
        self.image.info["dpi"] = (self.scale * 25.4, self.scale * 25.4)
        self.draw = ImageDraw.Draw(self.image)
        self.thick = 2  # dots of a rule

    def dots(self, length: float) -> int:
        """Millimetres to whole dots."""
        return round(length * self.scale)

    def width(self, text: str, height: float, bold: bool = False) -> float:
        """Width of a line of text in mm."""
        size = self.dots(height)
        return font(size).getlength(text) / self.scale + (2 * self._stroke(size) if bold else 0)

    def _stroke(self, size: int) -> int:
        return round(size / 40) if size > 30 else 0  # a dot more would clot smaller type

    def line(
        self, box: Box, text: str, height: float, *, bold: bool = False, align: float = 0.0,
        ink: int = 0,
    ) -> None:  # fmt: skip
        """One line of text in a box, smaller where it would not fit, centred top to bottom."""
        room = box[2] - box[0]
        while self.width(text, height, bold) > room and height > 1.2:
            height *= 0.95
        size = self.dots(height)
        x = self.dots(box[0] + align * max(0.0, room - self.width(text, height, bold)))
        y = self.dots((box[1] + box[3]) / 2)
        stroke = self._stroke(size) if bold else 0
        self.draw.text((x, y), text, ink, font(size), anchor="lm", stroke_width=stroke)

    def block(self, box: Box, text: str, height: float, *, bold: bool = False) -> None:
        """Text in as many lines as it needs, smaller where the box would not hold them."""
        while True:
            lines = self._wrap(text, box[2] - box[0], height, bold)
            if len(lines) * height * 1.2 <= box[3] - box[1] or height < 1.3:
                break
            height *= 0.94
        for i, line in enumerate(lines):
            top = box[1] + i * height * 1.2
            self.line((box[0], top, box[2] + 1, top + height * 1.2), line, height, bold=bold)

    def _wrap(self, text: str, room: float, height: float, bold: bool) -> list[str]:
        lines = [""]
        for piece in re.findall(r"[!-~]{1,12} ?|.", text):  # words stay whole, Han is cut anywhere
            if lines[-1] and self.width(lines[-1] + piece.rstrip(), height, bold) > room:
                lines.append("")
            lines[-1] += piece
        return lines

    def across(self, left: float, right: float, y: float, *, dashed: bool = False) -> None:
        """A horizontal rule."""
        x, end, top = self.dots(left), self.dots(right), self.dots(y)
        step = self.dots(2.0) if dashed else end - x
        for start in range(x, end, step * 2 if dashed else step):
            stop = min(end, start + step) - 1
            self.draw.rectangle((start, top, stop, top + self.thick - 1), 0)

    def down(self, x: float, top: float, bottom: float) -> None:
        """A vertical rule."""
        left = self.dots(x)
        corners = (left, self.dots(top), left + self.thick - 1, self.dots(bottom) - 1)
        self.draw.rectangle(corners, 0)

    def frame(self, box: Box, *, filled: bool = False) -> None:
        """A rectangle, outlined or filled."""
        corners = [self.dots(edge) for edge in box]
        self.draw.rectangle(corners, 0 if filled else None, 0, self.thick)

    def badge(self, box: Box, text: str, *, round_: bool) -> None:
        """White text on a black disc or square."""
        corners = [self.dots(edge) for edge in box]
        (self.draw.ellipse if round_ else self.draw.rectangle)(corners, 0)
        side = box[2] - box[0]
        inner = (box[0] + side * 0.1, box[1], box[2] - side * 0.1, box[3])
        self.line(inner, text, side * 0.66, align=0.5, ink=1)

    def barcode(self, box: Box, text: str, *, upright: bool = False) -> None:
        """Code 128 as wide as whole dots allow, ten modules of quiet zone kept at each end."""
        modules = code128(text)
        room = (box[3] - box[1]) if upright else (box[2] - box[0])
        across = (box[2] - box[0]) if upright else (box[3] - box[1])
        dot = min(4, max(1, self.dots(room) // (len(modules) + 20)))
        bars = Image.new("1", (len(modules) * dot, 1))
        bars.putdata([0 if bar else 1 for bar in modules for _ in range(dot)])
        bars = bars.resize((bars.width, self.dots(across)))
        if upright:
            bars = bars.transpose(Image.Transpose.ROTATE_90)
        x = self.dots((box[0] + box[2]) / 2) - bars.width // 2
        y = self.dots((box[1] + box[3]) / 2) - bars.height // 2
        self.image.paste(bars, (x, y))

    def qr(self, box: Box, text: str) -> None:
        """A QR code, error correction M, in whole dots and centred, four modules of quiet zone."""
        matrix = segno.make_qr(text, error="m").matrix
        side = min(box[2] - box[0], box[3] - box[1])
        dot = max(1, self.dots(side) // (len(matrix) + 8))
        code = Image.new("1", (len(matrix), len(matrix)))
        code.putdata([0 if module else 1 for row in matrix for module in row])
        code = code.resize((len(matrix) * dot, len(matrix) * dot))
        x = self.dots((box[0] + box[2]) / 2) - code.width // 2
        y = self.dots((box[1] + box[3]) / 2) - code.height // 2
        self.image.paste(code, (x, y))


# layouts: bands from top to bottom, each with the share of the height it gets


class Layout:
    """How one label is laid out: which rules are drawn, and what varies from shop to shop."""

    def __init__(self, sheet: Sheet, text: Fields, name: str, seed: int) -> None:
        chance = random.Random(f"{name}{seed}")
        self.sheet, self.text, self.name = sheet, text, name
        self.say = CAPTIONS[text["语言"]]
        self.colon = "：" if text["语言"] == "zh" else ": "
        self.margin = chance.uniform(0.8, 3.0)
        self.framed = name != "sparse"
        self.discs = chance.random() < 0.6
        self.bold = chance.random() < 0.7
        self.size = chance.uniform(0.9, 1.1) * (0.85 if name == "dense" else 1.0)
        self.codes_first = chance.random() < 0.5
        self.shares = [chance.uniform(0.9, 1.1) for _ in range(12)]
        sheet.thick = {"ruled": chance.choice((2, 2, 3, 4)), "sparse": chance.choice((2, 3, 6)),
                       "dense": chance.choice((1, 2))}[name]  # fmt: skip
        if sheet.scale > 10:
            sheet.thick = round(sheet.thick * 1.5)

    def draw(self, top: float, bottom: float, bands: list[tuple[float, Band]]) -> None:
        """Draw the bands between top and bottom (mm), with rules between them where ruled."""
        left, right = self.margin, self.sheet.size[0] - self.margin
        weights = [share * vary for (share, _), vary in zip(bands, self.shares, strict=False)]
        unit = (bottom - top) / sum(weights)
        y = top
        for i, ((_, band), weight) in enumerate(zip(bands, weights, strict=True)):
            after = y + weight * unit
            band(self, (left, y, right, after))
            if i + 1 < len(bands) and (self.framed or i in (0, 3)):
                self.sheet.across(left, right, after, dashed=not self.framed and i == 3)
            y = after
        if self.framed:
            self.sheet.frame((left, top, right, bottom))


Band = Callable[[Layout, Box], None]


def header(it: Layout, box: Box) -> None:
    """Carrier, service and time of printing."""
    left, top, right, bottom = box
    tall = bottom - top
    split = left + (right - left) * 0.6
    it.sheet.line((left + 2, top, split, bottom), it.text["快递"], tall * 0.6, bold=True)
    middle = top + tall * 0.55
    it.sheet.line(
        (split, top, right - 1.5, middle), it.text["服务"], tall * 0.4, align=1, bold=True
    )
    when = f"{it.say['printed']} {it.text['打印时间']}"
    it.sheet.line((split, middle, right - 1.5, bottom), when, 2.4 * it.size, align=1)


def barcode(it: Layout, box: Box) -> None:
    """The waybill number as Code 128 with its digits below."""
    left, top, right, bottom = box
    foot = min(4.0, (bottom - top) * 0.25)
    it.sheet.barcode((left, top + 1.5, right, bottom - foot - 0.8), it.text["运单号"])
    number = it.text["运单号"]
    spaced = " ".join(number[i : i + 4] for i in range(0, len(number), 4))
    it.sheet.line((left + 2, bottom - foot - 0.5, right - 2, bottom), spaced, foot * 0.8, align=0.5)


def routing(it: Layout, box: Box) -> None:
    """The routing code in the biggest type on the label."""
    tall = box[3] - box[1]
    inner = (box[0] + 2, box[1], box[2] - 2, box[3])
    it.sheet.line(inner, it.text["三段码"], tall * 0.85, bold=it.bold, align=0.5)


def hub(it: Layout, box: Box) -> None:
    """Where the bag goes first, and the delivering station."""
    left, top, right, bottom = box
    tall, split = bottom - top, left + (right - left) * 0.6
    badge = (left + 1, top + tall * 0.15, left + 1 + tall * 0.7, bottom - tall * 0.15)
    it.sheet.badge(badge, it.say["hub"], round_=False)
    place = (left + 2 + tall * 0.7, top, split - 1, bottom)
    it.sheet.line(place, it.text["集包地"], tall * 0.55, bold=it.bold)
    it.sheet.line((split + 1, top, right - 1, bottom), it.text["网点"], tall * 0.45)
    if it.framed:
        it.sheet.down(split, top, bottom)


def _party(it: Layout, box: Box, badge: str, who: str, what: str, where: str, tall: float) -> None:
    left, top, right, bottom = box
    side = min(7.0, (bottom - top) * 0.5)
    y = (top + bottom - side) / 2
    it.sheet.badge((left + 1.2, y, left + 1.2 + side, y + side), it.say[badge], round_=it.discs)
    x = left + side + 3
    name = f"{it.text[who]}   {it.text[what]}"
    it.sheet.line((x, top + 0.8, right - 1, top + 0.8 + tall * 1.2), name, tall, bold=it.bold)
    it.sheet.block((x, top + 1 + tall * 1.3, right - 1, bottom - 0.3), it.text[where], tall)
    if it.framed:
        it.sheet.down(left + side + 2.2, top, bottom)


def recipient(it: Layout, box: Box) -> None:
    """Whom it goes to, in large type."""
    _party(it, box, "to", "收件人", "手机", "收货地址", 4.2 * it.size)


def sender(it: Layout, box: Box) -> None:
    """Whom it comes from, in small type."""
    _party(it, box, "from", "寄件人", "寄件电话", "寄件地址", 2.9 * it.size)


def parties(it: Layout, box: Box) -> None:
    """Both parties, with an upright barcode at their side."""
    left, top, right, bottom = box
    split, middle = right - 13, top + (bottom - top) * 0.6
    it.sheet.barcode((split + 1.5, top, right - 1.5, bottom), it.text["运单号"], upright=True)
    it.sheet.down(split, top, bottom)
    recipient(it, (left, top, split, middle))
    it.sheet.across(left, split, middle)
    sender(it, (left, middle, split, bottom))


def foot(it: Layout, box: Box) -> None:
    """Signature, inspection stamp and a QR code."""
    left, top, right, bottom = box
    side = min(bottom - top, (right - left) * 0.34)
    it.sheet.qr((right - side, top, right, bottom), f"https://t.example/{it.text['运单号']}")
    split, size = right - side - 1, 2.6 * it.size
    it.sheet.block((left + 1.5, top + 1, split - 20, bottom - size * 1.6), it.say["your"], size)
    it.sheet.line(
        (left + 1.5, bottom - size * 1.5, split - 1, bottom), it.say["sign"] + it.colon, size
    )
    stamp = (split - 17, top + 1.2, split - 1.5, top + 6.2)
    if it.framed:
        it.sheet.down(split, top, bottom)
        it.sheet.frame(stamp)
    it.sheet.line((stamp[0] + 1, stamp[1], stamp[2] - 1, stamp[3]), it.say["seen"], 3.2, align=0.5)


def goods(it: Layout, box: Box) -> None:
    """Item, weight, remark and order number."""
    left, top, right, bottom = box
    rows = [
        f"{it.say['item']}{it.colon}{it.text['商品']}  "
        f"{it.say['count']}{it.colon}{it.text['数量']}",
        f"{it.say['weight']}{it.colon}{it.text['重量']}  "
        f"{it.say['order']}{it.colon}{it.text['订单号']}",
        f"{it.say['remark']}{it.colon}{it.text['备注']}",
    ]
    tall = (bottom - top) / len(rows)
    for i, row in enumerate(rows):
        y = top + i * tall
        size = min(2.8 * it.size, tall * 0.7)
        it.sheet.line((left + 1.5, y, right - 1, y + tall), row, size)


def table(it: Layout, box: Box) -> None:
    """Goods as a ruled table, as picking lists are printed on waybills."""
    left, top, right, bottom = box
    cells = [
        (it.say["item"], it.text["商品"]), (it.say["count"], it.text["数量"]),
        (it.say["weight"], it.text["重量"]), (it.say["order"], it.text["订单号"]),
        (it.say["remark"], it.text["备注"]), (it.say["total"], it.text["数量"]),
    ]  # fmt: skip
    tall, split = (bottom - top) / len(cells), left + 14
    for i, (caption, value) in enumerate(cells):
        y = top + i * tall
        size = min(2.5 * it.size, tall * 0.75)
        it.sheet.line((left + 1, y, split - 0.5, y + tall), caption, size)
        it.sheet.line((split + 1, y, right - 1, y + tall), value, size)
        if i:
            it.sheet.across(left, right, y)
    it.sheet.down(split, top, bottom)


def pickup(it: Layout, box: Box) -> None:
    """The collection code of a parcel locker."""
    tall = box[3] - box[1]
    text = f"{it.say['code']} {it.text['取件码']}"
    inner = (box[0] + 2, box[1], box[2] - 2, box[3])
    it.sheet.line(inner, text, tall * 0.6, bold=True, align=0.5)


def copy(it: Layout, box: Box) -> None:
    """The customer's part: its name, and the number again as a small barcode."""
    left, top, right, bottom = box
    split = left + (right - left) * 0.35
    it.sheet.line((left + 2, top, split, bottom), it.say["copy"], 3.6, bold=True)
    it.sheet.barcode((split, top + 1.5, right, bottom - 4), it.text["运单号"])
    number = (split + 2, bottom - 4, right - 2, bottom)
    it.sheet.line(number, it.text["运单号"], 2.8, align=0.5)


def _bands(it: Layout) -> list[tuple[float, Band]]:
    if it.name == "sparse":
        codes: list[tuple[float, Band]] = [(13, routing), (20, barcode)]
        rest: list[tuple[float, Band]] = [(22, recipient), (14, sender), (22, foot), (14, goods)]
        return [(11, header), *(codes if it.codes_first else codes[::-1]), *rest]
    codes = [(19, barcode), (14, routing), (8, hub)]
    ordered = codes if it.codes_first else [*codes[1:], codes[0]]
    if it.name == "dense":
        rest = [(46, parties), (19, table), (17, foot), (7, pickup)]
        return [(9, header), *ordered, *rest]
    return [(11, header), *ordered, (20, recipient), (13, sender), (20, foot), (13, goods)]


def waybill(
    what: int | Fields, *, size: str = "76x130", dpi: float = 203, layout: str = "ruled"
) -> Image.Image:
    """Draw one waybill.

    Parameters
    ----------
    what : int or dict of str to str
        A seed for invented fields, or the fields themselves as `fields` names them.
    size : str
        One of `SIZES`.
    dpi : float
        Of the printer: 203 (8 dots/mm) or 300.
    layout : str
        One of `LAYOUTS`: ruled with a frame, sparsely ruled, or dense.

    Returns
    -------
    PIL.Image.Image
        Mode 1, with its dpi set.

    Raises
    ------
    FileNotFoundError
        The fields are Chinese and no Chinese font is found.
    """
    text = fields(what) if isinstance(what, int) else what
    if text["语言"] == "zh" and not chinese_font():
        raise FileNotFoundError(f"no font with Chinese characters: {FONT_HINT}")
    sheet = Sheet(SIZES[size], dpi)
    it = Layout(sheet, text, layout, sum(text["运单号"].encode()))
    end = sheet.size[1] - it.margin
    cut = TWO_PART.get(size, end)
    it.draw(it.margin, min(cut - 1, end), _bands(it))
    if size in TWO_PART:
        sheet.across(0, sheet.size[0], cut, dashed=True)
        it.draw(cut + 1.5, end, [(15, copy), (13, recipient), (11, sender), (14, goods)])
    return sheet.image


def main() -> None:
    """Read the command line and write the file."""
    parser = argparse.ArgumentParser(description="Draw an invented courier waybill.")
    parser.add_argument("path", type=Path, help="where to: FILE.png")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another waybill")
    parser.add_argument("--size", choices=SIZES, default="76x130")
    parser.add_argument("--dpi", type=float, default=203, help="203 or 300")
    parser.add_argument("--layout", choices=LAYOUTS, default="ruled")
    wanted = parser.parse_args()
    image = waybill(wanted.seed, size=wanted.size, dpi=wanted.dpi, layout=wanted.layout)
    image.save(wanted.path, dpi=image.info["dpi"])


if __name__ == "__main__":
    main()

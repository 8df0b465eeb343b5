"""Cells that break things: hypothesis strategies and a curated list."""

from __future__ import annotations

from hypothesis import strategies as st


def words(text: str) -> list[str]:
    return text.split()


_ADDRESS = words("""
浙江省 浙江 杭州市 杭州 吉林 吉林省 吉林市 北京市 上海 青岛市 市南区 西湖区 朝阳区 城西区 新区 区
市 省 县 镇 路 街 文三路 中山北路 三省路 159号 159 号 号楼 3栋 3幢 3号楼 12层 12楼 A座 2单元 二单元
单元 501室 501 1201 室 3-2-501 3‐501 0571-8888 大厦 花园 与 和 交叉口 交汇处 旁边 旁 东门 东门口
小区 市场 弄 村 家园 豪庭 A栋 B号楼 2-501 —501 房 号 工业园 园区 组20号 7座 12F
""")
_REMARK = words("""
请 麻烦 不要 勿 别 放 送到 送至 谢谢 多谢 电话联系 电联 尽快 尽早 周一 星期五 周末 送货前 之前
或者 或 前 发货 250ml 250毫升 500g 500克
5kg 5公斤 5G 128g *24 x2 ×3 盒 瓶 颜色:酒红 黑 米白 色 M 2XL 码 1.8m 1.8米 10mm 4L 升 包邮 免邮
发 货 尽快发 好一点 丰巢 柜 顺丰 快递 工作日送 （ ） ( ) ， , ： : ； ; 。 、 ！
""")
_ENGLISH = words("""
12 North N Main Road Rd Rd. ROAD rd Street St St. st Avenue Ave Apartment Apt apt # 5 5B Suite
TX Texas USA US UK Floor please pls thanks thx do not don't and & pieces pcs , . Springfield IL
62701 Mary
""")
_ODD = [
    *"\u200b\u200d\u200c\ufeff\ufe0f\ufe0e\u00ad\u2060\u180b\u3164\ufe03\ufe0a\U000e0100\u0301",
    *"é한㎏㎖①½ﬁßİＡ豈⼀𠮷\ud800\udc00\x00\n\t　-‐－/\"'\\ ",
    *["\ufe05\ufe06", "e\u0301", "か\u3099", "ﾊﾟ", "ｋｇ", "１２３", "\r\n", "  "],
    *["👨\u200d👩\u200d👧", "❤\ufe0f", "👍🏽", "🇨🇳", "1\ufe0f\u20e3"],
    *["1.23E+13", "138****5678", "张*三", "1,234.50", "=SUM(A1)"],
]

fragments = st.sampled_from(_ADDRESS + _REMARK + _ENGLISH + _ODD)
spaced = st.sampled_from(["", "", "", " ", "，"])
grammar = st.lists(st.tuples(fragments, spaced), max_size=14).map(
    lambda parts: "".join(a + b for a, b in parts)
)
addresses = st.lists(st.sampled_from(_ADDRESS), max_size=12).map("".join)
english = st.lists(st.sampled_from(_ENGLISH + _ODD[:8]), max_size=12).map(" ".join)
anything = st.text(st.characters(max_codepoint=0x10FFFF, categories=None), max_size=40)
cells = st.one_of(grammar, addresses, english, anything)

CURATED = [
    "",
    " ",
    "NULL",
    "1.23E+13",
    "138****5678",
    "张*三",
    '=HYPERLINK("x")',
    "浙江省杭州市西湖区文三路159号西溪花园3栋2单元501室",
    "浙江 杭州市 西湖区 文三路159号 西溪花园（东门）3幢2单元501",
    "山东省青岛市市南区香港中路10号楼5楼",
    "青岛市南区香港中路10号",
    "济南市市中区经十路2号",
    "吉林市船营区吉林大街1号",
    "吉林吉林市船营区吉林大街1号",
    "吉林省吉林市船营区吉林大街1号",
    "北京北京市朝阳区建国路3-2-501",
    "上海花园小区3号楼501",
    "上海市杨浦区上海路1弄2号501室",
    "朝阳区朝阳路朝阳市场旁边",
    "杭州市区文三路",
    "南京路与西藏路交叉口，东门口",
    "请放门口👨\u200d👩\u200d👧，谢谢❤\ufe0f",
    "送货前请电话联系（138****5678），不要放驿站；周五或周六送到",
    "蒙牛纯牛奶250ml*24盒（整箱）1.5kg",
    "𠮷野家\U000e0100葛\U000e0100城区",
    "12 North Main Street, Apt 5",
    "12 N MAIN RD, APARTMENT 5B",
    "12 St Mary Street, Suite #3, please do not ring, thanks",
    "a\x00b\x00浙江杭州西湖区",
]

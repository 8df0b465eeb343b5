"""What is said to people, in English and in Chinese. One catalogue for reports and the terminal.

Wording is careful: a copy is "released to" a recipient (发放给), nobody is called a thief.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Literal

from tracemark.catalogue import Catalogue

Lang = Literal["en", "zh"]
LANGUAGES: tuple[Lang, ...] = ("en", "zh")

PHRASES: dict[str, tuple[str, str]] = {
    # verdicts
    "identified": ("identified", "已确定"),
    "inconclusive": ("inconclusive", "不足以认定"),
    "no mark": ("no mark found", "未发现标记"),
    "unreadable": ("unreadable", "无法读取"),
    "says identified one": (
        "A copy of this material was released to {who}.",
        "这批材料出自发放给 {who} 的那一份副本。",
    ),
    "says identified many": (
        "Copies of this material were released to {count} recipients: {who}.",
        "这批材料出自发放给 {count} 个接收者的副本：{who}。",
    ),
    "says inconclusive": (
        "A mark of this vault is there, and nobody can be named by it.",
        "样本中有本库的标记，但不能据此指名任何人。",
    ),
    "says no mark": (
        "No mark of this vault was found, so nobody is named.",
        "未发现本库的标记，因此不指向任何人。",
    ),
    "says unreadable": (
        "No sample could be read, so nothing was examined.",
        "没有一份样本可以读取，因此未作任何检验。",
    ),
    # strength
    "extremely strong": ("extremely strong", "极强"),
    "very strong": ("very strong", "很强"),
    "strong": ("strong", "强"),
    "moderate": ("moderate", "中等"),
    "sure": (
        "The evidence is {strength}: evidence like this names anyone innocent, of all {candidates}"
        " recipients compared, with a chance of {odds}.",
        "证据强度：{strength}。在参与比对的全部 {candidates} 个接收者中，"
        "这样的证据误指任何无辜者的概率{odds}。",
    ),
    "held": (
        "The case was held to a chance of {odds} of naming anyone innocent, whatever was done to"
        " the samples.",
        "本次追溯的界限：无论样本被怎样处理过，误指任何无辜者的概率{odds}。",
    ),
    "nobody sure": (
        "{candidates} recipients were compared. Nobody below the line is named anywhere.",
        "共比对 {candidates} 个接收者。达不到界限的人不在任何地方出现名字。",
    ),
    "odds about": ("about {number}", "约 {number}"),
    "odds at most": ("at most 1 in {number}", "不超过 {number} 分之一"),
    "odds below": ("less than 1 in {number}", "小于 {number} 分之一"),
    "{odds}": ("{odds}", "{odds}"),
    # kinds
    "account": ("account", "账号"),
    "station": ("station", "网点"),
    "terminal": ("terminal", "终端"),
    "courier": ("courier", "快递员"),
    "invisible": ("invisible characters", "不可见字符"),
    "typography": ("typography", "排印形式"),
    "wording": ("wording", "措辞"),
    "nubs": ("marks on edges", "边线标记"),
    "dots": ("dots in the white", "空白处的点"),
    "decoy": ("decoys", "诱饵"),
    "tone": ("tones", "明暗标记"),
    "tile": ("screen tile", "屏幕底纹"),
    "marked": ("marked", "有标记"),
    "empty": ("empty", "空"),
    "picture": ("picture", "图片"),
    "text": ("text", "文本"),
    "rows": ("rows", "数据行"),
    "table": ("table", "表格"),
    "label": ("label", "面单"),
}

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def phrase(key: str, lang: Lang, **values: object) -> str:
    """A phrase of the catalogue in one language, its places filled. A key not held is itself."""
    if key not in PHRASES:
        return key
    return PHRASES[key][LANGUAGES.index(lang)].format(**values)


def translate(text: str, lang: Lang) -> str:
    """A message, hint, note or piece of advice of this library, which are kept in English.

    Parameters
    ----------
    text : str
        As it was raised or noted.
    lang : str
        ``zh``; ``en`` is the text itself.
    """
    return chinese()(text) if lang == "zh" else text


@cache
def chinese(more: str = "") -> Catalogue:
    """The library's sentences in Chinese, with those of another TOML document."""
    from importlib.resources import files  # late, as few runs need it

    own = files("tracemark").joinpath("zh.toml").read_text(encoding="utf-8")
    return Catalogue(own, *filter(None, [more]))


def odds(chance: float, lang: Lang) -> str:
    """A chance as it is read aloud: about 66%; at most 1 in 1,000,000; less than 1 in 10⁴⁰."""
    if chance > 0.05:
        return phrase("odds about", lang, number=f"{chance:.0%}")
    if chance >= 1e-9:
        scale = 10 ** max(0, math.floor(-math.log10(chance)) - 1)
        number = f"{max(1, math.floor(1 / chance / scale * (1 + 1e-9))) * scale:,}"
        return phrase("odds at most", lang, number=number)
    power = math.floor(-math.log10(max(chance, 1e-300)) + 1e-9)
    return phrase("odds below", lang, number=f"10{str(power).translate(_SUPERSCRIPTS)}")


def strength(chance: float) -> str:
    """The word for a bound, a key of the catalogue."""
    for limit, word in ((1e-12, "extremely strong"), (1e-6, "very strong"), (1e-4, "strong")):
        if chance <= limit:
            return word
    return "moderate"

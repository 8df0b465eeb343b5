"""What is said to people, in English and in Chinese. One catalogue for reports and the terminal.

Wording is careful: a copy is "released to" a recipient (发给), nobody is called a thief.
"""

from __future__ import annotations

import math
import re
from typing import Literal

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
        "这批材料出自发给 {who} 的那一份。",
    ),
    "says identified many": (
        "Copies of this material were released to {count} recipients: {who}.",
        "这批材料出自发给 {count} 个接收者的副本：{who}。",
    ),
    "says inconclusive": (
        "A mark of this vault is there, too weak to name anyone.",
        "样本中有本库的标记，但不足以指名任何人。",
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
    "tone": ("tones", "明暗标记"),
    "tile": ("screen tile", "屏幕底纹"),
    "marked": ("marked", "有标记"),
    "empty": ("empty", "空"),
    "picture": ("picture", "图片"),
    "text": ("text", "文本"),
    "rows": ("rows", "行"),
    "table": ("table", "表格"),
    "label": ("label", "面单"),
    # advice that the tracing gives: see `advice`
    "too weak": (
        "A mark of this vault is present, but it is too weak to name anyone.",
        "样本中有本库的标记，但强度不足以指名任何人。",
    ),
    "most": (
        "The sample can give {0} bits at most and {1} are needed: add more rows from the same"
        " source.",
        "这份样本最多能提供 {0} 比特证据，而需要 {1} 比特：请补充同一来源的更多行。",
    ),
    "more rows": (
        "Add more rows from the same source, or the file as it was first received.",
        "请补充同一来源的更多行，或提供最初收到的原始文件。",
    ),
    "few places": (
        "Only {0} places for a mark: too little to tell. Add more rows, as they were received.",
        "只有 {0} 处可以承载标记，不足以判断。请按收到时的原样补充更多行。",
    ),
    "no place": (
        "No place for a mark: too little to tell. Add more rows, as they were received.",
        "没有可以承载标记的位置，不足以判断。请按收到时的原样补充更多行。",
    ),
    "issued unmarked": (
        "Some of these records were issued from this vault, but the mark was not found.",
        "其中一些记录曾由本库发出，但没有找到标记。",
    ),
    "some unreadable": (
        "Some samples could not be read; they took no part.",
        "有些样本无法读取，未参与追溯。",
    ),
}

_ADVICE = ("too weak", "most", "more rows", "few places", "no place", "issued unmarked",
           "some unreadable")  # fmt: skip
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def phrase(key: str, lang: Lang, **values: object) -> str:
    """A phrase of the catalogue in one language, its places filled. A key not held is itself."""
    if key not in PHRASES:
        return key
    return PHRASES[key][LANGUAGES.index(lang)].format(**values)


def advice(text: str, lang: Lang) -> str:
    """Advice of a case, which is kept in English, in another language where it is known."""
    if lang == "zh":
        for key in _ADVICE:
            english, chinese = PHRASES[key]
            pattern = re.sub(r"\\\{\d\\\}", r"([\\d.,]+)", re.escape(english))
            if match := re.fullmatch(pattern, text):
                return chinese.format(*match.groups())
    return text


def odds(chance: float, lang: Lang) -> str:
    """A chance as it is read aloud: at most 1 in 1,000,000; less than 1 in 10⁴⁰."""
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

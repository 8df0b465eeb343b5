"""Rules: families of equivalent forms, as data, compiled to one pattern for each locale. SPEC 5.2.

The built-in families stand in the TOML files beside this module. A family's id and context are
part of the mark format: a copy is read with the rules it was marked with.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from tracemark.errors import UsageError

LAYERS = ("typography", "wording")
LOCALES = ("zh-CN", "en")
HAN = "一-鿿㐀-䶿"

_NAME = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """One way in which people write the same thing in two forms, or in four.

    Attributes
    ----------
    id : int
        1 to 65,535, fixed for ever.
    name, layer : str
        `layer` is typography or wording.
    roles : frozenset of str
        Roles of cells in which it is written.
    option : str
        It is written only where this option is allowed; empty for always.
    classes : dict
        Each spelling, folded, to its class: 0 or 1, or 0 to 3 where there are four.
    written : tuple of two or four dicts
        ``written[class][spelling]``: what is written to show the class where `spelling` stood.
    canonical : dict
        Each spelling to the canonical one.
    closing : tuple of str
        The second halves of a pair, for chip 0 and 1; empty where the family is no pair.
    keep : bool
        The canonical form counts in the anchor.
    case : bool
        Written in the case of the text around it.
    head : bool
        It stands in the locale's pattern `head`, and is keyed by the text up to the road.
    """

    id: int
    name: str
    layer: str
    roles: frozenset[str]
    option: str
    classes: Mapping[str, int]
    written: tuple[Mapping[str, str], ...]
    canonical: Mapping[str, str]
    closing: tuple[str, ...]
    keep: bool
    case: bool
    head: bool

    def allowed(self, *, numerals: bool) -> bool:
        """Whether the family is in use under these options."""
        return not self.option or (self.option == "numerals" and numerals)

    @property
    def characters(self) -> str:
        """All characters that writing a chip may put down."""
        return "".join([*(form for own in self.written for form in own.values()), *self.closing])

    @property
    def fine(self) -> bool:
        """Whether a slot shows two chips: it has four classes."""
        return len(self.written) == 4


@dataclass(frozen=True, slots=True, eq=False)
class Locale:
    """The families of one locale, compiled.

    Attributes
    ----------
    head : Pattern or None
        Matched once, at the beginning; its named groups are slots.
    heads : tuple of (Family, group)
        The families of `head`.
    road : int
        The group of `head` whose end is that of the text they are keyed by; 0 for none.
    body : Pattern
        Every other slot. ``groups[match.lastindex]`` is (family, first number, its group, its
        closing group or 0).
    lines : Pattern
        `head` and `body` for many cells at once, each behind a line feed: the groups of `head`
        come first, the last of them first of all in ``match.lastindex``, and those of `body` are
        moved up by as many. It finds what `head` and `body` find as long as no context looks
        beyond a line feed.
    soft : Pattern
        What does not count in an anchor.
    families : frozenset of Family
    hard : frozenset of Family
        The families with a form that is not soft throughout.
    words : Pattern or None
        Soft words: their letters carry no invisible symbols.
    letter : Pattern
        Splits a text behind each letter that can carry an invisible symbol: one that stands in no
        form of a slot.
    """

    head: re.Pattern[str] | None
    heads: tuple[tuple[Family, int], ...]
    road: int
    body: re.Pattern[str]
    groups: Mapping[int, tuple[Family, int, int, int]]
    lines: re.Pattern[str]
    soft: re.Pattern[str]
    families: frozenset[Family]
    hard: frozenset[Family]
    words: re.Pattern[str] | None
    letter: re.Pattern[str]


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """All families, and the two locales they are compiled to."""

    families: Mapping[int, Family]
    chinese: Locale
    english: Locale


def rules(extra: Path | None = None) -> Rules:
    """The built-in rules, with those of a file of your own if one is given.

    Parameters
    ----------
    extra : Path, optional
        A TOML file in the format of the built-in ones: ``locale``, ``[patterns]``, ``[[family]]``.
        Use ids from 50,000. It belongs to the vault: what was marked with it is read with it.

    Raises
    ------
    UsageError
        If the file cannot be read, or a family in it is malformed or has an id that is taken.
    """
    return _built_in() if extra is None else _compile([*_sources(), _load(extra)])


@cache
def _built_in() -> Rules:
    return _compile(_sources())


def _sources() -> list[dict[str, Any]]:
    folder = resources.files(__name__)
    return [
        tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8")) for name in LOCALES
    ]


def _load(path: Path) -> dict[str, Any]:
    hint = "see tracemark/text/rules/zh-CN.toml for the format"
    try:
        source = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise UsageError(f"the rules file {path} cannot be read", hint=hint) from None
    except ValueError as fault:
        raise UsageError(f"the rules file {path} is not TOML: {fault}", hint=hint) from None
    if source.get("locale") not in LOCALES:
        raise UsageError(f"the rules file {path} names no locale: zh-CN or en", hint=hint)
    return source


def _compile(sources: Sequence[dict[str, Any]]) -> Rules:
    families: dict[int, Family] = {}
    for source in sources:
        for entry in source.get("family", []):
            family = _family(entry)
            if family.id in families:
                raise UsageError(f"two families have the id {family.id}", hint="ids are unique")
            families[family.id] = family
    chinese, english = (
        _locale([s for s in sources if s["locale"] == name], families) for name in LOCALES
    )
    return Rules(families, chinese, english)


def _family(entry: dict[str, Any]) -> Family:
    name = str(entry.get("name", entry.get("id", "?")))
    fault = UsageError(
        f"the rule family '{name}' is malformed",
        hint="it needs id, name, layer, roles and two or four classes of forms, none in common",
    )
    try:
        number, layer, roles = int(entry["id"]), entry["layer"], frozenset(entry["roles"])
        forms = [[str(form) for form in own] for own in entry["forms"]]
    except (KeyError, TypeError, ValueError):
        raise fault from None
    parallel, closing = bool(entry.get("parallel")), tuple(entry.get("closing", ()))
    classes = {form.lower(): value for value, own in enumerate(forms) for form in own}
    if (
        not 0 < number < 1 << 16
        or layer not in LAYERS
        or len(forms) not in (2, 4)
        or not all(forms)
        or len(classes) != sum(map(len, forms))
        or (parallel and len(set(map(len, forms))) > 1)
        or len(closing) not in (0, len(forms))
    ):
        raise fault
    return Family(
        id=number,
        name=name,
        layer=layer,
        roles=roles,
        option=str(entry.get("option", "")),
        classes=classes,
        written=tuple(_written(own, forms, parallel) for own in forms),
        canonical=_twins(forms[0], forms) if parallel else dict.fromkeys(classes, forms[0][0]),
        closing=closing,
        keep=bool(entry.get("keep")),
        case=bool(entry.get("case")),
        head="head" in entry,
    )


def _written(own: list[str], forms: list[list[str]], parallel: bool) -> dict[str, str]:
    """Spelling to what is written in its place to show the class `own`."""
    if parallel:
        return _twins(own, forms)
    every = {form.lower(): own[0] for other in forms for form in other}
    return every | {form.lower(): form for form in own}


def _twins(own: list[str], forms: list[list[str]]) -> dict[str, str]:
    """Spelling to its twin in the class `own`."""
    return {form.lower(): twin for other in forms for form, twin in zip(other, own, strict=True)}


def _locale(sources: Sequence[dict[str, Any]], families: Mapping[int, Family]) -> Locale:
    patterns = {"han": HAN}
    for source in sources:
        patterns |= source.get("patterns", {})
        patterns |= {
            name: alternation(words.split()) for name, words in source.get("lists", {}).items()
        }
    entries = [entry for source in sources for entry in source.get("family", [])]
    own = [families[int(entry["id"])] for entry in entries]
    heads = [
        (family, str(e["head"])) for family, e in zip(own, entries, strict=True) if "head" in e
    ]
    body = _Body()
    for family, entry in zip(own, entries, strict=True):
        if "head" not in entry:
            before, after = (_expand(str(entry.get(k, "")), patterns) for k in ("before", "after"))
            body.add(family, before, after, behind_number=bool(entry.get("number")))
    pattern, groups = body.compiled()
    head = next((re.compile(_expand(s["head"], patterns)) for s in sources if "head" in s), None)
    first = f"\n(?:{head.pattern}|)" if head else "\n"
    soft = "".join(str(source.get("soft", "")) for source in sources)
    words = [word for source in sources for word in str(source.get("soft_words", "")).split()]
    taken = set(soft).union(*(form for family in own for form in family.classes))
    word = f"(?<![a-z]){alternation(words)}(?![a-z])" if words else ""
    nothing = re.compile(f"(?:{word}|[\\W_])*" if words else f"[\\W_{soft}]*")
    return Locale(
        head=head,
        heads=tuple((family, head.groupindex[name]) for family, name in heads) if head else (),
        road=head.groupindex.get("road", 0) if head else 0,
        body=re.compile(f"(?=[{body.leads}])(?:{pattern})"),
        groups=groups,
        lines=re.compile(f"(?=[\\n{body.leads}])(?:{first}|{pattern})"),
        soft=re.compile(f"(?:{word}|[\\W_])+" if words else f"[\\W_{soft}]+"),
        families=frozenset(own),
        hard=frozenset(f for f in own if not all(map(nothing.fullmatch, f.classes))),
        words=re.compile(word) if words else None,
        letter=re.compile("(?<=[a-z])" if words else f"(?<=[{_without(HAN, taken)}])"),
    )


_Part = tuple[Family, str, int, int]  # its pattern, the group of its form, all groups


class _Body:
    """Joins the families' patterns so that most characters are passed over at once.

    Alternatives are tried where a character can begin one: a number, the character or set that
    `before` begins with, or a form itself.
    """

    def __init__(self) -> None:
        self._led: list[_Part] = []  # their patterns without what leads them
        self._befores: list[str] = []  # what leads them
        self._numerals: list[_Part] = []
        self._numbers: list[_Part] = []
        self._forms: list[_Part] = []
        # the characters that alternatives of each kind, numbers apart, begin with
        self._leads = {"led": "", "numerals": "", "forms": ""}

    def add(self, family: Family, before: str, after: str, *, behind_number: bool) -> None:
        """Add a family with its context."""
        forms = "|".join(re.escape(f) for f in sorted(family.classes, key=len, reverse=True))
        pattern = f"({forms}){after}"
        try:
            groups, group = re.compile(before + pattern).groups, re.compile(before).groups + 1
        except re.error as fault:
            raise UsageError(
                f"the context of the rule family '{family.name}' is no pattern: {fault}",
                hint="before and after are regular expressions, {name} an entry of [patterns]",
            ) from None
        lead = "".join(re.escape(form[:1]) for form in family.classes)
        consuming = bool(before) and not before.startswith("(?")
        if consuming and not behind_number:
            first = before[: before.index("]", 2) + 1] if before[0] == "[" else before[0]
            self._leads["led"] += first.strip("[]")
            self._led.append((family, pattern, group, groups))
            self._befores.append(before)
            return
        pattern = before + pattern
        if not consuming and "" not in family.classes:
            pattern = f"(?=[{lead}]){pattern}"
        part = (family, pattern, group, groups)
        if behind_number:
            self._numbers.append(part)
        elif re.search("[0-9]", lead):
            self._leads["numerals"] += lead
            self._numerals.append(part)
        else:
            self._leads["forms"] += lead
            self._forms.append(part)

    def _runs(self) -> list[tuple[str, list[int]]]:
        """Led families that follow one another behind the same context, which is tried once."""
        runs: list[tuple[str, list[int]]] = []
        for i, before in enumerate(self._befores):
            if runs and runs[-1][0] == before and _of_one_length(before):
                runs[-1][1].append(i)
            else:
                runs.append((before, [i]))
        return runs

    @property
    def leads(self) -> str:
        """The characters that a match can begin with, to stand in a set."""
        return "0-9" + "".join(self._leads.values())

    def compiled(self) -> tuple[str, dict[int, tuple[Family, int, int, int]]]:
        """The pattern, and what its groups are. A number alone matches without a group."""
        groups: dict[int, tuple[Family, int, int, int]] = {}
        used = 0
        for family, _, group, count in [*self._led, *self._numerals, *self._numbers, *self._forms]:
            pair = used + count if family.closing else 0
            groups[used + count] = (family, family.id << 32, used + group, pair)
            used += count
        numbers = "|".join(part[1] for part in self._numbers)
        led = [
            f"{before}(?:{'|'.join(self._led[i][1] for i in run)})" for before, run in self._runs()
        ]
        alternatives = led, *([part[1] for part in p] for p in (self._numerals, self._forms))
        led_by, numerals, forms = (
            f"(?=[{lead}])(?:{'|'.join(patterns)})" if patterns else ""
            for lead, patterns in zip(self._leads.values(), alternatives, strict=True)
        )
        branches = [led_by, numerals, f"[0-9]++(?:{numbers}|)", forms]
        return "|".join(filter(None, branches)), groups


def _of_one_length(pattern: str) -> bool:
    """Whether a pattern matches in one way at most: what is of one length can be looked behind."""
    try:
        return re.compile(f"(?<={pattern})").groups == 0
    except re.error:
        return False


def _expand(pattern: str, patterns: Mapping[str, str]) -> str:
    """Replace each {name} by its pattern, and again in what stands there then."""
    while (opened := _NAME.sub(lambda m: patterns.get(m[1], m[0]), pattern)) != pattern:
        pattern = opened
    return pattern


def alternation(words: Iterable[str]) -> str:
    """A pattern that matches any of the words, the longest first, branching on first letters."""
    branches: dict[str, list[str]] = {}
    for word in sorted(words, key=len, reverse=True):
        branches.setdefault(word[0], []).append(re.escape(word[1:]))
    return (
        "(?:" + "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in branches.items()) + ")"
    )


def _without(ranges: str, taken: Iterable[str]) -> str:
    """The ranges of characters `a-bc-d` without some characters."""
    for character in taken:
        ranges = "".join(
            _parted(low, character, high) if low <= character <= high else f"{low}-{high}"
            for low, high in zip(ranges[0::3], ranges[2::3], strict=True)
        )
    return ranges


def _parted(low: str, taken: str, high: str) -> str:
    below = f"{low}-{chr(ord(taken) - 1)}" if low < taken else ""
    above = f"{chr(ord(taken) + 1)}-{high}" if taken < high else ""
    return below + above

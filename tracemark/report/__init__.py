"""The report: one self-contained page about a case, for people. SPEC 8.5.

It is made from the case file alone, and from the exhibits where they are at hand. No script, no
network: everything it needs stands in the page, and everything that came from outside is escaped.
"""

from __future__ import annotations

import base64
import platform
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from tracemark import words
from tracemark.errors import UsageError
from tracemark.exhibit import WEIGHTS, Exhibit, ShownCell, ShownPicture, ShownRows
from tracemark.report.plot import plot

__all__ = ["page"]

_NUMBER = 15  # characters of a phone or waybill number


def page(
    case: Mapping[str, Any],
    exhibits: Sequence[Exhibit] = (),
    *,
    lang: str = "zh",
    signed: Mapping[str, Any] | None = None,
    asked: str = "",
) -> str:
    """Render a case.

    Parameters
    ----------
    case : mapping
        As `Case.to_dict` gives it.
    exhibits : sequence of Exhibit
        Rows and pictures of its samples.
    lang : str
        ``zh`` or ``en``: what the page opens in.
    signed : mapping, optional
        The statement of a signed case file: who signed, when, with which key.
    asked : str
        The command line that traced the case; else that of the signed statement, else one written
        from the case, which does not know of originals, waybill numbers and limits.

    Raises
    ------
    UsageError
        For another language.
    """
    if lang not in words.LANGUAGES:
        raise UsageError(f"no report in '{lang}'", hint=f"one of {', '.join(words.LANGUAGES)}")
    import tracemark

    accused = case["accusations"]
    histogram = case["histogram"]
    made: str = _template().render(
        case=case,
        lang=lang,
        signed=signed,
        accused=accused,
        strength=words.strength(max((one["bound"] for one in accused), default=1.0)),
        shown={one.sample: one for one in exhibits},
        columns=_columns,
        breadth=_breadth,
        counted=_counted,
        is_picture=lambda one: isinstance(one, ShownPicture),
        access=case.get("access"),
        today=datetime.now(UTC).date().isoformat(),
        version=tracemark.__version__,
        python=platform.python_version(),
        numpy=version("numpy"),
        plot=plot(
            histogram.get("edges", ()),
            histogram.get("counts", ()),
            case["line"],
            [(one["score"], one["round"]) for one in accused],
        ),
        command=command(case),
        asked=asked or (signed or {}).get("process", {}).get("command", ""),
    )
    return made


def command(case: Mapping[str, Any]) -> str:
    """The command line that asks the same question again."""
    parts = ["tracemark", "trace", *(one["path"] for one in case["samples"])]
    if case["alpha"] != 1e-6:
        parts += ["--alpha", f"{case['alpha']:g}"]
    if case.get("among"):
        parts += ["--among", case["among"]]
    return " ".join(map(shlex.quote, parts))


def seen(text: object) -> str:
    """A text from outside with control and direction characters written as escapes."""
    given = str(text)
    if given.isprintable():
        return given
    return "".join(
        c if c.isprintable() or c in "\u200c\u200d\u3000" else c.encode("unicode_escape").decode()
        for c in given.encode("utf-8", "backslashreplace").decode()
    )


@cache
def _template() -> Any:
    """The page's template, made once."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(_part),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["seen"] = seen
    environment.filters["data"] = _data
    environment.globals.update(
        both=_both, said=_said, odds=_odds, percent=_percent, WEIGHTS=WEIGHTS
    )
    return environment.get_template("case.html")


def _part(name: str) -> str:
    return files("tracemark.report").joinpath(name).read_text(encoding="utf-8")


def _data(jpeg: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def _spans(english: str, chinese: str) -> str:
    """Both languages side by side; the page's style shows one. Escapes what it is given."""
    from markupsafe import Markup

    return Markup(
        '<span class="en" lang="en">{}</span><span class="zh" lang="zh">{}</span>'
    ).format(english, chinese)


def _both(key: str, **values: object) -> str:
    """A phrase of the catalogue in both languages, or a key that is not held as it is."""
    if key not in words.PHRASES:
        return seen(key)
    return _spans(*(words.phrase(key, lang, **values) for lang in words.LANGUAGES))


def _said(text: str) -> str:
    return _spans(seen(text), seen(words.translate(text, "zh")))


def _odds(key: str, chance: float, **values: object) -> str:
    """A phrase with a chance in it."""
    given = {
        lang: {
            name: words.phrase(value, lang) if isinstance(value, str) else value
            for name, value in values.items()
        }
        for lang in words.LANGUAGES
    }
    return _spans(
        *(
            words.phrase(key, lang, odds=words.odds(chance, lang), **given[lang])
            for lang in words.LANGUAGES
        )
    )


def _percent(part: float) -> str:
    return "< 1%" if part < 0.01 else f"{part:.0%}"


def _columns(shown: ShownRows) -> list[int]:
    """Columns of which anything was read, and the first one to know the rows by."""
    read = {at for _, cells in shown.rows for at, cell in enumerate(cells) if cell.read}
    return sorted({0, *read} if shown.headers else read)


def _breadth(cell: ShownCell) -> str:
    """The class of a cell: what reads as one number is not broken, a marked text has room."""
    if len(cell.text) <= _NUMBER and cell.text.isascii() and " " not in cell.text:
        return "whole"
    return "roomy" if cell.read else ""


def _counted(shown: Exhibit) -> dict[str, int]:
    """How many places or cells of each weight are shown."""
    if isinstance(shown, ShownPicture):
        weights = [place.weight for place in shown.places]
    else:
        weights = [part[1] for _, cells in shown.rows for cell in cells for part in cell.parts]
    return {
        weight: weights.count(weight)
        for weight in WEIGHTS
        if weight in weights and weight != "silent"
    }

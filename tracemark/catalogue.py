"""A catalogue of sentences: what is said in English, and how it is said in another language.

Messages are written in English where they arise, and stay so in case files, logs and JSON. Where
one is shown to a person it is looked up here by its wording. A sentence's places are ``{}`` in
English, in turn, and ``{0}``, ``{1}``, … in the other language; ``{0:t}`` is itself translated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache


class Catalogue:
    """Sentences of some TOML documents: tables of English = translation.

    Parameters
    ----------
    documents : str
        Contents of the documents. Their tables only sort them.
    """

    def __init__(self, *documents: str) -> None:
        import tomllib  # late, as few runs need it

        self.sentences: dict[str, str] = {}
        for document in documents:
            for table in tomllib.loads(document).values():
                self.sentences |= table
        # the more of a sentence is fixed, the sooner it is tried
        self._open = sorted(
            (one for one in self.sentences if "{}" in one), key=lambda one: -len(_fixed(one))
        )

    def __call__(self, text: str) -> str:
        """The text translated; as it is if no sentence of the catalogue fits it."""
        said = " ".join(text.split())
        if said in self.sentences:
            return self.sentences[said].format()
        for sentence in self._open:
            if not said.startswith(sentence.partition("{}")[0]):
                continue
            if match := _pattern(sentence).fullmatch(said):
                return self._filled(self.sentences[sentence], match.groups())
        return text

    def _filled(self, sentence: str, values: Iterable[str]) -> str:
        return sentence.format(*(_Value(self, value) for value in values))


class _Value:
    """What stands in a place: ``{0}`` as it is, ``{0:t}`` translated."""

    def __init__(self, catalogue: Catalogue, text: str) -> None:
        self.catalogue, self.text = catalogue, text

    def __format__(self, how: str) -> str:
        return self.catalogue(self.text) if how == "t" else self.text


def _fixed(sentence: str) -> str:
    return sentence.replace("{}", "")


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    return re.compile("(.*?)".join(map(re.escape, sentence.split("{}"))))

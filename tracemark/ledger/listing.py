"""Candidates of a case, listed once: to draw their codewords, and again to score them. SPEC 6.8."""

from __future__ import annotations

from collections.abc import Iterator

from tracemark.ledger import recipients
from tracemark.ledger.recipients import PAGE
from tracemark.ledger.store import Store

_KEPT = 32_000_000  # characters


class Listing:
    """Ids that begin so, in order: as they are registered now, later as they were at a case.

    What was listed now is kept, up to 32 million characters, and need not be asked for again where
    nobody was registered meanwhile.

    Parameters
    ----------
    store : Store
    prefix : str or None
    """

    def __init__(self, store: Store, prefix: str | None) -> None:
        self._store, self._prefix = store, prefix
        self._newest = recipients.newest(store)
        self._kept: list[str] = []

    def now(self) -> Iterator[list[str]]:
        """All that are registered now, in lists; called once, by any thread."""
        room = _KEPT
        for page in recipients.ids(self._store, self._prefix, PAGE, None):
            text = "\n".join(page)  # no id that is registered holds a line end
            room -= len(text)
            if room >= 0:
                self._kept.append(text)
            yield page

    def before(self, entry: int) -> Iterator[list[str]]:
        """Only those registered before an entry that was written after this listing began."""
        last = ""
        if recipients.newest(self._store) == self._newest:
            for text in tuple(self._kept):
                page = text.split("\n")
                last = page[-1]
                yield page
        yield from recipients.ids(self._store, self._prefix, PAGE, entry, after=last)

"""Accusations that rest on a key which got out. SPEC 8.7; after the verdict, and it changes none.

Who holds the key of an epoch can forge its marks for anybody. An accusation that such marks may
have brought about says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tracemark.codeword import Codebook
from tracemark.decoder.pilot import binomial_tail
from tracemark.decoder.tally import agreement
from tracemark.model import Reading

_LINE = -9.21  # ln 10^-4: agreement above chance, of one who is accused already


def cautions(
    revoked: Mapping[int, str],
    books: Sequence[Codebook],
    recipient: str,
    samples: Sequence[Sequence[Sequence[Reading]]],
) -> Iterator[str]:
    """Say of each revoked epoch that its marks may have led to this accusation.

    Parameters
    ----------
    revoked : mapping of int to str
        Epoch, and since when its key may be in other hands (`Ledger.revocations`).
    books : sequence of Codebook
        One for each epoch.
    recipient : str
        Accused.
    samples : sequence of sequences
        For each sample and epoch, the readings.

    Yields
    ------
    str
        Nothing only where the marks are seen under a key that was not revoked, and not under this.
    """
    if not revoked:
        return
    shows = {
        book.epoch: _shows(book, recipient, [one[index] for one in samples])
        for index, book in enumerate(books)
    }
    sound = any(seen for epoch, seen in shows.items() if epoch not in revoked)
    for epoch, since in sorted(revoked.items()):
        if shows[epoch] or not sound:
            note = (
                f"the key of epoch {epoch} was revoked: since {since} others may have made marks"
                " with it; rely on this only for what the ledger shows as issued to them, or what"
                " is known to have leaked before"
            )
            yield note


def _shows(book: Codebook, recipient: str, samples: Sequence[Sequence[Reading]]) -> bool:
    """Whether the samples agree with the recipient's codeword of an epoch."""
    codeword = book.codeword(recipient)
    counts = [agreement(reading, codeword, book.biases)[:2] for some in samples for reading in some]
    agreeing, read = (sum(column) for column in zip(*counts, strict=True)) if counts else (0, 0)
    return read > 0 and binomial_tail(read, agreeing) <= _LINE

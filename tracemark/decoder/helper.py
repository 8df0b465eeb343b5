"""The process that helps with scoring. Run by `helpers`; not to be imported.

On its standard input stands, pickled by the process that started it, what the codebooks are made
of, and then one order after the other: ``weigh`` from now on by these hypotheses, first of all;
``draw`` a chunk of candidates and keep their codewords, of the epochs that are weighed; ``score`` a
chunk, named by its number or by its ids, and write the scores as float64, after the order's own
number in eight bytes, lowest first.
"""

from __future__ import annotations

import pickle
import sys

from tracemark.codeword import Codebook
from tracemark.decoder.search import Drawn, Panel, Scorer


def main() -> None:
    """Obey until no more orders come."""
    orders, answers = sys.stdin.buffer, sys.stdout.buffer
    given = [Codebook.handed(over) for over in pickle.load(orders)]  # noqa: S301 (from our parent)
    books = {book.epoch: book for book in given}
    scorer = Scorer([])
    drawn: dict[int, Drawn] = {}
    while True:
        try:
            order, what = pickle.load(orders)  # noqa: S301
        except EOFError:
            return
        if order == "draw":
            number, ids = what
            drawn[number] = scorer.draw(ids)
        elif order == "weigh":
            scorer = Scorer([Panel(books[epoch], groups) for epoch, groups in what])
        else:
            number, chunk = what
            scores = scorer.weigh(drawn[chunk] if isinstance(chunk, int) else scorer.draw(chunk))
            answers.write(number.to_bytes(8, "little") + scores.tobytes())
            answers.flush()


if __name__ == "__main__":
    main()

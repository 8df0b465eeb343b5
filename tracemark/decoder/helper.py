"""The process that helps with scoring. Run by `helpers`; not to be imported.

On its standard input stands, pickled by the process that started it, what the codebooks are made
of, and then one order after the other: ``draw`` a chunk of candidates and keep their codewords;
``weigh`` from now on by these hypotheses; ``score`` a chunk, named by its number or by its ids, and
write the scores as float64, after the order's own number in eight bytes, lowest first.
"""

from __future__ import annotations

import pickle
import sys

import numpy as np
from numpy.typing import NDArray

from tracemark.codeword import Codebook
from tracemark.decoder.search import Panel, Scorer


def main() -> None:
    """Obey until no more orders come."""
    orders, answers = sys.stdin.buffer, sys.stdout.buffer
    given = [Codebook.handed(over) for over in pickle.load(orders)]  # noqa: S301 (from our parent)
    books = {book.epoch: book for book in given}
    drawn: dict[int, dict[int, NDArray[np.uint8]]] = {}  # codewords by chunk and epoch
    epochs: list[int] = []
    scorer = Scorer([])
    while True:
        try:
            order, what = pickle.load(orders)  # noqa: S301
        except EOFError:
            return
        if order == "draw":
            number, ids = what
            drawn[number] = {epoch: book.pack(ids) for epoch, book in books.items()}
        elif order == "weigh":
            epochs = [epoch for epoch, _ in what]
            scorer = Scorer([Panel(books[epoch], groups) for epoch, groups in what])
        else:
            number, chunk = what
            scores = (
                scorer.weigh([drawn[chunk][epoch] for epoch in epochs])
                if isinstance(chunk, int)
                else scorer.score(chunk)
            )
            answers.write(number.to_bytes(8, "little") + scores.tobytes())
            answers.flush()


if __name__ == "__main__":
    main()

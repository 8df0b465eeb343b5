"""The process that helps with scoring. Run by `helpers`; not to be imported.

On its standard input stand, pickled by the process that started it, what the panels are made of
and then one list of ids after the other; it writes their scores as float64.
"""

from __future__ import annotations

import pickle
import sys

from tracemark.codeword import Codebook
from tracemark.decoder.search import Panel, Scorer


def main() -> None:
    """Score until no more ids come."""
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    told = pickle.load(questions)  # noqa: S301 (from the process that started this one)
    scorer = Scorer([Panel(Codebook.handed(over), groups) for over, groups in told])
    while True:
        try:
            ids = pickle.load(questions)  # noqa: S301
        except EOFError:
            return
        answers.write(scorer.score(ids).tobytes())
        answers.flush()


if __name__ == "__main__":
    main()

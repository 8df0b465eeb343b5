"""The process that reads tones. Run by `apart`; not to be imported."""

from __future__ import annotations

import pickle
import sys

from tracemark.memory import keep_freed
from tracemark.tone.reading import read_reduced


def main() -> None:
    """Read the one picture that stands on the standard input, pickled by the parent."""
    keep_freed()
    found = read_reduced(*pickle.load(sys.stdin.buffer))  # noqa: S301 (from our parent)
    sys.stdout.buffer.write(pickle.dumps(found, pickle.HIGHEST_PROTOCOL))


if __name__ == "__main__":
    main()

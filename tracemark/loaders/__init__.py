"""From a sample, whatever it arrived as, to rows of cells or to a picture. SPEC 11.9.

One file a format. A loader tells nothing about marks: it hands over texts and their headers, or a
picture, and afterwards the hash of what it read. Whatever is not our own code parses in a process
of its own (`apart`).
"""

from typing import TYPE_CHECKING

from tracemark.later import later
from tracemark.loaders.limits import LIMITS, Limits

if TYPE_CHECKING:
    from tracemark.loaders.sample import LoadedSample, Sample
    from tracemark.loaders.several import open_samples
else:
    __getattr__ = later(
        __name__,
        {
            "tracemark.loaders.sample": "LoadedSample Sample",
            "tracemark.loaders.several": "open_samples",
        },
    )

__all__ = ["LIMITS", "Limits", "LoadedSample", "Sample", "open_samples"]

"""From a sample, whatever it arrived as, to rows of cells or to a picture. SPEC 11.9.

One file a format. A loader tells nothing about marks: it hands over texts and their headers, or a
picture, and afterwards the hash of what it read. Whatever is not our own code parses in a process
of its own (`apart`).
"""

from tracemark.loaders.limits import LIMITS, Limits
from tracemark.loaders.sample import LoadedSample, Sample, open_samples

__all__ = ["LIMITS", "Limits", "LoadedSample", "Sample", "open_samples"]

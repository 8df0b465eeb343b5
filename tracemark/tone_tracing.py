"""Tones of pictures that are samples. SPEC 15; a part of the tracing corridor.

Nothing here has seen a codeword.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from PIL import Image

from tracemark.case import Pilot, SampleReport
from tracemark.keys import EpochKey
from tracemark.label_tracing import LEAST_BOUND, PILOT_BOUND, Mark, PictureRead
from tracemark.loaders import LoadedSample
from tracemark.profiles import Profile

if TYPE_CHECKING:
    from tracemark.tone import ToneReading

_PLACE = {"picture": "tones", "tile": "screen"}


def tones_meanwhile(
    picture: Image.Image, keys: Sequence[EpochKey], profile: Profile
) -> AbstractContextManager[Callable[[], list[ToneReading]]]:
    """Read what the tones of an upright picture show under each key, beside other work."""
    from tracemark.tone import apart

    return apart.reading(picture, [key.derive("slots/tone") for key in keys], profile)


def with_tones(
    sample: LoadedSample, labels: Sequence[PictureRead], found: Sequence[ToneReading]
) -> list[PictureRead]:
    """What was read of a picture as labels, with what its tones say.

    A picture whose tones show a mark of ours is a sample of its own, beside its labels if these
    show one, else in their place.
    """
    # SPEC 15.5: the check cells had no part in the search; one test for each key
    bound = min(1.0, min(one.bound for one in found) * len(found))
    if bound > PILOT_BOUND:
        return list(labels)
    marked = [one for one in labels if one.report.status != "no mark"]
    best = max(found, key=lambda one: one.check)
    report = SampleReport(
        f"{sample.path} ({_PLACE[best.use]})" if marked else sample.path,
        sample.sha256,
        sample.kind,
        "marked",
        slots=max(len(one.reading) for one in found if one.reading is not None),
        pilot=Pilot(0, 0, max(LEAST_BOUND, bound)),
        note="read by its tones",
    )
    votes = [[one.reading] if one.reading is not None else [] for one in found]
    return [*marked, PictureRead(report, votes, Mark())]

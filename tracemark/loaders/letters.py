"""How large the letters of a picture are, at a glance: what OCR need not see, it is not shown.

Ink is what is darker than the paper around it. Along a line of text it comes in many short runs, as
long as the strokes of its letters are wide.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

_LINES = 400  # lines of a picture that are looked at
_AROUND = 40  # of the longer side: how far paper is looked for
_DARKER = 0.8  # of the brightness around, below which is ink
_WIDEST = 60  # pixels of a stroke
_FEWEST = 400  # strokes under which there is no text to speak of
_WIDTH = 2.5  # pixels of a stroke that OCR reads well
_LEAST = 1600  # pixels of the longer side that are always shown


def reading_scale(picture: Image.Image) -> float | None:
    """At which scale a picture's text is read as well as at its own, and sooner.

    Parameters
    ----------
    picture : PIL image

    Returns
    -------
    float or None
        At most 1; None where there is no text to speak of.
    """
    gray = picture.convert("L")
    longest = max(gray.size)
    around = gray.reduce(4).filter(ImageFilter.BoxBlur(max(2, longest // 4 // _AROUND)))
    paper = around.resize(gray.size, Image.Resampling.BILINEAR)
    step = -(-gray.height // _LINES)
    ink = np.asarray(gray)[::step] < _DARKER * np.asarray(paper)[::step]
    strokes = _runs(ink)
    if len(strokes) < _FEWEST:
        return None
    return min(1.0, max(_WIDTH / float(np.median(strokes)), _LEAST / longest))


def _runs(ink: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Lengths of the runs of ink along all lines that are not too long for a stroke."""
    edges = np.diff(np.pad(ink, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    # from one line to the next both alternate: each run begins before it ends
    lengths = np.nonzero(edges < 0)[1] - np.nonzero(edges > 0)[1]
    return lengths[lengths <= _WIDEST]

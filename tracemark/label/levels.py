"""A picture at the scales at which marks are looked for: made once, for all keys. SPEC 10.8."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from tracemark.label.darkness import Field, darkness
from tracemark.label.raster import luminance
from tracemark.label.stands import clear_view
from tracemark.label.view import View, scaled, standing

Picture = NDArray[np.uint8]

# pixels along the longer side, the likely ones first; those of a group are made together
_GROUPS = ((1600,), (2400,), (1066, 711), (475, 317, 3600))
_CUT_OUT = 700  # pixels along the longer side of what is likely a part of a label
_FINE = 2400  # pixels along the longer side of what slots are read from
_OWN = 0.85  # scales this near to a picture's own size are that: what is resampled is blurred
_LONGEST = 8000  # pixels; nothing finer than the finest level is ever looked at


class Fine(NamedTuple):
    """Darkness of a picture as finely as slots are read, and its pixels to one of the picture."""

    dark: Field
    scale: float


class Levels:
    """A picture, and what was made of it so far.

    Parameters
    ----------
    picture : (H, W) uint8
        Luminance.
    shrink : float
        Its pixels to one of the picture as it was given.
    """

    def __init__(self, picture: Picture, shrink: float = 1.0) -> None:
        self.picture = picture
        self.shrink = shrink
        self._stand, self._bends = standing(picture)
        self._views: dict[float, View] = {}
        self._fine: Fine | None = None

    @classmethod
    def of(cls, image: Image.Image) -> Levels:
        """Of a picture of any mode, turned as its EXIF orientation says."""
        picture = luminance(ImageOps.exif_transpose(image))
        shrink = min(1.0, _LONGEST / max(picture.shape))
        return cls(scaled(picture, shrink).astype(np.uint8) if shrink < 1 else picture, shrink)

    @property
    def legible(self) -> bool:
        """Whether it has edges enough for a label."""
        return self._stand is not None

    @property
    def cut_out(self) -> bool:
        """Whether it is likely a part of a label, whose pixels are dear."""
        return bool(max(self.picture.shape) <= _CUT_OUT)

    def groups(self) -> list[list[float]]:
        """The scales at which it is looked at, in turn; a cut-out's coarse ones first."""
        groups = _GROUPS[::-1] if self.cut_out else _GROUPS
        return [self._scales(group) for group in groups]

    def _scales(self, group: tuple[int, ...]) -> list[float]:
        found = [level / max(self.picture.shape) for level in group]
        near = [1.0 if _OWN < scale < 1 / _OWN else scale for scale in found]
        return [scale for scale in near if 1 / 8 < scale < 3]

    def view(self, scale: float) -> View:
        """The picture at one scale, with its bumps and combs."""
        if self._stand is None:
            raise ValueError("a picture that is not legible has no views")
        if scale not in self._views:
            self._views[scale] = clear_view(self.picture, scale, self._stand, self._bends)
        return self._views[scale]

    def fine(self) -> Fine:
        """The picture as finely as slots are read."""
        if self._fine is None:
            scale = min(1.0, _FINE / max(self.picture.shape))
            self._fine = Fine(darkness(scaled(self.picture, scale)), scale)
        return self._fine

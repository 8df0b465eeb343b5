"""The vault's verb for screens: a tile that a page is covered with. SPEC 15."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING

from tracemark import label_marking
from tracemark.errors import UsageError
from tracemark.keys import EpochKey
from tracemark.ledger import Ledger
from tracemark.profiles import Profile

if TYPE_CHECKING:
    from PIL import Image

TILE = (1024, 1024)


class ScreenVerbs:
    """The part of a `Vault` that marks screens."""

    profile: Profile
    _keys: list[EpochKey]
    _ledger: Ledger

    def screen_tile(
        self, to: str, size: tuple[int, int] = TILE, profile: str = "default"
    ) -> Image.Image:
        """A nearly invisible tile that a web page is covered with, so that screenshots are traced.

        Parameters
        ----------
        to : str
            Recipient id: who is signed in.
        size : (width, height)
            In the page's own pixels. At 1024 by 1024 it repeats without a seam; a larger one may
            cover a page that does not repeat it.
        profile : str
            ``discreet``, ``default`` or ``robust``: at most 3, 4 or 6 of 255 levels.

        Returns
        -------
        PIL image
            RGBA. The same recipient gets the same tile until the key is rotated. The ledger holds
            the issue before this returns.

        Raises
        ------
        UnknownRecipient, UsageError, LedgerError
        """
        self._ledger.recipient(to)
        if len(size) != len(TILE) or not all(isinstance(side, Integral) for side in size):
            raise UsageError(
                "the size of a tile is its width and height in pixels",
                hint=f"two whole numbers, for example {TILE[0]} and {TILE[1]}",
            )
        made = label_marking.screen_tile(
            to, self._keys[-1], self.profile, size=size, strength=profile
        )
        self._ledger.issue_at_once(
            to,
            "tile",
            profile=self.profile.name,
            epoch=self._keys[-1].epoch,
            policy=profile,
            rows=1,
            fingerprints={},
            sha256=made.sha256,
        )
        return made.image

"""The vault's verbs for labels: mark a picture, or a whole waybill. SPEC 10."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from tracemark import label_marking
from tracemark.errors import UsageError
from tracemark.keys import EpochKey
from tracemark.label_marking import MarkedLabel
from tracemark.ledger import Ledger
from tracemark.ledger.fingerprints import Fingerprints
from tracemark.marking import RowMarker
from tracemark.model import Unseen
from tracemark.pictures import loaded
from tracemark.profiles import Profile

if TYPE_CHECKING:
    from PIL import Image

_NUMBER = re.compile(r"运单|面单号|快递单|waybill|tracking", re.IGNORECASE)


class LabelVerbs:
    """The part of a `Vault` that marks labels."""

    profile: Profile
    _keys: list[EpochKey]
    _ledger: Ledger

    def mark_label(
        self,
        image: Image.Image,
        to: str,
        waybill: str | None = None,
        profile: str = "default",
        *,
        dpi: float | None = None,
        again: bool = False,
    ) -> Image.Image:
        """Mark the picture of one label as its printer is sent it.

        Parameters
        ----------
        image : PIL image
            Of mode 1, L, LA, P, RGB or RGBA.
        to : str
            Recipient id.
        waybill : str, optional
            The label's waybill number. It binds the mark: moved to another waybill, the mark
            contradicts that one's number. The ledger keeps its keyed fingerprint.
        profile : str
            ``discreet``, ``default`` or ``robust``: at most 0.16, 0.25 or 0.5 % of the white dots
            change.
        dpi : float, optional
            Resolution of the printer; by default the picture's own, or guessed from its size.
        again : bool
            Mark even what carries a mark of this vault already. Two marks on one label read as a
            copy that two recipients had a hand in.

        Returns
        -------
        PIL image
            Of the same mode, size and resolution. The ledger holds the issue before this returns.

        Raises
        ------
        HostTooSmall
            If the label offers too few straight edges to name anyone.
        AlreadyMarked
            If it carries a mark of this vault, whoever's, unless `again`.
        UnknownRecipient, UsageError, UnreadableSample, LedgerError
        """
        self._ledger.recipient(to)  # raises UnknownRecipient
        marked = self._marked(image, to, waybill, profile, dpi, again, tones=True)
        self._issued(marked.sha256, marked.prints, to, profile, {"waybill": marked.prints})
        return marked.image

    def mark_waybill(
        self,
        fields: Mapping[str, str],
        render: Callable[[dict[str, str]], Image.Image],
        to: str,
        waybill: str | None = None,
        columns: Mapping[str, str] | None = None,
        profile: str = "default",
        *,
        policy: str = "plain",
        dpi: float | None = None,
    ) -> Image.Image:
        """Mark a whole waybill: the words that are printed on it, and the picture of it.

        Parameters
        ----------
        fields : mapping of str to str
            What stands on the waybill, by column name.
        render : callable
            Draws the label from fields like these.
        to : str
            Recipient id.
        waybill : str, optional
            Its number; by default the field whose name says so (运单号, waybill, tracking number).
        columns : mapping of str to str, optional
            Column name to role, where the name and the field do not tell.
        profile, dpi
            As in `mark_label`.
        policy : str
            For the words: ``plain``, since they are printed.

        Returns
        -------
        PIL image
            The marked label, drawn from marked fields. The ledger holds one issue with the words
            and the number before this returns. To trace beside an original, draw that from fields
            that were marked for the same recipient; drawn from others it gives the pose alone.

        Raises
        ------
        HostTooSmall, UnknownRecipient, UsageError, UnreadableSample, LedgerError
            And whatever `render` raises; nothing is recorded then.
        """
        self._ledger.recipient(to)
        if not all(isinstance(one, str) for pair in fields.items() for one in pair):
            raise UsageError(
                "a field of the waybill is no text",
                hint="column names and what stands there, as str",
            )
        words = RowMarker(self._keys[-1], self.profile, to, columns=columns, policy=policy)
        [values], prints = words.mark([(tuple(fields), tuple(fields.values()))])
        if waybill is None:
            named = (value for name, value in fields.items() if value and _NUMBER.search(name))
            waybill = next(named, None)
        picture = render(dict(zip(fields, values, strict=True)))
        # drawn a moment ago: it cannot carry a mark
        marked = self._marked(picture, to, waybill, profile, dpi, again=True)
        self._issued(marked.sha256, marked.prints, to, profile, _joined(prints, marked.prints))
        return marked.image

    def _marked(
        self,
        image: Image.Image,
        to: str,
        waybill: str | None,
        profile: str,
        dpi: float | None,
        again: bool,
        unseen: Unseen | None = None,
        tones: bool = False,  # a page's overlay is of black dots only
    ) -> MarkedLabel:
        must_be_resolution(dpi)
        return label_marking.mark_label(
            loaded(image, name="the label"),
            to,
            self._keys,
            self.profile,
            waybill=waybill,
            strength=profile,
            dpi=dpi,
            again=again,
            unseen=unseen,
            tones=tones,
        )

    def _issued(
        self,
        sha256: str,
        number: Fingerprints,
        to: str,
        profile: str,
        prints: Mapping[str, Fingerprints],
    ) -> None:
        """Record one label, before it leaves."""
        self._ledger.issue_at_once(
            to,
            "label",
            profile=self.profile.name,
            epoch=self._keys[-1].epoch,
            policy=profile,
            rows=1,
            fingerprints=prints,
            sha256=sha256,
            waybill=int(number[0]) if len(number) else None,
        )


def must_be_resolution(dpi: float | None) -> None:
    """Raise UsageError for a resolution that no printer has."""
    if dpi is not None and dpi <= 0:
        raise UsageError(f"a resolution of {dpi:g} dpi", hint="above 0, for example 203 or 300")


def _joined(prints: Mapping[str, Fingerprints], waybill: Fingerprints) -> dict[str, Fingerprints]:
    """Fingerprints of the fields, and that of the waybill's number."""
    return {**prints, "waybill": np.union1d(prints["waybill"], waybill)}

"""The vault's verbs for labels: mark a picture, a file, or a whole waybill. SPEC 10."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracemark import marking
from tracemark.errors import AlreadyMarked, HostTooSmall, UsageError
from tracemark.keys import EpochKey
from tracemark.ledger import Ledger
from tracemark.ledger.fingerprints import Fingerprints
from tracemark.marking import MarkedLabel, RowMarker
from tracemark.pictures import WRITTEN, open_picture, save_picture
from tracemark.printing import pdf
from tracemark.profiles import Profile

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

    def mark_label_file(
        self,
        source: BinaryIO,
        sink: BinaryIO,
        to: str,
        waybill: str | None = None,
        profile: str = "default",
        *,
        name: str = "the input",
        dpi: float | None = None,
        again: bool = False,
    ) -> int:
        """Mark a PNG, JPEG, BMP or TIFF file with the picture of one label, or a PDF of labels.

        Parameters
        ----------
        source : binary file
            Seekable.
        sink : binary file
            Gets the marked label as the same kind of file.
        name : str
            For messages.
        to, waybill, profile, dpi, again
            As in `mark_label`, and for a PDF as in `mark_label_pdf`; they say what is raised.

        Returns
        -------
        int
            How many labels were marked.
        """
        head = source.read(1024)
        source.seek(-len(head), io.SEEK_CUR)
        if pdf.is_pdf(head):
            marked_pages, count = self._marked_pdf(
                source.read(), to, waybill, profile, name=name, dpi=dpi or pdf.DPI, again=again
            )
            sink.write(marked_pages)
            return count
        picture = open_picture(source, name=name)
        kind = picture.format
        if kind not in WRITTEN:
            raise UsageError(
                f"{name}: a {kind} is not written", hint=f"one of {', '.join(WRITTEN)}"
            )
        marked = self.mark_label(picture, to, waybill, profile, dpi=dpi, again=again)
        save_picture(marked, sink, kind)
        return 1

    def mark_label_pdf(
        self,
        data: bytes,
        to: str,
        waybill: str | Sequence[str | None] | None = None,
        profile: str = "default",
        *,
        name: str = "the PDF",
        dpi: float = pdf.DPI,
        again: bool = False,
    ) -> bytes:
        """Mark every page of a PDF as one label; needs the extra ``pdf``. SPEC 11.12.

        Parameters
        ----------
        data : bytes
            The PDF.
        waybill : str or sequence of str or None, optional
            The number of the only page's label, or one for each page.
        name : str
            For messages.
        dpi : float
            Resolution of the printer.
        to, profile, again
            As in `mark_label`, which also says what is raised.

        Returns
        -------
        bytes
            The PDF with the mark's dots laid over its pages. Text stays text. The ledger holds
            an issue for each page before this returns; if one page cannot be marked, none is.

        Raises
        ------
        MissingExtra, UnreadableSample, UsageError
            Also for a PDF that is broken, locked, encrypted or signed.
        """
        return self._marked_pdf(data, to, waybill, profile, name=name, dpi=dpi, again=again)[0]

    def _marked_pdf(
        self,
        data: bytes,
        to: str,
        waybill: str | Sequence[str | None] | None,
        profile: str,
        *,
        name: str,
        dpi: float,
        again: bool,
    ) -> tuple[bytes, int]:
        self._ledger.recipient(to)
        count = pdf.count(data, name=name)
        numbers: list[str | None] = [waybill] if isinstance(waybill, str) else list(waybill or ())
        if waybill is None:
            numbers = [None] * count
        if len(numbers) != count:
            raise UsageError(
                f"{name}: {len(numbers)} waybill numbers for {count} pages",
                hint="give one number for each page, in their order",
            )
        issues: list[tuple[str, Fingerprints]] = []

        def added() -> Iterator[NDArray[np.bool_]]:
            for page, picture in enumerate(pdf.pages(data, dpi, name=name), start=1):
                with _named(page, name):
                    one = self._marked(picture, to, numbers[page - 1], profile, dpi, again)
                issues.append((one.sha256, one.prints))
                yield np.asarray(one.image) != np.asarray(picture)

        written = pdf.overlay(data, added(), name=name)
        for sha256, number in issues:
            self._issued(sha256, number, to, profile, {"waybill": number})
        return written, count

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
        tones: bool = False,  # a page's overlay is of black dots only
    ) -> MarkedLabel:
        return marking.mark_label(
            image,
            to,
            self._keys,
            self.profile,
            waybill=waybill,
            strength=profile,
            dpi=dpi,
            again=again,
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


@contextmanager
def _named(page: int, name: str) -> Iterator[None]:
    """Say in a refusal which page it is about."""
    try:
        yield
    except HostTooSmall as error:
        what = f"chips on page {page} of {name}"
        raise HostTooSmall(
            needed=error.needed, found=error.found, what=what, hint=error.hint
        ) from None
    except (AlreadyMarked, UsageError) as error:
        raise type(error)(f"{name}: page {page}: {error}", hint=error.hint) from None


def _joined(prints: Mapping[str, Fingerprints], waybill: Fingerprints) -> dict[str, Fingerprints]:
    """Fingerprints of the fields, and that of the waybill's number."""
    return {**prints, "waybill": np.union1d(prints["waybill"], waybill)}

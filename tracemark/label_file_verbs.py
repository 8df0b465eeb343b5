"""The vault's verbs for files of labels: pictures, PDF, ZPL, one or many. SPEC 10, 11.12, 11.13."""

from __future__ import annotations

import io
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tracemark.arguments import is_path
from tracemark.errors import UsageError
from tracemark.label_marking import MarkedLabel
from tracemark.label_verbs import LabelVerbs, must_be_resolution
from tracemark.model import Unseen
from tracemark.pictures import WRITTEN, loaded, open_picture, save_picture
from tracemark.printing import pdf
from tracemark.printing.streams import MOST_BYTES, is_zpl
from tracemark.tables.sink import write

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True, slots=True)
class LabelFile:
    """One file to be marked.

    Attributes
    ----------
    path : Path
    waybill : str, optional
        As in `Vault.mark_label_file`.
    rendered : Path, optional
        A picture of what the printer makes of it, for ZPL.
    name : str
        For messages; by default its path.
    """

    path: Path
    waybill: str | None = None
    rendered: Path | None = None
    name: str = ""

    def __post_init__(self) -> None:
        """Raise UsageError for a path that is none."""
        for path in filter(None, (self.path, self.rendered)):
            if not isinstance(path, Path) or not is_path(path):
                raise UsageError(
                    f"a file of a label cannot be a {type(path).__name__}",
                    hint="a pathlib.Path, and no NUL in it",
                )


@dataclass(frozen=True, slots=True)
class MarkedFile:
    """One marked file, in the ledger already.

    Attributes
    ----------
    path : Path
        Of the unmarked one.
    data : bytes
    labels : int
    """

    path: Path
    data: bytes
    labels: int


class LabelFileVerbs(LabelVerbs):
    """The part of a `Vault` that marks files of labels."""

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
        rendered: Image.Image | None = None,
    ) -> int:
        """Mark a PNG, JPEG, BMP or TIFF file with the picture of one label, or PDF or ZPL labels.

        Parameters
        ----------
        source : binary file
            Seekable.
        sink : binary file
            Gets the marked label as the same kind of file.
        name : str
            For messages.
        to, waybill, profile, dpi, again, rendered
            As in `mark_label`, for a PDF as in `mark_label_pdf`, and for ZPL as in
            `mark_label_zpl`; they say what is raised.

        Returns
        -------
        int
            How many labels were marked.
        """
        must_be_resolution(dpi)
        if not source.seekable():
            raise UsageError(
                f"{name} cannot be read twice", hint="hand in io.BytesIO(source.read())"
            )
        head = source.read(1024)
        source.seek(-len(head), io.SEEK_CUR)
        if pdf.is_pdf(head):
            marked_pages, count = self._marked_pdf(
                source.read(),
                to,
                waybill,
                profile,
                name=name,
                dpi=pdf.DPI if dpi is None else dpi,
                again=again,
            )
            write(sink, marked_pages)
            return count
        if is_zpl(head):
            marked_stream, count = self._marked_zpl(
                source.read(MOST_BYTES + 1),
                to,
                waybill,
                profile,
                rendered,
                name=name,
                dpi=dpi,
                again=again,
            )
            write(sink, marked_stream)
            return count
        if rendered is not None:
            raise UsageError(
                f"{name} is no ZPL, and needs no rendering", hint="leave rendered (--rendered) out"
            )
        picture = open_picture(source, name=name)
        kind = picture.format
        if kind not in WRITTEN:
            raise UsageError(
                f"{name}: a {kind} is not written", hint=f"one of {', '.join(WRITTEN)}"
            )
        marked = self.mark_label(picture, to, waybill, profile, dpi=dpi, again=again)
        held = io.BytesIO()
        save_picture(marked, held, kind)
        write(sink, held.getvalue())
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

        Of a page larger than a label the part is marked that holds its codes.

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
        from tracemark import pdf_marking  # late, as label_marking.mark_label does

        self._ledger.recipient(to)
        must_be_resolution(dpi)

        def mark_one(picture: Image.Image, number: str | None) -> MarkedLabel:
            return self._marked(picture, to, number, profile, dpi, again)

        written, issues = pdf_marking.mark(data, waybill, mark_one, name=name, dpi=dpi)
        for one in issues:
            self._issued(one.sha256, one.prints, to, profile, {"waybill": one.prints})
        return written, len(issues)

    def mark_label_zpl(
        self,
        data: bytes,
        to: str,
        waybill: str | Sequence[str | None] | None = None,
        profile: str = "default",
        *,
        rendered: Image.Image | Sequence[Image.Image | None] | None = None,
        name: str = "the ZPL",
        dpi: float | None = None,
        again: bool = False,
    ) -> bytes:
        """Mark every label of a ZPL II stream. SPEC 11.13.

        Parameters
        ----------
        data : bytes
            The stream.
        waybill : str or sequence of str or None, optional
            The number of the only label, one for each label, or ``code``: the longest that each
            label's own codes hold. By default the one that they hold, if they hold no other.
        rendered : PIL image or sequence of PIL image or None, optional
            What the printer makes of the only label, or of each: one pixel for each dot. Marks
            then stand at letters as well; without it at lines, boxes and graphics alone.
        name : str
            For messages.
        dpi : float, optional
            Resolution of the printer; needed where places are in inches or millimetres.
        to, profile, again
            As in `mark_label`, which also says what is raised.

        Returns
        -------
        bytes
            The stream with one graphic more in each label; every byte of `data` stays. The ledger
            holds an issue for each label before this returns; if one cannot be marked, none is.
        """
        return self._marked_zpl(
            data, to, waybill, profile, rendered, name=name, dpi=dpi, again=again
        )[0]

    def _marked_zpl(
        self,
        data: bytes,
        to: str,
        waybill: str | Sequence[str | None] | None,
        profile: str,
        rendered: Image.Image | Sequence[Image.Image | None] | None,
        *,
        name: str,
        dpi: float | None,
        again: bool,
    ) -> tuple[bytes, int]:
        from tracemark import zpl_marking  # late, as label_marking.mark_label does

        self._ledger.recipient(to)
        for drawn in rendered if isinstance(rendered, Sequence) else [rendered]:
            if drawn is not None:
                loaded(drawn, name=f"{name}: what the printer makes of it")

        def mark_one(picture: Image.Image, number: str | None, unseen: Unseen) -> MarkedLabel:
            return self._marked(picture, to, number, profile, dpi, again, unseen)

        written, issues = zpl_marking.mark(data, waybill, rendered, mark_one, name=name, dpi=dpi)
        for one in issues:
            self._issued(one.sha256, one.prints, to, profile, {"waybill": one.prints})
        return written, len(issues)

    def mark_label_files(
        self,
        files: Iterable[LabelFile],
        to: str,
        profile: str = "default",
        *,
        dpi: float | None = None,
        again: bool = False,
        workers: int = 1,
    ) -> Generator[MarkedFile, None, None]:
        """Mark many files of labels, in processes of their own if there are enough of them.

        Parameters
        ----------
        files : iterable of LabelFile
        workers : int
            Processes to mark in; with 1, this one. A program that asks for more guards its start
            with ``if __name__ == "__main__":``, since each of them imports it.
        to, profile, dpi, again
            As in `mark_label`.

        Yields
        ------
        MarkedFile
            In the order of the files, each once the ledger holds its issues. The bytes are those
            of `mark_label_file`, however many workers there are.

        Raises
        ------
        OSError, and what `mark_label_file` does
            At the file that it is about. Those before it are marked, those behind it are not.
        """
        from tracemark import label_batches

        wish = label_batches.Wish(to, profile, dpi, again)
        return label_batches.mark_files(
            files, wish, self._keys, self.profile, self._ledger, workers
        )

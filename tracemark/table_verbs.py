"""The vault's verbs for rows, columns, texts and tables. SPEC 5, 7."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from tracemark import marking, seeding
from tracemark.arguments import mappings
from tracemark.ledger import Issue
from tracemark.marking import Receipt, RowMarker
from tracemark.record_verbs import RecordVerbs
from tracemark.tables import Readable, Writable, open_document


class TableVerbs(RecordVerbs):
    """The part of a `Vault` that marks text, with decoys among its rows."""

    def mark_rows(
        self,
        rows: Iterable[Mapping[str, Any]],
        to: str,
        columns: Mapping[str, str] | None = None,
        policy: str = "full",
        *,
        encoding: str | None = None,
        decoys: float = 0.0,
    ) -> Iterator[dict[str, Any]]:
        """Mark rows for one recipient, lazily.

        Parameters
        ----------
        rows : iterable of mapping
            Column name to value; only values that are `str` are ever changed, those within dicts,
            lists and tuples by their nearest key, as in JSON.
        to : str
            Recipient id.
        columns : mapping, optional
            Column name to role, where the name and the cell do not tell.
        policy : str
            ``full`` (all layers), ``quiet`` (nothing a reader could see) or ``plain`` (no invisible
            characters).
        encoding : str, optional
            The encoding the rows will be written in, if it is not a Unicode one.
        decoys : float
            Behind about this part of the rows, 0 to 0.1, stands a decoy of this recipient's; each
            comes once. See `add_decoys`.

        Returns
        -------
        iterator of dict
            Same keys in the same order. A row is yielded only after the ledger holds it.

        Raises
        ------
        UnknownRecipient, UsageError
            At the call, before any row is read; at the first row if none of the first 64 has a
            column that is given a role.
        """
        marker = self._marker(to, columns, policy, encoding)
        if decoys:
            rows = seeding.seeded(mappings(rows), self._dealer(to, decoys))
        return marking.mark_rows(rows, marker, lambda: self._issue(to, "rows", policy))

    def mark_columns(
        self,
        table: Mapping[str, Sequence[Any]],
        to: str,
        columns: Mapping[str, str] | None = None,
        policy: str = "full",
    ) -> dict[str, list[Any]]:
        """Mark a table that is held column by column.

        Parameters
        ----------
        table : mapping of str to sequence
            Column name to values, all of one length; only values that are `str` are changed.
        to, columns, policy
            As in `mark_rows`, which also says what is raised.

        Returns
        -------
        dict of str to list
            The same cells that `mark_rows` gives; the ledger holds the issue before this returns.
        """
        marker = self._marker(to, columns, policy, None)
        return marking.mark_columns(table, marker, lambda: self._issue(to, "rows", policy))

    def mark_batches(
        self,
        batches: Iterable[Any],
        to: str,
        columns: Mapping[str, str] | None = None,
        policy: str = "full",
    ) -> Iterator[Any]:
        """Mark Arrow record batches for one recipient, lazily, as one issue; needs `arrow`.

        Columns of strings, also where they are dictionaries, are marked as `mark_rows` would;
        schema, metadata, nulls and all other columns stay.

        Parameters
        ----------
        batches : iterable of pyarrow.RecordBatch
        to, columns, policy
            As in `mark_rows`, which also says what is raised.

        Returns
        -------
        iterator of pyarrow.RecordBatch
            A batch is yielded only after the ledger holds it.
        """
        marker = self._marker(to, columns, policy, None)
        return marking.mark_batches(batches, marker, lambda: self._issue(to, "rows", policy))

    def mark_batch(
        self,
        batch: Any,
        to: str,
        columns: Mapping[str, str] | None = None,
        policy: str = "full",
    ) -> Any:
        """Mark one Arrow record batch as an issue of its own; see `mark_batches`."""
        [marked] = self.mark_batches([batch], to, columns, policy)
        return marked

    def mark_text(self, text: str, to: str, role: str = "address", policy: str = "full") -> str:
        """Mark one text, such as an address on a screen, as one cell of the given role.

        Raises
        ------
        UnknownRecipient, UsageError
        """
        return self.issue_text(text, to, role, policy)[0]

    def issue_text(
        self, text: str, to: str, role: str = "address", policy: str = "full"
    ) -> tuple[str, Receipt]:
        """Mark one text as `mark_text` does, and say what was issued.

        Returns
        -------
        marked : str
        receipt : Receipt
            Where its `cells` is 0 there was no room for a mark: the text cannot be traced.

        Raises
        ------
        UnknownRecipient, UsageError
        """
        marker = self._marker(to, {"text": role}, policy, None)
        [[marked]], fingerprints = marker.mark([(("text",), (text,))])
        number = self._ledger.issue_at_once(
            to,
            "text",
            profile=self.profile.name,
            epoch=self._keys[-1].epoch,
            policy=policy,
            rows=1,
            fingerprints=fingerprints,
        )
        sha256 = hashlib.sha256(marked.encode("utf-8", "surrogatepass")).hexdigest()
        receipt = Receipt(to, number, 1, marker.cells, marker.layers, "utf-8", sha256, marker.used)
        return marked, receipt

    def mark_table(
        self,
        source: Readable,
        sink: Writable,
        to: str,
        columns: Mapping[str, str] | None = None,
        policy: str = "full",
        *,
        name: str | None = None,
        kind: str | None = None,
        encoding: str | None = None,
        decoys: float = 0.0,
        workers: int = 1,
    ) -> Receipt:
        """Mark a CSV, TSV, JSON, JSON Lines, text, XLSX or Parquet file.

        Every byte outside the marked cells stays as it is; texts are streamed. Of a workbook only
        the texts of marked cells change; Parquet (extra ``arrow``) is written anew, with its
        schema, metadata, row groups and compression.

        Parameters
        ----------
        source, sink : binary file
            Need not be seekable.
        to, columns, policy
            As in `mark_rows`.
        name : str, optional
            File name, used to tell the kind and in messages.
        kind : str, optional
            ``csv``, ``tsv``, ``json``, ``jsonl``, ``text``, ``xlsx`` or ``parquet``; told from the
            content, then the name otherwise.
        encoding : str, optional
            Told from the content otherwise.
        decoys : float
            As in `mark_rows`; of CSV and TSV with a header row only.
        workers : int
            Processes that mark the rows of a CSV or TSV file; the bytes and the ledger are the
            same whatever their number.

        Raises
        ------
        UnknownRecipient, UsageError, UnreadableSample, LedgerError
        """
        document = open_document(source, name=name or "the input", kind=kind, encoding=encoding)
        if decoys:
            self._ledger.recipient(to)  # raises UnknownRecipient
            seeded = seeding.SeededTable(document, self._dealer(to, decoys))
            document = open_document(
                seeded, name=document.name, kind=document.kind, encoding=document.encoding
            )
        marker = self._marker(to, columns, policy, document.encoding)
        if document.headers is not None:
            marker.must_find(document.headers, name or "the input")
        issue = self._issue(to, "table", policy, name)
        marked = marking.marked_parts(document, marker)
        if workers > 1:
            from tracemark.table_batches import Wish, marked_apart  # late: most tables need one

            wish = Wish(to, columns, policy, document.encoding)
            marked = marked_apart(document, marker, wish, self._keys, self.profile, workers)
        with closing(marked):  # whatever stops the writing ends the workers
            rows, cells, sha256 = marking.mark_document(document, sink, marked, issue)
        layers = marker.layers
        return Receipt(
            to, issue.number, rows, cells, layers, document.encoding, sha256, marker.used
        )

    def _marker(
        self, to: str, columns: Mapping[str, str] | None, policy: str, encoding: str | None
    ) -> RowMarker:
        self._ledger.recipient(to)  # raises UnknownRecipient
        return RowMarker(
            self._keys[-1], self.profile, to, columns=columns, policy=policy, encoding=encoding
        )

    def _issue(self, to: str, what: str, policy: str, name: str | None = None) -> Issue:
        return self._ledger.issue(
            to,
            what,
            profile=self.profile.name,
            epoch=self._keys[-1].epoch,
            policy=policy,
            name=name,
        )

"""Tables in canonical form: what every copy of the same data has in common. SPEC 5.6."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from operator import ne
from typing import BinaryIO

from tracemark.arguments import checked
from tracemark.decoys import Pool
from tracemark.errors import UsageError
from tracemark.tables import Readable, open_document
from tracemark.text.parse import clean, is_code
from tracemark.text.roles import MARKED, find_role

_CHUNK = 4096


@checked
def clean_table(
    source: Readable,
    sink: BinaryIO,
    columns: Mapping[str, str] | None = None,
    *,
    name: str | None = None,
    kind: str | None = None,
    encoding: str | None = None,
    without: Pool | None = None,
) -> int:
    """Bring a file's cells into canonical form, as a stream; no vault is needed.

    All marked copies of a file, and the file itself, come out the same. Of CSV and TSV a cell
    that may be marked stands in quotes where it needs them, or where the file quotes what needs
    none. Cells that are never marked (numbers, phones, identifiers, names) stay as they are.

    Parameters
    ----------
    source, sink : binary file
        Need not be seekable.
    columns : mapping of str to str, optional
        Column name to role, where the name and the cell do not tell; the same as when marking.
    name, kind, encoding : str, optional
        As in `Vault.mark_table`.
    without : Pool, optional
        Decoys that are left out, see `Vault.decoys`; of CSV, TSV and JSON Lines only. They are
        kept as the rows of others unless this is given.

    Returns
    -------
    int
        How many cells were not in canonical form; rows left out have none.

    Raises
    ------
    UsageError
        If a column is given a role that does not exist, or decoys cannot be left out.
    UnreadableSample
        If the file cannot be read as what it seems to be.
    """
    document = open_document(source, name=name, kind=kind, encoding=encoding)
    if without is not None and document.kind not in ("csv", "tsv", "jsonl"):
        raise UsageError(
            f"decoys cannot be left out of {document.name}", hint="of CSV, TSV and JSON Lines only"
        )
    changed = 0
    rows = document.rows()
    while chunk := list(islice(rows, _CHUNK)):
        pieces = []
        for row in chunk:
            if without is not None and row.values and without.holds(row.headers, row.values):
                continue
            free = [
                bool(text) and find_role(header, text, columns) in MARKED and not is_code(text)
                for header, text in zip(row.headers, row.values, strict=True)
            ]
            values = [
                clean(text) if one else text for text, one in zip(row.values, free, strict=True)
            ]
            changed += sum(map(ne, values, row.values))
            pieces.append(document.tidied(row, values, free))
        sink.write(document.encode("".join(pieces)))
    sink.writelines(document.rest())
    return changed
